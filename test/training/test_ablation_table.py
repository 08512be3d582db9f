# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/training.md say what benchmarks/results has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = json.loads((ROOT / 'benchmarks' / 'results' / 'ablation.json').read_text())
ROWS = [
    [cell.strip() for cell in line.strip('|').split('|')]
    for line in (ROOT / 'docs' / 'training.md').read_text().splitlines()
    if line.startswith('|')
]


def row_of(name: str) -> list[str]:
    return next(row for row in ROWS if row[0] == f'`{name}`')


@pytest.mark.parametrize(
    'name', [name for name, each in RESULTS['networks'].items() if each['kind'] == 'relative']
)
def test_a_relative_network_has_its_numbers(name):
    scores = RESULTS['networks'][name]['scores']
    numbers = [
        f'{scores[each]["abs_rel"]:.3f} / {scores[each]["delta1"]:.3f}'
        for each in ('real', 'procedural', 'rich')
    ]
    orders = [f'{scores[each]["ordering"]:.3f}' for each in ('procedural', 'rich')]
    assert row_of(name)[-4:] == [*numbers, ' / '.join(orders)]


def test_metres_have_their_numbers():
    scores = RESULTS['networks']['metric']['scores']
    numbers = [
        f'{scores[each]["abs_rel"]:.3f} / {scores[each]["delta1"]:.3f}'
        for each in ('real', 'procedural', 'rich')
    ]
    assert row_of('metric')[-3:] == numbers

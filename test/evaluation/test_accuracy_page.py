# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""docs/accuracy.md says what was measured, and quotes what is published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from depth_anything_ros.evaluation.metrics import METRICS
from depth_anything_ros.evaluation.published import OUTSIDERS, PAPER, PUBLISHED

ROOT = Path(__file__).resolve().parents[2]
SETS = ('kitti', 'nyu', 'sintel', 'eth3d', 'diode')
PAGE = (ROOT / 'docs' / 'accuracy.md').read_text(encoding='utf-8')
TABLE = [
    [cell.strip() for cell in line.strip('|').split('|')]
    for line in PAGE.splitlines()
    if line.startswith('|')
]


def rows(first: str) -> list[list[str]]:
    found = [row for row in TABLE if row[0] == first]
    assert found, first
    return found


@pytest.mark.parametrize('source', [PAPER, OUTSIDERS])
def test_published_rows_are_those_of_the_command(source):
    for method in {row.method for row in PUBLISHED if row.source == source}:
        by_set = {r.dataset: r for r in PUBLISHED if (r.source, r.method) == (source, method)}
        told = [row[-5:] for row in rows(method) if (row[1] == 'plumbline') is (source != PAPER)][0]
        for name, cell in zip(SETS, told, strict=True):
            values = [float(part) for part in cell.split('/') if part]
            assert values == (list(by_set[name].scores.values()) if name in by_set else [])


@pytest.mark.parametrize('method', ['nano', 'constant', 'vertical gradient'])
def test_measured_rows_are_those_of_the_results(method):
    results = json.loads((ROOT / 'benchmarks/results/accuracy.json').read_text())['sets']
    told = [row[2:4] for row in TABLE if row[1] == method]
    means = [found['methods'][method]['paper']['mean'] for found in results.values()]

    assert [[cell.split()[0] for cell in row] for row in told] == [
        [f'{mean["abs_rel"]:.3f}', f'{mean["delta1"]:.3f}'] for mean in means
    ]


def test_nano_beats_its_floor():
    results = json.loads((ROOT / 'benchmarks/results/accuracy.json').read_text())['sets']
    for found in results.values():
        delta = {name: rows['paper']['mean']['delta1'] for name, rows in found['methods'].items()}
        assert delta['nano'] > max(delta['constant'], delta['vertical gradient'])


def test_every_metric_is_explained():
    told = ' '.join(row[0] for row in TABLE)
    for name in METRICS:
        assert f'`{name}`' in told or name == 'delta2'

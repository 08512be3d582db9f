# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""docs/reliability.md says what the results say, and the results have no loss without a reason."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location('write', ROOT / 'scripts/write_reliability.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_those_of_the_results(script):
    assert (ROOT / 'docs/reliability.md').read_text() == script.page()


def test_a_result_that_changed_changes_the_page(script, tmp_path, monkeypatch):
    soak = json.loads((ROOT / 'benchmarks/results/soak.json').read_text())
    soak['verdict'] = 'something broke'
    (tmp_path / 'soak.json').write_text(json.dumps(soak))
    faults = {'faults': {'a new fault': {'verdict': 'something broke'}}}
    (tmp_path / 'faults.json').write_text(json.dumps(faults))
    monkeypatch.setattr(script, 'RESULTS', tmp_path)
    assert script.page().count('something broke') == 2


def test_every_frame_of_the_results_is_explained():
    faults = json.loads((ROOT / 'benchmarks/results/faults.json').read_text())['faults']
    rows = {name: row for name, row in faults.items() if 'sent' in row}
    assert len(rows) >= 15
    for name, row in rows.items():
        outcomes = ('published', 'dropped', 'skipped', 'rejected', 'failed')
        assert row['received'] == sum(row[outcome] for outcome in outcomes), name
        assert row['unexplained'] == 0, name

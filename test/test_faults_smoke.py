# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""benchmarks/faults.py and benchmarks/soak.py run, and what they tell of a run adds up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('rclpy')

BENCHMARKS = Path(__file__).resolve().parents[1] / 'benchmarks'
OUTCOMES = ('published', 'dropped', 'skipped', 'rejected', 'failed')


def run(script: str, output: Path, *options: str) -> dict:
    """Run a script and return its results; it exits with 1 where a machine was too busy for it."""
    command = [sys.executable, str(BENCHMARKS / script), '--output', str(output), *options]
    # Without the seconds in which OpenVINO compiles.
    command += ['--param', 'device:=cpu']
    done = subprocess.run(
        command, env={**os.environ, 'OMP_NUM_THREADS': '1'}, capture_output=True, text=True
    )
    assert done.returncode in (0, 1) and output.is_file(), done.stderr
    return json.loads(output.read_text())


def test_a_fault_of_the_engine_is_counted_and_nothing_else_is_lost(tmp_path):
    results = run('faults.py', tmp_path / 'faults.json', '--quick', '--only', 'engine raises')
    row = results['faults']['engine raises']
    assert row['unexplained'] == 0 and row['failed'] > 0, row
    assert row['received'] == sum(row[name] for name in OUTCOMES)
    assert row['heard'] == row['published'] > 0 and row['recover_s']['max'] > 0


def test_a_short_soak_accounts_for_every_frame(tmp_path):
    results = run('soak.py', tmp_path / 'soak.json', '--minutes', '0.1', '--period', '1')
    frames = results['frames']
    assert frames['received'] == sum(frames[name] for name in OUTCOMES)
    assert frames['sent'] >= frames['received'] > 0
    assert frames['published'] >= frames['heard'] > 0 and frames['clouds_heard'] > 0
    assert results['counters']['did_not_add_up'] == 0
    assert results['samples'] and (tmp_path / 'soak.png').is_file()

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training script from its command line: two steps, then one more."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything

SCRIPT = Path(__file__).resolve().parents[2] / 'scripts' / 'train_nano.py'


def run_script(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the script as people do, in a process of its own."""
    command = [sys.executable, str(SCRIPT), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., tuple[dict, str]]:
    """Return a function that runs the script with options; it returns the state and the output."""

    def run(*options: str) -> tuple[dict, str]:
        arguments = ['--folder', str(tmp_path), '--device', 'cpu', '--no-compile', '--batch', '2']
        # A small picture keeps the test short; the network and the rest are the real ones.
        done = run_script(*arguments, '--short-side', '56', '--log-every', '1', *options)
        assert done.returncode == 0, done.stderr
        return torch.load(tmp_path / 'state.pt', weights_only=True), done.stderr

    return run


def test_two_steps_and_then_a_third(train, tmp_path):
    two, shown = train('--steps', '2')

    rows = [json.loads(line) for line in (tmp_path / 'log.jsonl').read_text().splitlines()]
    assert [row['step'] for row in rows] == [1, 2]
    assert all(min(row['ssi'], row['gradient'], row['error']) > 0 for row in rows)
    assert 'error=' in shown

    assert (two['step'], two['pictures']) == (2, 4)
    assert two['source'] == {'index': 2, 'rendered': 4}
    DepthAnything(config_for('nano')).load_state_dict(two['averaged'])

    three, _ = train('--steps', '3', '--learning-rate', '0.001')

    assert (three['step'], three['pictures']) == (3, 6)
    assert three['source'] == {'index': 3, 'rendered': 6}
    stretches = [(s['from_step'], s['steps'], s['learning_rate']) for s in three['stretches']]
    assert stretches == [(0, 2, 0.0005), (2, 3, 0.001)]
    assert three['stretches'][0]['short_side'] == 56
    assert three['settings']['learning_rate'] == 0.001
    changed = [not torch.equal(two['model'][key], three['model'][key]) for key in two['model']]
    assert sum(changed) > len(changed) / 2
    assert all(torch.isfinite(value).all() for value in three['model'].values())


def test_help_names_the_options():
    shown = run_script('--help').stdout
    assert all(option in shown for option in ('--folder', '--steps', '--no-compile', '--seed'))

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The export script: from a run's state to the two files that the package ships."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import torch

from depth_anything_ros.model.catalog import card_for
from depth_anything_ros.model.checkpoint import load_network
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything

SCRIPT = Path(__file__).resolve().parents[2] / 'scripts' / 'export_nano.py'


def write_run(folder: Path, seed: int, steps: int) -> dict:
    """Write the state of a run as the trainer does, and return it."""
    torch.manual_seed(seed)
    averaged, last = (DepthAnything(config_for('nano')).initialise() for _ in range(2))
    state = {
        'model': last.state_dict(),
        'averaged': averaged.state_dict(),
        'source': {'index': steps, 'rendered': 16 * steps},
        'settings': {'learning_rate': 0.001},
        'stretches': [{'from_step': 0, 'seed': 0}, {'from_step': 5, 'seed': seed}],
        'step': steps,
        'pictures': 32 * steps,
    }
    folder.mkdir()
    torch.save(state, folder / 'state.pt')
    return state


def export(tmp_path: Path, *folders: Path) -> tuple[dict, dict[str, torch.Tensor]]:
    """Run the script; return what it wrote: the record and the weights."""
    command = [sys.executable, str(SCRIPT), *map(str, folders), '--output', str(tmp_path / 'out')]
    subprocess.run([*command, '--note', 'a trial'], check=True, timeout=120, capture_output=True)
    weights = tmp_path / 'out' / 'nano.safetensors'
    facts = json.loads((tmp_path / 'out' / 'nano.json').read_text())
    assert facts['sha256'] == hashlib.sha256(weights.read_bytes()).hexdigest()
    return facts, load_network(card_for('nano'), weights).state_dict()


def test_the_averaged_weights_are_written_with_the_record_of_the_run(tmp_path):
    state = write_run(tmp_path / 'run', 4, 7)

    facts, weights = export(tmp_path, tmp_path / 'run')

    assert facts['parameters'] == sum(tensor.numel() for tensor in weights.values())
    assert facts['training']['note'] == 'a trial'
    assert facts['training']['runs'] == [
        {
            'pictures_rendered': 112,
            'pictures_shown': 224,
            'steps': 7,
            'settings': state['settings'],
            'stretches': state['stretches'],
        }
    ]
    for key, value in state['averaged'].items():
        assert torch.equal(weights[key], value.half().float()), key


def test_of_several_runs_the_mean_is_written_and_each_is_recorded(tmp_path):
    runs = [write_run(tmp_path / f'run{seed}', seed, 7 + seed) for seed in (1, 2, 3)]

    facts, weights = export(tmp_path, *(tmp_path / f'run{seed}' for seed in (1, 2, 3)))

    assert [run['steps'] for run in facts['training']['runs']] == [8, 9, 10]
    for key, value in weights.items():
        mean = sum(run['averaged'][key] for run in runs) / 3
        torch.testing.assert_close(value, mean, rtol=1e-3, atol=1e-4)

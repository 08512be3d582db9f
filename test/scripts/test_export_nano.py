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


def test_the_averaged_weights_are_written_with_the_record_of_the_run(tmp_path):
    torch.manual_seed(4)
    averaged, last = (DepthAnything(config_for('nano')).initialise() for _ in range(2))
    stretches = [{'from_step': 0, 'replay': 0}, {'from_step': 5, 'replay': 16}]
    state = {
        'model': last.state_dict(),
        'averaged': averaged.state_dict(),
        'source': {'index': 7, 'rendered': 96},
        'settings': {'learning_rate': 0.001},
        'stretches': stretches,
        'step': 7,
        'pictures': 112,
    }
    torch.save(state, tmp_path / 'state.pt')
    command = [sys.executable, str(SCRIPT), str(tmp_path), '--output', str(tmp_path / 'out')]
    subprocess.run([*command, '--note', 'a trial'], check=True, timeout=120, capture_output=True)

    weights = tmp_path / 'out' / 'nano.safetensors'
    facts = json.loads((tmp_path / 'out' / 'nano.json').read_text())
    assert facts['sha256'] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert facts['parameters'] == sum(p.numel() for p in averaged.parameters())
    training = facts['training']
    assert (training['pictures_rendered'], training['pictures_shown']) == (96, 112)
    assert (training['steps'], training['stretches']) == (7, stretches)
    assert training['note'] == 'a trial'
    loaded = load_network(card_for('nano'), weights)
    for key, value in averaged.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value.half().float()), key

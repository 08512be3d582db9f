#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Put the averaged weights of a training run into the package as nano, with its record."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import torch

from depth_anything_ros.model.catalog import WEIGHTS_FOLDER
from depth_anything_ros.model.checkpoint import save_checkpoint
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything

INPUT_SIZE = 126
"""The shorter side at which nano is used: a little above that of its training pictures."""


def main() -> None:
    """Read the run's state and write weights/nano.safetensors and weights/nano.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder', type=Path, help='folder of the run, as train_nano.py made it')
    parser.add_argument('--output', type=Path, default=WEIGHTS_FOLDER, help='the package, or where')
    parser.add_argument('--note', default='', help='what else to say of the run')
    arguments = parser.parse_args()

    state = torch.load(arguments.folder / 'state.pt', map_location='cpu', weights_only=True)
    network = DepthAnything(config_for('nano'))
    network.load_state_dict(state['averaged'])
    facts = {'size': 'nano', 'kind': 'relative', 'input_size': INPUT_SIZE}
    path = arguments.output / 'nano.safetensors'
    path.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(network, path, facts)
    facts |= {
        'max_depth': None,
        'licence': 'Apache-2.0',
        'sha256': hashlib.sha256(path.read_bytes()).hexdigest(),
        'parameters': sum(p.numel() for p in network.parameters()),
        'training': {
            'data': 'procedural scenes of this package, rendered as training went',
            'pictures_rendered': state['source']['rendered'],
            'pictures_shown': state['pictures'],
            'steps': state['step'],
            'settings': state['settings'],
            'loss': 'L_ssi + gradient_weight L_gm + error_weight L_error of inverse depth; '
            'for the first two only the target is standardised',
            'stretches': state['stretches'],
            'script': 'scripts/train_nano.py',
            'note': arguments.note,
        },
    }
    (arguments.output / 'nano.json').write_text(json.dumps(facts, indent=2) + '\n')
    print(f'{path}: {path.stat().st_size / 1e6:.1f} MB, {state["source"]["rendered"]} pictures')


if __name__ == '__main__':
    main()

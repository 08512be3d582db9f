#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Put the weights of a training run into the package as nano, with their record.

Of several runs that went on from the same beginning (copy the run's folder, go on with another
seed) the mean of the weights is taken: it is better than each of them (arXiv 2203.05482).
"""

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

INPUT_SIZE = 112
"""The shorter side at which nano is used: that of the pictures its training ended with."""


def main() -> None:
    """Read the runs' states and write weights/nano.safetensors and weights/nano.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'folders', type=Path, nargs='+', help='folder of each run, as train_nano.py made it'
    )
    parser.add_argument('--output', type=Path, default=WEIGHTS_FOLDER, help='the package, or where')
    parser.add_argument('--note', default='', help='what else to say of the training')
    arguments = parser.parse_args()

    states = [
        torch.load(folder / 'state.pt', map_location='cpu', weights_only=True)
        for folder in arguments.folders
    ]
    network = DepthAnything(config_for('nano'))
    network.load_state_dict(
        {
            name: torch.stack([state['averaged'][name] for state in states]).mean(0)
            for name in states[0]['averaged']
        }
    )
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
            'loss': 'L_ssi + gradient_weight L_gm + error_weight L_error of inverse depth; '
            'for the first two only the target is standardised',
            'weights': 'the mean of the averaged weights of the runs',
            'runs': [
                {
                    'pictures_rendered': state['source']['rendered'],
                    'pictures_shown': state['pictures'],
                    'steps': state['step'],
                    'settings': state['settings'],
                    'stretches': state['stretches'],
                }
                for state in states
            ],
            'script': 'scripts/train_nano.py',
            'note': arguments.note,
        },
    }
    (arguments.output / 'nano.json').write_text(json.dumps(facts, indent=2) + '\n')
    print(f'{path}: {path.stat().st_size / 1e6:.1f} MB')


if __name__ == '__main__':
    main()

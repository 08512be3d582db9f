#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What each engine and number format costs in accuracy: nano on the real pictures.

AbsRel and delta1 after a least-squares fit in disparity, as in nano.py, beside the relative
difference of its output from that of the float32 modules.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.evaluation.metrics import mean_score, score_relative
from depth_anything_ros.evaluation.real_pairs import MIN_DEPTH, RealPair, read_real_pairs
from depth_anything_ros.inference.device import DeviceError, resolve_device
from depth_anything_ros.inference.engine import EagerEngine, Engine
from depth_anything_ros.inference.loading import engine_for
from depth_anything_ros.inference.openvino_engine import openvino_is_installed
from depth_anything_ros.inference.preprocessing import network_size
from depth_anything_ros.model.catalog import card_for
from depth_anything_ros.model.checkpoint import load_network
from depth_anything_ros.model.hub import locate

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'benchmarks/results/precision.json'
DATA = ROOT.parent / 'shared' / 'data'
FLOOR = 1e-3
"""Share of a picture's largest output below which differences are relative to that share."""


def engines() -> dict[str, Engine]:
    """Return every engine and number format that there is on this machine, by name."""
    found = {'modules float32': (None, 'cpu', torch.float32)}
    for dtype in (torch.float32, torch.bfloat16):
        name = str(dtype).removeprefix('torch.')
        found[f'cpu {name}'] = ('cpu', 'cpu', dtype)
        if openvino_is_installed():
            found[f'openvino {name}'] = ('openvino', 'cpu', dtype)
    try:
        resolve_device('cuda')
    except DeviceError:
        pass
    else:
        for dtype in (torch.float32, torch.float16, torch.bfloat16):
            found[f'cuda {str(dtype).removeprefix("torch.")}'] = ('cuda', 'cuda', dtype)
    made = {}
    for name, (kind, device, dtype) in found.items():
        network, where = load_network(*locate('nano')), torch.device(device)
        if kind is None:
            made[name] = EagerEngine(network, where, dtype)
        else:
            made[name] = engine_for(network, kind, where, dtype)
    return made


def measure(pairs: list[RealPair], input_size: int) -> dict[str, dict[str, float]]:
    """Return every engine's scores, and its largest and mean relative difference."""
    made = engines()
    outputs = {
        name: [
            engine.run([p.rgb], network_size(*p.rgb.shape[:2], input_size), False)[0].copy()
            for p in pairs
        ]
        for name, engine in made.items()
    }
    exact = outputs['modules float32']
    rows = {}
    for name, values in outputs.items():
        score = mean_score(
            [
                score_relative(value, pair.depth, MIN_DEPTH, pair.max_depth)
                for value, pair in zip(values, pairs, strict=True)
            ]
        )
        differences = [
            np.abs(value - true) / np.maximum(true, FLOOR * true.max())
            for value, true in zip(values, exact, strict=True)
        ]
        rows[name] = {
            'abs_rel': round(score.abs_rel, 5),
            'delta1': round(score.delta1, 5),
            'max_relative_difference': float(f'{max(d.max() for d in differences):.2g}'),
            'mean_relative_difference': float(f'{np.mean([d.mean() for d in differences]):.2g}'),
        }
    return rows


def main() -> None:
    """Print the table and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, default=DATA, help='folder of the real pairs')
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    pairs = list(read_real_pairs(arguments.data))
    results: dict[str, Any] = {
        **machine_facts('numpy', 'openvino'),
        'protocol': 'nano; least squares in disparity per picture; differences from the output '
        f'of the float32 modules, over at least {FLOOR:g} of its largest value',
        'pictures': len(pairs),
        'input_sizes': {},
    }
    for input_size in (card_for('nano').input_size, 252):
        rows = measure(pairs, input_size)
        results['input_sizes'][str(input_size)] = rows
        for name, row in rows.items():
            print(f'{input_size:4} {name:18}', *row.values())
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()

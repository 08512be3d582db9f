#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Score nano on held-out procedural scenes and on real pictures, beside two baselines.

AbsRel and delta1 after a least-squares fit in disparity, per picture, then averaged. The baselines
are scored the same way: a constant, and a vertical gradient (the row number as inverse depth).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from depth_anything_ros import DepthEstimator
from depth_anything_ros.data.procedural import ProceduralWorld
from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.evaluation.metrics import Score, mean_score, score_relative
from depth_anything_ros.evaluation.real_pairs import MIN_DEPTH, RealPair, read_real_pairs
from depth_anything_ros.model.catalog import WEIGHTS_FOLDER

HELD_OUT_SEED = 987_654_321
PROCEDURAL_MAX_DEPTH = 80.0
ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'benchmarks/results/nano.json'
DATA = ROOT.parent / 'shared' / 'data'

Predict = Callable[[RealPair], np.ndarray]


def procedural_pairs(count: int) -> Iterable[RealPair]:
    """Render scenes that no training seed draws."""
    world = ProceduralWorld(HELD_OUT_SEED)
    for index in range(count):
        pictures = world.sample(1, 168, 224)
        rgb = (pictures.rgb[0].permute(1, 2, 0) * 255).round().byte().numpy()
        yield RealPair(f'procedural/{index}', rgb, pictures.depth[0].numpy(), PROCEDURAL_MAX_DEPTH)


def score_all(pairs: list[RealPair], predict: Predict) -> dict[str, Score]:
    """Score every pair by name."""
    return {
        pair.name: score_relative(predict(pair), pair.depth, MIN_DEPTH, pair.max_depth)
        for pair in pairs
    }


def rounded(score: Score) -> dict[str, float]:
    """Return a score for the results file."""
    return {name: round(value, 4) for name, value in asdict(score).items()}


def main() -> None:
    """Print the table and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, default=DATA, help='folder of the real pairs')
    parser.add_argument('--procedural', type=int, default=100, help='held-out pictures to render')
    parser.add_argument('--weights', type=Path, help='another checkpoint; needs --output')
    parser.add_argument('--output', type=Path, help=f'instead of {RESULTS.relative_to(ROOT)}')
    arguments = parser.parse_args()
    if arguments.output is None and (arguments.weights or not arguments.data.is_dir()):
        parser.error(
            f'{RESULTS.name} is of the shipped nano on the real pairs, and there are none in '
            f'{arguments.data}, or --weights names others: set --data, or --output'
        )

    estimator = DepthEstimator('nano', weights=arguments.weights, precision='float32')
    methods: dict[str, Predict] = {
        'nano': lambda pair: estimator.estimate(pair.rgb).values,
        'constant': lambda pair: np.ones(pair.depth.shape),
        'vertical gradient': lambda pair: np.broadcast_to(
            np.arange(pair.depth.shape[0], dtype=np.float64)[:, None], pair.depth.shape
        ),
    }
    shipped = json.loads((WEIGHTS_FOLDER / 'nano.json').read_text())
    sets = {'procedural': list(procedural_pairs(arguments.procedural))}
    if arguments.data.is_dir():
        sets['real'] = list(read_real_pairs(arguments.data))
    results: dict[str, Any] = {
        **machine_facts(),
        'protocol': 'least squares in disparity per picture, floored at 1 / max depth; mean',
        'input_size': estimator.input_size,
        'weights': str(arguments.weights or 'nano'),
        'training': None if arguments.weights else shipped['training'],
        'sets': {},
    }
    for name, pairs in sets.items():
        scores = {method: score_all(pairs, predict) for method, predict in methods.items()}
        means = {method: mean_score(list(s.values())) for method, s in scores.items()}
        results['sets'][name] = {
            'pictures': len(pairs),
            'mean': {method: rounded(mean) for method, mean in means.items()},
        }
        if name == 'real':
            results['sets'][name]['nano'] = {k: rounded(v) for k, v in scores['nano'].items()}
        for method, mean in means.items():
            print(f'{name:12}{method:20}AbsRel {mean.abs_rel:.3f}  delta1 {mean.delta1:.3f}')
    output = arguments.output or RESULTS
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()

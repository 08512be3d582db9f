#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How accurate nano is, on all that can be had without registration, under every protocol.

The real pairs as `depth-anything evaluate --dataset pairs` scores them, and held-out procedural
scenes, plain ones and ones that are hard (glass, mirrors, fog, night), whose seeds no training
draws. Beside nano two baselines that see nothing: a constant, and a vertical gradient (the row
number as inverse depth). Means over pictures with the interval of 95 % from drawing them anew
(bootstrap).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from nano import DATA, HELD_OUT_SEED, ROOT

from depth_anything_ros import DepthEstimator
from depth_anything_ros.data.procedural import ProceduralWorld
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.benchmark_set import BenchmarkPair, pairs_of
from depth_anything_ros.evaluation.benchmark_summary import evaluation_of
from depth_anything_ros.evaluation.benchmarks import open_benchmark
from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.evaluation.pair_scoring import PairScore, compare, score_pair
from depth_anything_ros.evaluation.protocols import PROTOCOLS, Protocol, protocol_for

RESULTS = ROOT / 'benchmarks/results/accuracy.json'
ROWS, COLUMNS = 168, 224

Predict = Callable[[np.ndarray], np.ndarray]


def made_pairs(count: int, rich: float, name: str) -> Iterable[BenchmarkPair]:
    """Render scenes that no training seed draws; sky is unknown."""
    world = ProceduralWorld(HELD_OUT_SEED, rich=rich)
    for index in range(count):
        pictures = world.sample(1, ROWS, COLUMNS)
        rgb = (pictures.rgb[0].permute(1, 2, 0) * 255).round().byte().numpy()
        depth = pictures.depth[0].numpy().astype(np.float32)
        depth = np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(np.nan))
        yield BenchmarkPair(f'{name}/{index}', np.ascontiguousarray(rgb), depth, name)


def score(
    pairs: Sequence[BenchmarkPair], maps: Sequence[np.ndarray], protocol: Protocol
) -> list[PairScore]:
    """Score maps of disparity, pair by pair."""
    scores = []
    for pair, disparity in zip(pairs, maps, strict=True):
        size = (pair.rgb.shape[0], pair.rgb.shape[1])
        compared = compare(pair, size, disparity, DepthKind.RELATIVE, protocol)
        scores.append(score_pair(pair, compared))
    return scores


def figures(method: str, scores: list[PairScore], protocol: Protocol) -> dict[str, Any]:
    """Return means, intervals and the means of scenes for the results file."""
    told = evaluation_of('pairs', 'all', method, protocol, scores, ()).summary()
    scenes = {'scenes': told['scenes']} if len(told['scenes']) > 1 else {}
    found = _rounded({'mean': told['mean'], 'interval': told['interval'], **scenes})
    assert isinstance(found, dict)
    return found


def measure(pairs: Sequence[BenchmarkPair], methods: dict[str, Predict]) -> dict[str, Any]:
    """Return the figures of a set: of each method under each protocol."""
    found: dict[str, Any] = {'pairs': len(pairs), 'methods': {}}
    for method, predict in methods.items():
        maps = [predict(pair.rgb) for pair in pairs]
        rows = {}
        for name in PROTOCOLS:
            protocol = protocol_for(name, 'pairs')
            scores = score(pairs, maps, protocol)
            rows[name] = figures(method, scores, protocol)
            if name == 'paper' and method == 'nano' and len(pairs) < 20:
                each = {s.key: [s.score.abs_rel, s.score.delta1] for s in scores}
                found['each_abs_rel_delta1'] = _rounded(each)
        found['methods'][method] = rows
    return found


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value


def main() -> None:
    """Print the table and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, default=DATA, help='folder of the real pairs')
    parser.add_argument('--procedural', type=int, default=100, help='held-out pictures to render')
    parser.add_argument('--output', type=Path, default=RESULTS)
    asked = parser.parse_args()
    estimator = DepthEstimator('nano', device='cpu', precision='float32')
    methods: dict[str, Predict] = {
        'nano': lambda rgb: estimator.estimate(rgb).values,
        'constant': lambda rgb: np.ones(rgb.shape[:2], np.float32),
        'vertical gradient': lambda rgb: np.broadcast_to(
            np.arange(rgb.shape[0], dtype=np.float32)[:, None], rgb.shape[:2]
        ),
    }
    sets = {
        'real pairs': list(pairs_of(open_benchmark('pairs', asked.data))),
        'procedural': list(made_pairs(asked.procedural, 0.0, 'procedural')),
        'procedural, hard': list(made_pairs(asked.procedural, 1.0, 'hard')),
    }
    results = {
        **machine_facts('numpy', 'opencv-python-headless'),
        'protocol': ' '.join((__doc__ or '').split('\n\n', 1)[1].split()),
        'input_size': estimator.input_size,
        'precision': estimator.precision,
        'command': 'python benchmarks/accuracy.py --data DATA',
        'sets': {name: measure(pairs, methods) for name, pairs in sets.items()},
    }
    for name, found in results['sets'].items():
        for method, rows in found['methods'].items():
            mean = rows['paper']['mean']
            print(f'{name:18}{method:19}{mean["abs_rel"]:.3f} {mean["delta1"]:.3f}')
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()

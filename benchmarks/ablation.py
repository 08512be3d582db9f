#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Score what scripts/prove_data_engine.py trained: teacher, students and metres, beside nano.

Relative networks by AbsRel and delta1 after a least-squares fit in disparity, on the real pairs, on
the held-out procedural scenes of benchmarks/nano.py and on as many rich ones; and by the share of
pairs of points, drawn on all of these scenes, whose nearer point they tell (as DA-2K asks). Metric
networks by their metres as they are. A difference between two networks comes with the interval
of 95 % from drawing pictures anew (bootstrap), as twelve real pairs are few.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nano import DATA, HELD_OUT_SEED, PROCEDURAL_MAX_DEPTH, ROOT, procedural_pairs

from depth_anything_ros import DepthEstimator
from depth_anything_ros.data.procedural import ProceduralWorld
from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.evaluation.metrics import Score, mean_score, score_depth, score_relative
from depth_anything_ros.evaluation.real_pairs import MIN_DEPTH, RealPair, read_real_pairs
from depth_anything_ros.training.losses import standardise

RESULTS = ROOT / 'benchmarks/results/ablation.json'
ROWS, COLUMNS, INPUT_SIZE = 168, 224, 112
POINT_PAIRS, LEAST_RATIO = 20, 1.1
"""Pairs of points on each scene, and how many times farther than the other one of two must be."""
DRAWS = 2000
VIEWS = 'nano_views'


class Views:
    """Nano's mean over a picture and its mirror image at three sizes, each standardised.

    The way to a better teacher that costs no training.
    """

    kind = DepthKind.RELATIVE

    def __init__(self) -> None:
        self._estimators = [
            DepthEstimator('nano', precision='float32', input_size=INPUT_SIZE + step)
            for step in (-14, 0, 14)
        ]

    def estimate(self, rgb: np.ndarray) -> Depth:
        """Estimate (H, W, 3) uint8 RGB as `DepthEstimator` does."""
        maps = []
        for estimator in self._estimators:
            maps.append(estimator.estimate(rgb).values)
            mirrored = np.ascontiguousarray(rgb[:, ::-1])
            maps.append(estimator.estimate(mirrored).values[:, ::-1])
        seen = torch.from_numpy(np.stack(maps))
        mean = standardise(seen, torch.ones_like(seen, dtype=torch.bool)).mean(0).numpy()
        return Depth(mean, self.kind, rgb.shape[:2])


def rich_pairs(count: int) -> list[RealPair]:
    """Render rich scenes that no training seed draws."""
    world = ProceduralWorld(HELD_OUT_SEED + 1, rich=1.0)
    pairs = []
    for index in range(count):
        pictures = world.sample(1, ROWS, COLUMNS)
        rgb = (pictures.rgb[0].permute(1, 2, 0) * 255).round().byte().numpy()
        pairs.append(
            RealPair(f'rich/{index}', rgb, pictures.depth[0].numpy(), PROCEDURAL_MAX_DEPTH)
        )
    return pairs


def ordering(disparity: np.ndarray, pair: RealPair) -> float:
    """Return the share of pairs of points whose nearer one has the larger disparity."""
    rng = np.random.default_rng(int(pair.name.rpartition('/')[2]))
    right: list[bool] = []
    known = np.flatnonzero(np.isfinite(pair.depth) & (pair.depth <= pair.max_depth))
    while len(right) < POINT_PAIRS:
        one, other = rng.choice(known, 2)
        near, far = sorted((one, other), key=lambda place: pair.depth.flat[place])
        if pair.depth.flat[far] >= LEAST_RATIO * pair.depth.flat[near]:
            right.append(bool(disparity.flat[near] > disparity.flat[far]))
    return float(np.mean(right))


def score_metric(depth: np.ndarray, pair: RealPair) -> Score:
    """Score metres as they are."""
    known = np.isfinite(pair.depth) & (pair.depth >= MIN_DEPTH) & (pair.depth <= pair.max_depth)
    return score_depth(np.maximum(depth, 1e-3), pair.depth, known)


def with_ordering(estimator: DepthEstimator | Views, pairs: Sequence[RealPair]) -> bool:
    """Tell whether points can be drawn on pictures: where depth is known everywhere."""
    return estimator.kind is DepthKind.RELATIVE and pairs[0].name.startswith(('proc', 'rich'))


def score(estimator: DepthEstimator | Views, pairs: Sequence[RealPair]) -> dict[str, Any]:
    """Score a network on pictures: the means, and those of each picture."""
    judge: Callable[[np.ndarray, RealPair], Score] = (
        score_metric
        if estimator.kind is DepthKind.METRIC
        else lambda seen, pair: score_relative(seen, pair.depth, MIN_DEPTH, pair.max_depth)
    )
    maps = [estimator.estimate(pair.rgb).values for pair in pairs]
    scores = [judge(seen, pair) for seen, pair in zip(maps, pairs, strict=True)]
    mean = mean_score(scores)
    result: dict[str, Any] = {
        'abs_rel': round(mean.abs_rel, 4),
        'delta1': round(mean.delta1, 4),
        'each_abs_rel': [round(each.abs_rel, 4) for each in scores],
        'each_delta1': [round(each.delta1, 4) for each in scores],
    }
    if with_ordering(estimator, pairs):
        orders = [ordering(seen, pair) for seen, pair in zip(maps, pairs, strict=True)]
        result['ordering'] = round(float(np.mean(orders)), 4)
    return result


def interval(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return the 95 % interval of the mean difference over pictures drawn anew."""
    differences = np.asarray(ours) - np.asarray(theirs)
    drawn = np.random.default_rng(0).integers(0, len(differences), (DRAWS, len(differences)))
    low, high = np.quantile(differences[drawn].mean(1), (0.025, 0.975))
    return [round(float(low), 4), round(float(high), 4)]


def facts_of(checkpoint: Path) -> dict[str, Any]:
    """Return what a run's settings say of how its network was trained."""
    path = checkpoint.parent / 'settings.json'
    if not path.is_file():
        return {}
    settings = json.loads(path.read_text())
    kept = ('stage', 'batch', 'steps', 'seed', 'view', 'loss', 'metric', 'optimiser', 'stream')
    facts = {key: settings[key] for key in kept}
    facts['data'] = [
        {
            'set': Path(each['path']).name,
            'labels': each['labels'] is not None,
            'repeat': each['repeat'],
        }
        for each in settings['data']
    ]
    facts['pictures_shown'] = settings['batch'] * settings['steps']
    return facts


def main() -> None:
    """Print the table and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path, default=DATA, help='folder of the real pairs')
    parser.add_argument('--scenes', type=int, default=100, help='of each kind, held out')
    parser.add_argument('--runs', type=Path, help='folder of scripts/prove_data_engine.py')
    parser.add_argument('--network', action='append', default=[], metavar='NAME=CHECKPOINT')
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()

    paths: dict[str, Path | None] = {'nano': None, VIEWS: None}
    if arguments.runs:
        found = sorted(arguments.runs.glob('*/last.safetensors'))
        paths |= {path.parent.name: path for path in found}
    paths |= {name: Path(path) for name, _, path in (n.partition('=') for n in arguments.network)}
    sets = {
        'real': list(read_real_pairs(arguments.data)),
        'procedural': list(procedural_pairs(arguments.scenes)),
        'rich': rich_pairs(arguments.scenes),
    }
    results: dict[str, Any] = {
        **machine_facts(),
        'protocol': ' '.join((__doc__ or '').split('\n\n', 1)[1].split()),
        'input_size': INPUT_SIZE,
        'pictures': {name: [pair.name for pair in pairs] for name, pairs in sets.items()},
        'networks': {},
    }
    for name, path in paths.items():
        estimator = (
            Views()
            if name == VIEWS
            else DepthEstimator(str(path or 'nano'), precision='float32', input_size=INPUT_SIZE)
        )
        scores = {each: score(estimator, pairs) for each, pairs in sets.items()}
        relative = estimator.kind is DepthKind.RELATIVE
        for each in sets if name != 'nano' and relative else ():
            for what in ('abs_rel', 'delta1'):
                nano = results['networks']['nano']['scores'][each][f'each_{what}']
                scores[each][f'{what}_less_nano'] = interval(scores[each][f'each_{what}'], nano)
        facts = facts_of(path) if path is not None else {}
        results['networks'][name] = {'kind': estimator.kind.value, **facts, 'scores': scores}
        cells = [f'{each["abs_rel"]:.3f} / {each["delta1"]:.3f}' for each in scores.values()]
        orders = [f'{each["ordering"]:.3f}' for each in scores.values() if 'ordering' in each]
        cells += [' / '.join(orders)] if orders else []
        print(f'| `{name}` | {" | ".join(cells)} |', flush=True)
    arguments.output.write_text(json.dumps(results, indent=1) + '\n')


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the temporal filter does to flicker and to accuracy, on moving procedural clips.

Two sources of flicker: the true disparity with known noise on it (blurred noise, other scale and
shift in every frame), and nano's own output, brought to metres by one fit in disparity for all
frames of a scene. Of each, without and with the filter: the temporal alignment error
(evaluation/steadiness.py), AbsRel and delta1; how far too far a wall seems that the robot drives at
(true depth, 0.5 m/s, 10 pictures a second, from 2 m to 1 m); and what a frame takes.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from depth_anything_ros import DepthEstimator, DepthKind
from depth_anything_ros.data.clip import ProceduralClip
from depth_anything_ros.data.drive import Drive, DrivePlan, Obstacle, Phase
from depth_anything_ros.data.scenes import LAYOUTS
from depth_anything_ros.evaluation.alignment import fit_affine
from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.evaluation.metrics import mean_score, score_depth
from depth_anything_ros.evaluation.steadiness import temporal_alignment_error
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.temporal import TemporalFilter, TemporalSettings
from depth_anything_ros.geometry.transform import Transform

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'benchmarks/results/temporal.json'
WIDTH, HEIGHT, RATE = 320, 240, 10.0
MAX_DEPTH = 80.0
SEEDS = (20_001, 20_002)
"""Not the seed that the settings were tuned on."""

BLUR, SPECKLE, SCALE, SHIFT = 8.0, 0.05, 0.03, 0.01
"""The noise: its width in pixels, its deviation, and those of scale and shift, all relative."""

ON = TemporalSettings(strength=0.8)
LOCAL = TemporalSettings(strength=0.8, follow_scale=True)


@dataclass
class SceneFrames:
    """The frames of one scene: pictures, true depth, poses, and nano's disparity."""

    name: str
    pictures: list[np.ndarray]
    truth: list[np.ndarray]
    poses: list[Transform]
    disparity: list[np.ndarray]
    intrinsics: Intrinsics


def scenes(estimator: DepthEstimator, seeds: tuple[int, ...]) -> Iterator[SceneFrames]:
    """Film every kind of scene once for each seed."""
    for seed in seeds:
        clip = ProceduralClip(seed, WIDTH, HEIGHT, RATE)
        length = next(i for i in range(1, 1000) if clip.scene(i) != clip.scene(0))
        for part, layout in enumerate(LAYOUTS):
            indices = range(part * length, (part + 1) * length)
            pictures, truth = zip(*(clip.frame(i) for i in indices), strict=True)
            yield SceneFrames(
                f'{layout.build.__name__} {seed}',
                list(pictures),
                list(truth),
                [clip.pose(i) for i in indices],
                [estimator.estimate(picture).values.copy() for picture in pictures],
                clip.intrinsics,
            )


def with_noise(truth: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Return depth whose disparity flickers: blurred noise, and each frame's scale and shift."""
    noisy = []
    for depth in truth:
        field = cv2.GaussianBlur(rng.normal(size=depth.shape), (0, 0), BLUR)
        factor = 1 + SPECKLE * field / field.std() + rng.normal(0, SCALE)
        disparity = 1 / depth.astype(np.float64)
        shifted = disparity * factor + rng.normal(0, SHIFT) * np.median(disparity)
        # The sky stays the sky: its disparity is exactly 0.
        shifted[disparity == 0] = 0
        with np.errstate(divide='ignore'):
            noisy.append((1 / np.maximum(shifted, 0)).astype(np.float32))
    return noisy


def filtered(
    values: list[np.ndarray],
    pictures: list[np.ndarray],
    kind: DepthKind,
    settings: TemporalSettings | None,
) -> list[np.ndarray]:
    """Run the filter over the frames of a scene; None leaves them as they are."""
    if settings is None:
        return values
    smooth = TemporalFilter(settings, kind)
    return [
        smooth(torch.from_numpy(value), picture).numpy()
        for value, picture in zip(values, pictures, strict=True)
    ]


def in_metres(disparity: list[np.ndarray], truth: list[np.ndarray]) -> list[np.ndarray]:
    """Bring relative disparity to metres by one least-squares fit for all frames."""
    every, true = np.stack(disparity), np.stack(truth)
    valid = true <= MAX_DEPTH
    a, b = fit_affine(every[valid], 1 / true[valid])
    return [1 / np.maximum(a * d.astype(np.float64) + b, 1 / MAX_DEPTH) for d in disparity]


def figures(depths: list[np.ndarray], scene: SceneFrames) -> dict[str, float]:
    """Score the depth of a scene's frames."""
    steady = temporal_alignment_error(depths, scene.truth, scene.poses, scene.intrinsics, MAX_DEPTH)
    scores = []
    for depth, truth in zip(depths, scene.truth, strict=True):
        valid = (truth <= MAX_DEPTH) & np.isfinite(depth)
        scores.append(score_depth(depth, truth, valid))
    mean = mean_score(scores)
    return {'tae': steady.error, 'abs_rel': mean.abs_rel, 'delta1': mean.delta1}


def measure(
    frames: list[SceneFrames], variants: dict[str, TemporalSettings | None]
) -> dict[str, dict[str, dict[str, float]]]:
    """Return the mean figures over all scenes by source and variant."""
    rows: dict[str, dict[str, list[dict[str, float]]]] = {}
    for number, scene in enumerate(frames):
        noisy = with_noise(scene.truth, np.random.default_rng(number))
        for name, settings in variants.items():
            metric = filtered(noisy, scene.pictures, DepthKind.METRIC, settings)
            relative = filtered(scene.disparity, scene.pictures, DepthKind.RELATIVE, settings)
            for source, depths in (
                ('true disparity with noise', metric),
                ('nano', in_metres(relative, scene.truth)),
            ):
                rows.setdefault(source, {}).setdefault(name, []).append(figures(depths, scene))
    return {
        source: {
            name: {key: float(np.mean([row[key] for row in found])) for key in found[0]}
            for name, found in by_name.items()
        }
        for source, by_name in rows.items()
    }


def approach_lag(settings: TemporalSettings) -> float:
    """Return the mean of filtered over true depth, less 1, of a wall that comes nearer."""
    drive = Drive(DrivePlan(Obstacle.WALL, 2.5, start=3.0, end=1.0))
    smooth = TemporalFilter(settings, DepthKind.METRIC)
    rows, columns = slice(HEIGHT // 3, HEIGHT // 2), slice(WIDTH // 3, 2 * WIDTH // 3)
    excess = []
    for index in range(len(drive)):
        distance = drive.distance(index)
        if distance is None or drive.phase(index) is not Phase.APPROACH:
            break
        picture, truth = drive.frame(index)
        depth = smooth(torch.from_numpy(truth), picture).numpy()
        if distance <= 2:
            excess.append(float((depth / truth - 1)[rows, columns].mean()))
    return float(np.mean(excess))


def milliseconds(scene: SceneFrames, settings: TemporalSettings) -> float:
    """Return the median time of a 640 x 480 frame on the processor."""
    size = (640, 480)
    smooth = TemporalFilter(settings, DepthKind.METRIC)
    spent = []
    for picture, depth in zip(scene.pictures * 5, scene.truth * 5, strict=True):
        large = cv2.resize(picture, size)
        values = torch.from_numpy(cv2.resize(depth, size, interpolation=cv2.INTER_NEAREST))
        start = time.perf_counter()
        smooth(values, large)
        spent.append(time.perf_counter() - start)
    return 1e3 * float(np.median(spent))


def main() -> None:
    """Print the table and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    frames = list(scenes(DepthEstimator('nano', precision='float32'), SEEDS))
    variants = {'off': None, 'on': ON, 'on, follow_scale': LOCAL}
    rows = measure(frames, variants)
    results: dict[str, Any] = {
        **machine_facts('numpy', 'opencv-python-headless'),
        'protocol': __doc__.split('\n\n', 1)[1].strip().replace('\n', ' '),
        'clips': {
            'scenes': [scene.name for scene in frames],
            'frames_each': len(frames[0].truth),
            'size': [WIDTH, HEIGHT],
            'rate_hz': RATE,
        },
        'settings': {'on': asdict(ON), 'on, follow_scale': asdict(LOCAL)},
        'sources': {},
        'approach_lag': {
            'on': round(approach_lag(ON), 4),
            'on, follow_scale': round(approach_lag(LOCAL), 4),
        },
        'milliseconds_640x480': {
            'on': round(milliseconds(frames[0], ON), 2),
            'on, follow_scale': round(milliseconds(frames[0], LOCAL), 2),
            'threads': torch.get_num_threads(),
        },
    }
    for source, by_name in rows.items():
        plain = by_name['off']
        results['sources'][source] = {
            name: {
                **{key: round(value, 4) for key, value in row.items()},
                'less_flicker': round(1 - row['tae'] / plain['tae'], 4),
                'delta1_lost': round(plain['delta1'] - row['delta1'], 4),
            }
            for name, row in by_name.items()
        }
        for name, row in results['sources'][source].items():
            print(f'{source:28}{name:18}', row)
    print(results['approach_lag'], results['milliseconds_640x480'])
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()

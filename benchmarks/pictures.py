#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How fast a folder of pictures becomes a folder of depth, against the plain loop.

Pictures of 1280 x 720, JPEG, rendered. The plain loop reads one with OpenCV, estimates, paints
and writes it, and takes the next; `depth-anything image` does the same with reading and writing
beside the network, and colours in a palette. Both use the same network. In turns, after a
warm-up; the medians, the median of the ratio of a turn, and the rate of the network alone on the
same pictures in memory.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from depth_anything_ros import DepthEstimator
from depth_anything_ros.data.clip import ProceduralClip
from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.media.color import colorize
from depth_anything_ros.media.picture_list import list_pictures
from depth_anything_ros.media.picture_run import Job, PictureRun
from depth_anything_ros.media.run_journal import RunJournal

RESULTS = Path(__file__).resolve().parents[1] / 'benchmarks/results/pictures.json'
WIDTH, HEIGHT = 1280, 720
RENDERED = 20
"""Different pictures; the others are these again, mirrored or brighter."""


def make_pictures(folder: Path, count: int) -> None:
    """Write ``count`` pictures into a folder."""
    clip = ProceduralClip(5, WIDTH // 2, HEIGHT // 2, 2.0)
    shown = [clip.frame(index)[0] for index in range(min(RENDERED, count))]
    rng = np.random.default_rng(0)
    for index in range(count):
        picture = cv2.resize(shown[index % len(shown)], (WIDTH, HEIGHT))
        if index // len(shown) % 2:
            picture = picture[:, ::-1]
        # Grain, so that they are as large as what cameras make.
        grain = rng.normal(0, 4, picture.shape).astype(np.float32)
        picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f'{index:04}.jpg'), picture[..., ::-1])


def plainly(paths: Sequence[Path], estimator: DepthEstimator, output: Path) -> float:
    """Do it one after the other; return seconds."""
    output.mkdir()
    start = time.perf_counter()
    for path in paths:
        rgb = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        depth = estimator.estimate(rgb)
        painted = colorize(depth.values, depth.kind)
        cv2.imwrite(str(output / f'{path.stem}_depth.png'), painted[..., ::-1])
    return time.perf_counter() - start


def overlapped(folder: Path, estimator: DepthEstimator, output: Path) -> float:
    """Do it as the command does; return seconds."""
    start = time.perf_counter()
    journal = RunJournal(output, {}, resume=False)
    batch = 8 if estimator.device.startswith('cuda') else 1
    outcome = PictureRun(estimator, Job(output, ['color']), journal, batch)(
        list_pictures([str(folder)], output).entries
    )
    journal.close()
    if outcome.failed:
        raise RuntimeError(f'pictures failed: {outcome.failed}')
    return time.perf_counter() - start


def network_alone(paths: Sequence[Path], estimator: DepthEstimator) -> float:
    """Return pictures a second of the network on pictures in memory."""
    pictures = [cv2.imread(str(path)) for path in paths]
    start = time.perf_counter()
    for picture in pictures:
        estimator.estimate(picture)
    return len(pictures) / (time.perf_counter() - start)


def measure(model: str, count: int, rounds: int) -> dict[str, Any]:
    """Return the figures of one model."""
    estimator = DepthEstimator(model)
    plain, ours = [], []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / 'in'
        folder.mkdir()
        make_pictures(folder, count)
        paths = sorted(folder.iterdir())
        plainly(paths[:5], estimator, Path(scratch) / 'warm')
        for turn in range(rounds):
            plain.append(plainly(paths, estimator, Path(scratch) / f'plain{turn}'))
            ours.append(overlapped(folder, estimator, Path(scratch) / f'ours{turn}'))
            print(f'{model}: {plain[-1]:.2f} s, overlapped {ours[-1]:.2f} s', flush=True)
        alone = network_alone(paths[:40], estimator)
    return {
        'device': estimator.device,
        'precision': estimator.precision,
        'pictures': count,
        'plain_seconds': round(float(np.median(plain)), 3),
        'overlapped_seconds': round(float(np.median(ours)), 3),
        'times_faster': round(float(np.median(np.divide(plain, ours))), 3),
        'pictures_per_second': round(count / float(np.median(ours)), 2),
        'network_alone_per_second': round(alone, 2),
    }


def main() -> None:
    """Print the figures and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--models', nargs='+', default=['nano'])
    parser.add_argument('--count', type=int, default=200, help='pictures')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    results = {
        **machine_facts('numpy', 'opencv-python-headless', 'openvino'),
        'protocol': ' '.join((__doc__ or '').split('\n\n', 1)[1].split()),
        'models': {m: measure(m, arguments.count, arguments.rounds) for m in arguments.models},
    }
    print(json.dumps(results['models'], indent=2))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()

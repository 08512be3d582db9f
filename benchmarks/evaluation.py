#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an evaluation takes beyond its network: a whole run against inference alone.

Rendered pairs of 640 x 480 in the layout of NYUv2's test split, PNG, grain on picture and depth. A
whole run is all that `depth-anything evaluate --dataset nyu` does once the network is loaded:
open, read, infer, score, journal, bootstrap, worst pairs in pictures, JSON and page. Inference
alone is the same network in the same batches on the same pictures in memory. In turns, after a
warm-up; medians, and the median of the ratio of a turn. Short runs show fewer of the worst pairs,
so that they have the share of a run over 654. The ratio of processor time (of all threads) is
beside it, as other work on the machine does not move it as much.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from depth_anything_ros import DepthEstimator
from depth_anything_ros.cli.evaluation_job import EvaluationJob, Method, run_job
from depth_anything_ros.data.clip import ProceduralClip
from depth_anything_ros.evaluation.answers import NetworkAnswers
from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.evaluation.nyu_split import nyu_test_numbers
from depth_anything_ros.evaluation.processes import Processes

RESULTS = Path(__file__).resolve().parents[1] / 'benchmarks/results/evaluation.json'
WIDTH, HEIGHT = 640, 480
RENDERED = 12
"""Different pairs; the others are these again, mirrored or with other grain."""
WORST, PAIRS = 12, 654
NEAREST, MIDDLE, FARTHEST = 0.5, 2.5, 9.5
"""Metres that rendered depth is brought to, as of a room."""


def make_pairs(folder: Path, count: int) -> list[np.ndarray]:
    """Write the first ``count`` test pairs below a folder; return some of the pictures."""
    clip = ProceduralClip(5, WIDTH, HEIGHT, 2.0)
    shown = [clip.frame(index) for index in range(min(RENDERED, count))]
    rng = np.random.default_rng(0)
    scene = folder / 'test' / 'room_0001'
    scene.mkdir(parents=True)
    pictures = []
    for index, number in enumerate(nyu_test_numbers()[:count]):
        rgb, depth = shown[index % len(shown)]
        scale = MIDDLE / np.median(depth[np.isfinite(depth)])
        depth = np.clip(depth * scale, NEAREST, FARTHEST)
        if index // len(shown) % 2:
            rgb, depth = rgb[:, ::-1], depth[:, ::-1]
        grain = rng.normal(0, 4, rgb.shape).astype(np.float32)
        rgb = np.clip(rgb + grain, 0, 255).astype(np.uint8)
        millimetres = 1000 * depth * rng.normal(1, 0.002, depth.shape)
        cv2.imwrite(str(scene / f'rgb_{number:04d}.png'), rgb[..., ::-1])
        cv2.imwrite(str(scene / f'depth_{number:04d}.png'), millimetres.astype(np.uint16))
        pictures.append(rgb)
        pictures = pictures[-8 * RENDERED :]
    return pictures


def alone(estimator: DepthEstimator, pictures: list[np.ndarray], count: int, batch: int) -> float:
    """Return the seconds of inference on ``count`` pictures in memory."""
    start = time.perf_counter()
    waiting: deque[Any] = deque()
    for first in range(0, count, batch):
        some = [
            pictures[index % len(pictures)] for index in range(first, min(first + batch, count))
        ]
        waiting.append(estimator.submit(some))
        while len(waiting) >= estimator.in_flight:
            waiting.popleft().result()
    while waiting:
        waiting.popleft().result()
    return time.perf_counter() - start


def whole(
    estimator: DepthEstimator, folder: Path, output: Path, count: int, batch: int, jobs: int
) -> float:
    """Return the seconds of a run from opening the set to the page."""
    worst = round(WORST * count / PAIRS)
    job = EvaluationJob(
        'nyu', folder, None, {}, 'paper', None, None, None, output, worst, False, False, batch,
        jobs, True,
    )  # fmt: skip
    method = Method('network', NetworkAnswers(estimator), estimator.kind, {})
    start = time.perf_counter()
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(io.StringIO()):
        code = run_job(job, Processes('cpu'), lambda benchmark: method)
    seconds = time.perf_counter() - start
    pairs = json.loads(told.getvalue())['pairs'] if code == 0 else 0
    if pairs != count:
        raise RuntimeError(f'{pairs} of {count} pairs were scored, exit code {code}')
    return seconds


def measure(model: str, folder: Path, pictures: list[np.ndarray], asked: Any) -> dict[str, Any]:
    """Return the figures of one model, with random weights where it has none."""
    weights = None if model.startswith('nano') else 'random'
    estimator = DepthEstimator(model, weights=weights, input_size=asked.input_size)
    batch = asked.batch or (8 if estimator.device.startswith('cuda') else 1)
    alone(estimator, pictures, 2 * batch, batch)
    network, total, work = [], [], []
    for turn in range(asked.rounds):
        begin = time.process_time()
        network.append(alone(estimator, pictures, asked.pairs, batch))
        between = time.process_time()
        output = folder.parent / f'{model}{turn}'
        total.append(whole(estimator, folder, output, asked.pairs, batch, asked.jobs))
        work.append((time.process_time() - between) / (between - begin))
        print(f'{model}: alone {network[-1]:.2f} s, whole {total[-1]:.2f} s', flush=True)
    ratios = np.divide(total, network)
    return {
        'device': estimator.device,
        'precision': estimator.precision,
        'input_size': estimator.input_size,
        'weights': weights or 'shipped',
        'batch': batch,
        'jobs': asked.jobs,
        'pairs': asked.pairs,
        'rounds': asked.rounds,
        'inference_alone_seconds': round(float(np.median(network)), 3),
        'whole_run_seconds': round(float(np.median(total)), 3),
        'ratio': round(float(np.median(ratios)), 3),
        'ratios': [round(float(ratio), 3) for ratio in ratios],
        'ratio_of_processor_time': round(float(np.median(work)), 3),
        'ms_a_pair_beyond_inference': round(
            1000 * float(np.median(np.subtract(total, network))) / asked.pairs, 2
        ),
    }


def main() -> None:
    """Print the figures and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--models', nargs='+', default=['small'])
    parser.add_argument('--pairs', type=int, default=PAIRS, help=f'at most {PAIRS}')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--input-size', type=int, help="instead of each network's own")
    parser.add_argument('--batch', type=int, default=0, help='0: 1, or 8 on a GPU')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--output', type=Path, default=RESULTS)
    asked = parser.parse_args()
    if not 1 <= asked.pairs <= PAIRS:
        parser.error(f'--pairs must be 1 to {PAIRS}, got {asked.pairs}')
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / 'nyu'
        pictures = make_pairs(folder, asked.pairs)
        models = {model: measure(model, folder, pictures, asked) for model in asked.models}
    results = {
        **machine_facts('numpy', 'opencv-python-headless', 'openvino'),
        'protocol': ' '.join((__doc__ or '').split('\n\n', 1)[1].split()),
        'goal': 'a ratio of at most 1.2',
        'models': models,
    }
    print(json.dumps(models, indent=2))
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()

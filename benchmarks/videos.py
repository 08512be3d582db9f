#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How fast a video becomes a video of depth, against the network alone and the plain loop.

A rendered film of 1280 x 720, H.264, 30 frames a second. The network alone estimates its decoded
frames from memory. `depth-anything video` writes depth in colours, and the picture beside it. The
plain loop reads a frame with OpenCV, estimates, paints each frame from its least to its greatest
value and writes it with OpenCV (mp4v), then takes the next. All use the same network. In turns,
after a warm-up: the medians of frames a second, and the median of the ratios of a turn.

Flicker: how far the ends of the colours move from one frame to the next, as a share of their
distance, in the mean over the frames of a clip: with each frame's own least and greatest value,
with each frame's own 2nd and 98th percentile, and as the command does.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from depth_anything_ros import DepthEstimator
from depth_anything_ros.data.clip import ProceduralClip
from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.media.clip_file import FileClip
from depth_anything_ros.media.clip_files import FORMATS
from depth_anything_ros.media.clip_items import ClipFrame
from depth_anything_ros.media.clip_run import ClipOptions, ClipRun, Target
from depth_anything_ros.media.clip_scale import SteadyRange
from depth_anything_ros.media.color import color_range, color_table

RESULTS = Path(__file__).resolve().parents[1] / 'benchmarks/results/videos.json'
WIDTH, HEIGHT, RATE = 1280, 720, 30
MOST_SECONDS = 15
"""Length of a turn of the network alone; slow networks get shorter films."""

RENDERED = 30
"""Different frames; the film goes over them to and fro."""


def make_film(path: Path, count: int) -> None:
    """Write a film of ``count`` frames."""
    clip = ProceduralClip(5, WIDTH // 2, HEIGHT // 2, 10.0)
    shown = [clip.frame(index)[0] for index in range(min(RENDERED, count))]
    shown = [cv2.resize(rgb, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for rgb in shown]
    order = [*range(len(shown)), *range(len(shown) - 2, 0, -1)]
    rng = np.random.default_rng(0)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for index in range(count):
            grain = rng.integers(-3, 4, (HEIGHT, WIDTH, 1))
            picture = np.clip(shown[order[index % len(order)]] + grain, 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
        container.mux(stream.encode(None))


def network_alone(frames: Sequence[np.ndarray], estimator: DepthEstimator, count: int) -> float:
    """Return frames a second of the network on frames in memory."""
    start = time.perf_counter()
    for index in range(count):
        estimator.estimate(frames[index % len(frames)])
    return count / (time.perf_counter() - start)


def by_command(path: Path, estimator: DepthEstimator, name: str, output: Path) -> float:
    """Return frames a second of what the command does."""
    start = time.perf_counter()
    clip = FileClip(str(path), None, FORMATS[name].pictures)
    target = Target(FORMATS[name], output)
    result = ClipRun(estimator, clip, [target], ClipOptions())()
    return result.frames / (time.perf_counter() - start)


def plainly(path: Path, estimator: DepthEstimator, output: Path) -> float:
    """Return frames a second of one step after the other, as the original script takes them."""
    start = time.perf_counter()
    capture = cv2.VideoCapture(str(path))
    table = color_table('spectral')[:, ::-1].reshape(256, 1, 3)
    writer, count = None, 0
    while True:
        read, bgr = capture.read()
        if not read:
            break
        values = estimator.estimate(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)).values
        low, high = float(values.min()), float(values.max())
        index = ((values - low) / max(high - low, 1e-9) * 255).astype(np.uint8)
        if writer is None:
            fourcc = cv2.VideoWriter.fourcc(*'mp4v')
            writer = cv2.VideoWriter(str(output), fourcc, RATE, bgr.shape[1::-1])
        writer.write(cv2.applyColorMap(index, table))
        count += 1
    capture.release()
    if writer is not None:
        writer.release()
    return count / (time.perf_counter() - start)


def measure(model: str, count: int, rounds: int) -> dict[str, Any]:
    """Return the figures of one model."""
    estimator = DepthEstimator(model, weights=None if model == 'nano' else 'random')
    gray = [np.full((HEIGHT, WIDTH, 3), 128, np.uint8)]
    network_alone(gray, estimator, 3)
    count = max(20, min(count, round(MOST_SECONDS * network_alone(gray, estimator, 5))))
    rates: dict[str, list[float]] = {'network_alone': [], 'color': [], 'side': [], 'plain': []}
    with tempfile.TemporaryDirectory() as scratch:
        film, out = Path(scratch) / 'film.mp4', Path(scratch) / 'out.mp4'
        make_film(film, count)
        clip = FileClip(str(film))
        frames = [item.rgb.copy() for item in clip if isinstance(item, ClipFrame)][:RENDERED]
        clip.release()
        for turn in range(rounds):
            rates['network_alone'].append(network_alone(frames, estimator, count))
            for name in ('color', 'side'):
                rates[name].append(by_command(film, estimator, name, out))
            rates['plain'].append(plainly(film, estimator, out))
            row = {name: round(values[-1], 1) for name, values in rates.items()}
            print(f'{model}, turn {turn}: {row}', flush=True)
    of_network = np.divide(rates['color'], rates['network_alone'])
    return {
        'device': estimator.device,
        'precision': estimator.precision,
        'frames': count,
        **{f'{name}_per_second': round(float(np.median(v)), 2) for name, v in rates.items()},
        'color_share_of_network': round(float(np.median(of_network)), 3),
        'side_share_of_network': round(
            float(np.median(np.divide(rates['side'], rates['network_alone']))), 3
        ),
        'color_times_plain': round(float(np.median(np.divide(rates['color'], rates['plain']))), 3),
    }


def flicker(path: Path, estimator: DepthEstimator) -> dict[str, float]:
    """Return the mean movement of the ends of the colours, as a share of their distance."""
    clip = FileClip(str(path))
    steady = SteadyRange[None](estimator.kind)
    own, least, ours = [], [], []
    for item in clip:
        if not isinstance(item, ClipFrame):
            continue
        values = estimator.estimate(item.rgb, at_network_size=True).values
        least.append((float(values.min()), float(values.max())))
        own.append(color_range(values, estimator.kind))
        seconds = float(Fraction(item.pts) * clip.facts.time_base)
        ours += [ends for _, ends in steady.push(None, values, item.rgb, seconds, 0)]
    ours += [ends for _, ends in steady.flush()]
    clip.release()
    return {
        'frames': len(own),
        'least_and_greatest': _movement(least),
        'own_percentiles': _movement(own),
        'steady': _movement(ours),
    }


def _movement(ends: Sequence[tuple[float, float]]) -> float:
    rows = np.asarray(ends)
    moved = np.abs(np.diff(rows, axis=0)).mean(1) / (rows[1:, 1] - rows[1:, 0])
    return round(float(moved.mean()), 5)


def main() -> None:
    """Print the figures and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--models', nargs='+', default=['nano', 'small'], help='all but nano with random weights'
    )
    parser.add_argument('--count', type=int, default=300, help='frames')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--clips', nargs='*', type=Path, default=[], help='for the flicker')
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    results = {
        **machine_facts('numpy', 'opencv-python-headless', 'openvino', 'av'),
        'protocol': ' '.join((__doc__ or '').split('\n\n', 1)[1].split()),
        'models': {m: measure(m, arguments.count, arguments.rounds) for m in arguments.models},
        'flicker': {c.stem: flicker(c, DepthEstimator('nano')) for c in arguments.clips},
    }
    print(json.dumps({k: results[k] for k in ('models', 'flicker')}, indent=2))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()

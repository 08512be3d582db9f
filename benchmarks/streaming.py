#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the speed settings of the node cost in accuracy: a bag in, a bag out, scored against truth.

A film of six procedural scenes with known depth is written as a bag. `depth-anything bag`, which
makes byte for byte what depth_node publishes (test/ros/test_bag_equals_node.py), adds depth with
each setting, and the messages of the new bag are scored: delta1 and AbsRel after a least-squares
fit in disparity of each frame, the same within 3 pixels of true edges (jumps above 10 %), and
flicker as the temporal alignment error with one fit a scene. Frames a second are those of whole
runs, reading and writing of bags included, the median of several turns in which all settings take
their turn.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from streaming_chart import Curve, draw_chart

from depth_anything_ros import DepthEstimator, DepthKind
from depth_anything_ros.cli.bag_job import BagJob, Part, run_job
from depth_anything_ros.data.clip import ProceduralClip
from depth_anything_ros.data.scenes import LAYOUTS
from depth_anything_ros.evaluation.alignment import fit_affine
from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.evaluation.steadiness import temporal_alignment_error
from depth_anything_ros.media.bag_input import BagInput

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'benchmarks/results/streaming.json'
CHART = ROOT / 'docs/streaming.png'
SEED, WIDTH, HEIGHT, RATE, FRAMES = 20_003, 320, 240, 10.0, 6
"""Of the film; the frames are those at the beginning of each scene."""
MAX_DEPTH, EDGE_JUMP, EDGE_WIDTH = 80.0, 0.1, 7
SHARES = (0.5, 0.75, 1.0, 1.25, 1.5)
"""Input sizes, as shares of the network's own."""

PATCH = 14
TURNS = 3
IMAGE, DEPTH = '/camera/image', '/camera/depth/disparity_relative'
STEP = 10**8
TYPES = get_typestore(Stores.ROS2_JAZZY)


@dataclass(frozen=True)
class Setting:
    """Parameters of the node beside the input size."""

    name: str
    precision: str
    values: dict[str, Any]


SETTINGS = (
    Setting('float32', 'float32', {}),
    Setting('bfloat16', 'bfloat16', {}),
    Setting('filter.temporal 0.8', 'float32', {'filter.temporal': 0.8}),
    Setting('filter.refine', 'float32', {'filter.refine': True}),
)


class Film:
    """The frames, their true depth (H, W) metres, +inf for sky, and their cameras."""

    def __init__(self, frames: int) -> None:
        clip = ProceduralClip(SEED, WIDTH, HEIGHT, RATE)
        length = next(i for i in range(1, 1000) if clip.scene(i) != clip.scene(0))
        self.indices = [
            part * length + frame for part in range(len(LAYOUTS)) for frame in range(frames)
        ]
        rendered = [clip.frame(index) for index in self.indices]
        self.pictures = [rgb for rgb, _ in rendered]
        self.truth = [depth for _, depth in rendered]
        self.poses = [clip.pose(index) for index in self.indices]
        self.intrinsics = clip.intrinsics
        self.scenes = [slice(part * frames, (part + 1) * frames) for part in range(len(LAYOUTS))]


def write_bag(path: Path, film: Film) -> None:
    """Write the pictures and their camera_info as a bag of ROS 2."""
    kinds, lens = TYPES.types, film.intrinsics
    k = np.array([lens.fx, 0, lens.cx, 0, lens.fy, lens.cy, 0, 0, 1])
    p = np.hstack([k.reshape(3, 3), np.zeros((3, 1))]).ravel()
    with Writer(path, version=9, storage_plugin=StoragePlugin.SQLITE3) as writer:
        image, info = (
            writer.add_connection(topic, f'sensor_msgs/msg/{name}', typestore=TYPES)
            for topic, name in ((IMAGE, 'Image'), ('/camera/camera_info', 'CameraInfo'))
        )
        for number, rgb in enumerate(film.pictures):
            at = (number + 1) * STEP
            stamp = kinds['builtin_interfaces/msg/Time'](at // 10**9, at % 10**9)
            header = kinds['std_msgs/msg/Header'](stamp, 'camera')
            message = kinds['sensor_msgs/msg/Image'](
                header, HEIGHT, WIDTH, 'rgb8', 0, 3 * WIDTH, rgb.ravel()
            )
            region = kinds['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
            told = kinds['sensor_msgs/msg/CameraInfo'](
                header, HEIGHT, WIDTH, 'plumb_bob', np.zeros(5), k, np.eye(3).ravel(), p, 0, 0,
                region,
            )  # fmt: skip
            writer.write(info, at, TYPES.serialize_cdr(told, told.__msgtype__))
            writer.write(image, at, TYPES.serialize_cdr(message, message.__msgtype__))


def through_the_node(
    source: Path, target: Path, estimator: DepthEstimator, values: dict[str, Any]
) -> float:
    """Add depth to a bag; return the frames a second. Raises RuntimeError where not all came."""
    job = BagJob(
        source=source, target=target, form='sqlite3', cameras=(), prefix=None, topics='depth',
        scale=None, camera_info=None, calibration=None, values=values, part=Part(), only=True,
        batch=0,
    )  # fmt: skip
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        code = run_job(job, lambda: estimator, True)
    if code:
        raise RuntimeError(f'depth-anything bag ended with {code}: {told.getvalue()[-500:]}')
    return float(json.loads(told.getvalue())['pictures_per_second'])


def read_depth(path: Path) -> list[np.ndarray]:
    """Return the disparity (H, W) of each frame of a bag."""
    with BagInput(path) as opened:
        depth = [each for each in opened.connections if each.topic == DEPTH]
        found = [
            TYPES.deserialize_cdr(content, 'sensor_msgs/msg/Image')
            for _, _, content in (opened.messages(depth) if depth else ())
        ]
    return [
        np.frombuffer(each.data.tobytes(), np.float32).reshape(each.height, each.width)
        for each in found
    ]


def edges_of(truth: np.ndarray) -> np.ndarray:
    """Return which pixels are near a jump of true depth."""
    near = 1 / truth
    around = np.ones((3, 3), np.uint8)
    jump = cv2.dilate(near, around) > (1 + EDGE_JUMP) * cv2.erode(near, around)
    return cv2.dilate(jump.astype(np.uint8), np.ones((EDGE_WIDTH, EDGE_WIDTH), np.uint8)) > 0


def fitted(disparity: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Bring disparity to metres by one least-squares fit for all the frames."""
    every, true = np.stack(disparity).astype(np.float64), np.stack(truth)
    valid = true <= MAX_DEPTH
    a, b = fit_affine(every[valid], 1 / true[valid])
    return list(1 / np.maximum(a * every + b, 1 / MAX_DEPTH))


def score(disparity: list[np.ndarray], film: Film) -> dict[str, float]:
    """Return the figures of a bag, means over frames and over scenes."""
    if len(disparity) != len(film.truth):
        raise RuntimeError(f'{len(disparity)} of {len(film.truth)} frames came back')
    rows: dict[str, list[float]] = {}
    for values, truth in zip(disparity, film.truth, strict=True):
        (depth,) = fitted([values], [truth])
        for where, valid in (('', truth <= MAX_DEPTH), ('_at_edges', edges_of(truth))):
            valid = valid & (truth <= MAX_DEPTH)
            if not valid.any():
                continue
            p, g = depth[valid], truth[valid].astype(np.float64)
            rows.setdefault(f'delta1{where}', []).append(
                float(np.mean(np.maximum(p / g, g / p) < 1.25))
            )
            rows.setdefault(f'abs_rel{where}', []).append(float(np.mean(np.abs(p - g) / g)))
    for part in film.scenes:
        steady = temporal_alignment_error(
            fitted(disparity[part], film.truth[part]),
            film.truth[part],
            film.poses[part],
            film.intrinsics,
            MAX_DEPTH,
        )
        rows.setdefault('flicker', []).append(steady.error)
    return {name: round(float(np.mean(found)), 4) for name, found in rows.items()}


def measure(film: Film, folder: Path, model: str, turns: int) -> list[dict[str, Any]]:
    """Run every setting at every input size; return their rows."""
    write_bag(folder / 'in', film)
    loaded = {
        precision: DepthEstimator(model, precision=precision)
        for precision in {setting.precision for setting in SETTINGS}
    }
    first = next(iter(loaded.values()))
    if first.kind is not DepthKind.RELATIVE:
        raise SystemExit(
            f'{model} gives metres: this benchmark fits disparity, take a relative one'
        )
    own = first.own_input_size
    rows: list[dict[str, Any]] = [
        {'setting': setting.name, 'input_size': PATCH * round(share * own / PATCH), 'rates': []}
        for share in SHARES
        for setting in SETTINGS
    ]
    by_name = {setting.name: setting for setting in SETTINGS}
    for turn in range(turns + 1):
        for number, row in enumerate(rows):
            setting = by_name[row['setting']]
            values = {'input_size': row['input_size'], **setting.values}
            target = folder / f'{turn}_{number}'
            rate = through_the_node(folder / 'in', target, loaded[setting.precision], values)
            if turn:  # the first one warms up, and is scored
                row['rates'].append(rate)
            else:
                row.update(score(read_depth(target), film))
                row['device'] = loaded[setting.precision].device
    for row in rows:
        row['frames_per_second'] = round(float(np.median(row.pop('rates'))), 2)
    best = [*front(rows)]
    return [{**row, 'on_the_front': row in best} for row in rows]


def front(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that no other beats in both frames a second and delta1."""
    return [
        row
        for row in rows
        if not any(
            other['frames_per_second'] > row['frames_per_second']
            and other['delta1'] > row['delta1']
            for other in rows
        )
    ]


def main() -> None:
    """Print the rows, write the results file and draw the chart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, default=RESULTS)
    parser.add_argument('--chart', type=Path, default=CHART)
    parser.add_argument('--model', default='nano')
    parser.add_argument('--frames', type=int, default=FRAMES, help='of each scene')
    parser.add_argument('--turns', type=int, default=TURNS)
    arguments = parser.parse_args()
    film = Film(arguments.frames)
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(film, Path(folder), arguments.model, arguments.turns)
    for row in rows:
        print(row)
    results = {
        **machine_facts('numpy', 'torch', 'opencv-python-headless', 'rosbags'),
        'protocol': (__doc__ or '').split('\n\n', 1)[1].strip().replace('\n', ' '),
        'model': arguments.model,
        'film': {
            'seed': SEED,
            'scenes': [layout.build.__name__ for layout in LAYOUTS],
            'frames': len(film.truth),
            'size': [WIDTH, HEIGHT],
            'rate_hz': RATE,
        },
        'turns': arguments.turns,
        'rows': rows,
    }
    arguments.output.write_text(json.dumps(results, indent=1) + '\n')
    curves = [
        Curve(
            setting.name,
            tuple(
                (row['frames_per_second'], row['delta1'], str(row['input_size']))
                for row in rows
                if row['setting'] == setting.name
            ),
        )
        for setting in SETTINGS
    ]
    draw_chart(arguments.chart, curves, arguments.model)


if __name__ == '__main__':
    main()

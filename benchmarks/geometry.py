#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What points, obstacles and scan of a frame cost, against the same in plain NumPy.

The true depth, 640 x 480, of procedural drives at a box, along a wall and in the open, with 2 %
noise and 1 % unknown pixels, from three mounts. As the node does by default a block of 2 x 2 pixels
is one point, the nearest of it. Of every frame, in turns: points, obstacles and scan by the
package, and the same in NumPy, whose tables of where pixels look are kept as well. Medians over
all frames, and the median of NumPy's time over the package's for the same frame. A "new pose" is
that of a camera on an IMU, for which the tables are made anew in every frame. How far the two agree
is told beside: NumPy's scan knows no pixel's width, so that it differs at the picture's rim.

The node computes this in one thread. Two need OMP_WAIT_POLICY=PASSIVE on two cores with anything
else to do: else they spin for each other, and a step takes a hundred times as long.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from plain_geometry import (
    OBSTACLES,
    SCAN,
    plain_obstacles,
    plain_points,
    plain_scan,
    plain_tables,
)

from depth_anything_ros.data.drive import Drive, DrivePlan, Obstacle
from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.geometry.decimation import decimate, decimated_intrinsics
from depth_anything_ros.geometry.edges import without_flying_pixels
from depth_anything_ros.geometry.ground import fit_ground_plane
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.obstacles import find_obstacles
from depth_anything_ros.geometry.points import back_project
from depth_anything_ros.geometry.rays import rays_of
from depth_anything_ros.geometry.scan import make_scan
from depth_anything_ros.geometry.transform import Transform, camera_on_ground

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'benchmarks/results/geometry.json'
WIDTH, HEIGHT = 640, 480
BLOCK = 2
NOISE, UNKNOWN = 0.02, 0.01
MOUNTS = ((0.4, 0.0), (0.8, math.radians(15.0)), (1.2, math.radians(30.0)))
"""Heights of the lens, m, and how far it looks down."""

WAYS = ((Obstacle.BOX, 0.5), (Obstacle.WALL, 2.5), (Obstacle.NONE, 1.0))
JITTER = 1e-4
"""How much a new pose differs from the last, rad."""


@dataclass(frozen=True)
class View:
    """A frame: depth (H, W) float32, the camera, and its pose."""

    depth: np.ndarray
    intrinsics: Intrinsics
    pose: Transform


@dataclass
class Outcome:
    """What a frame comes to, and seconds by step."""

    points: np.ndarray
    obstacles: np.ndarray
    ranges: np.ndarray
    seconds: dict[str, float] = field(default_factory=dict)


class Watch:
    """Takes the time of steps, after all work of the device."""

    def __init__(self, device: torch.device) -> None:
        self.seconds: dict[str, float] = {}
        self._device = device
        self._last = self._now()

    def lap(self, name: str) -> None:
        """Note the time since the last step."""
        now = self._now()
        self.seconds[name] = now - self._last
        self._last = now

    def _now(self) -> float:
        if self._device.type == 'cuda':
            torch.cuda.synchronize(self._device)
        return time.perf_counter()


def views(count: int) -> Iterator[View]:
    """Look at ``count`` moments of every drive, from every mount, indoors and out."""
    rng = np.random.default_rng(0)
    for indoors in (False, True):
        for height, pitch in MOUNTS:
            for obstacle, size in WAYS:
                plan = DrivePlan(
                    obstacle,
                    size,
                    indoors,
                    camera_height=height,
                    pitch=pitch,
                    width=WIDTH,
                    height=HEIGHT,
                )
                drive = Drive(plan, 30_000)
                pose = camera_on_ground(height, pitch=pitch)
                for index in np.linspace(0, len(drive) // 2, count).astype(int):
                    depth = drive.frame(int(index))[1].copy()
                    depth *= 1 + NOISE * rng.standard_normal(depth.shape, np.float32)
                    depth[rng.random(depth.shape) < UNKNOWN] = np.nan
                    intrinsics = Intrinsics.from_fov(WIDTH, HEIGHT, plan.field_of_view)
                    yield View(depth, intrinsics, pose)


def by_package(view: View, device: torch.device, block: int) -> Outcome:
    """Make the outputs as the node does."""
    metres = torch.from_numpy(view.depth).to(device)
    camera = decimated_intrinsics(view.intrinsics, block, block)
    watch = Watch(device)
    depth = decimate(metres, block, block, 'minimum')
    rays = rays_of(camera, device=device)
    points = back_project(depth, rays)
    watch.lap('points')
    obstacles = find_obstacles(points, view.pose, OBSTACLES, pitch=1 / camera.fx)
    watch.lap('obstacles')
    scan = make_scan(points, depth == math.inf, rays, view.pose, SCAN)
    watch.lap('scan')
    return Outcome(
        points.cpu().numpy(),
        obstacles.points.cpu().numpy(),
        scan.ranges.cpu().numpy(),
        watch.seconds,
    )


class PlainNumpy:
    """The same three outputs, straightforwardly in NumPy; tables for as long as the pose stays."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] = ()
        self._tables: tuple[Any, ...] = ()

    def __call__(self, view: View, block: int) -> Outcome:
        """Make the outputs."""
        camera = decimated_intrinsics(view.intrinsics, block, block)
        watch = Watch(torch.device('cpu'))
        depth, points = plain_points(view.depth, camera, block)
        watch.lap('points')
        obstacles = plain_obstacles(points, view.pose, 1 / camera.fx)
        watch.lap('obstacles')
        key = (camera, view.pose.rotation.tobytes(), view.pose.translation.tobytes())
        if key != self._key:
            self._key, self._tables = key, plain_tables(camera, view.pose)
        ranges = plain_scan(depth.reshape(-1), self._tables)
        watch.lap('scan')
        return Outcome(points, obstacles, ranges, watch.seconds)


def agreement(ours: Outcome, plain: Outcome) -> dict[str, float]:
    """Return how far two outcomes of a frame agree."""
    both = np.isfinite(ours.points) & np.isfinite(plain.points)
    same = {tuple(p) for p in np.round(ours.obstacles, 4).tolist()}
    other = {tuple(p) for p in np.round(plain.obstacles, 4).tolist()}
    near = np.isclose(ours.ranges, plain.ranges, atol=0.05, equal_nan=True)
    return {
        'largest_difference_of_points_m': float(
            np.abs(ours.points[both] - plain.points[both]).max(initial=0.0)
        ),
        'same_points_known': float((np.isfinite(ours.points) == np.isfinite(plain.points)).mean()),
        'same_obstacles': len(same & other) / len(same | other) if same or other else 1.0,
        'same_beams': float(near.mean()),
    }


def turned(view: View, number: int) -> View:
    """Return a frame with a pose that no other has."""
    tilt = Transform.from_euler(0.0, JITTER * number, 0.0)
    pose = Transform(tilt.rotation @ view.pose.rotation, view.pose.translation)
    return View(view.depth, view.intrinsics, pose)


def measure(
    frames: list[View], device: torch.device, block: int, new_pose: bool, rounds: int
) -> dict[str, Any]:
    """Return the medians in milliseconds of both ways, and NumPy's over the package's time."""
    plain = PlainNumpy()
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    agreed: list[dict[str, float]] = []
    for index, view in enumerate(frames):
        for number in range(rounds + 1):
            shown = turned(view, index * (rounds + 1) + number + 1) if new_pose else view
            mine, other = by_package(shown, device, block), plain(shown, block)
            if number == 0:
                # Without new poses the tables are there from the second time on.
                agreed.append(agreement(mine, other))
                continue
            ours.append({**mine.seconds, 'all': sum(mine.seconds.values())})
            theirs.append({**other.seconds, 'all': sum(other.seconds.values())})
    ratios = [b['all'] / a['all'] for a, b in zip(ours, theirs, strict=True)]
    return {
        'package_ms': _medians(ours),
        'package_ms_of_95_percent': round(
            1e3 * float(np.percentile([row['all'] for row in ours], 95)), 2
        ),
        'numpy_ms': _medians(theirs),
        'numpy_over_package': round(float(np.median(ratios)), 2),
        'agreement': {
            'largest_difference_of_points_m': max(
                row['largest_difference_of_points_m'] for row in agreed
            ),
            **{
                key: round(float(np.mean([row[key] for row in agreed])), 5)
                for key in ('same_points_known', 'same_obstacles', 'same_beams')
            },
        },
    }


def _medians(rows: list[dict[str, float]]) -> dict[str, float]:
    return {key: round(1e3 * float(np.median([row[key] for row in rows])), 3) for key in rows[0]}


def besides(frames: list[View], device: torch.device, rounds: int) -> dict[str, float]:
    """Return the median milliseconds of what may come before: flying pixels, a fitted ground."""
    spent: list[dict[str, float]] = []
    for view in frames * rounds:
        metres = torch.from_numpy(view.depth).to(device)
        watch = Watch(device)
        metres = without_flying_pixels(metres).values
        watch.lap('flying_pixels')
        camera = decimated_intrinsics(view.intrinsics, BLOCK, BLOCK)
        points = back_project(decimate(metres, BLOCK, BLOCK), rays_of(camera, device=device))
        watch.lap('points')
        fit_ground_plane(points, view.pose)
        watch.lap('ground')
        spent.append({key: watch.seconds[key] for key in ('flying_pixels', 'ground')})
    return _medians(spent)


def main() -> None:
    """Print the table and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--frames', type=int, default=4, help='moments of every drive')
    parser.add_argument('--rounds', type=int, default=4, help='times a frame is looked at')
    parser.add_argument(
        '--threads', type=int, nargs='+', default=[1], help="torch's, on the processor"
    )
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    frames = list(views(arguments.frames))
    places = [(f'cpu, threads: {count}', 'cpu', count) for count in arguments.threads]
    if torch.cuda.is_available():
        places.append(('cuda', 'cuda', max(arguments.threads)))
    ways = [
        (f'{BLOCK} x {BLOCK} pixels a point', BLOCK, False),
        (f'{BLOCK} x {BLOCK} pixels a point, new pose', BLOCK, True),
        ('every pixel a point', 1, False),
    ]
    results: dict[str, Any] = {
        **machine_facts('numpy'),
        'protocol': ' '.join(__doc__.split('\n\n', 1)[1].split()),
        'size': [WIDTH, HEIGHT],
        'frames': len(frames),
        'rounds': arguments.rounds,
        'OMP_WAIT_POLICY': os.environ.get('OMP_WAIT_POLICY', 'unset'),
        'settings': {'obstacles': asdict(OBSTACLES), 'scan': asdict(SCAN)},
        'places': {},
    }
    for place, name, threads in places:
        torch.set_num_threads(threads)
        device = torch.device(name)
        rows = results['places'][place] = {}
        with torch.inference_mode():
            for title, block, new_pose in ways:
                rows[title] = measure(frames, device, block, new_pose, arguments.rounds)
                print(place, title, json.dumps(rows[title]), flush=True)
            rows['besides_ms'] = besides(frames, device, arguments.rounds)
            print(place, rows['besides_ms'])
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()

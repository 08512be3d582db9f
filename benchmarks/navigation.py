#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a robot can steer by the obstacle clouds and scans: procedural drives, judged.

Each drive goes at 0.5 m/s, with 5 pictures a second, from 3 m to 0.6 m before an obstacle,
waits a second, and another one after it was taken away. A costmap and a stop zone by nav2's rules
(evaluation/costmap.py, evaluation/collision_monitor.py) take the outputs. The depth is the truth
of the renderer, which leaves the geometry alone to blame, then nano's, brought to metres by the
best fit in disparity of every frame: what the network is worth with a perfect scale.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from depth_anything_ros import DepthEstimator
from depth_anything_ros.data.drive import Drive, DrivePlan, Obstacle
from depth_anything_ros.evaluation.alignment import fit_affine
from depth_anything_ros.evaluation.collision_monitor import DriveFigures, StopZone
from depth_anything_ros.evaluation.costmap import Scan
from depth_anything_ros.evaluation.drive_judge import CLEARING, MARKING, DriveJudge
from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.geometry.decimation import decimate, decimated_intrinsics
from depth_anything_ros.geometry.edges import without_flying_pixels
from depth_anything_ros.geometry.obstacles import ObstacleSettings, find_obstacles
from depth_anything_ros.geometry.points import back_project
from depth_anything_ros.geometry.rays import rays_of
from depth_anything_ros.geometry.scan import ScanSettings, make_scan

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'benchmarks/results/navigation.json'
MAX_DEPTH = 80.0
ZONE = StopZone(max_height=1.0)
SEEN_BEFORE = 1.5
SEED = 30_000
BLOCK = 2
OBSTACLES, SCAN = ObstacleSettings(), ScanSettings()
MOUNTS = ((0.4, 0.0), (0.8, math.radians(15.0)), (1.2, math.radians(30.0)))
"""Heights of the lens (m) and how far it looks down (rad): what is high up must look down."""

WAYS = (
    (Obstacle.BOX, 0.3),
    (Obstacle.BOX, 0.5),
    (Obstacle.BOX, 1.0),
    (Obstacle.WALL, 2.5),
    (Obstacle.OVERHANG, 0.5),
    (Obstacle.OVERHANG, 0.8),
    (Obstacle.OVERHANG, 2.2),
    (Obstacle.CURB, 0.15),
    (Obstacle.NONE, 1.0),
)
"""What is driven at, and its size in metres: of an overhang, how high it hangs."""

Depths = Callable[[np.ndarray, np.ndarray], np.ndarray]


def plans() -> Iterator[DrivePlan]:
    """Lay out every drive."""
    for indoors in (False, True):
        for height, pitch in MOUNTS:
            for obstacle, size in WAYS:
                yield DrivePlan(
                    obstacle, size, indoors, rate=5.0, start=3.0, camera_height=height, pitch=pitch
                )


@cache
def nano() -> DepthEstimator:
    """Return the network."""
    return DepthEstimator('nano', precision='float32')


def true_depth(rgb: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the truth."""
    return truth


def fitted_nano(rgb: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return nano's depth in metres by the frame's best scale and shift."""
    disparity = nano().estimate(rgb).values
    valid = truth <= MAX_DEPTH
    a, b = fit_affine(disparity[valid], 1 / truth[valid])
    return (1 / np.maximum(a * disparity + b, 1 / MAX_DEPTH)).astype(np.float32)


SOURCES: dict[str, Depths] = {'truth': true_depth, 'nano, best fit': fitted_nano}


def outputs(depth: np.ndarray, drive: Drive) -> tuple[np.ndarray, Scan]:
    """Return the obstacle cloud (N, 3), optical, and the scan that a frame's depth gives.

    The steps and settings are depth_node's defaults.
    """
    metres = without_flying_pixels(torch.from_numpy(depth)).values
    metres = decimate(metres, BLOCK, BLOCK, 'minimum')
    intrinsics = decimated_intrinsics(drive.intrinsics, BLOCK, BLOCK)
    rays = rays_of(intrinsics)
    points = back_project(metres, rays)
    found = find_obstacles(points, drive.camera, OBSTACLES, pitch=1 / intrinsics.fx)
    scan = make_scan(points, metres == math.inf, rays, drive.camera, SCAN)
    ranges = scan.ranges.numpy()
    reading = Scan(ranges, scan.angle_min, scan.angle_increment, SCAN.range_min, SCAN.range_max)
    return found.points.numpy(), reading


def judged(plan: DrivePlan) -> dict[str, DriveFigures]:
    """Drive once, and return how it went by each source of depth."""
    torch.set_num_threads(1)
    drive = Drive(plan, SEED)
    judges = {name: DriveJudge(drive, ZONE) for name in SOURCES}
    for index in range(len(drive)):
        frame = drive.frame(index)
        for name, depths in SOURCES.items():
            judges[name].observe(index, *outputs(depths(*frame), drive))
    return {name: judge.figures() for name, judge in judges.items()}


def name_of(plan: DrivePlan) -> dict[str, Any]:
    """Return what tells a drive from the others."""
    return {
        'obstacle': plan.obstacle.value,
        'size': None if plan.obstacle is Obstacle.NONE else plan.size,
        'place': 'room' if plan.indoors else 'open',
        'pitch_deg': round(math.degrees(plan.pitch)),
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a set of drives comes to; shares are of drives, false stops of frames."""
    needed = [row for row in rows if row['in_the_way'] and row['size'] >= 0.3]

    def worst(key: str, pick: Callable[[list[float]], float]) -> float | None:
        values = [row[key] for row in needed if row[key] is not None]
        return round(pick(values), 3) if values else None

    def share(fulfilled: list[bool]) -> float | None:
        return round(sum(fulfilled) / len(fulfilled), 4) if fulfilled else None

    return {
        'drives': len(rows),
        'obstacles_from_0.3_m': len(needed),
        'mapped_before_1.5_m': share([(row['mapped_at'] or 0) >= SEEN_BEFORE for row in needed]),
        'stopped': share([row['stopped_at'] is not None for row in needed]),
        'nearest_stop_m': worst('stopped_at', min),
        'longest_time_to_stop_s': worst('time_to_stop', max),
        'mean_hold_share': worst('hold_share', lambda values: float(np.mean(values))),
        'mean_kept_share': worst('kept_share', lambda values: float(np.mean(values))),
        'longest_time_to_resume_s': worst('time_to_resume', max),
        'never_resumed': sum(row['never_resumed'] for row in rows),
        'false_stop_share': round(float(np.mean([row['false_stop_share'] for row in rows])), 4),
        'false_stop_share_worst_drive': max(row['false_stop_share'] for row in rows),
    }


def tabulated(plan: DrivePlan, figures: DriveFigures) -> dict[str, Any]:
    """Return a drive's row of the results."""
    rounded = {k: None if v is None else round(v, 4) for k, v in asdict(figures).items()}
    never = figures.stopped_at is not None and figures.time_to_resume is None
    way = DriveJudge(Drive(plan, SEED), ZONE).in_the_way
    return {**name_of(plan), 'in_the_way': way, **rounded, 'never_resumed': never}


def results_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Sum up the drives with a source of depth, together and by what they drove at."""
    kinds = {(row['obstacle'], row['size']) for row in rows}
    return {
        'all': summary(rows),
        'by_obstacle': {
            f'{kind} {size or ""}'.strip(): summary(
                [row for row in rows if (row['obstacle'], row['size']) == (kind, size)]
            )
            for kind, size in sorted(kinds, key=str)
        },
        'drives': rows,
    }


def main() -> None:
    """Print a line for each drive and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--jobs', type=int, default=1, help='drives at the same time')
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SOURCES}
    # Forking a process in which torch has run threads can hang.
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(arguments.jobs, context) as pool:
        for plan, by_source in zip(plans(), pool.map(judged, plans()), strict=True):
            for name, figures in by_source.items():
                rows[name].append(tabulated(plan, figures))
                print(f'{name:16}', *rows[name][-1].values(), flush=True)
    results: dict[str, Any] = {
        **machine_facts('numpy'),
        'protocol': __doc__.split('\n\n', 1)[1].strip().replace('\n', ' '),
        'stop_zone': asdict(ZONE),
        'costmap': {'marking': asdict(MARKING), 'clearing': asdict(CLEARING)},
        'obstacles': asdict(OBSTACLES),
        'scan': asdict(SCAN),
        'sources': {name: results_of(found) for name, found in rows.items()},
    }
    for name, found in results['sources'].items():
        print(name, json.dumps(found['all'], indent=2))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()

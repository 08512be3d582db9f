# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Points, obstacles and scan in plain NumPy: what benchmarks/geometry.py measures against."""

from __future__ import annotations

from typing import Any

import numpy as np

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.obstacles import FACING_SHARE, ObstacleSettings
from depth_anything_ros.geometry.scan import ScanSettings
from depth_anything_ros.geometry.transform import Transform

OBSTACLES, SCAN = ObstacleSettings(), ScanSettings()
UNSEEN = 0.1
"""Share of a free beam's rays that may be unknown."""


def plain_points(depth: np.ndarray, camera: Intrinsics, block: int) -> tuple[np.ndarray, ...]:
    """Return the least depth (h, w) of the blocks of a picture, and their points (h, w, 3)."""
    x = ((np.arange(camera.width) - camera.cx) / camera.fx).astype(np.float32)
    y = ((np.arange(camera.height) - camera.cy) / camera.fy).astype(np.float32)[:, None]
    if block > 1:
        blocks = depth.reshape(camera.height, block, camera.width, block)
        depth = np.fmin.reduce(np.fmin.reduce(blocks, axis=3), axis=1)
        unknown = np.isnan(blocks).sum(axis=(1, 3)) * 2 > block * block
        depth = np.where(unknown & (depth == np.inf), np.float32(np.nan), depth)
    z = np.where((depth > 0) & (depth < np.inf), depth, np.float32(np.nan))
    return depth, np.stack((x * z, y * z, z), axis=-1)


def plain_obstacles(points: np.ndarray, pose: Transform, pitch: float) -> np.ndarray:
    """Return the obstacles (N, 3) of points (H, W, 3), which are ``pitch`` rad apart."""
    wanted = OBSTACLES
    flat = points.reshape(-1, 3)
    level = pose.apply(flat)
    distance = np.hypot(level[:, 0], level[:, 1])
    height = level[:, 2]
    kept = (
        (height >= wanted.min_height + wanted.ground_slope * distance)
        & (height <= wanted.max_height)
        & (distance >= wanted.min_range)
        & (distance <= wanted.max_range)
    )
    flat, level = flat[kept], level[kept]
    near = np.square(flat).sum(axis=1)
    order = np.argsort(near, kind='stable')
    cubes = np.floor(level[order] / wanted.voxel).astype(np.int64) + (1 << 20)
    keys = (cubes[:, 2] << 42) | (cubes[:, 0] << 21) | cubes[:, 1]
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    chosen = order[first]
    facing = np.floor(FACING_SHARE * (wanted.voxel / pitch) ** 2 / near[chosen])
    chosen = chosen[counts >= np.clip(facing, 1, wanted.min_points)]
    if len(chosen) > wanted.max_points:
        chosen = chosen[np.argsort(near[chosen], kind='stable')[: wanted.max_points]]
    return flat[chosen]


def plain_tables(camera: Intrinsics, pose: Transform) -> tuple[Any, ...]:
    """Return what the scan knows of pixels before it knows their depth."""
    x = ((np.arange(camera.width) - camera.cx) / camera.fx).astype(np.float32)
    y = ((np.arange(camera.height) - camera.cy) / camera.fy).astype(np.float32)[:, None]
    rays = np.stack(np.broadcast_arrays(x, y, np.float32(1)), axis=-1).reshape(-1, 3)
    ahead, left, up = (rays @ pose.rotation.T.astype(np.float32)).T
    lens = pose.translation[2]
    reach = np.hypot(ahead, left)
    up = np.where(up == 0, np.float32(1e-12), up)
    bottom, top = (SCAN.min_height - lens) / up, (SCAN.max_height - lens) / up
    enter = np.maximum(np.minimum(bottom, top), 0)
    leave = np.minimum(np.maximum(bottom, top), SCAN.range_max / reach)
    beam = np.rint(np.arctan2(left, ahead) / SCAN.angle_increment).astype(np.int64)
    beam -= beam.min()
    at_end = lens + up / reach * SCAN.range_max
    far = (at_end >= SCAN.min_height) & (at_end <= SCAN.max_height)
    crosses = enter < leave
    count = int(beam.max()) + 1
    needed = [np.bincount(beam, weights=rays, minlength=count) for rays in (crosses, far)]
    return beam, enter, leave, reach, crosses, far, needed


def plain_scan(depth: np.ndarray, tables: tuple[Any, ...]) -> np.ndarray:
    """Return the ranges (n,) of depth (P,)."""
    beam, enter, leave, reach, crosses, far, needed = tables
    count = len(needed[0])
    with np.errstate(invalid='ignore'):
        inside = (depth >= enter) & (depth <= leave)
        passed = depth > leave
    nearest = np.full(count, np.inf, np.float32)
    np.minimum.at(nearest, beam[inside], (depth * reach)[inside])
    unseen = [np.bincount(beam, weights=rays & ~passed, minlength=count) for rays in (crosses, far)]
    free = (needed[1] > 0) & (unseen[0] <= UNSEEN * needed[0]) & (unseen[1] <= UNSEEN * needed[1])
    ranges = np.where((nearest < np.inf) | free, nearest, np.float32(np.nan))
    ranges[nearest < SCAN.range_min] = -np.inf
    return ranges

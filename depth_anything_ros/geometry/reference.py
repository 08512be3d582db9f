# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sparse metric references (LiDAR, radar, SLAM points, another depth camera) seen in a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.transform import Transform

MIN_RANGE = 0.05
"""Metres along the optical axis; what is nearer is the sensor's own housing."""
NOISE = 3.0
"""Differences among neighbours up to so many times their lower quartile are noise, and no edge."""


class BadReferenceError(ValueError):
    """A reference whose shape cannot be."""


@dataclass(frozen=True)
class Reference:
    """Points of a picture whose depth is known: pixel ``rows``, ``columns`` (N,) and ``z`` (N,) m.

    ``size`` is the (height, width) of the picture the pixels belong to.
    """

    rows: np.ndarray
    columns: np.ndarray
    z: np.ndarray
    size: tuple[int, int]

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.z)

    def thinned(self, most: int, seed: int = 0) -> Reference:
        """Return at most ``most`` of the points, drawn evenly from the seed."""
        if len(self) <= most:
            return self
        kept = np.sort(np.random.default_rng(seed).choice(len(self), most, replace=False))
        return Reference(self.rows[kept], self.columns[kept], self.z[kept], self.size)


def project_points(
    points: np.ndarray,
    extrinsics: Transform,
    intrinsics: Intrinsics,
    max_points: int = 1000,
    max_range: float = math.inf,
    block: int = 1,
    seed: int = 0,
) -> Reference:
    """Project points (N, 3) in metres of a sensor's frame into a picture without distortion.

    ``extrinsics`` is where the sensor is in the optical frame, and ``intrinsics`` are those of the
    depth image. Points that are not finite, behind the camera, outside of the picture or beyond
    ``max_range`` along the axis are dropped. Of several in a square of ``block`` pixels the
    nearest is kept: a sensor beside the camera looks behind what the camera sees, so with a wide
    block the points of a hidden wall go where those of what hides it are close enough.
    """
    points = np.asarray(points)
    if points.ndim != 2 or points.shape[1] != 3:
        raise BadReferenceError(f'points must be (N, 3), got {points.shape}')
    with np.errstate(invalid='ignore', divide='ignore', over='ignore'):
        optical = extrinsics.apply(points.astype(np.float32, copy=False))
        z = optical[:, 2]
        u = np.rint(optical[:, 0] / z * intrinsics.fx + intrinsics.cx)
        v = np.rint(optical[:, 1] / z * intrinsics.fy + intrinsics.cy)
        seen = (z > MIN_RANGE) & (z <= max_range) & np.isfinite(z)
        seen &= (u >= 0) & (u < intrinsics.width) & (v >= 0) & (v < intrinsics.height)
    rows, columns = v[seen].astype(np.int64), u[seen].astype(np.int64)
    near = _nearest(rows // block * intrinsics.width + columns // block, z[seen])
    size = (intrinsics.height, intrinsics.width)
    depth = z[seen][near].astype(np.float64)
    return Reference(rows[near], columns[near], depth, size).thinned(max_points, seed)


def _nearest(cell: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return the indices of the least z of each cell."""
    order = np.lexsort((z, cell))
    first = np.ones(len(order), bool)
    first[1:] = cell[order][1:] != cell[order][:-1]
    return np.sort(order[first])


def from_depth_image(
    depth: np.ndarray,
    camera: Intrinsics,
    intrinsics: Intrinsics,
    extrinsics: Transform | None = None,
    max_points: int = 1000,
    max_range: float = math.inf,
) -> Reference:
    """Take references from a depth image (H, W) in metres, on a regular grid of its pixels.

    ``camera`` are the intrinsics of that image, ``intrinsics`` those of the estimated depth, and
    ``extrinsics`` where the other camera's optical frame is in ours; None says that both images
    are registered, so that points keep their relative place in the picture. NaN, +-Inf and 0 are
    no measurement.
    """
    depth = np.asarray(depth)
    if depth.shape != (camera.height, camera.width):
        raise BadReferenceError(
            f'depth image is {depth.shape}, its camera has {camera.height} x {camera.width} pixels'
        )
    known = np.isfinite(depth) & (depth > MIN_RANGE) & (depth <= max_range)
    count = int(np.count_nonzero(known))
    # The grid is as dense as gives about max_points measured pixels.
    step = max(1, math.floor(math.sqrt(count / max(max_points, 1))))
    rows, columns = np.nonzero(known[step // 2 :: step, step // 2 :: step])
    rows, columns = rows * step + step // 2, columns * step + step // 2
    z = depth[rows, columns].astype(np.float64)
    if extrinsics is not None:
        x = (columns - camera.cx) / camera.fx * z
        y = (rows - camera.cy) / camera.fy * z
        points = np.stack((x, y, z), axis=1).astype(np.float32)
        return project_points(points, extrinsics, intrinsics, max_points, max_range)
    size = (intrinsics.height, intrinsics.width)
    rows = np.minimum((rows + 0.5) * size[0] / camera.height, size[0] - 1).astype(np.int64)
    columns = np.minimum((columns + 0.5) * size[1] / camera.width, size[1] - 1).astype(np.int64)
    return Reference(rows, columns, z, size).thinned(max_points)


def from_scan(
    ranges: np.ndarray,
    angle_min: float,
    angle_increment: float,
    extrinsics: Transform,
    intrinsics: Intrinsics,
    range_min: float = 0.0,
    range_max: float = math.inf,
    max_points: int = 1000,
) -> Reference:
    """Take references from a LaserScan: ``ranges`` (N,) m at angles about the z axis of its frame.

    ``extrinsics`` is where the scanner's frame (REP 103: x forward) is in the optical frame.
    Ranges outside of [``range_min``, ``range_max``] are dropped, as LaserScan says.
    """
    ranges = np.asarray(ranges, np.float32).ravel()
    angles = angle_min + angle_increment * np.arange(ranges.size)
    good = np.isfinite(ranges) & (ranges >= range_min) & (ranges <= range_max)
    near, angle = ranges[good], angles[good]
    points = np.stack((near * np.cos(angle), near * np.sin(angle), np.zeros_like(angle)), axis=1)
    return project_points(points.astype(np.float32), extrinsics, intrinsics, max_points)


def sample_disparity(
    disparity: Tensor | np.ndarray, reference: Reference, edge: float = 0.15
) -> tuple[np.ndarray, np.ndarray]:
    """Return the disparities (M,) under the references and their z (M,), both float64.

    The median of the 3 x 3 pixels around each, taken where the disparity (H, W) lies. A point is
    skipped where they differ by more than ``edge`` times the range that the references span (5th
    to 95th percentile), and by NOISE times what is usual, as it may belong to either side of an
    edge; and where one is not finite.
    Raises BadReferenceError for a disparity of another size than the references'.
    """
    if tuple(disparity.shape) != reference.size:
        raise BadReferenceError(
            f'disparity is {tuple(disparity.shape)}, the references are for {reference.size}'
        )
    if not len(reference):
        return np.empty(0), np.empty(0)
    height, width = reference.size
    around = np.array([-1, 0, 1])
    rows = np.clip(reference.rows[:, None] + np.repeat(around, 3), 0, height - 1)
    columns = np.clip(reference.columns[:, None] + np.tile(around, 3), 0, width - 1)
    if isinstance(disparity, Tensor):
        index = torch.from_numpy(rows * width + columns).to(disparity.device)
        patches = disparity.reshape(-1)[index].cpu().numpy()
    else:
        patches = disparity[rows, columns]
    patches = np.sort(patches.astype(np.float64), axis=1)  # NaN goes last
    finite = np.isfinite(patches[:, 0]) & np.isfinite(patches[:, -1])
    if not finite.any():
        return np.empty(0), np.empty(0)
    middle = patches[:, 4]
    low, high = np.percentile(middle[finite], (5, 95))
    relief = np.where(finite, patches[:, -1] - patches[:, 0], np.inf)
    usual = float(np.percentile(relief[finite], 25))
    kept = relief <= max(edge * (high - low), NOISE * usual, 1e-6 * abs(high))
    return middle[kept], reference.z[kept]

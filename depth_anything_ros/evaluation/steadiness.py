# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How steady depth is from frame to frame: what moves in it that does not move in the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.transform import Transform

SAME_SURFACE = 0.02
"""Relative difference of true depth up to which two pixels show the same point."""


@dataclass(frozen=True)
class Steadiness:
    """Mean absolute relative difference of depth between frames, and of how many pixels."""

    error: float
    pixels: int


@dataclass(frozen=True)
class _Landing:
    """Where the points of one frame lie in another: their pixels there and how to carry depth.

    Depth z of a pixel is ``slope * z + offset`` in the other frame. ``seen`` says where the
    point is in the other picture and nothing hides it. All arrays are (H, W).
    """

    column: np.ndarray
    row: np.ndarray
    slope: np.ndarray
    offset: float
    seen: np.ndarray


def temporal_alignment_error(
    depths: Sequence[np.ndarray],
    truth: Sequence[np.ndarray],
    poses: Sequence[Transform],
    intrinsics: Intrinsics,
    max_depth: float,
) -> Steadiness:
    """Carry every frame's depth into its neighbours and return how far they disagree.

    The temporal alignment error of Video Depth Anything (arXiv 2501.12375): the points of frame i
    are moved into frame i + 1 by the cameras' poses and compared with the depth there,
    |z' - z| / z, and back; averaged over pixels, directions and pairs. Which pixels show the same
    point, and which points the other frame sees, follows from the true depth, so that an error
    which moves a point hides nothing. ``depths`` and ``truth`` are (H, W) metres along the
    optical axis; pixels whose truth is beyond ``max_depth`` or whose depth is unknown, endless or
    not above 0 do not count. ``poses`` carry the optical frames into one static world. Depth that
    knows no scale is to be aligned first, with one fit for all frames. Raises ValueError for
    lists of different lengths, fewer than two frames, or when no pixel can be compared.
    """
    if not len(depths) == len(truth) == len(poses) or len(depths) < 2:
        raise ValueError(
            f'{len(depths)} depths, {len(truth)} truths, {len(poses)} poses: give as many of '
            'each, at least 2'
        )
    differences = []
    for i, j in pairwise(range(len(depths))):
        for here, there in ((i, j), (j, i)):
            motion = poses[there].inverse() @ poses[here]
            landing = _land(truth[here], truth[there], motion, intrinsics, max_depth)
            carried = landing.slope * depths[here] + landing.offset
            differences.append(_compare(carried, depths[there], landing))
    together = np.concatenate(differences)
    if not together.size:
        raise ValueError('no pixel of any frame is seen in the next one')
    return Steadiness(float(together.mean()), int(together.size))


def static_flicker(depths: Sequence[np.ndarray]) -> Steadiness:
    """Return how much the depth of a camera that stands still changes in a still scene.

    Mean of 2 |a - b| / (a + b) over successive frames and all pixels known and finite in both.
    Raises ValueError for fewer than two frames or when there is no such pixel.
    """
    if len(depths) < 2:
        raise ValueError(f'{len(depths)} frames: flicker takes at least 2')
    differences = []
    for a, b in pairwise(depths):
        known = _usable(a) & _usable(b)
        first, second = a[known].astype(np.float64), b[known].astype(np.float64)
        differences.append(2 * np.abs(first - second) / (first + second))
    together = np.concatenate(differences)
    if not together.size:
        raise ValueError('no pixel has a depth in two successive frames')
    return Steadiness(float(together.mean()), int(together.size))


def _usable(depth: np.ndarray) -> np.ndarray:
    return np.isfinite(depth) & (depth > 0)


def _land(
    here: np.ndarray,
    there: np.ndarray,
    motion: Transform,
    intrinsics: Intrinsics,
    max_depth: float,
) -> _Landing:
    """Find by true depth where the points of a frame are in another, and which are seen there.

    ``motion`` carries points of the first optical frame into the second.
    """
    height, width = here.shape
    k = intrinsics
    v, u = np.mgrid[:height, :width].astype(np.float64)
    rays = np.stack(((u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones_like(u)), -1)
    usable = _usable(here) & (here <= max_depth)
    z = np.where(usable, here, 1.0).astype(np.float64)
    turned = rays @ motion.rotation.T
    x, y, depth = np.moveaxis(turned * z[..., None] + motion.translation, -1, 0)
    ahead = depth > 0
    safe = np.where(ahead, depth, 1.0)
    column, row = k.fx * x / safe + k.cx, k.fy * y / safe + k.cy
    inside = (column >= 0) & (column <= width - 1) & (row >= 0) & (row <= height - 1)
    landing = _Landing(column, row, turned[..., 2], float(motion.translation[2]), usable)
    # Of what the bilinear sample is mixed, all must be the same surface: an edge mixes two.
    reached = _sample(there, landing)
    agree = np.abs(reached - depth) < SAME_SURFACE * safe
    seen = usable & ahead & inside & agree
    return _Landing(column, row, landing.slope, landing.offset, seen)


def _compare(carried: np.ndarray, there: np.ndarray, landing: _Landing) -> np.ndarray:
    """Return the relative differences of what was carried over and what is there, 1-D."""
    found = _sample(there, landing)
    known = landing.seen & _usable(found) & np.isfinite(carried)
    return np.abs(carried[known] - found[known]) / found[known]


def _sample(depth: np.ndarray, landing: _Landing) -> np.ndarray:
    """Read depth between pixels, linearly in disparity, in which planes are linear."""
    disparity = np.full(depth.shape, np.nan, np.float32)
    np.divide(1.0, depth, out=disparity, where=_usable(depth))
    column, row = landing.column.astype(np.float32), landing.row.astype(np.float32)
    found = cv2.remap(disparity, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return 1 / found.astype(np.float64)

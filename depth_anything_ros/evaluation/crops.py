# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which part of a picture benchmarks compare, as functions of its size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Part = tuple[slice, slice]
"""Rows and columns."""

KITTI_WINDOW = (352, 1216)
"""Height and width of the pictures of KITTI's depth benchmark."""


def garg(height: int, width: int) -> Part:
    """Return the crop of Garg et al. 2016: where LiDAR reaches."""
    return _share(height, width, (0.40810811, 0.99189189), (0.03594771, 0.96405229))


def kitti_eigen(height: int, width: int) -> Part:
    """Return the crop of Eigen et al. 2014 on KITTI."""
    return _share(height, width, (0.3324324, 0.91351351), (0.0359477, 0.96405229))


def nyu_eigen(height: int, width: int) -> Part:
    """Return the crop of Eigen et al. 2014 on NYUv2: rows 45 to 471, columns 41 to 601.

    Pictures of another size than 640 x 480 are cropped in proportion.
    """
    rows = slice(round(45 * height / 480), round(471 * height / 480))
    return rows, slice(round(41 * width / 640), round(601 * width / 640))


def kitti_window(height: int, width: int) -> Part:
    """Return the window of KITTI's benchmark, 1216 x 352: at the bottom, in the middle.

    Pictures that are smaller than it keep what they have.
    """
    rows, columns = min(height, KITTI_WINDOW[0]), min(width, KITTI_WINDOW[1])
    left = (width - columns) // 2
    return slice(height - rows, height), slice(left, left + columns)


CROPS: dict[str, Callable[[int, int], Part]] = {
    'kitti-garg': garg,
    'kitti-eigen': kitti_eigen,
    'kitti-kb': kitti_window,
    'nyu-eigen': nyu_eigen,
}
"""Crops by the benchmark and their name."""


def nearest_mask(shape: tuple[int, ...], most: int) -> np.ndarray:
    """Return which pixels (H, W) a shrinking to ``most`` pixels of the longer side would pick.

    The nearest neighbour of row i of h is row floor(i H / h).
    """
    height, width = shape[:2]
    ratio = min(1.0, most / max(height, width))
    picked = np.zeros((height, width), bool)
    rows, columns = (
        (np.arange(max(1, round(side * ratio))) * side // max(1, round(side * ratio)))
        for side in (height, width)
    )
    picked[rows[:, None], columns] = True
    return picked


def _share(
    height: int, width: int, rows: tuple[float, float], columns: tuple[float, float]
) -> Part:
    """Return the part between shares of the sides, rounded down as all who publish do."""
    return (
        slice(int(rows[0] * height), int(rows[1] * height)),
        slice(int(columns[0] * width), int(columns[1] * width)),
    )

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A handful of real pictures with measured depth as a benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from depth_anything_ros.data.sample import DataError, Problem, SampleError
from depth_anything_ros.evaluation.benchmark_set import BenchmarkPair
from depth_anything_ros.evaluation.real_pairs import (
    MIN_DEPTH,
    RealPair,
    list_real_pairs,
    picture_path,
    read_kitti_calibration,
    read_real_pair,
)
from depth_anything_ros.geometry.intrinsics import Intrinsics

LENSES = {
    'nyu': (518.8579, 519.46961, 325.58245, 253.73617),
    'kinect': (518.0, 519.0, 325.5, 253.5),
    'tum': (520.9, 521.0, 325.1, 249.7),
    'kitti': (707.0493, 707.0493, 604.0814, 180.5066),
}
"""fx, fy, cx, cy in pixels of each set's camera, as the sets document them."""


class PairSet:
    """The pairs of ``read_real_pairs``; the scene of each is the set it comes from.

    Depth outside of 0.1 m to the set's limit (10 m indoors, 80 m in the street) is unknown: each
    set has its own, so that it cannot be left to a protocol with one range.
    """

    name = 'pairs'
    metric = True

    def __init__(self, path: Path, split: str) -> None:
        self.root = path
        found = [key for key in list_real_pairs(path) if split in ('all', key.split('/')[0])]
        if not found:
            raise DataError(
                f'{path}: no pair of {split} is here, which would be nyu/rgb, kinect/color, tum, '
                'kitti/rgb or kitti_lidar/image_2 with pictures in it'
            )
        self.keys: Sequence[str] = []
        problems = []
        for key in found:
            try:
                self._pair(key)
            except SampleError as error:
                problems.append(Problem(key, error.reason))
            else:
                self.keys.append(key)
        self.problems: Sequence[Problem] = tuple(problems)

    def __len__(self) -> int:
        return len(self.keys)

    def read(self, index: int) -> BenchmarkPair:
        """Read a pair. Raises IndexError, and SampleError."""
        key = self.keys[index]
        pair = self._pair(key)
        counted = (pair.depth >= MIN_DEPTH) & (pair.depth <= pair.max_depth)
        depth = np.where(counted, pair.depth, np.float32(np.nan))
        rgb = np.ascontiguousarray(pair.rgb)
        return BenchmarkPair(key, rgb, depth, key.split('/')[0], self._intrinsics(key, rgb))

    def picture_path(self, index: int) -> Path:
        """Return the file of a pair's picture."""
        return picture_path(self.root, self.keys[index])

    def _pair(self, key: str) -> RealPair:
        try:
            pair = read_real_pair(self.root, key)
        except (OSError, ValueError, KeyError, cv2.error) as error:
            raise SampleError(f'pairs {key!r}: {error}', str(error)) from error
        if pair.depth.shape != pair.rgb.shape[:2]:
            sizes = f'{pair.rgb.shape[1::-1]} and {pair.depth.shape[::-1]}'
            reason = f'picture and depth are of different sizes, {sizes}'
            raise SampleError(f'pairs {key!r}: {reason}', reason)
        return pair

    def _intrinsics(self, key: str, rgb: np.ndarray) -> Intrinsics:
        kind, _, stem = key.partition('/')
        height, width = rgb.shape[:2]
        if kind in LENSES:
            return Intrinsics(width, height, *LENSES[kind])
        calibration = self.root / 'kitti_lidar' / 'calib' / f'{stem}.txt'
        p = read_kitti_calibration(calibration)['P2'].reshape(3, 4)
        return Intrinsics(width, height, *(float(p[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2))))

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is published about each benchmark: how many pairs, which depths count, which crops."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class BenchmarkFacts:
    """A benchmark as papers use it.

    ``count`` is the pairs of the published split, None where there is none. Depths from
    ``min_depth`` to ``max_depth`` metres count. ``crops`` are the names of those that papers take,
    the first the usual one; empty where whole pictures count. ``splits`` are what
    ``open_benchmark`` takes as split, the first by default. ``typical`` are bounds in
    metres for the median depth of some of its pairs, far from which a copy is in another unit.
    ``source`` tells where the numbers come from.
    """

    title: str
    count: int | None
    min_depth: float
    max_depth: float
    crops: tuple[str, ...]
    splits: tuple[str, ...]
    typical: tuple[float, float]
    source: str


BENCHMARKS = {
    'kitti': BenchmarkFacts(
        'KITTI Eigen', 652, 1e-3, 80.0, ('garg', 'eigen', 'kb'), ('eigen',),
        (4.0, 40.0),
        'Eigen et al. 2014: 697 test pictures, 652 of which have improved ground truth '
        '(Uhrig et al. 2017)',
    ),
    'nyu': BenchmarkFacts(
        'NYUv2 Eigen', 654, 1e-3, 10.0, ('eigen',), ('raw', 'filled'),
        (0.7, 6.5),
        'Silberman et al. 2012, the test split of the labelled 1449; crop of Eigen et al. 2014',
    ),
    'sintel': BenchmarkFacts(
        'MPI Sintel', 1064, 1e-3, 70.0, (), ('final', 'clean'),
        (0.2, 500.0),
        'Butler et al. 2012, training sequences; sky beyond 70 m is masked',
    ),
    'eth3d': BenchmarkFacts(
        'ETH3D', 454, 1e-5, math.inf, (), ('train',),
        (0.5, 60.0),
        'Schoeps et al. 2017, high-resolution multi-view training scenes',
    ),
    'diode': BenchmarkFacts(
        'DIODE', 771, 0.6, 350.0, (), ('all', 'indoors', 'outdoor'),
        (0.7, 100.0),
        'Vasiljevic et al. 2019, validation: 325 indoors and 446 outdoor; range of Marigold '
        '(Ke et al. 2024), others take 0.001 to 50 m',
    ),
    'pairs': BenchmarkFacts(
        'Real pairs', None, 0.1, 80.0, (), ('all', 'nyu', 'kinect', 'tum', 'kitti', 'kitti_lidar'),
        (0.5, 40.0),
        'single frames of NYUv2, Kinect, TUM RGB-D and KITTI; 10 m indoors, 80 m in the street',
    ),
}  # fmt: skip
"""The benchmarks by the name that ``open_benchmark`` takes."""

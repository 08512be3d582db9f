# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What opens each benchmark. Arguments beyond the path and the split are its options."""

from __future__ import annotations

from collections.abc import Callable

from depth_anything_ros.evaluation.benchmark_set import BenchmarkSet
from depth_anything_ros.evaluation.diode import Diode
from depth_anything_ros.evaluation.eth3d import Eth3d
from depth_anything_ros.evaluation.kitti import Kitti
from depth_anything_ros.evaluation.nyu import open_nyu
from depth_anything_ros.evaluation.pair_set import PairSet
from depth_anything_ros.evaluation.sintel import Sintel

OPENERS: dict[str, Callable[..., BenchmarkSet]] = {
    'kitti': Kitti,
    'nyu': open_nyu,
    'sintel': Sintel,
    'eth3d': Eth3d,
    'diode': Diode,
    'pairs': PairSet,
}

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/bench_node.py."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip('rclpy')

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.ros.bench_node import FARTHEST, BenchNode, StandInEstimator


def test_the_stand_in_gives_metres_of_the_pictures_size():
    depth = StandInEstimator(0.0).estimate(np.zeros((30, 40, 3), np.uint8))
    assert depth.kind is DepthKind.METRIC and depth.values.shape == (30, 40)
    assert depth.values.dtype == np.float32
    assert (depth.values.min(), depth.values.max()) == (1.0, FARTHEST)


def test_at_network_size_it_has_that_size():
    depth = StandInEstimator(0.0).estimate(np.zeros((30, 40, 3), np.uint8), True, 42)
    assert depth.values.shape == depth.network_size == (42, 56)


def test_a_node_with_the_stand_in_comes_up(ros_domain):
    node = BenchNode(0.001)
    assert node.trigger_configure().name == 'SUCCESS'
    assert node.load_estimator().model == 'stand-in of 1 ms'
    node.destroy_node()

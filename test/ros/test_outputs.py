# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/outputs.py; what goes out on a graph is in test_node.py."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip('rclpy')

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.ros.frame_outputs import DEPTH_TOPIC, limit_range

INF = np.float32(np.inf)
VALUES = np.array([[0.5, 1.0, 2.0], [10.0, 10.5, np.nan]], np.float32)


def test_too_close_is_minus_infinity_and_beyond_plus_infinity():
    limited = limit_range(VALUES, 1.0, 10.0)
    expected = np.array([[-INF, 1.0, 2.0], [10.0, INF, np.nan]], np.float32)
    np.testing.assert_array_equal(limited, expected)
    assert limited.dtype == np.float32


def test_zero_is_no_limit():
    np.testing.assert_array_equal(limit_range(VALUES, 0.0, 0.0), VALUES)
    assert limit_range(VALUES, 0.0, 10.0)[0, 0] == 0.5
    assert limit_range(VALUES, 1.0, 0.0)[1, 1] == 10.5


def test_nan_stays_and_infinities_keep_their_meaning():
    values = np.array([[np.nan, INF, -INF]], np.float32)
    np.testing.assert_array_equal(limit_range(values, 1.0, 10.0), values)


def test_the_input_is_not_changed():
    values = VALUES.copy()
    limit_range(values, 1.0, 10.0)
    np.testing.assert_array_equal(values, VALUES)


def test_every_kind_of_depth_has_a_topic_of_its_own():
    assert set(DEPTH_TOPIC) == set(DepthKind)
    assert len(set(DEPTH_TOPIC.values())) == len(DepthKind)
    assert not any(topic.startswith('/') for topic in DEPTH_TOPIC.values())

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what a camera has where torch is not installed; the rest is in test_cameras.py."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip('rclpy')
from depth_anything_ros.depth import DepthKind  # noqa: E402
from depth_anything_ros.ros import camera_channel  # noqa: E402
from depth_anything_ros.ros.frame_publisher import NetworkFacts  # noqa: E402
from depth_anything_ros.ros.parameter_table import ParameterError  # noqa: E402

METRIC = NetworkFacts(DepthKind.METRIC, 20.0, 'cpu')


def test_the_node_can_be_imported_without_torch():
    """An exported model runs without it, on small robots."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        'import depth_anything_ros.ros.node\n'
        'from depth_anything_ros.ros.frame_publisher import space_class\n'
        'assert space_class() is None'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_torch_there_is_depth_and_no_cloud(graph, monkeypatch):
    monkeypatch.setattr(camera_channel, 'space_class', lambda: None)
    camera = graph.depth_node().cameras['']

    camera.advertise(METRIC)

    assert set(camera.outputs._publishers) == {
        *('depth/image_rect', 'depth/camera_info', 'depth/color'),
    }
    assert camera.space is None
    camera.withdraw()


def test_without_torch_a_scale_is_refused_by_name(graph, monkeypatch):
    monkeypatch.setattr(camera_channel, 'space_class', lambda: None)
    camera = graph.depth_node(scale__source='ground').cameras['']

    with pytest.raises(ParameterError, match='scale.source needs torch'):
        camera.advertise(METRIC)


def test_with_torch_metric_depth_has_clouds_and_scan(graph):
    camera = graph.depth_node().cameras['']

    camera.advertise(METRIC)

    assert {'points', 'points_clearing', 'obstacles', 'scan'} <= set(camera.outputs._publishers)
    camera.withdraw()
    assert camera.space is None

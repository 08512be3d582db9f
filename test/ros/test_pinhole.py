# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the intrinsics of a CameraInfo's image."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy')
from sensor_msgs.msg import RegionOfInterest  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from depth_anything_ros.geometry.intrinsics import Intrinsics  # noqa: E402
from depth_anything_ros.ros.camera_info import (  # noqa: E402
    CameraInfoError,
    scale_camera_info,
)
from depth_anything_ros.ros.pinhole import camera_info_from, pinhole_of  # noqa: E402

CAMERA = Intrinsics(640, 480, 500.0, 510.0, 310.0, 250.0)


def info():
    message = camera_info_from(CAMERA, Header())
    message.p[0], message.p[5], message.p[2], message.p[6] = 450.0, 460.0, 300.0, 240.0
    return message


def test_a_rectified_image_has_p_and_a_raw_one_k():
    assert pinhole_of(info(), (640, 480)) == Intrinsics(640, 480, 450, 460, 300, 240)
    assert pinhole_of(info(), (640, 480), rectified=False) == CAMERA


def test_a_smaller_image_scales_and_so_does_a_scaled_message():
    half = Intrinsics(320, 240, 225, 230, 150, 120)

    assert pinhole_of(info(), (320, 240)) == half
    assert pinhole_of(scale_camera_info(info(), 320, 240, Header()), (320, 240)) == half


def test_a_region_of_interest_counts_from_its_corner():
    message = info()
    message.roi = RegionOfInterest(x_offset=100, y_offset=40, width=400, height=300)

    assert pinhole_of(message, (400, 300)) == Intrinsics(400, 300, 450, 460, 200, 200)
    scaled = scale_camera_info(message, 200, 150, Header(), (400, 300))
    assert pinhole_of(scaled, (200, 150)) == Intrinsics(200, 150, 225, 230, 100, 100)


def test_binning_divides():
    message = info()
    message.binning_x, message.binning_y = 2, 2

    assert pinhole_of(message, (320, 240)) == Intrinsics(320, 240, 225, 230, 150, 120)


def test_another_aspect_is_refused():
    with pytest.raises(CameraInfoError, match='of another aspect'):
        pinhole_of(info(), (640, 360))

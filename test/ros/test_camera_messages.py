# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/camera_messages.py."""

import numpy as np
import pytest

pytest.importorskip('rclpy')

from std_msgs.msg import Header  # noqa: E402

from depth_anything_ros.media.calibration import Calibration  # noqa: E402
from depth_anything_ros.ros.camera_messages import (  # noqa: E402
    calibration_message,
    encode_picture,
)
from depth_anything_ros.ros.image_message import decode_compressed, decode_image  # noqa: E402

HEADER = Header(frame_id='camera')


@pytest.fixture
def rgb() -> np.ndarray:
    """A smooth colour picture of 32x24."""
    y, x = np.mgrid[0:24, 0:32]
    return np.stack([x * 8, y * 10, 255 - x * 4], axis=2).astype(np.uint8)


@pytest.mark.parametrize('encoding', ['rgb8', 'bgr8'])
def test_colour_encodings_are_exact(rgb: np.ndarray, encoding: str) -> None:
    message = encode_picture(rgb, HEADER, encoding)
    assert message.encoding == encoding and message.header.frame_id == 'camera'
    np.testing.assert_array_equal(decode_image(message), rgb)


def test_grey_is_one_byte_a_pixel(rgb: np.ndarray) -> None:
    message = encode_picture(rgb, HEADER, 'mono8')
    assert (message.encoding, message.step, len(message.data)) == ('mono8', 32, 32 * 24)
    luma = rgb @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(decode_image(message)[..., 0], luma, atol=1)


def test_jpeg_decodes_to_nearly_the_same(rgb: np.ndarray) -> None:
    message = encode_picture(rgb, HEADER, 'jpeg')
    assert message.format == 'rgb8; jpeg compressed bgr8'
    assert np.abs(decode_compressed(message).astype(int) - rgb).mean() < 6


def test_a_calibration_fills_every_field() -> None:
    k, r, p = tuple(range(1, 10)), tuple(range(11, 20)), tuple(range(21, 33))
    d = (0.1, 0.2, 0.3, 0.4)
    calibration = Calibration(640, 480, 'head', 'equidistant', d, k, r, p)
    message = calibration_message(calibration)
    assert (message.width, message.height) == (640, 480)
    assert message.distortion_model == 'equidistant'
    assert tuple(message.d) == d
    assert (tuple(message.k), tuple(message.r), tuple(message.p)) == (k, r, p)

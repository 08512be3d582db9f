# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CameraInfo and Imu of any value: what they make of the camera, and of its pose."""

from __future__ import annotations

import math
from array import array
from copy import deepcopy
from typing import Any

import numpy as np
from fuzzing import Target, odd_floats, odd_numbers, refused
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, Imu, RegionOfInterest
from std_msgs.msg import Header

from depth_anything_ros.geometry.distortion import Distortion, DistortionError
from depth_anything_ros.geometry.intrinsics import IntrinsicsError
from depth_anything_ros.geometry.rays import rays_of
from depth_anything_ros.geometry.rectification import Rectification, RectificationError
from depth_anything_ros.ros.camera_info import (
    CameraInfoError,
    check_camera_info,
    scale_camera_info,
    sensor_window,
)
from depth_anything_ros.ros.camera_info_tracker import CameraInfoTracker
from depth_anything_ros.ros.camera_pose import CameraPose, PoseSettings, report_of
from depth_anything_ros.ros.node_topics import NodeTopics
from depth_anything_ros.ros.pinhole import pinhole_of

MODELS = ('plumb_bob', 'rational_polynomial', 'equidistant', '', 'fisheye62', 'x' * 300)
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


class SilentReporter:
    """Takes reports, which must be short enough for a log."""

    def report(self, key: str, message: str) -> None:
        assert 0 < len(message) < 20_000

    def clear(self, key: str, message: str) -> None:
        """Take the end of a trouble."""


def _odd(draw: st.DrawFn, values: tuple[float, ...], chance: int) -> np.ndarray:
    """Return the values, one in so many cases with some of them odd."""
    changed = np.array(values, np.float64)
    if draw(st.integers(0, chance)) == 0:
        for _ in range(draw(st.integers(1, 3))):
            changed[draw(st.integers(0, len(values) - 1))] = draw(odd_floats(0.0, 300.0))
    return changed


@st.composite
def _cameras(draw: st.DrawFn) -> tuple[CameraInfo, tuple[int, int], tuple[int, int]]:
    width, height = draw(st.sampled_from(((640, 480), (32, 24), (1, 1), (64, 1))))
    image = (width, height)
    k = (width * 0.8, 0.0, width / 2, 0.0, width * 0.81, height / 2, 0.0, 0.0, 1.0)
    p = (width * 0.7, 0.0, width / 2, -20.0, 0.0, width * 0.7, height / 2, 0.0, 0.0, 0.0, 1.0, 0.0)
    message = CameraInfo(
        header=Header(frame_id=draw(st.sampled_from(('camera', '', 'a b\n')))),
        width=width,
        height=height,
        distortion_model=draw(st.sampled_from(MODELS)),
        d=array('d', draw(st.lists(odd_floats(0.0, 0.01, -0.2), max_size=15))),
        k=_odd(draw, k, 3),
        r=_odd(draw, draw(st.sampled_from((IDENTITY, (0.0,) * 9))), 4),
        p=_odd(draw, draw(st.sampled_from((p, (0.0,) * 12))), 4),
    )
    if draw(st.booleans()):
        message.d = array('d', (0.1, -0.2, 0.001, 0.002, 0.0))
    if draw(st.integers(0, 3)) == 0:
        message.binning_x, message.binning_y = draw(odd_numbers(2)), draw(odd_numbers(2, 0))
        image = draw(st.sampled_from((image, (width // 2, height // 2))))
    if draw(st.integers(0, 3)) == 0:
        message.roi = RegionOfInterest(
            x_offset=draw(odd_numbers(0, width // 4)),
            y_offset=draw(odd_numbers(0, height // 4)),
            width=draw(odd_numbers(0, width // 2)),
            height=draw(odd_numbers(0, height // 2)),
        )
    if draw(st.integers(0, 5)) == 0:
        message.width, message.height = draw(odd_numbers(width)), draw(odd_numbers(height))
    if draw(st.integers(0, 5)) == 0:
        image = (draw(st.integers(0, 5000)), draw(st.integers(0, 5000)))
    return message, image, draw(st.sampled_from(((28, 21), (1, 1), (640, 480), (3, 40), (0, 5))))


def _check_camera(case: tuple[CameraInfo, tuple[int, int], tuple[int, int]]) -> bool:
    message, image, depth = case
    before = deepcopy(message)
    _check_tracker(message, image, depth)
    told, bad = refused(lambda: check_camera_info(message, *image), CameraInfoError)
    assert _same(message, before), 'the message was changed'
    if bad:
        return False
    usable, _ = told
    header = Header(frame_id='of the image')
    scaled, bad = refused(lambda: scale_camera_info(usable, *depth, header, image), CameraInfoError)
    assert _same(message, before), 'the message was changed'
    if bad:
        return False
    _check_scaled(usable, scaled, image, depth)
    _check_geometry(scaled, depth)
    return True


def _same(one: CameraInfo, other: CameraInfo) -> bool:
    """Compare the fields: NaN is not equal to itself, and what is sent has gaps of any value."""
    numbers = ('k', 'r', 'p', 'd')
    plain = [name for name in CameraInfo.get_fields_and_field_types() if name not in numbers]
    return all(getattr(one, name) == getattr(other, name) for name in plain) and all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in numbers
    )


def _check_scaled(
    usable: CameraInfo, scaled: CameraInfo, image: tuple[int, int], depth: tuple[int, int]
) -> None:
    for values in (scaled.k, scaled.p, scaled.r, scaled.d):
        assert np.isfinite(values).all()
    assert scaled.k[0] > 0 and scaled.k[4] > 0 and scaled.p[0] > 0 and scaled.p[5] > 0
    window = sensor_window(usable, *image)
    binning = max(1, usable.binning_x), max(1, usable.binning_y)
    x, y = depth[0] * binning[0] / window[2], depth[1] * binning[1] / window[3]
    np.testing.assert_allclose(scaled.k[:3], usable.k[:3] * x, rtol=1e-12)
    np.testing.assert_allclose(scaled.p[4:8], usable.p[4:8] * y, rtol=1e-12)
    assert 0 < scaled.width < 2**32 and 0 < scaled.height < 2**32
    assert scaled.roi.x_offset + scaled.roi.width <= scaled.width
    assert scaled.roi.y_offset + scaled.roi.height <= scaled.height
    assert deserialize_message(serialize_message(scaled), CameraInfo) == scaled


def _check_geometry(scaled: CameraInfo, depth: tuple[int, int]) -> None:
    """Make what the node makes of it: rays, and for a raw image the way to a rectified one."""
    rectified, bad = refused(lambda: pinhole_of(scaled, depth), CameraInfoError, IntrinsicsError)
    if bad or depth[0] * depth[1] > 2000:
        return
    slopes = rays_of(rectified).slopes
    assert slopes.isfinite().all()
    raw, bad = refused(
        lambda: pinhole_of(scaled, depth, rectified=False), CameraInfoError, IntrinsicsError
    )
    if bad:
        return
    coefficients = tuple(float(value) for value in scaled.d)
    lens, bad = refused(lambda: Distortion(scaled.distortion_model, coefficients), DistortionError)
    if bad:
        return
    with np.errstate(all='ignore'):
        way, bad = refused(
            lambda: Rectification(raw, lens, scaled.r.reshape(3, 3), rectified), RectificationError
        )
    if bad:
        return
    import torch

    made = way.depth(torch.full((depth[1], depth[0]), 2.0))
    assert made.shape == (depth[1], depth[0])
    known = made[made.isfinite()]
    assert bool((known > 0).all()), 'depth behind the camera'
    assert way.image(np.zeros((depth[1], depth[0], 3), np.uint8)).dtype == np.uint8


def _check_tracker(message: CameraInfo, image: tuple[int, int], depth: tuple[int, int]) -> None:
    tracker = CameraInfoTracker(SilentReporter())  # type: ignore[arg-type]
    tracker.store(message)
    header = Header(frame_id='camera')
    header.stamp.sec = 2**31 - 1
    made = tracker.info_for(header, image, depth, 0.0)
    assert made is None or made.header == header


class _Node:
    """Keeps the callback of the subscription."""

    def create_subscription(self, kind: Any, topic: str, callback: Any, *_: Any, **__: Any) -> str:
        self.callback = callback
        return topic

    def resolve_topic_name(self, name: str) -> str:
        return f'/{name}'


GRAVITY = st.one_of(st.sampled_from((0.0, 9.81, -9.81, 6.9)), odd_floats(9.8), st.floats(-15, 15))
RESTING = st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.sampled_from((9.81, -9.81, 9.5)))
MEASUREMENT = st.tuples(
    st.one_of(RESTING, RESTING, st.tuples(GRAVITY, GRAVITY, GRAVITY)),
    st.integers(-(2**31), 2**31 - 1) | st.integers(0, 3),
    odd_numbers(0),
    st.one_of(st.just(0.0), odd_floats(0.0, -1.0)),
)
POSE = st.tuples(
    st.sampled_from((1.2, 0.0, 100.0)), *[st.floats(-math.pi, math.pi) for _ in range(3)]
)


def _check_imu(case: tuple[list[Any], tuple[float, ...]]) -> bool:
    measurements, (height, *angles) = case
    settings = PoseSettings('imu', height, 0.0, 0.0, '', *angles)
    node = _Node()
    pose = CameraPose(NodeTopics(node), '', lambda: settings, None, SilentReporter())  # type: ignore[arg-type]
    pose.subscribe()
    for acceleration, second, nanosecond, covariance in measurements:
        message = Imu()
        message.header.stamp.sec, message.header.stamp.nanosec = second, nanosecond
        a = message.linear_acceleration
        a.x, a.y, a.z = acceleration
        message.linear_acceleration_covariance[0] = covariance
        node.callback(message)
    told = [
        acceleration
        for acceleration, *_, covariance in measurements
        if covariance != -1.0 and 8.3 < math.hypot(*acceleration) < 11.3
    ]
    found = pose.at(Header(frame_id='camera'))
    if found is None:
        return False
    assert told, 'a pose from no gravity'
    assert height > 0 and found.translation.tolist() == [0.0, 0.0, height]
    np.testing.assert_allclose(found.rotation @ found.rotation.T, np.eye(3), atol=1e-9)
    assert len(report_of(found)) == 3
    return True


TARGETS = [
    Target('CameraInfo, fields', _cameras(), _check_camera, 10),
    Target('Imu, fields', st.tuples(st.lists(MEASUREMENT, max_size=5), POSE), _check_imu, 4),
]

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for geometry/intrinsics.py."""

import math

import numpy as np
import pytest

from depth_anything_ros.geometry.intrinsics import Intrinsics, IntrinsicsError


def camera(**changes):
    values = {'width': 640, 'height': 480, 'fx': 500.0, 'fy': 510.0, 'cx': 319.5, 'cy': 241.0}
    return Intrinsics(**{**values, **changes})


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('width', 0),
        ('height', -1),
        ('width', 640.0),
        ('height', True),
        ('fx', 0.0),
        ('fy', -500.0),
        ('fx', math.nan),
        ('fy', math.inf),
        ('cx', math.nan),
        ('cy', -math.inf),
        ('cx', None),
    ],
)
def test_names_the_value_that_is_no_camera(name, value):
    with pytest.raises(IntrinsicsError, match=rf'^{name} is '):
        camera(**{name: value})


def test_takes_numpy_numbers_and_a_principal_point_outside_the_picture():
    assert camera(width=np.uint32(640), fx=np.float32(500), cx=-20.0).cx == -20.0


def test_scaled_uses_the_plain_ratio_of_each_side():
    assert camera().scaled(320, 120) == Intrinsics(320, 120, 250.0, 127.5, 159.75, 60.25)


def test_scaled_there_and_back_is_the_same_camera():
    back = camera().scaled(518, 392).scaled(640, 480)
    assert (back.fx, back.fy, back.cx, back.cy) == pytest.approx((500.0, 510.0, 319.5, 241.0))


def test_scaled_refuses_an_empty_picture():
    with pytest.raises(IntrinsicsError, match='height is 0'):
        camera().scaled(320, 0)


def test_from_fov_sees_the_edges_at_half_the_angle():
    made = Intrinsics.from_fov(800, 600, math.radians(90))
    assert (made.fx, made.fy) == pytest.approx((400.0, 400.0))
    assert (made.cx, made.cy) == (400.0, 300.0)


@pytest.mark.parametrize('angle', [0.0, -1.0, math.pi, 60.0, math.nan])
def test_from_fov_refuses_degrees_and_nonsense(angle):
    with pytest.raises(IntrinsicsError, match='field of view'):
        Intrinsics.from_fov(640, 480, angle)


@pytest.mark.parametrize('size', [(0, 480), (640, 0)])
def test_from_fov_refuses_an_empty_picture(size):
    with pytest.raises(IntrinsicsError, match='is 0'):
        Intrinsics.from_fov(*size, 1.0)

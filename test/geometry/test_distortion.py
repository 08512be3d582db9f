# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for geometry/distortion.py."""

import math

import cv2
import numpy as np
import pytest

from depth_anything_ros.geometry.distortion import Distortion, DistortionError

PLUMB_4 = Distortion('plumb_bob', (-0.28, 0.07, 0.0012, -0.0008))
PLUMB_5 = Distortion('plumb_bob', (0.12, -0.21, -0.0004, 0.0015, 0.09))
RATIONAL = Distortion(
    'rational_polynomial', (0.42, -2.5, 0.0006, -0.0003, 1.45, 0.3, -2.35, 1.39)
)  # fmt: skip
RATIONAL_12 = Distortion('rational_polynomial', (*RATIONAL.coefficients, 0.002, -1e-3, 3e-3, 1e-3))
RATIONAL_14 = Distortion('rational_polynomial', (*RATIONAL_12.coefficients, 0.02, -0.03))
FISHEYE = Distortion('equidistant', (-0.012, 0.003, -0.004, 0.0009))
POLYNOMIALS = (PLUMB_4, PLUMB_5, RATIONAL, RATIONAL_12, RATIONAL_14)


def grid(reach, count=41):
    side = np.linspace(-reach, reach, count)
    return np.meshgrid(side, 0.75 * side)


def names(lens):
    return f'{lens.model}{len(lens.coefficients)}'


@pytest.mark.parametrize('lens', POLYNOMIALS, ids=names)
def test_distorts_as_opencv_projects(lens):
    x, y = grid(0.7)
    rays = np.stack((x, y, np.ones_like(x)), -1).reshape(-1, 1, 3)
    d = np.array(lens.coefficients)
    expected = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), np.eye(3), d)[0]
    made = np.stack(lens.distort(x, y), -1)
    assert np.allclose(made, expected.reshape(made.shape), atol=1e-12)


def test_distorts_a_fisheye_as_opencv_does():
    x, y = grid(3.0)
    rays = np.stack((x, y, np.ones_like(x)), -1).reshape(-1, 1, 3)
    d = np.array(FISHEYE.coefficients)
    expected = cv2.fisheye.projectPoints(rays, np.zeros(3), np.zeros(3), np.eye(3), d)[0]
    made = np.stack(FISHEYE.distort(x, y), -1)
    assert np.allclose(made, expected.reshape(made.shape), atol=1e-12)


@pytest.mark.parametrize('lens', (*POLYNOMIALS, FISHEYE), ids=names)
def test_undistort_is_the_inverse_of_distort(lens):
    x, y = grid(0.7)
    back = np.stack(lens.undistort(*lens.distort(x, y)))
    assert np.allclose(back, np.stack((x, y)), atol=1e-8)


@pytest.mark.parametrize('lens', POLYNOMIALS, ids=names)
def test_undistorts_as_opencv_does(lens):
    x, y = grid(0.5)
    points = np.stack((x, y), -1).reshape(-1, 1, 2)
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 500, 1e-12)
    d = np.array(lens.coefficients)
    try:
        expected = cv2.undistortPointsIter(points, np.eye(3), d, None, None, stop)
    except AttributeError:  # OpenCV 5 takes the criteria here
        expected = cv2.undistortPoints(points, np.eye(3), d, None, None, None, stop)
    made = np.stack(lens.undistort(x, y), -1).reshape(-1, 2)
    assert np.allclose(made, expected[:, 0], atol=1e-7)


def test_undistorts_a_fisheye_as_opencv_does():
    x, y = grid(1.0)
    points = np.stack((x, y), -1).reshape(-1, 1, 2)
    expected = cv2.fisheye.undistortPoints(points, np.eye(3), np.array(FISHEYE.coefficients))
    made = np.stack(FISHEYE.undistort(x, y), -1).reshape(-1, 2)
    # OpenCV's own Newton stops at 1e-8 of the angle, and x = tan(angle) multiplies that.
    assert np.allclose(made, expected[:, 0], atol=1e-5)


def test_an_ideal_fisheye_has_angles_for_lengths():
    lens = Distortion('equidistant', (0.0, 0.0, 0.0, 0.0))
    x, y = lens.undistort(np.array([math.radians(60), 0.0]), np.array([0.0, -math.radians(45)]))
    assert np.allclose(x, [math.sqrt(3), 0]) and np.allclose(y, [0, -1])
    assert not lens.is_none


def test_rays_at_85_degrees_and_beyond_are_unknown():
    lens = Distortion('equidistant', (0.0, 0.0, 0.0, 0.0))
    angle = np.radians([84.9, 85.1, 90.0, 120.0])
    x, y = lens.undistort(angle, np.zeros(4))
    assert np.isfinite(x).tolist() == [True, False, False, False]
    assert np.isnan(y[1:]).all()
    pinhole = Distortion()
    assert np.isfinite(pinhole.undistort(np.tan(angle), np.zeros(4))[0]).tolist()[:2] == [
        True,
        False,
    ]


def test_what_no_ray_reaches_is_unknown():
    """1 - 0.3 r^2 puts no ray farther out than 0.7027, at r = 1.054."""
    lens = Distortion('plumb_bob', (-0.3, 0.0, 0.0, 0.0))
    x, _ = lens.undistort(np.array([0.70, 0.71, 1.5]), np.zeros(3))
    assert x[0] == pytest.approx(1.0, abs=1e-6) and np.isnan(x[1:]).all()


def test_a_ray_beyond_the_fold_is_not_seen():
    """At r = 1.7 the same lens would put it at 0.226, in the middle of the picture."""
    lens = Distortion('plumb_bob', (-0.3, 0.0, 0.0, 0.0))
    x, _ = lens.distort(np.array([1.0, 1.7]), np.zeros(2))
    assert x[0] == pytest.approx(0.7) and math.isnan(x[1])


def test_unknown_stays_unknown_and_leaves_the_others_alone():
    for lens in (PLUMB_5, FISHEYE, Distortion()):
        x, y = lens.undistort(np.array([math.nan, 0.2]), np.array([0.1, math.nan]))
        assert np.isnan(x).all() and np.isnan(y).all()
        x, y = lens.undistort(np.array([math.nan, 0.2]), np.array([0.1, 0.1]))
        again = lens.undistort(np.array([0.2]), np.array([0.1]))
        assert (x[1], y[1]) == pytest.approx((again[0][0], again[1][0]))


def test_the_axis_and_an_empty_set():
    for lens in (*POLYNOMIALS, FISHEYE):
        x, y = lens.undistort(*lens.distort(np.zeros(1), np.zeros(1)))
        assert (x[0], y[0]) == pytest.approx((0.0, 0.0), abs=1e-9)
        assert lens.undistort(np.zeros((0, 3)), np.zeros((0, 3)))[0].shape == (0, 3)


@pytest.mark.parametrize(
    'lens',
    [
        Distortion(),
        Distortion('', []),
        Distortion('plumb_bob'),
        Distortion('plumb_bob', [0.0] * 5),
        Distortion('rational_polynomial', np.zeros(8)),
    ],
)
def test_no_distortion(lens):
    assert lens.is_none
    x = np.array([-0.5, 0.25])
    assert np.array_equal(lens.distort(x, -x), (x, -x))
    assert np.array_equal(lens.undistort(x, -x), (x, -x))
    hash(lens)


@pytest.mark.parametrize(
    ('model', 'coefficients', 'said'),
    [
        ('brown', (0.0,) * 5, "'brown'"),
        ('plumb_bob', (0.1,) * 8, '8 coefficients.*4 or 5'),
        ('rational_polynomial', (0.1,) * 5, '5 coefficients.*8 or 12 or 14'),
        ('equidistant', (), '0 coefficients.*takes 4'),
        ('', (0.1,), '1 coefficients'),
        ('plumb_bob', (0.1, math.nan, 0, 0), 'nan'),
        ('plumb_bob', (0.1, 'x', 0, 0), "'x'"),
    ],
)
def test_says_what_is_wrong_with_a_lens(model, coefficients, said):
    with pytest.raises(DistortionError, match=said):
        Distortion(model, coefficients)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Least squares against NumPy's, and cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.evaluation.alignment import (
    AlignmentError,
    affine_depth,
    depth_from_disparity,
    fit_affine,
    median_scale,
)


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize(('scale', 'shift'), [(1.0, 0.0), (250.0, 1e4), (1e-3, 0.5)])
def test_fit_is_that_of_numpy(seed, scale, shift):
    rng = np.random.default_rng(seed)
    prediction = (scale * rng.normal(size=500) + shift).astype(np.float32)
    target = rng.gamma(2.0, 1.0, 500)
    matrix = np.stack((prediction.astype(np.float64), np.ones(500)), 1)
    expected = np.linalg.lstsq(matrix, target, rcond=None)[0]

    np.testing.assert_allclose(fit_affine(prediction, target), expected, rtol=1e-5)


def test_fit_by_hand():
    # Through (0, 1), (1, 3), (2, 2): slope 1/2, intercept 3/2.
    a, b = fit_affine(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 2.0]))

    assert (a, b) == pytest.approx((0.5, 1.5))


def test_fit_may_have_a_negative_slope():
    assert fit_affine(np.array([1.0, 2.0]), np.array([5.0, 3.0])) == pytest.approx((-2.0, 7.0))


@pytest.mark.parametrize('value', [0.0, 0.3, 1e6])
def test_constant_prediction_gives_the_mean(value):
    target = np.array([1.0, 2.0, 6.0])

    a, b = fit_affine(np.full(3, value, np.float32), target)

    assert (a, b) == (0.0, 3.0)


def test_single_pixel_gives_its_own_value():
    assert fit_affine(np.array([7.0]), np.array([2.0])) == (0.0, 2.0)


@pytest.mark.parametrize('scale', [1e-9, 1e-7, 1e9])
def test_unit_of_the_prediction_does_not_matter(scale):
    rng = np.random.default_rng(0)
    prediction, target = rng.uniform(size=100), rng.uniform(size=100)
    a, b = fit_affine(prediction, target)

    small = fit_affine(scale * prediction, target)

    assert small == pytest.approx((a / scale, b), rel=1e-6)


def test_nothing_to_fit_to_is_an_error():
    with pytest.raises(AlignmentError, match='no pixel has both'):
        fit_affine(np.array([]), np.array([]))
    with pytest.raises(AlignmentError):
        depth_from_disparity(
            np.ones((2, 2)), np.ones((2, 2)), np.zeros((2, 2), dtype=bool), max_depth=10.0
        )


def test_affine_disparity_gives_the_depth_back():
    depth = np.random.default_rng(1).uniform(0.5, 9.0, (20, 30))
    disparity = ((1 / depth - 0.3) / 0.002).astype(np.float32)

    aligned = depth_from_disparity(disparity, depth, np.ones(depth.shape, dtype=bool), 10.0)

    assert aligned.dtype == np.float64
    np.testing.assert_allclose(aligned, depth, rtol=1e-4)


def test_only_valid_pixels_are_fitted_but_all_are_aligned():
    depth = np.random.default_rng(2).uniform(0.5, 9.0, (20, 30))
    disparity = 3 / depth + 1
    valid = np.ones(depth.shape, dtype=bool)
    valid[:5] = False
    measured = depth.copy()
    measured[:5] = 0.0001  # nonsense where nothing was measured

    aligned = depth_from_disparity(disparity, measured, valid, 10.0)

    np.testing.assert_allclose(aligned, depth, rtol=1e-9)


def test_far_and_negative_disparities_end_at_the_cap():
    depth = np.array([[1.0, 2.0, 4.0, 8.0]])
    disparity = np.array([[1.0, 0.5, 0.25, -5.0]])
    valid = np.array([[True, True, True, False]])

    np.testing.assert_allclose(
        depth_from_disparity(disparity, depth, valid, max_depth=3.0), [[1.0, 2.0, 3.0, 3.0]]
    )


FAR = np.array([[1.0, 2.0, 4.0, 8.0]])
SEEN = np.ones((1, 4), bool)


@pytest.mark.parametrize(
    ('clamp', 'last'), [('midas', 10.0), ('moge', 8.0), ('marigold', 1000.0), ('none', -5.0)]
)
def test_each_clamp_by_hand(clamp, last):
    # The last pixel is at -0.2 1/m, and is not fitted.
    disparity, fitted = np.array([[1.0, 0.5, 0.25, -0.2]]), np.array([[True, True, True, False]])

    found = depth_from_disparity(disparity, FAR, SEEN, 10.0, clamp, fitted)

    np.testing.assert_allclose(found, [[1.0, 2.0, 4.0, last]], rtol=1e-12)


def test_marigold_leaves_disparities_that_are_not_above_zero_out_of_the_fit():
    disparity = np.array([[1.0, 0.5, 0.25, 0.0]])

    found = depth_from_disparity(disparity, FAR, SEEN, 10.0, 'marigold')
    other = depth_from_disparity(disparity, FAR, SEEN, 10.0, 'moge')

    np.testing.assert_allclose(found[0, :3], [1, 2, 4], rtol=1e-12)
    assert abs(other[0, 2] - 4) > 0.1


def test_without_a_farthest_depth_the_picture_has_one():
    disparity = np.array([[1.0, 0.5, 0.25, -3.0]])
    fitted = np.array([[True, True, True, False]])

    found = depth_from_disparity(disparity, FAR, SEEN, np.inf, 'midas', fitted)

    assert found[0, 3] == pytest.approx(8)


def test_unknown_clamp_is_named():
    with pytest.raises(ValueError, match="'zoe': use one of midas, moge"):
        depth_from_disparity(FAR, FAR, SEEN, 10.0, 'zoe')


def test_affine_depth_is_that_of_numpy_and_may_be_below_zero():
    rng = np.random.default_rng(3)
    depth, prediction = rng.uniform(1, 9, (8, 9)), rng.uniform(size=(8, 9))
    valid = rng.random((8, 9)) < 0.5
    matrix = np.stack((prediction[valid], np.ones(valid.sum())), 1)
    a, b = np.linalg.lstsq(matrix, depth[valid], rcond=None)[0]

    np.testing.assert_allclose(affine_depth(prediction, depth, valid), a * prediction + b)
    exact = affine_depth(depth - 20, depth, valid)
    np.testing.assert_allclose(exact, depth)


def test_median_scale_by_hand():
    prediction = np.array([[10.0, 20.0, 30.0, 1e9]])
    depth = np.array([[1.0, 4.0, 3.0, np.nan]])
    valid = np.isfinite(depth)

    np.testing.assert_allclose(median_scale(prediction, depth, valid)[0, :3], [1.5, 3.0, 4.5])
    with pytest.raises(AlignmentError, match='no pixel'):
        median_scale(prediction, depth, ~SEEN)
    with pytest.raises(AlignmentError, match='median of the prediction is 0'):
        median_scale(0 * FAR, FAR, SEEN)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Least squares against NumPy's, and cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.evaluation.alignment import (
    AlignmentError,
    depth_from_disparity,
    fit_affine,
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

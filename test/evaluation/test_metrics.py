# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""AbsRel and delta1 by hand."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.evaluation.metrics import Score, mean_score, score_depth, score_relative

ALL = np.ones((1, 4), dtype=bool)


def test_score_by_hand():
    depth = np.array([[1.0, 2.0, 4.0, 10.0]])
    prediction = np.array([[1.2, 1.0, 5.0, 8.1]])

    score = score_depth(prediction, depth, ALL)

    assert score.abs_rel == pytest.approx((0.2 + 0.5 + 0.25 + 0.19) / 4)
    # Ratios 1.2, 2, 1.25 (not below 1.25) and 1.2346.
    assert score.delta1 == 0.5
    assert score.pixels == 4


def test_only_valid_pixels_are_scored():
    depth, prediction = np.array([[1.0, 0.0, 2.0, 5.0]]), np.array([[1.1, 9.0, 2.0, 50.0]])

    score = score_depth(prediction, depth, np.array([[True, False, True, False]]))

    assert (score.abs_rel, score.delta1, score.pixels) == (pytest.approx(0.05), 1.0, 2)


def test_no_valid_pixel_is_an_error():
    with pytest.raises(ValueError, match='no valid pixel'):
        score_depth(np.ones((1, 4)), np.ones((1, 4)), ~ALL)
    with pytest.raises(ValueError, match='no pixel'):
        score_relative(np.ones((1, 4)), np.zeros((1, 4)), 0.1, 10.0)


@pytest.mark.parametrize(('scale', 'shift'), [(1.0, 0.0), (5000.0, -3.0), (-2.0, 100.0)])
def test_exact_affine_disparity_scores_perfectly(scale, shift):
    depth = np.random.default_rng(0).uniform(0.5, 9.5, (20, 30)).astype(np.float32)

    score = score_relative(scale / depth.astype(np.float64) + shift, depth, 0.1, 10.0)

    assert score.abs_rel < 1e-6
    assert (score.delta1, score.pixels) == (1.0, 600)


def test_constant_prediction_scores_like_the_mean_disparity():
    depth = np.array([[1.0, 2.0, 4.0, 4.0]])  # the mean of 1/depth is 1/2

    score = score_relative(np.full((1, 4), 7.0), depth, 0.1, 10.0)

    assert score.abs_rel == pytest.approx((1 + 0 + 0.5 + 0.5) / 4)
    assert score.delta1 == 0.25


def test_pixels_outside_the_range_do_not_count():
    depth = np.array([[0.05, 0.1, 1.0, 2.0, 10.0, 10.5, 0.0, np.nan, np.inf]])
    disparity = np.where(np.isfinite(depth) & (depth > 0), 1 / np.maximum(depth, 0.01), 3.0)
    disparity[0, [0, 5]] = 1e6

    score = score_relative(disparity, depth, 0.1, 10.0)

    assert score.pixels == 4
    assert score.abs_rel == pytest.approx(0, abs=1e-9)


def test_cap_bounds_what_far_pixels_cost():
    depth = np.array([[1.0, 2.0, 8.0, 10.0]])
    disparity = np.array([[1.0, 0.5, -0.1, 0.1]])

    score = score_relative(disparity, depth, 0.1, 10.0)

    # Without the cap, a disparity that is aligned to nearly 0 would be off without bound.
    assert score.abs_rel < 1


def test_mean_gives_every_picture_the_same_weight():
    mean = mean_score([Score(0.1, 0.9, 10), Score(0.3, 0.5, 1000)])

    assert mean.abs_rel == pytest.approx(0.2)
    assert mean.delta1 == pytest.approx(0.7)
    assert mean.pixels == 1010

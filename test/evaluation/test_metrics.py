# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Errors by hand, and against a plain implementation in pure Python."""

from __future__ import annotations

import math
import statistics
from dataclasses import asdict

import numpy as np
import pytest

from depth_anything_ros.evaluation.metrics import (
    METRICS,
    Score,
    mean_score,
    score_depth,
    score_relative,
)

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
    ones = np.ones((1, 10))
    long = np.ones((1, 1000))

    mean = mean_score([score_depth(1.1 * g, g, g > 0) for g in (ones, long)] * 2)
    other = mean_score([score_depth(p * g, g, g > 0) for p, g in ((1.1, ones), (1.3, long))])

    assert mean.abs_rel == pytest.approx(0.1)
    assert mean.pixels == 2020
    assert other.abs_rel == pytest.approx(0.2)
    assert other.delta1 == pytest.approx(0.5)
    assert isinstance(other, Score)


def plain(prediction, depth, valid):
    """Compute all errors with loops and the standard library."""
    pairs = [(float(p), float(g)) for p, g, v in zip(
        prediction.ravel(), depth.ravel(), valid.ravel(), strict=True) if v]  # fmt: skip
    logs = [math.log(p) - math.log(g) for p, g in pairs]
    square = statistics.fmean(e**2 for e in logs)
    mean = statistics.fmean(logs)
    worst = [max(p / g, g / p) for p, g in pairs]
    return {
        'abs_rel': statistics.fmean(abs(p - g) / g for p, g in pairs),
        'sq_rel': statistics.fmean((p - g) ** 2 / g for p, g in pairs),
        'rmse': math.sqrt(statistics.fmean((p - g) ** 2 for p, g in pairs)),
        'rmse_log': math.sqrt(square),
        'log10': statistics.fmean(abs(math.log10(p) - math.log10(g)) for p, g in pairs),
        'silog_half': math.sqrt(square - 0.5 * mean**2),
        'silog_100': 100 * math.sqrt(square - mean**2),
        **{f'delta{k}': statistics.fmean(w < 1.25**k for w in worst) for k in (1, 2, 3)},
    }


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_all_errors_are_those_of_a_plain_implementation(seed, dtype):
    rng = np.random.default_rng(seed)
    depth = rng.uniform(0.2, 80, (17, 23)).astype(dtype)
    prediction = (depth * rng.lognormal(0.1, 0.4, depth.shape)).astype(dtype)
    valid = rng.random(depth.shape) < 0.6
    depth[~valid] = np.nan

    score = asdict(score_depth(prediction, depth, valid))

    assert score.pop('pixels') == valid.sum()
    assert score == pytest.approx(plain(prediction, depth, valid), rel=1e-9)
    assert tuple(score) == METRICS


def test_errors_of_depth_twice_as_large_by_hand():
    depth = np.array([[1.0, 2.0, 5.0, 10.0]])

    score = score_depth(2 * depth, depth, ALL)

    assert score.abs_rel == 1
    assert score.sq_rel == pytest.approx(4.5)  # mean g
    assert score.rmse == pytest.approx(math.sqrt(32.5))  # mean g^2
    assert score.rmse_log == pytest.approx(math.log(2))
    assert score.log10 == pytest.approx(math.log10(2))
    # One forgives scale altogether, the other half of it.
    assert score.silog_100 == pytest.approx(0, abs=1e-5)
    assert score.silog_half == pytest.approx(math.log(2) / math.sqrt(2))
    assert (score.delta1, score.delta2, score.delta3) == (0, 0, 0)


def test_half_a_step_of_delta_by_hand():
    depth = np.array([[1.0, 1.0, 1.0, 1.0]])

    score = score_depth(np.array([[1.2, 1.5, 1.9, 2.0]]), depth, ALL)

    assert (score.delta1, score.delta2, score.delta3) == (0.25, 0.5, 0.75)


def test_depth_that_is_not_above_zero_is_wrong():
    score = score_depth(np.array([[-1.0, 0.0, 1.0, 1.0]]), np.ones((1, 4)), ALL)

    assert (score.delta1, score.delta3) == (0.5, 0.5)
    assert score.abs_rel == pytest.approx(0.75)
    assert score.rmse_log == score.silog_half == score.silog_100 == math.inf


def test_missing_prediction_is_refused_not_averaged():
    with pytest.raises(ValueError, match='1 of 4 valid pixels have no prediction'):
        score_depth(np.array([[1.0, np.nan, 1.0, 1.0]]), np.ones((1, 4)), ALL)

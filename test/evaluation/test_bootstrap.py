# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Confidence intervals of means."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.evaluation.bootstrap import mean_interval


def test_interval_is_that_of_plain_resampling():
    values = np.random.default_rng(1).gamma(2, 1, (50, 2))
    rng = np.random.default_rng(7)
    means = np.array([values[rng.integers(50, size=50)].mean(0) for _ in range(4000)])
    expected = np.quantile(means, (0.025, 0.975), axis=0)

    found = mean_interval(values, rounds=4000)

    np.testing.assert_allclose(found, expected, rtol=0.02)


def test_interval_of_a_normal_sample_is_the_known_one():
    values = np.random.default_rng(2).normal(5, 2, (2000, 1))

    low, high = mean_interval(values)

    half = 1.96 * values.std() / np.sqrt(2000)
    assert (high - low)[0] / 2 == pytest.approx(half, rel=0.08)
    assert low[0] < values.mean() < high[0]


def test_interval_is_reproducible_and_tells_equal_pictures():
    values = np.random.default_rng(0).random((7, 3))

    np.testing.assert_array_equal(mean_interval(values), mean_interval(values))
    np.testing.assert_array_equal(mean_interval(np.full((9, 1), 0.25)), [[0.25], [0.25]])
    with pytest.raises(ValueError, match='no picture'):
        mean_interval(np.empty((0, 3)))

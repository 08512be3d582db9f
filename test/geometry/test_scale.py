# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Scale estimates, and depth by them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.scale import (
    NoScale,
    ScaleError,
    ScaleEstimate,
    ScaleState,
    apply_scale,
    disparity_of_metric,
    level_deviation,
)


def test_depth_is_one_over_a_d_plus_b():
    disparity = torch.tensor([[1.0, 2.0], [4.0, 0.5]])
    depth = apply_scale(disparity, ScaleEstimate.fixed(0.25, 0.05), 80.0)
    assert depth.dtype == torch.float32
    expected = [[1 / 0.3, 1 / 0.55], [1 / 1.05, 1 / 0.175]]
    assert depth.numpy() == pytest.approx(np.array(expected), rel=1e-6)


def test_far_unknown_and_too_near_are_told_apart():
    disparity = torch.tensor([0.0, -3.0, 0.2, 0.3, math.nan, math.inf, -math.inf])
    depth = apply_scale(disparity, ScaleEstimate.fixed(0.5, -0.05), 10.0)
    # 0.5 * 0.3 - 0.05 is just 1 / 10 m: beyond.
    assert depth[:3].tolist() == [math.inf] * 3
    assert apply_scale(torch.tensor([0.31]), ScaleEstimate.fixed(0.5, -0.05), 10.0).item() < 10
    assert math.isnan(depth[4]) and depth[5:].tolist() == [-math.inf, math.inf]


def test_the_input_is_left_as_it_is_and_may_be_empty():
    disparity = torch.ones(3)
    apply_scale(disparity, ScaleEstimate.fixed(2.0, 0.0), 10.0)
    assert disparity.tolist() == [1.0] * 3
    assert apply_scale(torch.empty(0, 4), ScaleEstimate.fixed(2.0, 0.0), 10.0).shape == (0, 4)


@pytest.mark.parametrize('state', [ScaleState.WAITING, ScaleState.LOST])
def test_without_a_scale_there_are_no_metres(state):
    estimate = ScaleEstimate(1.0, 0.0, np.eye(2), state)
    assert not estimate.usable
    with pytest.raises(ScaleError, match=state.value):
        apply_scale(torch.ones(2), estimate, 10.0)
    nothing = NoScale().estimate(state)
    assert math.isnan(nothing.a) and not nothing.usable


@pytest.mark.parametrize('state', [ScaleState.TRACKING, ScaleState.HOLD])
def test_tracking_and_holding_give_metres(state):
    estimate = ScaleEstimate(1.0, 0.0, np.eye(2), state)
    assert apply_scale(torch.full((1,), 0.5), estimate, 10.0).item() == 2.0


@pytest.mark.parametrize('max_depth', [0.0, -1.0, math.nan])
def test_max_depth_must_be_metres(max_depth):
    with pytest.raises(ScaleError, match='max_depth'):
        apply_scale(torch.ones(1), ScaleEstimate.fixed(1.0, 0.0), max_depth)


def test_a_fixed_scale_is_tracking_and_sure():
    estimate = ScaleEstimate.fixed(2, 1)
    assert estimate.state is ScaleState.TRACKING and estimate.usable
    assert estimate.deviation == (0.0, 0.0) and estimate.relative_deviation == 0.0


@pytest.mark.parametrize(('a', 'b'), [(0.0, 1.0), (-1.0, 0.0), (math.inf, 0.0), (1.0, math.nan)])
def test_a_fixed_scale_must_be_one(a, b):
    with pytest.raises(ScaleError, match='give a finite a'):
        ScaleEstimate.fixed(a, b)


def test_the_relative_deviation_is_taken_where_it_is_least():
    # Two independent parts: the slope about d = 5 and the inverse depth there.
    slope, level, pivot = 0.02, 0.03, 5.0
    covariance = np.array(
        [[slope**2, -pivot * slope**2], [-pivot * slope**2, level**2 + (pivot * slope) ** 2]]
    )
    a, b = 0.1, 0.2
    assert level_deviation(a, b, covariance) == pytest.approx(level / (a * pivot + b))
    deviations = [
        math.sqrt(np.array([d, 1]) @ covariance @ np.array([d, 1])) for d in np.linspace(0, 10, 41)
    ]
    assert min(deviations) == pytest.approx(level)
    assert level_deviation(a, -1.0, covariance) == math.inf


def test_metric_depth_is_corrected_and_keeps_what_is_special():
    depth = torch.tensor([2.0, 4.0, math.inf, -math.inf, math.nan, 0.0, -1.0])
    same = apply_scale(disparity_of_metric(depth), ScaleEstimate.fixed(1.0, 0.0), 80.0)
    assert same[:4].tolist() == [2.0, 4.0, math.inf, -math.inf]
    assert torch.isnan(same[4:]).all()
    shifted = apply_scale(disparity_of_metric(depth), ScaleEstimate.fixed(0.8, 0.1), 80.0)
    assert shifted[:2].tolist() == pytest.approx([2.0, 1 / 0.3])
    assert shifted[2:4].tolist() == [math.inf, -math.inf]

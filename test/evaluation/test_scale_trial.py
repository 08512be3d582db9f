# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trials of scale recovery."""

from __future__ import annotations

import json

import numpy as np
import pytest

from depth_anything_ros.evaluation.scale_trial import (
    DriftingNetwork,
    Moment,
    Sensor,
    figures,
    in_range,
    judge,
)
from depth_anything_ros.geometry.scale import NoScale, ScaleEstimate, ScaleState


def a_depth():
    depth = np.linspace(1, 9, 3072, dtype=np.float32).reshape(48, 64)
    depth[0], depth[1], depth[2] = np.inf, np.nan, 50.0
    return depth


def test_a_sensor_sees_the_truth_where_it_is_in_range():
    depth = a_depth()
    found = Sensor(500, 0.0, 0.0).sense(depth, 10.0, np.random.default_rng(0))
    assert len(found) == 500 and (found.rows >= 3).all()
    assert found.z == pytest.approx(depth[found.rows, found.columns])
    assert len(Sensor(10**6).sense(depth, 10.0, np.random.default_rng(0))) == 45 * 64


def test_its_noise_and_outliers_are_as_many_as_asked_for():
    depth = a_depth()
    found = Sensor(2800, 0.02, 0.3).sense(depth, 10.0, np.random.default_rng(0))
    error = np.abs(found.z / depth[found.rows, found.columns] - 1)
    assert np.mean(error > 0.08) == pytest.approx(0.28, abs=0.03)
    assert np.std(error[error < 0.08]) == pytest.approx(0.013, abs=0.004)


def test_a_drifting_network_is_true_but_for_its_slope_and_shift():
    network = DriftingNetwork(1, 0.3, noise=0.0)
    depth = a_depth()
    scales = []
    for time in (0.0, 0.1, 5.0):
        a, b = network.slope_and_shift(time)
        valid = in_range(depth, 10.0)
        assert 1 / (a * network(depth, time) + b)[valid] == pytest.approx(depth[valid], rel=1e-4)
        scales.append(a)
    assert abs(np.log(scales[1] / scales[0])) < 0.05 < abs(np.log(scales[2] / scales[0]))


def test_a_true_scale_has_no_error_and_half_of_it_has_100_percent():
    depth = a_depth()
    disparity = (1 / depth).astype(np.float32)
    right = judge(disparity, ScaleEstimate.fixed(1.0, 0.0), depth, 10.0)
    assert right.score.abs_rel < 1e-5 and right.scale_error < 1e-5 and right.best.abs_rel < 1e-5
    wrong = judge(disparity, ScaleEstimate.fixed(2.0, 0.0), depth, 10.0)
    assert wrong.scale_error == pytest.approx(1.0) and wrong.score.abs_rel == pytest.approx(0.5)
    nothing = judge(disparity, NoScale().estimate(ScaleState.LOST), depth, 10.0)
    assert nothing == Moment(ScaleState.LOST, None, None, None)


def test_the_figures_count_published_frames_alone():
    depth = a_depth()
    wave = np.tile(np.sin(np.arange(64.0)), (48, 1))
    disparity = (1 / depth + 0.01 * wave).astype(np.float32)
    moments = [
        judge(disparity, estimate, depth, 10.0)
        for estimate in (
            ScaleEstimate.fixed(1.0, 0.0),
            ScaleEstimate(2.0, 0.0, np.zeros((2, 2)), ScaleState.HOLD),
            NoScale().estimate(ScaleState.WAITING),
        )
    ]
    found = figures(moments)
    assert (found['frames'], found['published'], found['held']) == (3, 2, 1)
    assert found['over_50_percent'] == 1 and found['worst_scale_error'] > 0.9
    mean = np.mean([moment.score.abs_rel for moment in moments[:2]])
    assert found['abs_rel'] == pytest.approx(mean, abs=1e-4)
    assert json.loads(json.dumps(figures(moments[2:])))['abs_rel'] is None

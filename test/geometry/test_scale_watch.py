# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How fast a scale drifts, and when a network's output jumps."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.affine import AffineFit
from depth_anything_ros.geometry.scale_watch import LAG, MEMORY, DriftMeter, JumpWatch


def fit(level):
    return AffineFit(0.1, level - 0.5, np.array([[1e-4, -5e-4], [-5e-4, 3e-3]]), 1.0, 0.0, 99)


def test_a_random_walk_is_measured_by_its_rate():
    rng = np.random.default_rng(0)
    meter, logarithm, drifts = DriftMeter(), 0.0, []
    for frame in range(2000):
        logarithm = 0.99 * logarithm + 0.2 * math.sqrt(0.1) * rng.normal()
        meter.take(fit(math.exp(logarithm)), frame * 0.1)
        drifts.append(meter.drift)
    assert np.median(drifts) == pytest.approx(0.2, rel=0.15)


def test_jitter_that_does_not_grow_counts_little():
    rng = np.random.default_rng(0)
    meter = DriftMeter()
    for frame in range(100):
        meter.take(fit(math.exp(0.05 * rng.normal())), frame / 30)
    assert meter.drift < 0.13  # over single frames it would be 0.39


def test_a_steady_scale_has_no_drift_and_a_change_is_forgotten():
    meter = DriftMeter()
    assert meter.drift == 0.0
    for frame in range(10):
        meter.take(fit(1.0 if frame < 5 else 1.5), frame * 0.1)
    assert meter.drift > 0.2
    for frame in range(10, 30 + int(10 * (MEMORY + 2 * LAG))):
        meter.take(fit(1.5), frame * 0.1)
    assert meter.drift == 0.0


def scene(scale=1.0, shift=0.0):
    return torch.linspace(1.0, 9.0, 48 * 64).reshape(48, 64) * scale + shift


@pytest.mark.parametrize('as_tensor', [True, False])
@pytest.mark.parametrize('scale', [1.0, 0.75, 1.3])
def test_what_a_moving_camera_sees_is_no_jump(scale, as_tensor):
    watch = JumpWatch()
    pictures = [scene(), scene(scale), scene().flip(1)]
    seen = [watch.jumped(p if as_tensor else p.numpy()) for p in pictures]
    assert seen == [False, False, False]


@pytest.mark.parametrize(
    'other',
    [scene(2.5), scene(0.4), scene(1.0, 6.0), torch.full((48, 64), 5.0),
     torch.full((48, 64), math.nan)],
)  # fmt: skip
def test_a_jump_is_seen_once_in_either_direction(other):
    watch = JumpWatch()
    assert [watch.jumped(p) for p in (scene(), other, other)] == [False, True, False]
    if torch.isfinite(other).all():
        assert watch.jumped(scene())


def test_pixels_that_are_not_finite_and_tiny_sizes_are_fine():
    watch = JumpWatch()
    hole = scene()
    hole[:10] = math.inf
    assert [watch.jumped(p) for p in (scene(), hole)] == [False, False]
    assert not JumpWatch().jumped(torch.ones(1, 1))
    assert not JumpWatch().jumped(torch.empty(0, 0))

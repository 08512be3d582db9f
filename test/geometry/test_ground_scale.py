# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The scale from a floor below a camera of known height."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.affine import NoAgreementError, NoFitError
from depth_anything_ros.geometry.ground_scale import GroundSettings, fit_ground
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.transform import camera_on_ground

LENS = Intrinsics(160, 120, 120.0, 120.0, 79.5, 59.5)
A, B = 0.05, -0.08


def inverse_depth(height, roll, pitch, wall=6.0, boxes=(), floor_height=0.0):
    """Return 1 / z (H, W) of a floor, a wall ahead and boxes, by casting each ray in a loop.

    A box is (front, left, right, top) in metres of the level frame.
    """
    camera = camera_on_ground(height, roll, pitch)
    found = np.zeros((LENS.height, LENS.width))
    for v in range(LENS.height):
        for u in range(LENS.width):
            ray = np.array([(u - LENS.cx) / LENS.fx, (v - LENS.cy) / LENS.fy, 1.0])
            x, y, z = camera.rotation @ ray
            hits = []
            if z < 0:
                hits.append((height - floor_height) / -z)
            if wall and x > 0:
                hits.append(wall / x)
            for front, left, right, top in boxes:
                at = front / x if x > 0 else math.inf
                if right <= y * at <= left and 0 <= height + z * at <= top:
                    hits.append(at)
            found[v, u] = 1 / min(hits) if hits else 0.0
    return found


def disparity_of(inverse, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    noisy = inverse * (1 + noise * rng.normal(size=inverse.shape))
    return torch.from_numpy(((noisy - B) / A).astype(np.float32))


@pytest.mark.parametrize(
    ('height', 'roll', 'pitch'), [(0.5, 0.0, 0.2), (1.4, 0.05, 0.35), (1.0, -0.3, 0.3)]
)
def test_the_floor_gives_scale_and_shift(height, roll, pitch):
    disparity = disparity_of(inverse_depth(height, roll, pitch, wall=8 * height))
    fit = fit_ground(disparity, camera_on_ground(height, roll, pitch), LENS)
    # The foot of the wall is near enough to the floor to move it a little.
    assert fit.a == pytest.approx(A, rel=0.02)
    assert fit.b == pytest.approx(B, abs=0.007 / height)
    assert fit.inlier_share > 0.8


def test_furniture_on_the_floor_and_noise_do_not_disturb_it():
    boxes = ((2.5, 2.0, 0.4, 0.6), (4.0, -0.5, -1.6, 1.5))
    disparity = disparity_of(inverse_depth(1.2, 0.0, 0.3, boxes=boxes), noise=0.04)
    fit = fit_ground(disparity, camera_on_ground(1.2, 0.0, 0.3), LENS)
    assert fit.a * 10 + fit.b == pytest.approx(A * 10 + B, rel=0.02)
    assert fit.a == pytest.approx(A, rel=0.05)


def test_an_array_is_as_good_as_a_tensor():
    disparity = disparity_of(inverse_depth(1.0, 0.0, 0.3))
    camera = camera_on_ground(1.0, 0.0, 0.3)
    one, other = (fit_ground(d, camera, LENS) for d in (disparity, disparity.numpy()))
    assert (one.a, one.b) == (other.a, other.b)


def test_twice_the_height_is_twice_as_far():
    disparity = disparity_of(inverse_depth(1.0, 0.0, 0.3))
    fits = [fit_ground(disparity, camera_on_ground(h, 0.0, 0.3), LENS) for h in (1.0, 2.0)]
    assert fits[0].a == pytest.approx(2 * fits[1].a, rel=0.01)
    assert fits[0].b == pytest.approx(2 * fits[1].b, rel=0.02)


def test_a_wrong_pitch_goes_into_the_shift_as_documented():
    disparity = disparity_of(inverse_depth(1.0, 0.0, 0.3, wall=20.0))
    fit = fit_ground(disparity, camera_on_ground(1.0, 0.0, 0.32), LENS)
    assert fit.a == pytest.approx(A, rel=0.05)
    assert fit.b - B == pytest.approx(0.02, abs=0.008)


def test_the_deviation_of_the_pitch_is_part_of_the_covariance():
    disparity = disparity_of(inverse_depth(0.5, 0.0, 0.3))
    camera = camera_on_ground(0.5, 0.0, 0.3)
    sure, unsure = (
        fit_ground(disparity, camera, LENS, replace(GroundSettings(), pitch_deviation=d))
        for d in (0.0, 0.05)
    )
    added = unsure.covariance - sure.covariance
    assert added == pytest.approx(np.diag([0.0, 0.01]), abs=1e-12)


def no_floor(name):
    if name == 'a wall':
        return torch.full((120, 160), 20.0)
    if name == 'a wall near by':
        return disparity_of(inverse_depth(1.0, 0.0, 0.2, wall=1.2))
    if name == 'a side wall':
        return torch.linspace(1, 30, 160).expand(120, 160)
    if name == 'noise':
        return torch.from_numpy(np.random.default_rng(0).uniform(1, 9, (120, 160)))
    if name == 'upside down':
        return disparity_of(inverse_depth(1.0, 0.0, 0.3)).flip(0)
    return torch.full((120, 160), math.nan)


@pytest.mark.parametrize(
    'name', ['a wall', 'a wall near by', 'a side wall', 'noise', 'upside down', 'unknown']
)
def test_what_is_no_floor_is_none(name):
    with pytest.raises(NoFitError) as told:
        fit_ground(no_floor(name), camera_on_ground(1.0, 0.0, 0.25), LENS)
    assert not isinstance(told.value, NoAgreementError)  # it contradicts nothing


def test_a_table_with_the_floor_beyond_it_is_not_the_floor():
    inverse = inverse_depth(1.2, 0.0, 0.45, wall=6.0)
    table = inverse_depth(1.2, 0.0, 0.45, wall=0.0, floor_height=0.8)
    covered = np.zeros_like(inverse, bool)
    covered[70:, 20:140] = True
    disparity = disparity_of(np.where(covered, table, inverse))
    try:
        fit = fit_ground(disparity, camera_on_ground(1.2, 0.0, 0.45), LENS)
    except NoFitError:
        return
    assert fit.a == pytest.approx(A, rel=0.1)


def test_a_camera_that_looks_up_sees_no_ground():
    with pytest.raises(NoFitError, match='does not look at the ground'):
        fit_ground(torch.ones(120, 160), camera_on_ground(1.0, 0.0, -0.9), LENS)


@pytest.mark.parametrize(('height', 'words'), [(0.0, 'height above 0'), (-1.0, 'height above 0')])
def test_the_height_must_be_one(height, words):
    with pytest.raises(NoFitError, match=words):
        fit_ground(torch.ones(120, 160), camera_on_ground(height), LENS)


def test_the_disparity_must_be_of_the_camera():
    with pytest.raises(NoFitError, match='120 x 160'):
        fit_ground(torch.ones(12, 16), camera_on_ground(1.0), LENS)

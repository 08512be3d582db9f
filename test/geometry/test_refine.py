# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for geometry/refine.py."""

import math

import cv2
import numpy as np
import pytest
import torch

from depth_anything_ros.data.clip import ProceduralClip
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.rays import rays_of
from depth_anything_ros.geometry.refine import RefineError, refine

METRIC, RELATIVE = DepthKind.METRIC, DepthKind.RELATIVE
NEAR, FAR = (200, 60, 40), (40, 90, 180)


def step(width=64, height=48, noise=0):
    """Return a picture of two colours and its exact disparity: the left half is near."""
    left = np.arange(width) < width // 2
    picture = np.where(left[:, None], NEAR, FAR)[None].repeat(height, 0)
    picture = picture + np.random.default_rng(0).integers(-noise, noise + 1, picture.shape)
    disparity = np.where(left, 0.5, 0.1)[None].repeat(height, 0)
    return picture.clip(0, 255).astype(np.uint8), disparity.astype(np.float32)


def ramped(disparity, sigma=1.5):
    return cv2.GaussianBlur(disparity, (0, 0), sigma)


def same(made, expected):
    return np.array_equal(made.numpy(), np.asarray(expected), equal_nan=True)


@pytest.mark.parametrize('kind', [METRIC, RELATIVE])
def test_a_ramp_becomes_the_step_of_the_picture(kind):
    picture, disparity = step(noise=20)
    blurred = ramped(disparity)
    values = torch.from_numpy(1 / blurred if kind is METRIC else blurred)
    made = refine(values, picture, kind).numpy()
    made = 1 / made if kind is METRIC else made
    wrong = np.abs(made / disparity - 1)
    assert (np.abs(blurred / disparity - 1) > 0.3).any(0).sum() >= 2
    assert wrong.max() < 0.15


def test_it_follows_the_picture_where_depth_is_off():
    """The ramp's middle is two pixels beside the edge of the picture."""
    picture, disparity = step()
    beside = np.roll(ramped(disparity, 2.0), 2, axis=1)[:, 8:-8].copy()
    made = refine(torch.from_numpy(beside), picture[:, 8:-8], RELATIVE).numpy()
    before, after = (np.abs(part / disparity[:, 8:-8] - 1) > 0.3 for part in (beside, made))
    assert after.mean() < 0.4 * before.mean()


def test_wide_ramps_need_a_spacing():
    picture, disparity = step(128)
    values = torch.from_numpy(ramped(disparity, 4.0))
    assert torch.equal(refine(values, picture, RELATIVE), values)
    made = refine(values, picture, RELATIVE, spacing=2).numpy()
    assert np.abs(values.numpy() / disparity - 1).max() > 1
    assert np.abs(made / disparity - 1).max() < 0.3


def test_alike_colours_decide_nothing():
    _, disparity = step()
    values = torch.from_numpy(ramped(disparity))
    picture = np.full((48, 64, 3), 120, np.uint8)
    assert torch.allclose(refine(values, picture, RELATIVE), values, rtol=1e-4)


def test_texture_is_not_written_into_a_plane():
    """A floor out to the horizon, with tiles of two colours."""
    camera = Intrinsics(160, 120, 120.0, 120.0, 79.5, 40.2)
    slopes = rays_of(camera).slopes
    depth = torch.where(slopes[1] > 0, 0.6 / slopes[1], torch.inf)
    tiles = np.random.default_rng(2).integers(0, 2, (120, 160)).astype(bool)
    picture = np.where(tiles[..., None], NEAR, FAR).astype(np.uint8)
    assert same(refine(depth, picture, METRIC), depth)


def test_special_values_stay_and_touch_nothing():
    picture, disparity = step(noise=10)
    clean = torch.from_numpy(1 / ramped(disparity))
    clean[:, :6] = torch.nan
    values = clean.clone()
    values[:12, :6], values[12:24, :6], values[24:, 2:4] = math.inf, -math.inf, -1.0
    made = refine(values, picture, METRIC)
    assert same(made[:, :6], values[:, :6])
    assert same(made[:, 6:], refine(clean, picture, METRIC)[:, 6:])
    assert not same(made[:, 6:], values[:, 6:])


@pytest.mark.parametrize('kind', [METRIC, RELATIVE])
def test_nothing_becomes_known_or_unknown_and_nothing_leaves_the_range(kind):
    rng = np.random.default_rng(4)
    values = rng.uniform(0.2, 9.0, (47, 61)).astype(np.float32)
    for value in (np.nan, np.inf, -np.inf, 0.0, -2.0):
        values[rng.random(values.shape) < 0.05] = value
    values[20:30, 20:30] = np.nan
    picture = rng.integers(0, 256, (47, 61, 3), np.uint8)
    made = refine(torch.from_numpy(values), picture, kind).numpy()
    least = 0 if kind is METRIC else -1e-9
    known = np.isfinite(values) & (values > least)
    assert np.array_equal(made[~known], values[~known], equal_nan=True)
    assert np.isfinite(made[known]).all()
    assert made[known].min() >= values[known].min() - 1e-5
    assert made[known].max() <= values[known].max() + 1e-4


def test_the_picture_may_have_another_size():
    picture, disparity = step(256, 192)
    small = ramped(cv2.resize(disparity, (64, 48), interpolation=cv2.INTER_AREA))
    made = refine(torch.from_numpy(small), picture, RELATIVE).numpy()
    assert np.abs(made / disparity[::4, ::4] - 1).max() < 0.15


@pytest.mark.parametrize('size', [(1, 1), (2, 3), (5, 1), (7, 9), (0, 4)])
@pytest.mark.parametrize('value', [1.0, math.nan, math.inf, -math.inf])
def test_tiny_and_unknown_depth(size, value):
    values = torch.full(size, value)
    picture = np.full((*(max(1, side) for side in size), 3), 99, np.uint8)
    assert same(refine(values, picture, METRIC), values)


def test_edges_of_blurred_scenes_get_better():
    clip = ProceduralClip(5, 320, 240, 0.5)
    before, after, elsewhere = [], [], []
    for index in (0, 1):
        rgb, depth = clip.frame(index)
        disparity = np.where(np.isfinite(depth), 1 / depth, 0).astype(np.float32)
        values = np.where(disparity > 0, 1 / ramped(disparity).clip(1e-4), np.inf)
        made = refine(torch.from_numpy(values.astype(np.float32)), rgb, METRIC).numpy()
        known = np.isfinite(values)
        around = np.ones((9, 9), np.uint8)
        jump = cv2.dilate(disparity, around) / cv2.erode(disparity, around).clip(1e-4)
        edge = known & (jump > 1.2)
        true = np.where(known, depth, 1)
        before.append((np.abs(values / true - 1) > 0.1)[edge])
        after.append((np.abs(made / true - 1) > 0.1)[edge])
        elsewhere.append((made != values)[known & ~edge])
    before, after, elsewhere = (np.concatenate(part).mean() for part in (before, after, elsewhere))
    assert before > 0.05 and after < 0.7 * before and elsewhere < 0.01


def test_the_given_depth_is_not_changed():
    picture, disparity = step()
    values = torch.from_numpy(ramped(disparity)).T.contiguous().T
    kept = values.clone()
    assert not torch.equal(refine(values, picture, RELATIVE), values)
    assert torch.equal(values, kept)


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        ({'values': torch.zeros(3)}, r'depth is \(3,\)'),
        ({'values': torch.zeros(4, 4, dtype=torch.float64)}, 'float64'),
        ({'picture': np.zeros((4, 4), np.uint8)}, r'the picture is \(4, 4\)'),
        ({'picture': np.zeros((4, 4, 3), np.float32)}, 'float32'),
        ({'radius': 0}, 'radius is 0'),
        ({'contrast': 0.0}, 'contrast is 0.0'),
    ],
)
def test_says_what_is_wrong(changes, said):
    given = {'values': torch.ones(4, 4), 'picture': np.zeros((4, 4, 3), np.uint8), 'kind': METRIC}
    with pytest.raises(RefineError, match=said):
        refine(**{**given, **changes})

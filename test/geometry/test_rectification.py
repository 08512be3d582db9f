# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for geometry/rectification.py."""

import math

import cv2
import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.distortion import Distortion
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.rectification import Rectification, RectificationError
from depth_anything_ros.geometry.transform import Transform

RAW = Intrinsics(64, 48, 40.0, 42.0, 30.5, 25.0)
NEW = Intrinsics(60, 50, 36.0, 35.0, 31.0, 23.5)
LENS = Distortion('plumb_bob', (-0.25, 0.06, 0.001, -0.002, 0.0))
TURN = Transform.from_euler(0.03, -0.1, 0.08).rotation


def matrix(camera):
    return np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1.0]])


def opencv_maps(turn, lens=LENS):
    d = np.array(lens.coefficients or (0.0,) * 5)
    size = (NEW.width, NEW.height)
    fisheye = lens.model == 'equidistant'
    make = cv2.fisheye.initUndistortRectifyMap if fisheye else cv2.initUndistortRectifyMap
    return make(matrix(RAW), d, turn, matrix(NEW), size, cv2.CV_32FC1)


def random_depth(seed=0):
    rng = np.random.default_rng(seed)
    depth = rng.uniform(0.5, 9.0, (48, 64)).astype(np.float32)
    depth[rng.random(depth.shape) < 0.1] = np.nan
    depth[rng.random(depth.shape) < 0.1] = np.inf
    depth[rng.random(depth.shape) < 0.1] = -np.inf
    return depth


@pytest.mark.parametrize('turn', [np.eye(3), TURN], ids=['straight', 'turned'])
@pytest.mark.parametrize(
    'lens', [LENS, Distortion('equidistant', (0.01, -0.003, 0.002, 0.0))], ids=lambda d: d.model
)
def test_pictures_are_those_of_opencv(turn, lens):
    rgb = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)
    expected = cv2.remap(rgb, *opencv_maps(turn, lens), cv2.INTER_LINEAR)
    made = Rectification(RAW, lens, turn, NEW).image(rgb)
    assert made.shape == (50, 60, 3)
    # The maps agree to a float's rounding, and remap works in 1/32 of a pixel.
    assert np.abs(made.astype(int) - expected).max() <= 9
    assert (made == expected).mean() > 0.99


def test_depth_takes_the_nearest_raw_pixel():
    raw = random_depth()
    column, row = opencv_maps(np.eye(3))
    made = Rectification(RAW, LENS, np.eye(3), NEW).depth(torch.from_numpy(raw)).numpy()
    for v in range(50):
        for u in range(60):
            i, j = round(float(row[v, u])), round(float(column[v, u]))
            inside = 0 <= i < 48 and 0 <= j < 64
            expected = raw[i, j] if inside else math.nan
            assert made[v, u] == expected or (math.isnan(made[v, u]) and math.isnan(expected))
    assert np.isposinf(made).any() and np.isneginf(made).any()


def test_depth_of_a_turned_camera_is_along_its_own_axis():
    """A wall, known as a plane in the raw frame, is the same plane seen by the new camera."""
    normal, distance = np.array([0.2, -0.1, 1.0]), 4.0
    u, v = np.meshgrid(np.arange(64), np.arange(48))
    x, y = LENS.undistort((u - RAW.cx) / RAW.fx, (v - RAW.cy) / RAW.fy)
    raw = distance / (normal[0] * x + normal[1] * y + normal[2])
    made = Rectification(RAW, LENS, TURN, NEW).depth(torch.from_numpy(raw.astype(np.float32)))
    u, v = np.meshgrid(np.arange(60), np.arange(50))
    rays = np.stack(((u - NEW.cx) / NEW.fx, (v - NEW.cy) / NEW.fy, np.ones((50, 60))))
    exact = distance / np.einsum('i,ihw->hw', TURN @ normal, rays)
    known = np.isfinite(made.numpy())
    assert known.mean() > 0.7
    # Half a pixel of a plane as oblique as this one is below one percent.
    assert np.abs(made.numpy() / exact - 1)[known].max() < 0.01
    wrong = Rectification(RAW, LENS, np.eye(3), NEW).depth(torch.from_numpy(raw.astype('f4')))
    assert np.nanmax(np.abs(wrong.numpy() / exact - 1)) > 0.05


def test_nothing_comes_between_two_surfaces():
    raw = np.where(np.arange(64) < 30, 1.0, 5.0).astype(np.float32)[None].repeat(48, 0)
    made = Rectification(RAW, LENS, np.eye(3), NEW).depth(torch.from_numpy(raw))
    assert set(made[torch.isfinite(made)].tolist()) == {1.0, 5.0}


def test_what_is_behind_the_raw_camera_is_unknown():
    turn = Transform.from_euler(0.0, math.pi, 0.0).rotation
    whole = Rectification(RAW, Distortion(), turn, NEW)
    assert torch.isnan(whole.depth(torch.ones(48, 64))).all()
    assert not whole.image(np.full((48, 64), 200, np.uint8)).any()


def test_the_same_camera_changes_nothing():
    raw = torch.from_numpy(random_depth(3))
    same = Rectification(RAW, Distortion(), np.eye(3), RAW)
    assert torch.equal(torch.nan_to_num(same.depth(raw), nan=-1), torch.nan_to_num(raw, nan=-1))
    rgb = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)
    assert np.array_equal(same.image(rgb), rgb)


def test_says_what_does_not_fit():
    whole = Rectification(RAW, LENS, np.eye(3), NEW)
    with pytest.raises(RectificationError, match=r'\(47, 64\).*48 rows'):
        whole.depth(torch.ones(47, 64))
    with pytest.raises(RectificationError, match=r'48 rows and 64 columns'):
        whole.image(np.zeros((48, 65, 3), np.uint8))
    for wrong in (np.zeros((3, 3)), np.eye(4), np.full((3, 3), np.nan)):
        with pytest.raises(RectificationError, match='R is'):
            Rectification(RAW, LENS, wrong, NEW)

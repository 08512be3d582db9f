# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for geometry/edges.py."""

import math

import cv2
import numpy as np
import pytest
import torch

from depth_anything_ros.data.clip import ProceduralClip
from depth_anything_ros.geometry.edges import (
    EdgeError,
    EdgeSettings,
    flying_pixels,
    without_flying_pixels,
)
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.rays import rays_of

NAN, INF = math.nan, math.inf
CAMERA = Intrinsics(64, 48, 50.0, 50.0, 31.5, 23.5)
LARGE = CAMERA.scaled(256, 192)


def row(*values):
    """Return one row of depth, three times: as tall as it needs to be to have columns too."""
    return torch.tensor([values, values, values], dtype=torch.float32)


def found(depth, **settings):
    """Return the columns that are flying in a depth map whose rows are equal."""
    mask = flying_pixels(depth, EdgeSettings(**settings))
    assert mask.shape == depth.shape and mask.dtype == torch.bool
    assert (mask == mask[:1]).all()
    turned = flying_pixels(depth.T.contiguous(), EdgeSettings(**settings))
    assert torch.equal(turned.T, mask)
    assert torch.equal(flying_pixels(depth.flip(1), EdgeSettings(**settings)).flip(1), mask)
    return torch.nonzero(mask[0]).ravel().tolist()


def ramp(width, near=1.0, far=4.0):
    """Return a step of depth with ``width`` pixels between, evenly spaced in disparity."""
    between = 1 / np.linspace(1 / near, 1 / far, width + 2)[1:-1]
    return row(*[near] * 12, *between, *[far] * 12)


@pytest.mark.parametrize('width', [1, 2, 3, 4])
def test_finds_ramps_as_wide_as_the_radius(width):
    assert found(ramp(width)) == list(range(12, 12 + width))


def test_a_smaller_radius_finds_narrower_ramps_only():
    assert found(ramp(2), radius=2) == [12, 13]
    assert found(ramp(6), radius=2) == []
    assert found(ramp(1), radius=1) == [12]


@pytest.mark.parametrize('spacing', [2, 3, 4])
def test_finds_ramps_that_were_enlarged(spacing):
    narrow = ramp(3)
    wide = 1 / cv2.resize(
        1 / narrow.numpy(), None, fx=spacing, fy=1, interpolation=cv2.INTER_LINEAR
    )
    marked = found(torch.from_numpy(wide), spacing=spacing)
    away = (wide[0] > 1.05) & (wide[0] < 4.0 / 1.05)
    assert set(np.flatnonzero(away).tolist()) <= set(marked)
    assert len(marked) <= away.sum() + 2
    assert len(found(torch.from_numpy(wide))) < len(marked)


def test_the_spacing_follows_from_the_sizes():
    assert EdgeSettings.enlarged(640, 154) == EdgeSettings(0.1, spacing=4)
    assert EdgeSettings.enlarged(640, 700, 0.2) == EdgeSettings(0.2)
    assert EdgeSettings.enlarged(4000, 154).spacing == 8


@pytest.mark.parametrize('spacing', [1, 4])
def test_keeps_both_sides_of_a_clean_step(spacing):
    assert found(row(*[1.0] * 20, *[4.0] * 20), spacing=spacing) == []


def test_keeps_what_jumps_less():
    assert found(ramp(1, 2.0, 2.1)) == []
    assert found(ramp(1, 2.0, 2.5)) == [12]
    assert found(ramp(1, 2.0, 2.5), max_jump=0.3) == []


@pytest.mark.parametrize('width', [1, 2, 3, 5])
def test_keeps_thin_objects_and_gaps(width):
    assert found(row(*[5.0] * 9, *[1.0] * width, *[5.0] * 9)) == []
    assert found(row(*[1.0] * 9, *[5.0] * width, *[1.0] * 9)) == []


def test_finds_the_ramps_on_both_sides_of_a_thin_object():
    depth = row(*[5.0] * 9, 2.5, 1.2, 1.0, 1.2, 2.5, *[5.0] * 9)
    assert found(depth) == [9, 10, 12, 13]


def test_finds_a_ramp_into_the_sky():
    assert found(row(*[5.0] * 9, 8.0, 20.0, *[INF] * 9)) == [9, 10]


def test_finds_a_ramp_to_what_is_too_close():
    assert found(row(*[-INF] * 9, 0.5, 1.0, *[3.0] * 9)) == [9, 10]


def test_the_unknown_makes_no_step():
    assert found(row(*[NAN] * 9, 2.0, *[5.0] * 9)) == []
    assert found(row(*[1.0] * 9, 2.0, NAN, *[5.0] * 9)) == []


def test_special_values_are_never_flying():
    depth = row(1.0, INF, 3.0, NAN, 2.0, -INF, 1.0, NAN, -INF, INF, 2.0)
    mask = flying_pixels(depth, EdgeSettings())
    assert not mask[~torch.isfinite(depth)].any()


def test_the_ground_is_kept_to_the_horizon():
    """A level floor 0.6 m below the lens, and two seen by a leaning camera, nearly edge on."""
    slopes = rays_of(LARGE).slopes
    for normal in ((0.0, 1.0, 0.0), (0.3, 0.95, 0.02), (-0.8, 0.6, 0.0)):
        rise = normal[0] * slopes[0] + normal[1] * slopes[1] + normal[2]
        depth = torch.where(rise > 0, 0.6 / rise, torch.inf)
        assert depth[torch.isfinite(depth)].max() > 30
        mask = flying_pixels(depth, EdgeSettings())
        # Where the horizon leaves the picture, the surface beyond cannot be seen.
        assert not mask[8:-8, 8:-8].any() and mask.sum() < 30


def test_ground_that_ends_at_a_wall_is_kept():
    slopes = rays_of(LARGE).slopes
    for wall in (2.0, 6.0, 20.0):
        depth = torch.minimum(0.6 / slopes[1].clamp(min=1e-6), torch.tensor(wall))
        assert not flying_pixels(depth, EdgeSettings()).any()


def test_a_post_on_grazing_ground_loses_only_its_ramp():
    slopes = rays_of(CAMERA).slopes
    depth = torch.minimum(0.6 / slopes[1].clamp(min=1e-6), torch.tensor(20.0))
    depth[:, 30:34] = 1.5
    depth[:24, 29] = depth[:24, 34] = 4.0
    mask = flying_pixels(depth, EdgeSettings())
    assert mask[:24, 29].all() and mask[:24, 34].all()
    mask[:24, 29] = mask[:24, 34] = False
    assert not mask.any()


def blurred(depth, sigma):
    """Blur a depth map's disparity, as networks and resizing do."""
    disparity = cv2.GaussianBlur((1 / depth).astype(np.float32), (0, 0), sigma)
    disparity[disparity < 1 / 200] = 0
    with np.errstate(divide='ignore'):
        return np.where(disparity > 0, 1 / disparity, np.inf).astype(np.float32)


def distance_from_surfaces(made, depth, reach=4):
    """Return the least relative difference from any true depth nearby."""
    height, width = depth.shape
    wide = np.pad(depth, reach, mode='edge')
    least = np.full(depth.shape, np.inf, np.float32)
    for i in range(2 * reach + 1):
        for j in range(2 * reach + 1):
            near = wide[i : i + height, j : j + width]
            least = np.fmin(least, np.abs(made / near - 1))
    return least


@pytest.fixture(scope='module')
def scenes():
    """Return exact depth of a room and of an outdoor scene."""
    clip = ProceduralClip(5, 320, 240, 0.5)
    return [clip.frame(index)[1] for index in (0, 1)]


@pytest.mark.parametrize('sigma', [0.7, 1.5])
def test_cleans_blurred_scenes_and_leaves_surfaces(scenes, sigma):
    flying = caught = right = lost = 0
    for depth in scenes:
        made = blurred(depth, sigma)
        mask = flying_pixels(torch.from_numpy(made), EdgeSettings()).numpy()
        with np.errstate(invalid='ignore'):
            away = np.isfinite(made) & (distance_from_surfaces(made, depth) > 0.05)
            good = np.isfinite(made) & (np.abs(made / depth - 1) < 0.05)
        flying, caught = flying + away.sum(), caught + (away & mask).sum()
        right, lost = right + good.sum(), lost + (good & mask).sum()
    assert flying > 300
    assert caught / flying > 0.9 and lost / right < 0.005


def test_leaves_exact_scenes_nearly_alone(scenes):
    for depth in scenes:
        assert without_flying_pixels(torch.from_numpy(depth)).removed < 0.005


def test_tells_the_share_that_was_removed():
    depth = row(*[1.0] * 9, 2.0, *[5.0] * 9, INF, NAN, -INF)
    clean = without_flying_pixels(depth)
    assert clean.removed == pytest.approx(1 / 19)
    assert clean.flying.sum() == 3 and torch.isnan(clean.values[:, 9]).all()
    left = ~clean.flying & ~torch.isnan(depth)
    assert torch.equal(clean.values[left], depth[left])


@pytest.mark.parametrize('size', [(0, 0), (0, 5), (1, 1), (2, 2), (1, 9), (9, 1)])
def test_tiny_and_unknown_depth(size):
    for value in (1.0, NAN, INF, -INF):
        clean = without_flying_pixels(torch.full(size, value))
        assert clean.values.shape == size and clean.removed == 0.0


@pytest.mark.parametrize(
    ('settings', 'said'),
    [
        ({'max_jump': 0.0}, 'max_jump is 0.0'),
        ({'max_jump': math.nan}, 'max_jump is nan'),
        ({'radius': 0}, 'radius is 0'),
        ({'radius': 9}, 'radius is 9'),
        ({'radius': 1.5}, 'radius is 1.5'),
        ({'spacing': 0}, 'spacing is 0'),
    ],
)
def test_says_what_is_wrong(settings, said):
    with pytest.raises(EdgeError, match=said):
        EdgeSettings(**settings)

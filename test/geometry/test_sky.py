# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for geometry/sky.py."""

import math

import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.sky import SkyError, far_disparity, mark_far


def same(made, expected):
    return torch.equal(made.isnan(), expected.isnan()) and torch.equal(
        made.nan_to_num(nan=-1.0), expected.nan_to_num(nan=-1.0)
    )


def test_saturated_depth_is_beyond_range():
    depth = torch.tensor([[0.5, 79.0, 79.2], [80.0, 81.0, 20.0]])
    made = mark_far(depth, 80.0, 0.99)
    assert same(made, torch.tensor([[0.5, 79.0, math.inf], [math.inf, math.inf, 20.0]]))
    assert made is depth


def test_the_whole_range_can_be_kept():
    depth = torch.tensor([[19.75, 20.0]])
    assert mark_far(depth, 20.0, 1.0).tolist() == [[19.75, math.inf]]


def test_depth_below_the_limit_everywhere_stays():
    depth = torch.tensor([[0.5, 79.0], [1.0, 20.0]])
    assert torch.equal(mark_far(depth.clone(), 80.0, 0.99), depth)


def test_marking_keeps_special_values_and_every_shape():
    special = torch.tensor([[math.nan, math.inf, -math.inf, 3.0]])
    assert same(mark_far(special.clone(), 20.0, 0.9), special)
    assert mark_far(torch.zeros(0, 4), 20.0, 0.9).shape == (0, 4)
    assert mark_far(torch.full((2, 3, 4), 20.0), 20.0, 0.9).isinf().all()


def test_sky_is_what_has_next_to_no_disparity():
    disparity = torch.full((20, 20), 4.0)
    disparity[:5] = 0.0
    disparity[5, :3] = torch.tensor([0.039, 0.041, 0.4])
    expected = torch.zeros(20, 20, dtype=torch.bool)
    expected[:5], expected[5, 0] = True, True
    assert torch.equal(far_disparity(disparity), expected)
    # The unit of relative disparity is unknown, so nothing depends on it.
    assert torch.equal(far_disparity(disparity * 1e-3), expected)


def test_a_few_near_pixels_do_not_push_the_rest_away():
    disparity = torch.full((20, 20), 1.0)
    disparity[0, :15] = 1000.0
    assert not far_disparity(disparity).any()


def test_a_picture_full_of_sky():
    disparity = torch.zeros(64, 64)
    disparity[60:, :8] = 2.0
    assert torch.equal(far_disparity(disparity), disparity == 0)


def test_a_network_that_says_nothing_makes_no_free_space():
    for nothing in (0.0, math.nan, math.inf, -math.inf):
        assert not far_disparity(torch.full((30, 40), nothing)).any()


def test_special_values_of_disparity():
    disparity = torch.full((10, 10), 4.0)
    disparity[0, :4] = torch.tensor([math.nan, math.inf, -math.inf, -1.0])
    assert far_disparity(disparity)[0].tolist() == [False, False, True, True] + [False] * 6


@pytest.mark.parametrize('size', [(480, 640), (1080, 1920), (7, 2000)])
def test_large_pictures_are_sampled_everywhere(size):
    """The nearest things are in one corner, a tenth of the picture."""
    disparity = torch.full(size, 0.02)
    disparity[-(size[0] // 3) :, -(size[1] // 3) :] = 4.0
    assert torch.equal(far_disparity(disparity), disparity < 1)


@pytest.mark.parametrize('size', [(0, 0), (0, 5), (1, 1), (2, 1)])
def test_tiny_sizes(size):
    made = far_disparity(torch.ones(size))
    assert made.shape == size and made.dtype == torch.bool and not made.any()


def test_says_what_is_wrong():
    depth = torch.ones(2, 3)
    for limit in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(SkyError, match='max_depth is'):
            mark_far(depth, limit, 0.9)
    for share in (0.0, 1.01, math.nan):
        with pytest.raises(SkyError, match='share is'):
            mark_far(depth, 20.0, share)
    with pytest.raises(SkyError, match=r'\(1, 2, 3\)'):
        far_disparity(torch.ones(1, 2, 3))


@pytest.mark.parametrize('width', [1, 4, 5, 640])
def test_a_picture_and_the_same_numbers_in_another_shape_are_marked_alike(width):
    rng = np.random.default_rng(width)
    depth = rng.uniform(0, 30, (7, width)).astype(np.float32)
    special = rng.random(depth.shape)
    for value, low in ((math.nan, 0.9), (math.inf, 0.8), (-math.inf, 0.7), (18.0, 0.6)):
        depth[(special > low) & (special < low + 0.1)] = value
    limit = np.float32(0.9 * 20.0)
    with np.errstate(invalid='ignore'):
        expected = np.where(depth >= limit, np.float32(math.inf), depth)

    flat = mark_far(torch.from_numpy(depth.ravel().copy()), 20.0, 0.9)
    made = mark_far(torch.from_numpy(depth.copy()), 20.0, 0.9)

    np.testing.assert_array_equal(made.numpy(), expected)
    np.testing.assert_array_equal(flat.numpy(), expected.ravel())

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Mirrored, resized and cropped samples: depth goes where its pixels go.

The pictures here say where each pixel was, so every test sees whether the depth came along.
"""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.data.augmentation import (
    crop,
    flip,
    lower_bound_size,
    nearest,
    random_crop,
    random_flip,
    resize,
    resize_lower_bound,
    training_view,
)
from depth_anything_ros.data.sample import DataError, Sample
from depth_anything_ros.inference.conventions import network_size


def coordinates(height: int, width: int) -> Sample:
    """Return a picture whose red is the column and green the row; depth is both in one number."""
    y, x = np.mgrid[:height, :width]
    rgb = np.stack([x, y, 0 * x], axis=2).astype(np.uint8)
    return Sample('made', rgb, (1 + x + 1000 * y).astype(np.float32), True)


def place(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns and rows that the depth of a coordinate picture tells."""
    assert sample.depth is not None
    return (sample.depth - 1) % 1000, (sample.depth - 1) // 1000


@pytest.mark.parametrize(
    'change',
    [
        flip,
        lambda sample: crop(sample, 3, 5, 20, 30),
        lambda sample: random_crop(sample, np.random.default_rng(3), 21, 17),
        lambda sample: flip(crop(flip(sample), 1, 2, 30, 40)),
    ],
)
def test_depth_goes_exactly_with_the_picture(change):
    changed = change(coordinates(50, 70))

    x, y = place(changed)
    assert np.array_equal(changed.rgb[..., 0], x) and np.array_equal(changed.rgb[..., 1], y)


@pytest.mark.parametrize('size', [(25, 35), (100, 140), (75, 35), (50, 71), (97, 143)])
def test_resized_depth_stays_under_its_pixels(size):
    resized = resize(coordinates(50, 70), *size)

    x, y = place(resized)
    assert resized.rgb.shape[:2] == resized.depth.shape == size
    # Away from the border, where a cubic kernel has nothing beyond to lean on.
    inner = slice(size[0] // 6, -size[0] // 6), slice(size[1] // 6, -size[1] // 6)
    for channel, found, axis in ((0, x, 1), (1, y, 0)):
        centre = (np.arange(size[axis]) + 0.5) * (50, 70)[axis] / size[axis] - 0.5
        exact = np.broadcast_to(centre if axis else centre[:, None], size)
        assert np.abs(resized.rgb[..., channel] - exact)[inner].max() <= 0.6  # interpolated
        assert np.abs(found - exact).max() <= 0.5  # the nearest there is


def test_resized_depth_has_no_value_that_was_not_there():
    rng = np.random.default_rng(0)
    depth = rng.choice([1.0, 7.0, np.inf, np.nan], (40, 60)).astype(np.float32)
    sample = Sample('edges', np.zeros((40, 60, 3), np.uint8), depth, True)

    for size in ((83, 91), (19, 23), (40, 120)):
        values = resize(sample, *size).depth
        assert np.all((values == 1) | (values == 7) | np.isposinf(values) | np.isnan(values))
        assert all(np.isin(value, values) for value in (1, 7, np.inf)) and np.isnan(values).any()


def test_each_pixel_takes_the_one_that_covers_its_centre():
    assert nearest(4, 2).tolist() == [1, 3]
    assert nearest(2, 4).tolist() == [0, 0, 1, 1]
    assert nearest(3, 3).tolist() == [0, 1, 2]
    assert nearest(5, 3).tolist() == [0, 2, 4]


@pytest.mark.parametrize('size', [(480, 640), (375, 1242), (768, 1024), (1500, 2250), (91, 33)])
def test_sizes_are_those_of_the_network(size):
    assert lower_bound_size(*size) == network_size(*size)
    assert min(lower_bound_size(*size, side=224)) >= 224


def test_a_training_view_is_the_square_of_the_papers():
    view = training_view(coordinates(48, 64), np.random.default_rng(0), side=28)

    assert view.rgb.shape == (28, 28, 3) and view.depth.shape == (28, 28)
    assert view.rgb.flags.c_contiguous or view.rgb.base is not None


def test_the_same_generator_gives_the_same_views():
    views = [training_view(coordinates(48, 64), np.random.default_rng(5), 28) for _ in range(2)]
    other = training_view(coordinates(48, 64), np.random.default_rng(6), 28)

    np.testing.assert_array_equal(views[0].depth, views[1].depth)
    assert not np.array_equal(views[0].depth, other.depth)


def test_crops_reach_every_place():
    tops = {
        int(random_crop(coordinates(6, 8), np.random.default_rng(seed), 4, 8).rgb[0, 0, 1])
        for seed in range(40)
    }

    assert tops == {0, 1, 2}


def test_flips_have_their_probability():
    rng = np.random.default_rng(0)
    mirrored = sum(random_flip(coordinates(2, 3), rng).rgb[0, 0, 0] == 2 for _ in range(400))

    assert 150 < mirrored < 250
    assert random_flip(coordinates(2, 3), rng, 0.0).rgb[0, 0, 0] == 0


def test_samples_without_depth_stay_without():
    bare = Sample('bare', np.zeros((30, 40, 3), np.uint8), None, False)

    view = training_view(bare, np.random.default_rng(0), 14)
    assert view.depth is None and view.rgb.shape == (14, 14, 3)


def test_a_part_that_is_not_there_is_refused():
    with pytest.raises(DataError, match='no 20x20 at'):
        random_crop(coordinates(10, 30), np.random.default_rng(0), 20, 20)
    with pytest.raises(DataError):
        crop(coordinates(10, 30), -1, 0, 5, 5)


def test_lower_bound_keeps_multiples_of_patches():
    resized = resize_lower_bound(coordinates(37, 100), side=56)

    assert resized.rgb.shape[:2] == (56, 154)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Colour jitter, blur and CutMix."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.data.sample import DataError, Sample
from depth_anything_ros.data.strong_augmentation import (
    Strength,
    color_jitter,
    cutmix,
    gaussian_blur,
    perturb,
)

NONE = Strength(0, 0, 0, 0)


def picture(seed: int = 0, height: int = 24, width: int = 36) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def sample(value: float, height: int = 40, width: int = 60) -> Sample:
    rgb = np.full((height, width, 3), int(value), np.uint8)
    return Sample(f'of {value}', rgb, np.full((height, width), value, np.float32), True)


def test_no_strength_changes_nothing():
    np.testing.assert_allclose(
        color_jitter(picture(), np.random.default_rng(0), NONE), picture(), atol=1
    )


@pytest.mark.parametrize(
    ('strength', 'kept'),
    [
        (Strength(0.5, 0, 0, 0), 'ratios'),
        (Strength(0, 0, 0.9, 0), 'luma'),
        (Strength(0, 0, 0, 0.5), 'greys'),
    ],
)
def test_each_jitter_changes_what_it_is_named_after(strength, kept):
    rgb = np.tile(np.array([[100, 80, 60], [90, 90, 90]], np.uint8), (2, 3, 1))
    changed = color_jitter(rgb, np.random.default_rng(4), strength)

    before, after = rgb.astype(float), changed.astype(float)
    assert np.abs(before - after).max() > 3
    if kept == 'ratios':
        np.testing.assert_allclose(after / after.mean(), before / before.mean(), atol=0.03)
    elif kept == 'luma':
        weights = (0.299, 0.587, 0.114)
        np.testing.assert_allclose(after @ weights, before @ weights, atol=1)
    else:
        np.testing.assert_allclose(after[:, 1], before[:, 1], atol=1)


def test_the_same_generator_perturbs_alike():
    strong = Strength(jitter=1, blur=1)
    first, again, other = (
        perturb(picture(), np.random.default_rng(seed), strong) for seed in (1, 1, 2)
    )

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_probabilities_of_zero_leave_the_picture():
    calm = Strength(jitter=0, blur=0)

    np.testing.assert_array_equal(perturb(picture(), np.random.default_rng(0), calm), picture())


def test_a_blur_spreads_a_line_by_its_sigma():
    line = np.zeros((41, 41, 3), np.uint8)
    line[:, 20] = 255
    spread = gaussian_blur(line, 2.0)[20, :, 0].astype(float)

    x = np.arange(41) - 20
    assert (spread * x**2).sum() / spread.sum() == pytest.approx(4, abs=0.3)
    np.testing.assert_array_equal(gaussian_blur(line, 0.0), line)


def test_cutmix_takes_each_pixel_from_the_sample_that_the_mask_says():
    for seed in range(30):
        mixed = cutmix(sample(10), sample(200), np.random.default_rng(seed))
        np.testing.assert_array_equal(mixed.rgb[..., 0], np.where(mixed.inside, 10, 200))
        rows, columns = mixed.inside.any(1), mixed.inside.any(0)
        assert mixed.inside.sum() == rows.sum() * columns.sum()  # a rectangle
        assert np.diff(np.flatnonzero(rows)).max(initial=1) == 1
        assert 0.05 < mixed.share < 0.95
        assert mixed.first.depth.max() == 10 and mixed.second.depth.min() == 200


def test_cutmix_shares_and_shapes_follow_their_ranges():
    shares, ratios = [], []
    for seed in range(200):
        inside = cutmix(
            sample(1, 200, 200), sample(2, 200, 200), np.random.default_rng(seed), (0.2, 0.3)
        ).inside
        shares.append(inside.mean())
        ratios.append(inside.any(1).sum() / inside.any(0).sum())
    assert min(shares) > 0.19 and max(shares) < 0.31
    assert min(ratios) == pytest.approx(0.5, abs=0.06) and max(ratios) == pytest.approx(2, abs=0.2)


def test_two_sizes_cannot_be_mixed():
    with pytest.raises(DataError, match='of 1.0 is 60x40 and of 2.0 is 60x41'):
        cutmix(sample(1.0), sample(2.0, 41), np.random.default_rng(0))

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for annotation/key_points.py."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.annotation.key_points import ColorSegmenter, poles


def blocks(height: int = 240, width: int = 320) -> np.ndarray:
    """Return a picture of four plain quarters."""
    rgb = np.zeros((height, width, 3), np.uint8)
    colours = ((200, 30, 30), (30, 200, 30), (30, 30, 200), (220, 220, 60))
    for i, colour in enumerate(colours):
        top, left = (i // 2) * height // 2, (i % 2) * width // 2
        rgb[top : top + height // 2, left : left + width // 2] = colour
    return rgb


@pytest.mark.parametrize('scale', [1, 5])
def test_each_plain_part_has_a_point_in_its_middle(scale):
    height, width = 240 * scale, 320 * scale
    points = ColorSegmenter().key_points(blocks(height, width))

    quarters = {(p.row >= height // 2, p.column >= width // 2) for p in points}
    assert len(points) == 4 and len(quarters) == 4
    for point in points:
        # The inmost place of a quarter of 160 x 120 is 60 from its edge.
        assert point.room == pytest.approx(60 * scale, rel=0.15)
        assert min(abs(point.row - row * scale) for row in (60, 180)) < 8 * scale


def test_noise_and_gradual_light_make_no_segments_of_their_own():
    rng = np.random.default_rng(1)
    light = np.linspace(-25, 25, 320)[None, :, None]
    rgb = np.clip(blocks() + rng.normal(0, 3, (240, 320, 3)) + light, 0, 255).astype(np.uint8)
    assert len(ColorSegmenter().key_points(rgb)) == 4


def test_the_same_picture_gives_the_same_points():
    rgb = np.random.default_rng(2).integers(0, 255, (60, 80, 3), np.uint8)
    rgb = np.repeat(np.repeat(rgb, 8, axis=0), 8, axis=1)
    assert ColorSegmenter().key_points(rgb) == ColorSegmenter().key_points(rgb)


@pytest.mark.parametrize('shape', [(1, 1), (1, 50), (7, 3), (40, 4000)])
def test_odd_sizes_give_points_inside_or_none(shape):
    rgb = np.random.default_rng(3).integers(0, 255, (*shape, 3), np.uint8)
    for point in ColorSegmenter().key_points(rgb):
        assert 0 <= point.row < shape[0] and 0 <= point.column < shape[1]


def test_small_thin_and_overlarge_segments_have_no_point():
    numbers = np.ones((200, 200), np.int32)  # 90 %: too large
    numbers[:30, :60] = 2
    numbers[100:104, 100:104] = 3  # too small
    numbers[150, :] = 4  # too thin
    numbers[60:90, 160:] = -1  # a border is no segment
    found = poles(numbers)
    assert len(found) == 1
    row, column, room = found[0]
    assert numbers[row, column] == 2 and room == pytest.approx(15, abs=1)

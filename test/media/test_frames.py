# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of media/frames.py."""

import numpy as np
import pytest

from depth_anything_ros.media.frames import SourceError, fit, natural_key


def test_natural_order_sorts_numbers_by_value() -> None:
    names = ['frame10.png', 'frame2.png', 'Frame1.png', '3.png', 'a.png', '12.png']
    assert sorted(names, key=natural_key) == [
        '3.png', '12.png', 'a.png', 'Frame1.png', 'frame2.png', 'frame10.png',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('size', 'expected'),
    [
        (None, (40, 80)),
        ((0, 0), (40, 80)),
        ((80, 40), (40, 80)),
        ((40, 0), (20, 40)),
        ((0, 10), (10, 20)),
        ((30, 90), (90, 30)),
    ],
)
def test_fit_follows_the_wanted_width_and_height(size, expected) -> None:
    assert fit(np.zeros((40, 80, 3), np.uint8), size).shape == (*expected, 3)


def test_shrinking_averages() -> None:
    stripes = np.zeros((8, 8, 3), np.uint8)
    stripes[:, ::2] = 200
    np.testing.assert_allclose(fit(stripes, (4, 4)), 100, atol=1)


def test_a_long_thin_picture_does_not_become_a_huge_one() -> None:
    with pytest.raises(SourceError, match='would become 16384x163840000.*smaller width'):
        fit(np.zeros((10_000, 1, 3), np.uint8), (16384, 0))

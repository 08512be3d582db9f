# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The size rule against the table of the reference."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depth_anything_ros.inference.conventions import network_size


@pytest.mark.parametrize(
    ('width', 'height', 'input_size', 'expected'),
    [
        (640, 480, 518, (686, 518)),
        (1920, 1080, 518, (924, 518)),
        (3840, 2160, 518, (924, 518)),
        (1080, 1920, 518, (518, 924)),
        (1242, 375, 518, (1722, 518)),
        (1226, 370, 518, (1722, 518)),
        (1024, 436, 518, (1218, 518)),
        (320, 240, 518, (686, 518)),
        (6048, 4032, 518, (770, 518)),
        (800, 300, 518, (1386, 518)),
        (518, 518, 518, (518, 518)),
        (1, 1, 518, (518, 518)),
        (640, 480, 1036, (1386, 1036)),
        # An input size that is no multiple of 14: the shorter side is rounded up when rounding
        # to the nearest would fall below it.
        (480, 480, 510, (518, 518)),
        (480, 480, 512, (518, 518)),
        (480, 480, 500, (504, 504)),
        (640, 480, 510, (686, 518)),
        (640, 480, 512, (686, 518)),
        (640, 480, 500, (672, 504)),
    ],
)
def test_size_rule_follows_the_reference(width, height, input_size, expected):
    assert network_size(height, width, input_size) == expected[::-1]


def test_default_input_size_is_518():
    assert network_size(480, 640) == network_size(480, 640, 518)


@pytest.mark.parametrize(
    ('long_side', 'patches'),
    # 14 x 28 patches exactly halved: 2.5 -> 2, 3.5 -> 4, 4.5 -> 4, 5.5 -> 6.
    [(70, 2), (98, 4), (126, 4), (154, 6)],
)
def test_halves_are_rounded_to_even(long_side, patches):
    # The shorter side of 28 is halved to 14, so the longer one ends on half a patch.
    assert network_size(28, long_side, 14) == (14, 14 * patches)


@settings(max_examples=300, deadline=None)
@given(height=st.integers(1, 5000), width=st.integers(1, 5000), input_size=st.integers(14, 1500))
def test_sides_are_whole_patches_and_never_below_the_input_size(height, width, input_size):
    size = network_size(height, width, input_size)

    assert all(side % 14 == 0 and side >= input_size for side in size)
    assert min(size) < input_size + 14
    ratio = max(height, width) / min(height, width)
    assert abs(max(size) - input_size * ratio) < 14 + 1e-6 * max(size)
    assert network_size(width, height, input_size) == size[::-1]


@pytest.mark.parametrize(('height', 'width'), [(0, 640), (480, 0), (-1, 5)])
def test_empty_picture_has_no_network_size(height, width):
    with pytest.raises(ValueError, match=f'{width} x {height}'):
        network_size(height, width)


def test_input_size_below_a_patch_is_refused():
    with pytest.raises(ValueError, match='input_size 13 must be at least 14'):
        network_size(480, 640, 13)

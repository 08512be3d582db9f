# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The correction of metric depth for the focal length."""

from __future__ import annotations

import pytest

from depth_anything_ros.geometry.focal import FocalError, focal_correction
from depth_anything_ros.geometry.intrinsics import Intrinsics


def test_the_training_camera_needs_none():
    assert focal_correction(Intrinsics(640, 480, 600.0, 600.0, 320, 240), 600.0, 640) == 1.0


def test_twice_the_focal_length_is_twice_as_far_away():
    assert focal_correction(Intrinsics(640, 480, 1200.0, 1200.0, 320, 240), 600.0, 640) == 2.0


@pytest.mark.parametrize('width', [160, 640, 1920])
def test_the_size_of_the_camera_image_does_not_matter(width):
    intrinsics = Intrinsics(640, 480, 500.0, 510.0, 320, 240).scaled(width, width * 3 // 4)
    assert focal_correction(intrinsics, 400.0, 686) == pytest.approx(500 * 686 / 640 / 400)


@pytest.mark.parametrize('canonical', [0.0, -1.0, float('nan'), float('inf')])
def test_a_canonical_focal_length_must_be_a_length(canonical):
    with pytest.raises(FocalError, match='canonical_focal'):
        focal_correction(Intrinsics(4, 3, 4.0, 4.0, 2, 1), canonical, 4)


def test_the_network_width_must_be_a_width():
    with pytest.raises(FocalError, match='network_width'):
        focal_correction(Intrinsics(4, 3, 4.0, 4.0, 2, 1), 4.0, 0)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the rays of pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.rays import rays_of

CAMERA = Intrinsics(5, 3, 2.0, 4.0, 1.5, 0.5)


def test_a_ray_ends_where_its_pixel_sees_depth_1():
    rays = rays_of(CAMERA)

    assert rays.shape == (2, 3, 5)
    assert rays.dtype == torch.float32
    for row in range(3):
        for column in range(5):
            x, y = rays[:, row, column].tolist()
            assert (x * 2.0 + 1.5, y * 4.0 + 0.5) == pytest.approx((column, row))


def test_rays_are_made_once_for_a_camera():
    assert rays_of(CAMERA) is rays_of(Intrinsics(5, 3, 2.0, 4.0, 1.5, 0.5))
    assert rays_of(CAMERA) is not rays_of(Intrinsics(5, 3, 2.0, 4.0, 1.5, 0.6))


class Doubled:
    """A lens that shows half of what is there."""

    is_none = False

    def undistort(self, x, y):
        return 2 * x, np.where(y > 0.5, np.nan, 2 * y)


def test_the_rays_of_a_raw_picture_are_undistorted():
    raw, plain = rays_of(CAMERA, Doubled()), rays_of(CAMERA)

    assert torch.equal(raw[0], 2 * plain[0])
    # Row 2 is at y = 0.375, all of it within; what has no ray is NaN.
    assert torch.equal(raw[1], 2 * plain[1])
    tall = Intrinsics(2, 4, 2.0, 4.0, 0.5, 0.5)
    assert torch.isnan(rays_of(tall, Doubled())[1, 3]).all()

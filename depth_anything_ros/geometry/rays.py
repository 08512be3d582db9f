# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ray of every pixel: where a surface at depth 1 is seen."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.geometry.intrinsics import Intrinsics

if TYPE_CHECKING:
    from depth_anything_ros.geometry.distortion import Distortion

KEPT = 16
"""Cameras whose rays are kept."""


@lru_cache(maxsize=KEPT)
def rays_of(
    intrinsics: Intrinsics,
    distortion: Distortion | None = None,
    device: torch.device | str = 'cpu',
) -> Tensor:
    """Return x / z and y / z of every pixel's ray as (2, H, W) float32; do not write to them.

    A surface at depth z along the optical axis is at z (x / z, y / z, 1) in the optical frame
    (REP 103). With a ``distortion`` the picture is raw, without one rectified. NaN where a raw
    pixel has no ray. They are made once for each camera.
    """
    x = (np.arange(intrinsics.width, dtype=np.float64) - intrinsics.cx) / intrinsics.fx
    y = (np.arange(intrinsics.height, dtype=np.float64) - intrinsics.cy) / intrinsics.fy
    grid_x, grid_y = np.meshgrid(x, y)
    if distortion is not None and not distortion.is_none:
        grid_x, grid_y = distortion.undistort(grid_x, grid_y)
    rays = np.stack((grid_x, grid_y)).astype(np.float32)
    return torch.from_numpy(rays).to(device)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The viewing rays of a camera's pixels, made once per camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.geometry.distortion import Distortion
from depth_anything_ros.geometry.intrinsics import Intrinsics

CACHED = 16
"""Cameras, at one size and device each, whose rays are kept."""

ALMOST_STRAIGHT = 1e-9
EDGEWISE = 1e-3
"""z of a turned ray from which on it is unknown: x / z grows without bound there."""


@dataclass(frozen=True, eq=False)
class Rays:
    """Where each pixel looks: a pixel of depth z is the point stretch * z * (x/z, y/z, 1).

    ``slopes`` (2, H, W) float32 are x/z and y/z in the optical frame of the points, NaN where a
    pixel sees nothing known. Depth of a raw, distorted image is along its optical axis too, so
    ``stretch`` is None; with a rotation it is (H, W), depth in the turned frame over depth in
    the camera's own.
    """

    slopes: Tensor
    stretch: Tensor | None = None

    @cached_property
    def norms(self) -> Tensor:
        """Return (H, W) float32: the distance from the lens of a point of depth 1."""
        norms = torch.sqrt(self.slopes[0] ** 2 + self.slopes[1] ** 2 + 1)
        return norms if self.stretch is None else norms * self.stretch


def rays_of(
    intrinsics: Intrinsics,
    distortion: Distortion | None = None,
    rotation: np.ndarray | None = None,
    device: torch.device | str = 'cpu',
) -> Rays:
    """Return the rays of all pixels of a camera; the same object for the same arguments.

    ``intrinsics`` are those of the depth image: of P and without ``distortion`` where it is
    rectified, of K with the lens's where it is raw. ``rotation`` (3, 3), CameraInfo's R, gives
    points in the rectified frame from raw depth.
    """
    lens = None if distortion is None or distortion.is_none else distortion
    turn = None
    if rotation is not None and not np.allclose(rotation, np.eye(3), atol=ALMOST_STRAIGHT):
        turn = tuple(float(value) for value in np.asarray(rotation, np.float64).ravel())
    return _rays(intrinsics, lens, turn, str(torch.device(device)))


@lru_cache(maxsize=CACHED)
def _rays(
    intrinsics: Intrinsics, lens: Distortion | None, turn: Sequence[float] | None, device: str
) -> Rays:
    x, y = np.meshgrid(
        (np.arange(intrinsics.width) - intrinsics.cx) / intrinsics.fx,
        (np.arange(intrinsics.height) - intrinsics.cy) / intrinsics.fy,
    )
    if lens is not None:
        x, y = lens.undistort(x, y)
    stretch = None
    if turn is not None:
        around = np.reshape(turn, (3, 3)) @ np.stack((x, y, np.ones_like(x))).reshape(3, -1)
        ahead = np.where(around[2] > EDGEWISE, around[2], np.nan)
        x, y = (part.reshape(x.shape) for part in around[:2] / ahead)
        stretch = torch.from_numpy(ahead.reshape(x.shape).astype(np.float32)).to(device)
    slopes = np.stack((x, y)).astype(np.float32)
    return Rays(torch.from_numpy(slopes).to(device), stretch)

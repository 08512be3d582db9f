# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the raw picture of a lens to that of a pinhole camera: depth and colour."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.geometry.distortion import Distortion
from depth_anything_ros.geometry.intrinsics import Intrinsics

EDGEWISE = 1e-3
"""z of a ray in the raw camera from which on it sees it; x / z grows without bound there."""


class RectificationError(ValueError):
    """A camera that cannot be rectified, or an image of another size."""


class Rectification:
    """The way from a raw camera to a rectified one; make it once per CameraInfo.

    ``raw`` are the intrinsics of K, ``rectified`` those of P, each with the size of its image;
    ``rotation`` (3, 3) is R, of the raw optical frame into the rectified one (CameraInfo.msg).
    The last column of P changes nothing: it is where another camera's origin is. Raises
    RectificationError.
    """

    def __init__(
        self,
        raw: Intrinsics,
        distortion: Distortion,
        rotation: np.ndarray,
        rectified: Intrinsics,
    ) -> None:
        turn = np.asarray(rotation, np.float64)
        turns = turn.shape == (3, 3) and np.allclose(turn @ turn.T, np.eye(3), atol=1e-4)
        if not turns or np.linalg.det(turn) < 0:
            raise RectificationError(
                f'R is {turn.tolist()}: give a rotation, the identity for a single camera'
            )
        self.raw, self.rectified = raw, rectified
        column, row, ahead = _raw_pixels(raw, distortion, turn, rectified)
        self._maps = column.astype(np.float32), row.astype(np.float32)
        near_column, near_row = np.rint(column), np.rint(row)
        seen = (near_column >= 0) & (near_column < raw.width)
        seen &= (near_row >= 0) & (near_row < raw.height)
        index = np.where(seen, near_row * raw.width + near_column, 0).astype(np.int64)
        # NaN times whatever is at pixel 0 is unknown, so that no mask is needed.
        stretch = np.where(seen, 1 / ahead, np.nan).astype(np.float32)
        self._tables = {'cpu': (torch.from_numpy(index.ravel()), torch.from_numpy(stretch))}

    def depth(self, depth: Tensor) -> Tensor:
        """Return rectified depth (H, W) of the raw depth of one picture, float32, metres.

        Each pixel takes the nearest raw pixel, so that nothing is between two surfaces that was
        not there before, and its z in the rectified frame: along the pixel's ray it is the raw z
        over that of the ray in the raw frame. NaN outside the raw picture; NaN, +Inf and -Inf
        stay. Raises RectificationError for another size than the raw camera's.
        """
        if depth.shape != (self.raw.height, self.raw.width):
            raise RectificationError(
                f'depth is {tuple(depth.shape)}, the raw camera has '
                f'{self.raw.height} rows and {self.raw.width} columns'
            )
        index, stretch = self._on(depth.device)
        return depth.reshape(-1).index_select(0, index).view(stretch.shape).mul_(stretch)

    def image(self, picture: np.ndarray) -> np.ndarray:
        """Return the rectified picture, (H, W) or (H, W, channels) uint8, bilinear; 0 outside.

        Raises RectificationError for another size than the raw camera's.
        """
        if picture.shape[:2] != (self.raw.height, self.raw.width):
            raise RectificationError(
                f'the picture is {picture.shape}, the raw camera has '
                f'{self.raw.height} rows and {self.raw.width} columns'
            )
        return np.asarray(cv2.remap(picture, *self._maps, cv2.INTER_LINEAR))

    def _on(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Return the tables for depth on a device, copied there the first time."""
        key = str(device)
        if key not in self._tables:
            index, stretch = self._tables['cpu']
            self._tables[key] = index.to(device), stretch.to(device)
        return self._tables[key]


def _raw_pixels(
    raw: Intrinsics, distortion: Distortion, turn: np.ndarray, rectified: Intrinsics
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return column and row in the raw picture of each rectified pixel, and its ray's raw z.

    A pixel that the raw camera cannot see is far outside its picture.
    """
    x, y = np.meshgrid(
        (np.arange(rectified.width) - rectified.cx) / rectified.fx,
        (np.arange(rectified.height) - rectified.cy) / rectified.fy,
    )
    around = turn.T @ np.stack((x, y, np.ones_like(x))).reshape(3, -1)
    around = np.where(around[2] > EDGEWISE, around, np.nan)
    u, v = distortion.distort(around[0] / around[2], around[1] / around[2])
    column, row = (
        np.nan_to_num(part, nan=-1e6).reshape(x.shape)
        for part in (u * raw.fx + raw.cx, v * raw.fy + raw.cy)
    )
    return column, row, around[2].reshape(x.shape)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fewer pixels: one depth for every block of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.geometry.intrinsics import Intrinsics

Grid = TypeVar('Grid', Tensor, np.ndarray)
REDUCTIONS = ('minimum', 'median', 'nearest')


class DecimationError(ValueError):
    """Blocks that cannot be."""


@dataclass(frozen=True)
class Decimation:
    """Blocks of ``rows`` x ``columns`` pixels, and which depth of its pixels a block has.

    ``reduce`` is 'minimum', the nearest: -Inf (too close) before any number, +Inf (beyond range)
    after all, NaN (unknown) where no pixel says anything; 'median', of what is not NaN; or
    'nearest', the depth of the pixel in the middle (its lower right neighbour in even blocks).
    Blocks that the right and lower edge cut are left out. Raises DecimationError.
    """

    rows: int
    columns: int
    reduce: str = 'minimum'

    def __post_init__(self) -> None:
        """Refuse what makes no blocks."""
        for name in ('rows', 'columns'):
            value = getattr(self, name)
            if value < 1:
                raise DecimationError(f'{name} is {value!r}: give 1 or more pixels')
        if self.reduce not in REDUCTIONS:
            raise DecimationError(f'reduce is {self.reduce!r}: give {", ".join(REDUCTIONS)}')

    def depth(self, depth: Tensor) -> Tensor:
        """Return depth (H, W) as (H // rows, W // columns), on its device."""
        height, width = self._size(depth.shape[0], depth.shape[1])
        if (self.rows, self.columns) == (1, 1):
            return depth
        if self.reduce == 'nearest':
            return self._middles(depth)
        whole = depth[: height * self.rows, : width * self.columns]
        if self.reduce == 'median':
            blocks = whole.reshape(height, self.rows, width, self.columns).transpose(1, 2)
            return blocks.reshape(height, width, -1).nanmedian(dim=2).values
        # fmin takes the number where the other is NaN.
        lines = whole[:: self.rows]
        for row in range(1, self.rows):
            lines = torch.fmin(lines, whole[row :: self.rows])
        columns = lines[:, :: self.columns]
        for column in range(1, self.columns):
            columns = torch.fmin(columns, lines[:, column :: self.columns])
        return columns

    def picture(self, rgb: np.ndarray) -> np.ndarray:
        """Return the colours (H // rows, W // columns, 3) of the pixels in the middle, a view."""
        return self._middles(rgb)

    def intrinsics(self, camera: Intrinsics) -> Intrinsics:
        """Return the camera whose pixels are the blocks, each seen where its middle is."""
        height, width = self._size(camera.height, camera.width)
        middle_x, middle_y = (self.columns - 1) / 2, (self.rows - 1) / 2
        if self.reduce == 'nearest':
            middle_x, middle_y = self.columns // 2, self.rows // 2
        return Intrinsics(
            width,
            height,
            camera.fx / self.columns,
            camera.fy / self.rows,
            (camera.cx - middle_x) / self.columns,
            (camera.cy - middle_y) / self.rows,
        )

    def _middles(self, values: Grid) -> Grid:
        height, width = self._size(values.shape[0], values.shape[1])
        rows = values[self.rows // 2 :: self.rows][:height]
        return rows[:, self.columns // 2 :: self.columns][:, :width]

    def _size(self, height: int, width: int) -> tuple[int, int]:
        size = height // self.rows, width // self.columns
        if not all(size):
            raise DecimationError(
                f'a picture of {width} x {height} has no block of {self.columns} x {self.rows} '
                'pixels: give fewer'
            )
        return size

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Smaller depth maps: one value for each block of pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce as fold

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.geometry.intrinsics import Intrinsics

REDUCTIONS = ('minimum', 'median', 'nearest')


class DecimationError(ValueError):
    """Blocks or a reduction that cannot be."""


def decimate(depth: Tensor, rows: int, columns: int, reduce: str = 'minimum') -> Tensor:
    """Return one depth for each block of rows x columns: (H // rows, W // columns) float32.

    Rows at the bottom and columns at the right that fill no block are left out, as image_proc's
    crop_decimate node does. ``reduce`` says which depth of its pixels a block has:

    - minimum: the nearest, so that no thin obstacle is lost. -Inf, too close, is nearer than all.
      Without a finite depth the block is +Inf, free, unless more than half of it is unknown; it
      is NaN then, because free space must not be told from a few pixels.
    - median: the middle one of the known, -Inf and +Inf in their order; of an even number the
      nearer of the two. NaN where more than half of the block is unknown.
    - nearest: that of the pixel at the centre, below and to the right of it in even blocks.

    Raises DecimationError for other reductions, and for blocks without pixels or larger than the
    depth map.
    """
    _check(depth.shape[0], depth.shape[1], rows, columns)
    if reduce not in REDUCTIONS:
        raise DecimationError(f'reduce is {reduce!r}: give one of {", ".join(REDUCTIONS)}')
    if reduce == 'nearest':
        h, w = depth.shape[0] // rows * rows, depth.shape[1] // columns * columns
        return depth[rows // 2 : h : rows, columns // 2 : w : columns].contiguous()
    if rows == columns == 1:
        return depth
    # Half the time of torch.where, and what comes after need not mind NaN.
    filled = torch.nan_to_num(depth, nan=torch.inf, posinf=torch.inf, neginf=-torch.inf)
    if reduce == 'minimum':
        least = _blockwise(filled, rows, columns, torch.minimum)
        endless = least == torch.inf
        # Most pictures indoors have none, and to count the unknown takes as long as all the rest.
        # A GPU would have to be waited for.
        if depth.device.type == 'cpu' and not endless.any():
            return least
        mostly_unknown = _count_unknown(depth, rows, columns) * 2 > rows * columns
        return torch.where(mostly_unknown & endless, torch.nan, least)
    unknown = _count_unknown(depth, rows, columns)
    ordered = _sorted_blocks(filled, rows, columns)
    middle = (rows * columns - 1 - unknown).clamp_(min=0).long() // 2
    median = torch.stack(ordered).gather(0, middle[None])[0]
    return torch.where(unknown * 2 > rows * columns, torch.nan, median)


def decimate_picture(picture: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return the colour at the centre of each block of a picture (H, W, ...), a view.

    The pixel is that of ``nearest``, and the blocks are those of ``decimate``. At an edge it may
    belong to the surface behind the one whose depth ``minimum`` took.
    """
    height, width = picture.shape[:2]
    _check(height, width, rows, columns)
    bottom, right = height // rows * rows, width // columns * columns
    return picture[rows // 2 : bottom : rows, columns // 2 : right : columns]


def decimated_intrinsics(intrinsics: Intrinsics, rows: int, columns: int) -> Intrinsics:
    """Return the camera whose pixels are blocks of rows x columns of ``intrinsics``'s.

    A new pixel's centre is that of its block, so the principal point is (c + 0.5) / n - 0.5,
    pixel centres being whole numbers. Raises DecimationError.
    """
    _check(intrinsics.height, intrinsics.width, rows, columns)
    return Intrinsics(
        intrinsics.width // columns,
        intrinsics.height // rows,
        intrinsics.fx / columns,
        intrinsics.fy / rows,
        (intrinsics.cx + 0.5) / columns - 0.5,
        (intrinsics.cy + 0.5) / rows - 0.5,
    )


def _check(height: int, width: int, rows: int, columns: int) -> None:
    for name, count, size in (('rows', rows, height), ('columns', columns, width)):
        if not 1 <= count <= size:
            raise DecimationError(f'{name} is {count!r}: give 1 to {size}, the {name} there are')


def _count_unknown(depth: Tensor, rows: int, columns: int) -> Tensor:
    """Return how many pixels of each block are NaN, int16."""
    return _blockwise(torch.isnan(depth).to(torch.int16), rows, columns, torch.add)


def _strips(values: Tensor, rows: int, columns: int) -> tuple[list[Tensor], int]:
    """Return the first, second ... row of all blocks, and the width that blocks fill."""
    bottom = values.shape[0] // rows * rows
    return [values[i:bottom:rows] for i in range(rows)], values.shape[1] // columns * columns


def _blockwise(
    values: Tensor, rows: int, columns: int, join: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """Reduce blocks with ``join``: rows first, whose pixels lie side by side in memory."""
    strips, right = _strips(values, rows, columns)
    strip = fold(join, strips)
    return fold(join, [strip[:, j:right:columns] for j in range(columns)]).contiguous()


def _sorted_blocks(values: Tensor, rows: int, columns: int) -> list[Tensor]:
    """Return the smallest, second smallest ... of all blocks, without NaN in them."""
    strips, right = _strips(values, rows, columns)
    planes = [strip[:, j:right:columns].contiguous() for strip in strips for j in range(columns)]
    for i, j in _exchanges(len(planes)):
        planes[i], planes[j] = (
            torch.minimum(planes[i], planes[j]),
            torch.maximum(planes[i], planes[j]),
        )
    return planes


def _exchanges(count: int) -> Iterator[tuple[int, int]]:
    """Yield the comparisons that sort ``count`` numbers (Batcher's odd-even merge sort, 1968).

    The same for all blocks at once, which is several times faster than a sort of each.
    """
    p = 1
    while p < count:
        k = p
        while k >= 1:
            for j in range(k % p, count - k, 2 * k):
                for i in range(min(k, count - j - k)):
                    if (i + j) // (2 * p) == (i + j + k) // (2 * p):
                        yield i + j, i + j + k
            k //= 2
        p *= 2

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth as the planes of a video: colours are looked up as Y, U and V, without RGB between."""

from __future__ import annotations

from functools import cache

import av
import cv2
import numpy as np

from depth_anything_ros.media.clip_items import DepthFrame
from depth_anything_ros.media.color import color_table

KR, KB = 0.2126, 0.0722
"""Shares of red and blue in the brightness of BT.709."""

BLACK, NO_COLOR = 16, 128


@cache
def yuv_tables(colormap: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the 256 colours of a map, far to near, as Y, U and V of BT.709, limited range."""
    red, green, blue = (color_table(colormap).astype(np.float64) / 255).T
    light = KR * red + (1 - KR - KB) * green + KB * blue
    y = 16 + 219 * light
    u = 128 + 224 * (blue - light) / (2 * (1 - KB))
    v = 128 + 224 * (red - light) / (2 * (1 - KR))
    made = tuple(np.rint(part).astype(np.uint8) for part in (y, u, v))
    return made[0], made[1], made[2]


def even(length: int) -> int:
    """Return the length with which 4:2:0 can do: one more where it is odd."""
    return length + length % 2


class ClipPainter:
    """Makes the frames of a video of pictures ``width`` x ``height``.

    ``beside`` puts the picture on the left. Odd sizes get one more column or row, a copy of the
    last, on the right and below.
    """

    def __init__(self, width: int, height: int, colormap: str, beside: bool = False) -> None:
        self._size = width, height
        self._tables = yuv_tables(colormap)
        self._beside = beside
        self.width, self.height = even(width) * (1 + beside), even(height)

    def __call__(self, depth: DepthFrame) -> av.VideoFrame:
        """Return one frame, yuv420p, BT.709, limited range; its times are not set."""
        frame = av.VideoFrame(self.width, self.height, 'yuv420p')
        start = self.width // 2 if self._beside else 0
        for i, plane in enumerate(frame.planes):
            part = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            part = part[: self.height >> (i > 0), : self.width >> (i > 0)]
            self._paint(depth, i, part[:, start >> (i > 0) :])
            if self._beside and depth.planes is not None:
                beside = depth.planes[i]
                part[: beside.shape[0], : beside.shape[1]] = beside
                _repeat_last(part[:, : start >> (i > 0)], *beside.shape)
        return frame

    def _paint(self, depth: DepthFrame, number: int, part: np.ndarray) -> None:
        """Fill a plane (0 is Y) with what it has of the colours."""
        width, height = self._size
        if number:
            width, height = (width + 1) // 2, (height + 1) // 2
        within = part[:height, :width]
        cv2.LUT(enlarged(depth.index, (width, height)), self._tables[number], dst=within)
        if depth.unknown is not None:
            mask: np.ndarray = depth.unknown.view(np.uint8)
            mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)
            within[mask.view(bool)] = NO_COLOR if number else BLACK
        _repeat_last(part, height, width)


def enlarged(index: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize to (width, height) with the corners on the corners, as the network's depth is.

    What is between differs by half a pixel at most: OpenCV's resize puts corners elsewhere and is
    three times as quick as what does not, so it makes some more and the middle of that is taken.
    """
    height, width = index.shape
    if (width, height) == size:
        return index
    if min(width, height, *size) == 1:
        return cv2.resize(index, size, interpolation=cv2.INTER_LINEAR)
    x, y = ((b - 1) / (a - 1) for a, b in zip((width, height), size, strict=True))
    made = cv2.resize(index, None, fx=x, fy=y, interpolation=cv2.INTER_LINEAR)
    left, top = (
        max(0, min(round((ratio - 1) / 2), there - wanted))
        for ratio, there, wanted in zip((x, y), made.shape[::-1], size, strict=True)
    )
    made = made[top : top + size[1], left : left + size[0]]
    if made.shape != size[::-1]:
        return cv2.resize(index, size, interpolation=cv2.INTER_LINEAR)
    return made


def _repeat_last(part: np.ndarray, height: int, width: int) -> None:
    """Fill the row and the column that a part may have more."""
    part[height:, :width] = part[height - 1 : height, :width]
    part[:, width:] = part[:, width - 1 : width]

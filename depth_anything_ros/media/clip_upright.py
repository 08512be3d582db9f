# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Decoded frames as a viewer would see them: upright, with square pixels, in known colours."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.sidedata.sidedata import Type
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from depth_anything_ros.media.clip_items import ClipError, Planes
from depth_anything_ros.media.decoding import MAX_PIXELS

HD_HEIGHT = 720
"""Lines from which a video that does not tell its colours is taken for BT.709, as players do."""

BT709, UNSPECIFIED = 1, 2
ODDEST_PIXELS = 8
"""Sides of a pixel that are believed: a ratio beyond is a mistake of the file."""


@dataclass(frozen=True)
class Orientation:
    """How a stored frame is turned to be upright: transposed first, then mirrored."""

    transposed: bool = False
    mirrored: bool = False
    upside_down: bool = False

    @classmethod
    def of(cls, frame: av.VideoFrame) -> Orientation:
        """Read the display matrix of a frame (ISO 14496-12: right angles and mirrors)."""
        parts: Any = frame.side_data
        if Type.DISPLAYMATRIX not in parts:
            return cls()
        matrix = memoryview(parts[Type.DISPLAYMATRIX])
        a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].tolist()
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(False, a < 0, d < 0)
        return cls(True, c < 0, b < 0)

    def __call__(self, array: np.ndarray) -> np.ndarray:
        """Turn (H, W) or (H, W, C)."""
        if self.transposed:
            array = cv2.transpose(array)
        if self.mirrored or self.upside_down:
            code = -1 if self.mirrored and self.upside_down else 1 if self.mirrored else 0
            array = cv2.flip(array, code)
        return array


def square_size(width: int, height: int, ratio: Fraction | None) -> tuple[int, int]:
    """Return the (width, height) at which pixels of an aspect ratio are square; none is lost."""
    if not ratio or not Fraction(1, ODDEST_PIXELS) <= ratio <= ODDEST_PIXELS:
        return width, height
    if ratio >= 1:
        return max(1, round(width * ratio)), height
    return width, max(1, round(height / ratio))


class Upright:
    """Turns decoded frames into RGB and, where wanted, into the planes of a video.

    ``size`` (width, height) is that of stored frames once their pixels are square; frames of
    another size, which streams may switch to, are resized to it.
    """

    def __init__(self, size: tuple[int, int], orientation: Orientation) -> None:
        if size[0] * size[1] > MAX_PIXELS:
            raise ClipError(
                f'its frames are {size[0]}x{size[1]}, above the limit of {MAX_PIXELS} pixels: '
                'make the video smaller'
            )
        self._size, self._orientation = size, orientation
        self._to_rgb, self._to_planes = VideoReformatter(), VideoReformatter()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what comes out."""
        return self._size[::-1] if self._orientation.transposed else self._size

    def rgb(self, frame: av.VideoFrame) -> np.ndarray:
        """Return (H, W, 3) uint8."""
        width, height = self._size
        made = self._to_rgb.reformat(
            frame, width, height, 'rgb24', src_colorspace=_matrix(frame), threads=1
        )
        return self._orientation(_view(made.planes[0], height, 3 * width).reshape(height, width, 3))

    def planes(self, frame: av.VideoFrame) -> Planes:
        """Return the picture as Y, U and V, without a change where it already is such."""
        width, height = self._size
        made = self._to_planes.reformat(
            frame,
            width,
            height,
            'yuv420p',
            src_colorspace=_matrix(frame),
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        half = (height + 1) // 2, (width + 1) // 2
        shapes = ((height, width), half, half)
        y, u, v = (
            self._orientation(_view(plane, *shape))
            for plane, shape in zip(made.planes, shapes, strict=True)
        )
        return y, u, v


def _matrix(frame: av.VideoFrame) -> int | None:
    """Return what a frame that does not tell its colours is taken for, None where it tells."""
    if frame.colorspace != UNSPECIFIED:
        return None
    return Colorspace.ITU709 if frame.height >= HD_HEIGHT else Colorspace.ITU601


def _view(plane: av.video.plane.VideoPlane, height: int, width: int) -> np.ndarray:
    """Return a plane's bytes without the padding of its lines; they live as long as the array."""
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return lines[:height, :width]

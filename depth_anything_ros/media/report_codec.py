# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth and pictures as small as a page needs them."""

from __future__ import annotations

import base64
import math
import zlib
from dataclasses import dataclass

import cv2
import numpy as np

from depth_anything_ros.depth import DepthKind

UNKNOWN, LAST, BEYOND, TOO_NEAR = 0, 4092, 4093, 4094
"""Codes: 0 is unknown, 1 to LAST are values, then +Inf and -Inf."""


class CodecError(ValueError):
    """A picture cannot be encoded."""


@dataclass(frozen=True)
class CodedDepth:
    """Depth as codes (h, w) uint16, taken from every nth pixel of depth of another size.

    Code 1 is ``least`` and LAST is ``greatest``; between them the steps are equal for disparity
    and of equal ratio for metres.
    """

    codes: np.ndarray
    kind: DepthKind
    least: float
    greatest: float

    def values(self) -> np.ndarray:
        """Return the values (h, w) float64 that the codes stand for, as the page computes them."""
        share = np.clip(self.codes.astype(np.float64) - 1, 0, None) / (LAST - 1)
        if self.kind is DepthKind.METRIC:
            values = self.least * np.power(self.greatest / (self.least or 1.0), share)
        else:
            values = self.least + share * (self.greatest - self.least)
        values[self.codes == UNKNOWN] = math.nan
        values[self.codes == BEYOND] = math.inf
        values[self.codes == TOO_NEAR] = -math.inf
        return values


def sampled(values: np.ndarray, max_side: int) -> np.ndarray:
    """Return (h, w) with neither side above ``max_side``: single pixels, none of them averaged.

    Row i is row floor((i + 0.5) H / h) of the whole, and so with columns: an average over an edge
    would be a depth that nothing has.
    """
    height, width = values.shape
    new_height, new_width = shrunk_size(height, width, max_side)
    rows = ((np.arange(new_height) + 0.5) * height / new_height).astype(np.intp)
    columns = ((np.arange(new_width) + 0.5) * width / new_width).astype(np.intp)
    return np.ascontiguousarray(values[rows[:, None], columns])


def shrunk_size(height: int, width: int, max_side: int) -> tuple[int, int]:
    """Return (height, width) with the same aspect and neither side above ``max_side``."""
    factor = min(1.0, max_side / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))


def coded(values: np.ndarray, kind: DepthKind) -> CodedDepth:
    """Return the codes of depth (h, w) float32. Metres that are not above 0 count as unknown."""
    values = np.asarray(values, np.float64)
    known = np.isfinite(values) & (values > 0 if kind is DepthKind.METRIC else True)
    least, greatest = (
        (float(values[known].min()), float(values[known].max())) if known.any() else (0.0, 0.0)
    )
    if kind is DepthKind.METRIC and known.any():
        scaled, low = np.log(np.where(known, values, least)), math.log(least)
        span = math.log(greatest) - low
    else:
        scaled, low, span = np.where(known, values, least), least, greatest - least
    steps = np.rint((scaled - low) / span * (LAST - 1)) if span > 0 else np.zeros_like(scaled)
    codes = np.where(known, 1 + steps, UNKNOWN).astype(np.uint16)
    codes[np.isposinf(values)] = BEYOND
    codes[np.isneginf(values)] = TOO_NEAR
    return CodedDepth(codes, kind, least, greatest)


def packed(codes: np.ndarray) -> str:
    """Return codes (h, w) uint16 as base64 text.

    Each is predicted from its neighbours as left + upper - upper left, as a plane goes on. What is
    left is small: its sign goes to the lowest bit, low bytes and high bytes are gathered, and zlib
    makes a third of the size of a 16-bit PNG of it.
    """
    values = codes.astype(np.int32)
    predicted = np.zeros_like(values)
    predicted[:, 1:] += values[:, :-1]
    predicted[1:] += values[:-1]
    predicted[1:, 1:] -= values[:-1, :-1]
    rest = values - predicted
    folded = ((rest << 1) ^ (rest >> 31)).astype('<u2')
    planes = (folded & 255).astype(np.uint8).tobytes() + (folded >> 8).astype(np.uint8).tobytes()
    return base64.b64encode(zlib.compress(planes, 6)).decode()


def packed_bits(mask: np.ndarray) -> str:
    """Return a mask (h, w) bool as base64 text: eight pixels a byte, row by row, zlib."""
    return base64.b64encode(zlib.compress(np.packbits(mask).tobytes(), 6)).decode()


def shrunk(rgb: np.ndarray, max_side: int) -> np.ndarray:
    """Return a picture (H, W, 3) uint8 with neither side above ``max_side``."""
    height, width = shrunk_size(rgb.shape[0], rgb.shape[1], max_side)
    if (height, width) == rgb.shape[:2]:
        return rgb
    return cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)


def webp(rgb: np.ndarray, quality: int) -> str:
    """Return a picture (H, W, 3) uint8 RGB as WebP in base64 text. Raises CodecError."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    done, content = cv2.imencode('.webp', bgr, [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not done:
        raise CodecError(f'OpenCV cannot encode a WebP of {rgb.shape}')
    return base64.b64encode(content.data).decode()

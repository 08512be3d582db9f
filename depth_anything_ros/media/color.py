# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth as colours that a person can read."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from depth_anything_ros.depth import DepthKind

# Red to violet: the 11-class "Spectral" scheme of ColorBrewer (Cynthia Brewer, colorbrewer2.org).
SPECTRAL = (
    (158, 1, 66), (213, 62, 79), (244, 109, 67), (253, 174, 97), (254, 224, 139), (255, 255, 191),
    (230, 245, 152), (171, 221, 164), (102, 194, 165), (50, 136, 189), (94, 79, 162),
)  # fmt: skip
_OPENCV_MAPS = ('cividis', 'inferno', 'jet', 'magma', 'plasma', 'turbo', 'viridis')
COLOR_MAPS = ('spectral', *_OPENCV_MAPS, 'gray')

UNKNOWN_COLOR = 0  # black
_PERCENTILES = (2.0, 98.0)
_SAMPLES = 2**16  # pixels that the percentiles are taken over: more costs time and changes nothing


class ColorMapError(ValueError):
    """The name of a colour map is not known."""


@cache
def color_table(colormap: str) -> np.ndarray:
    """Return the 256 colours of a map, far to near, as (256, 3) uint8 RGB.

    Raises ColorMapError for a name that is not in COLOR_MAPS.
    """
    if colormap not in COLOR_MAPS:
        raise ColorMapError(f'unknown colour map {colormap!r}: use one of {", ".join(COLOR_MAPS)}')
    steps = np.arange(256, dtype=np.uint8)
    if colormap == 'gray':
        table = np.repeat(steps[:, None], 3, axis=1)
    elif colormap == 'spectral':
        anchors = np.asarray(SPECTRAL[::-1], dtype=np.float64)
        at = np.linspace(0.0, 255.0, len(anchors))
        table = np.stack([np.interp(steps, at, anchors[:, c]) for c in range(3)], axis=1)
        table = np.rint(table).astype(np.uint8)
    else:
        code = getattr(cv2, f'COLORMAP_{colormap.upper()}')
        table = cv2.applyColorMap(steps[:, None], code)[:, 0, ::-1].copy()
    table.setflags(write=False)
    return table


def colorize(values: np.ndarray, kind: DepthKind, colormap: str = 'spectral') -> np.ndarray:
    """Paint a depth map; near is the red (or bright) end for both kinds.

    ``values`` is (H, W) float32, inverse depth or metres as ``kind`` says; metres are painted by
    their inverse, so that a scene looks alike in both kinds. The colours range from the 2nd to the
    98th percentile of this picture. Metric +inf (beyond range, REP 117) takes the far colour and
    -inf (too close) the near one; NaN, metres <= 0 and a relative infinity are unknown and black.
    Returns (H, W, 3) uint8 RGB.
    """
    index, known = color_indices(values, kind)
    # OpenCV looks colours up ten times faster than numpy, in whatever order of channels.
    rgb = cv2.applyColorMap(index, color_table(colormap).reshape(256, 1, 3))
    rgb[~known] = UNKNOWN_COLOR
    return rgb


def color_indices(
    values: np.ndarray, kind: DepthKind, ends: tuple[float, float] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return each pixel's row of a colour table, (H, W) uint8, and which pixels are known.

    ``colorize`` says which depth takes which colour; ``ends`` are those of ``color_range`` where
    it is not this picture's own.
    """
    values = np.asarray(values, dtype=np.float32)
    if values.ndim != 2:
        raise ValueError(f'a depth map is (H, W), got shape {values.shape}')
    nearness, known = _nearness(values, kind)
    low, high = _range(nearness, known, kind) if ends is None else ends
    span = high - low
    if span > 0.0:
        with np.errstate(invalid='ignore', over='ignore'):
            scaled = (nearness - np.float32(low)) * np.float32(255.0 / span)
        index = np.where(known, np.clip(scaled, 0.0, 255.0), 0.0).astype(np.uint8)
    else:
        # One distance everywhere: neither near nor far, and infinities keep their ends.
        index = np.where(nearness > low, 255, np.where(nearness < low, 0, 127)).astype(np.uint8)
    return index, known


def color_range(values: np.ndarray, kind: DepthKind) -> tuple[float, float]:
    """Return what ``colorize`` paints as far and as near: disparities, or inverse metres.

    Both are 0 where no value is known.
    """
    nearness, known = _nearness(np.asarray(values, np.float32), kind)
    return _range(nearness, known, kind)


def _nearness(values: np.ndarray, kind: DepthKind) -> tuple[np.ndarray, np.ndarray]:
    """Return values that grow towards the camera, and which pixels are known."""
    if kind is DepthKind.RELATIVE:
        return values, np.isfinite(values)
    with np.errstate(divide='ignore', invalid='ignore', over='ignore'):
        nearness = np.where(values > 0.0, np.float32(1.0) / values, np.float32(np.inf))
    return nearness, (values > 0.0) | np.isneginf(values)


def _range(nearness: np.ndarray, known: np.ndarray, kind: DepthKind) -> tuple[float, float]:
    """Return the nearness of the far and of the near end of the colours."""
    sample = nearness[known & np.isfinite(nearness)]
    if kind is DepthKind.METRIC:
        sample = sample[sample > 0.0]  # beyond range: far, but not a distance
    if not sample.size:
        return 0.0, 0.0
    low, high = np.percentile(sample[:: max(1, sample.size // _SAMPLES)], _PERCENTILES)
    return float(low), float(high)

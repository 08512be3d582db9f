# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of where a prediction is wrong."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.benchmark_set import BenchmarkPair
from depth_anything_ros.evaluation.pair_scoring import Compared
from depth_anything_ros.media.color import color_indices, color_range, color_table

WORST_ERROR = 0.5
"""Relative error that is painted brightest."""

UNCOUNTED = (38, 40, 46)
SPARSE = 0.2
"""Share of measured pixels below which they are drawn larger, so that they can be seen."""

_DOT = 5


@dataclass(frozen=True)
class ErrorPictures:
    """Four views (H, W, 3) uint8 RGB: picture, measured, predicted, |p - g| / g from 0 to 50 %."""

    picture: np.ndarray
    measured: np.ndarray
    predicted: np.ndarray
    error: np.ndarray

    TITLES = ('picture', 'measured', 'predicted, aligned', 'relative error, 0 to 50 %')

    def views(self) -> tuple[np.ndarray, ...]:
        """Return the views in the order of TITLES."""
        return self.picture, self.measured, self.predicted, self.error


def error_pictures(pair: BenchmarkPair, compared: Compared) -> ErrorPictures:
    """Paint a pair and what was made of it; both depths in the colours of the measured one.

    Pixels that do not count are dark in the measured depth and the error.
    """
    depth = np.where(compared.valid, pair.depth, np.nan).astype(np.float32)
    ends = color_range(depth, DepthKind.METRIC)
    with np.errstate(invalid='ignore', divide='ignore'):
        error = np.abs(compared.aligned - depth) / depth
    shown = compared.valid
    if shown.mean() < SPARSE:
        # A dot takes the nearest depth and the largest error of what it covers.
        kernel = np.ones((_DOT, _DOT), np.uint8)
        nearest = cv2.dilate(np.where(shown, -depth, -np.inf).astype(np.float32), kernel)
        depth = np.asarray(-nearest, np.float32)
        error = np.asarray(cv2.dilate(np.where(shown, error, -1.0), kernel), np.float64)
        shown = cv2.dilate(shown.astype(np.uint8), kernel) > 0
    share = np.clip(np.nan_to_num(error, posinf=WORST_ERROR) / WORST_ERROR, 0, 1)
    painted = color_table('inferno')[(255 * share).astype(np.uint8)]
    painted[~shown] = UNCOUNTED
    measured = _colored(depth, ends)
    measured[~shown] = UNCOUNTED
    return ErrorPictures(pair.rgb, measured, _colored(compared.aligned, ends), painted)


def _colored(depth: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    index, known = color_indices(depth.astype(np.float32), DepthKind.METRIC, ends)
    colors: np.ndarray = color_table('spectral')[index]
    colors[~known] = UNCOUNTED
    return colors

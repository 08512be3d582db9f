# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit a prediction that knows neither scale nor shift to measured depth."""

from __future__ import annotations

import numpy as np


class AlignmentError(ValueError):
    """There is nothing to fit to."""


def fit_affine(prediction: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Return (a, b) that minimise the sum of (a * prediction + b - target)^2, in float64.

    Both are 1-D over the same pixels. Of a constant prediction, which fixes only a combination of
    the two, a is 0 and b the target's mean.
    """
    p, t = prediction.astype(np.float64), target.astype(np.float64)
    if p.size == 0:
        raise AlignmentError('no pixel has both a prediction and a measured depth')
    mean_p, mean_t = p.mean(), t.mean()
    spread = np.mean((p - mean_p) ** 2)
    if spread <= 1e-12 * mean_p**2:
        return 0.0, float(mean_t)
    a = float(np.mean((p - mean_p) * (t - mean_t)) / spread)
    return a, float(mean_t - a * mean_p)


def depth_from_disparity(
    disparity: np.ndarray, depth: np.ndarray, valid: np.ndarray, max_depth: float
) -> np.ndarray:
    """Align relative inverse depth to measured depth and return it as depth in metres.

    Least squares in disparity over the valid pixels, the result floored at 1 / ``max_depth``
    before it is inverted (the convention of the MiDaS benchmarks). All arrays are (H, W);
    ``depth`` is in metres. The output is float64.
    """
    a, b = fit_affine(disparity[valid], 1 / depth[valid])
    aligned = a * disparity.astype(np.float64) + b
    return 1 / np.maximum(aligned, 1 / max_depth)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit a prediction that knows neither scale nor shift to measured depth.

Numbers from different ways of fitting cannot be compared, and so all are named:

============ =====================================================================================
affine in disparity, a p + b onto 1 / g, turned into depth by one of these clamps
``midas``    disparity is at least 1 / max_depth (benchmark of MiDaS, Ranftl et al.)
``moge``     disparity is at least 1 / max(g) of the picture (MoGe, Wang et al. 2024)
``marigold`` disparity is at least 1e-3, and predictions not above 0 stay out of the fit (Marigold,
             Ke et al. 2024, ``least_square_disparity``)
``none``     disparity stays as it is; one that comes near 0 or below costs without bound
============ =====================================================================================

Others fit a p + b onto g (``affine_depth``, for networks that predict depth), or multiply by
median(g) / median(p) (``median_scale``, Zhou et al. 2017).
"""

from __future__ import annotations

import math

import numpy as np

CLAMPS = ('midas', 'moge', 'marigold', 'none')
MARIGOLD_FLOOR = 1e-3
"""Disparity in 1/m."""


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
    p -= mean_p
    t -= mean_t
    spread = np.dot(p, p) / p.size
    if spread <= 1e-12 * mean_p**2:
        return 0.0, float(mean_t)
    a = float(np.dot(p, t) / p.size / spread)
    return a, float(mean_t - a * mean_p)


def depth_from_disparity(
    disparity: np.ndarray,
    depth: np.ndarray,
    valid: np.ndarray,
    max_depth: float,
    clamp: str = 'midas',
    fitted: np.ndarray | None = None,
) -> np.ndarray:
    """Align relative inverse depth to measured depth and return it as depth in metres.

    Least squares in disparity over the valid pixels, or those of them that are ``fitted``, too;
    then ``clamp``, one of CLAMPS, before it is inverted. Where ``max_depth`` is infinite, 'midas'
    does as 'moge'. All arrays are (H, W); ``depth`` is in metres. The output is float64. Raises
    AlignmentError where there is no pixel to fit.
    """
    seen = valid if fitted is None else valid & fitted
    if clamp == 'marigold':
        seen = seen & (disparity > 0)
    a, b = fit_affine(disparity[seen], 1 / depth[seen].astype(np.float64))
    aligned = disparity.astype(np.float64)
    # All in place: fresh pages cost more than the arithmetic.
    aligned *= a
    aligned += b
    if clamp == 'none':
        with np.errstate(divide='ignore'):
            return np.divide(1, aligned, out=aligned)
    if clamp == 'marigold':
        floor = MARIGOLD_FLOOR
    elif clamp == 'moge' or math.isinf(max_depth):
        floor = 1 / float(depth[valid].max())
    elif clamp == 'midas':
        floor = 1 / max_depth
    else:
        raise ValueError(f'no clamp is called {clamp!r}: use one of {", ".join(CLAMPS)}')
    np.maximum(aligned, floor, out=aligned)
    return np.divide(1, aligned, out=aligned)


def affine_depth(
    prediction: np.ndarray,
    depth: np.ndarray,
    valid: np.ndarray,
    fitted: np.ndarray | None = None,
) -> np.ndarray:
    """Align depth of unknown scale and shift to measured depth, by least squares in depth.

    Arrays are (H, W) and the output is float64, not clamped. Raises AlignmentError.
    """
    seen = valid if fitted is None else valid & fitted
    a, b = fit_affine(prediction[seen], depth[seen])
    return a * prediction.astype(np.float64) + b


def median_scale(prediction: np.ndarray, depth: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Multiply depth so that its median over the valid pixels is that of the measured depth.

    Arrays are (H, W) and the output is float64. Raises AlignmentError where no pixel is valid or
    the median of the prediction is not above 0.
    """
    if not valid.any():
        raise AlignmentError('no pixel has both a prediction and a measured depth')
    middle = float(np.median(prediction[valid].astype(np.float64)))
    if not 0 < middle < math.inf:
        raise AlignmentError(f'the median of the prediction is {middle:.3g}, which scales to none')
    return prediction.astype(np.float64) * (np.median(depth[valid].astype(np.float64)) / middle)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The affine map from a network's disparity to inverse metres, fitted robustly to references.

1 / z = a d + b, where d is relative inverse depth, or 1 / z of a metric network, and z metres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

LEADERS = 6
"""Hypotheses that are refined before one is chosen."""
REFINEMENTS = 6
SCORED_POINTS = 400
"""Points that hypotheses are scored on; more only take longer."""
TOO_FAR = 1.0
"""Cost, in units of an outlier's, of a reference that the fit puts at 5 times its depth or more."""
TOO_FAR_PULL = 0.2
"""Weight of outliers that the fit puts too far, in units of an inlier's at the same distance."""


class NoFitError(ValueError):
    """The references determine no scale; the message says why."""


class NoAgreementError(NoFitError):
    """There are references enough, but no scale that enough of them agree on."""


@dataclass(frozen=True)
class AffineSettings:
    """What counts as a fit.

    The expected relative deviation of a reference at z metres from the network is
    ``noise + noise_per_metre * z``: the network's own error and the sensor's, whose error grows
    with range. It sets the weights; a point within ``gate`` times it is an inlier. ``min_points``
    references are needed, and ``min_inlier_share`` of them, 0..1, must agree. Neighbouring pixels
    err alike, so more than ``independent`` points do not make the covariance any smaller. A slope
    with a relative deviation above ``max_slope_deviation`` is not believed, and the scale alone
    is fitted with b = 0, whose deviation is then ``shift_prior`` times the inverse depth of the
    points: around 0.5 for relative networks, less for metric ones. Raises ValueError.
    """

    min_points: int = 30
    min_inlier_share: float = 0.4
    noise: float = 0.1
    noise_per_metre: float = 0.002
    gate: float = 2.5
    independent: float = 40.0
    max_slope_deviation: float = 0.5
    shift_prior: float = 0.5
    hypotheses: int = 256
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be fitted with."""
        for name in ('noise', 'gate', 'independent', 'max_slope_deviation', 'shift_prior'):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f'{name} is {getattr(self, name)!r}: give a number above 0')
        if not 0 <= self.noise_per_metre < math.inf:
            raise ValueError(f'noise_per_metre is {self.noise_per_metre!r}: give 0 or more')
        if not 0 < self.min_inlier_share <= 1:
            raise ValueError(f'min_inlier_share is {self.min_inlier_share!r}: give 0..1')
        if self.min_points < 2 or self.hypotheses < 1:
            raise ValueError('min_points must be at least 2 and hypotheses at least 1')


@dataclass(frozen=True)
class AffineFit:
    """1 / z = a d + b with the (2, 2) covariance of (a, b), over ``count`` references.

    ``residual`` is the root mean square relative deviation of inverse depth among the inliers.
    """

    a: float
    b: float
    covariance: np.ndarray
    inlier_share: float
    residual: float
    count: int

    @property
    def pivot(self) -> float:
        """The disparity at which the inverse depth does not depend on the slope's error."""
        return pivot_of(self.covariance)


def pivot_of(covariance: np.ndarray) -> float:
    """Return the disparity at which a covariance of (a, b) leaves a and a d + b uncorrelated."""
    return float(-covariance[0, 1] / covariance[0, 0]) if covariance[0, 0] > 0 else 0.0


def fit_affine_disparity(
    d: np.ndarray, z: np.ndarray, settings: AffineSettings | None = None
) -> AffineFit:
    """Fit 1 / z = a d + b with a > 0 to disparities ``d`` (N,) and references ``z`` (N,) metres.

    Pairs of a near and a far point give hypotheses, scored by truncated squares (MSAC, Torr and
    Zisserman 2000); the best are refined by reweighted least squares (Tukey's biweight) and the
    best of those is taken. A network that misses an obstacle puts it far away, where an error
    knows no bound, while those towards the camera do; so among like fits the one is taken that
    puts fewer references much too far. Pairs that are not finite, or not in front of the camera,
    are left out. The same input gives the same fit. Raises NoFitError.
    """
    settings = settings or AffineSettings()
    d, z = np.asarray(d, np.float64).ravel(), np.asarray(z, np.float64).ravel()
    usable = np.isfinite(d) & np.isfinite(z) & (z > 0)
    d, z = d[usable], z[usable]
    if d.size < settings.min_points:
        raise NoFitError(f'{d.size} references, {settings.min_points} are needed')
    y = 1 / z
    weight = z / (settings.noise + settings.noise_per_metre * z)
    a, b = _best(d, y, weight, _pairs(d, y, settings), settings, shift=True)
    if a > 0:
        fit = _summary(a, b, d, y, weight, settings, math.inf)
        if math.sqrt(fit.covariance[0, 0]) <= settings.max_slope_deviation * fit.a:
            return _accepted(fit, settings)
    seen = d > 0
    if np.count_nonzero(seen) < settings.min_points:
        raise NoFitError('the references do not span enough depth to tell scale and shift apart')
    ratios = np.stack((y[seen] / d[seen], np.zeros(np.count_nonzero(seen))))
    a, b = _best(d, y, weight, ratios, settings, shift=False)
    return _accepted(_summary(a, b, d, y, weight, settings, settings.shift_prior), settings)


def _pairs(d: np.ndarray, y: np.ndarray, settings: AffineSettings) -> np.ndarray:
    """Return hypotheses (2, K) of (a, b) through one point of either half, by disparity."""
    rng = np.random.default_rng(settings.seed)
    order = np.argsort(d, kind='stable')
    half = d.size // 2
    far = order[rng.integers(0, half, settings.hypotheses)]
    near = order[rng.integers(half, d.size, settings.hypotheses)]
    step, rise = d[near] - d[far], y[near] - y[far]
    good = (step > 1e-9 * np.abs(d).max()) & (rise > 0)
    a = rise[good] / step[good]
    return np.stack((a, y[far[good]] - a * d[far[good]]))


def _best(
    d: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray,
    hypotheses: np.ndarray,
    settings: AffineSettings,
    shift: bool,
) -> tuple[float, float]:
    """Return the refined (a, b) of the least truncated cost; (0, 0) without any hypothesis."""
    if not hypotheses.size:
        return 0.0, 0.0
    step = -(-d.size // SCORED_POINTS)
    some = slice(None, None, step)
    a, b = hypotheses
    cost = _cost(a, b, d[some], y[some], weight[some], settings.gate)
    a, b = hypotheses[:, np.argsort(cost, kind='stable')[:LEADERS]]
    for _ in range(REFINEMENTS):
        residual = (a[:, None] * d + b[:, None] - y) * weight
        share = np.clip(1 - (residual / (2 * settings.gate)) ** 2, 0, None) ** 2
        share += TOO_FAR_PULL * (residual < -settings.gate) / np.maximum(-residual, 1)
        a, b = _least_squares(share * weight**2, d, y, shift)
    cost = np.where(a > 0, _cost(a, b, d, y, weight, settings.gate), np.inf)
    winner = int(np.argmin(cost))
    return float(a[winner]), float(b[winner])


def _cost(
    a: np.ndarray, b: np.ndarray, d: np.ndarray, y: np.ndarray, weight: np.ndarray, gate: float
) -> np.ndarray:
    """Return the cost (K,) of each (a, b): truncated squares, and more for points put too far."""
    ratio = a[:, None] * (d / y)
    ratio += b[:, None] / y  # of the reference's depth to the fit's
    squares = (ratio - 1) * (y * weight)
    np.square(squares, out=squares)
    np.minimum(squares, gate**2, out=squares)
    beyond = np.reciprocal(np.clip(ratio, 0.2, 1.0, out=ratio), out=ratio)
    return np.asarray(squares.sum(1) + TOO_FAR * gate**2 / 4 * (beyond.sum(1) - d.size))


def _least_squares(
    w: np.ndarray, d: np.ndarray, y: np.ndarray, shift: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Solve for (a, b) with each row of the weights ``w`` (K, N)."""
    total = np.maximum(w.sum(1), 1e-300)
    if not shift:
        return (w @ (d * y)) / np.maximum(w @ (d * d), 1e-300), np.zeros(len(w))
    mean_d, mean_y = w @ d / total, w @ y / total
    spread = np.maximum(w @ (d * d) / total - mean_d**2, 0)
    both = w @ (d * y) / total - mean_d * mean_y
    a = np.where(spread > 1e-12 * mean_d**2, both / np.maximum(spread, 1e-300), 0.0)
    return a, mean_y - a * mean_d


def _summary(
    a: float,
    b: float,
    d: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray,
    settings: AffineSettings,
    shift_prior: float,
) -> AffineFit:
    """Return the fit with its covariance; a finite ``shift_prior`` says that b was not fitted."""
    residual = (a * d + b - y) * weight
    inlier = np.abs(residual) <= settings.gate
    count = int(np.count_nonzero(inlier))
    if count < 2:
        return AffineFit(a, b, np.diag([np.inf, np.inf]), count / d.size, math.inf, d.size)
    w, near = weight[inlier] ** 2, d[inlier]
    level = float(np.mean(y[inlier]))
    total, mean_d = w.sum(), np.average(near, weights=w)
    spread = np.average((near - mean_d) ** 2, weights=w)
    # About the mean the level and the slope are independent; no shift prior is infinitely wide.
    scatter = max(np.mean(residual[inlier] ** 2), 0.01) * max(1.0, count / settings.independent)
    var_level, var_a = scatter / total, scatter / max(total * spread, 1e-300)
    if math.isfinite(shift_prior):
        # b = level - a mean_d is within the prior of 0, which bounds the slope.
        bound = (shift_prior * level / max(abs(mean_d), 1e-300)) ** 2
        var_a = 1 / (1 / var_a + 1 / bound)
    covariance = np.array(
        [[var_a, -mean_d * var_a], [-mean_d * var_a, var_level + mean_d**2 * var_a]]
    )
    relative = (a * near + b - y[inlier]) / y[inlier]
    deviation = float(np.sqrt(np.mean(relative**2)))
    return AffineFit(a, b, covariance, count / d.size, deviation, d.size)


def _accepted(fit: AffineFit, settings: AffineSettings) -> AffineFit:
    if fit.a <= 0:
        raise NoAgreementError('nearer references have smaller disparities')
    if fit.inlier_share < settings.min_inlier_share:
        raise NoAgreementError(
            f'{fit.inlier_share:.0%} of {fit.count} references agree, '
            f'{settings.min_inlier_share:.0%} are needed'
        )
    return fit

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is known of a network's scale at a moment, and depth in metres by it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.geometry.affine import pivot_of


class ScaleError(ValueError):
    """A scale that cannot be, or that must not be used."""


class ScaleState(Enum):
    """How far a scale can be relied on.

    WAITING: none was found yet. TRACKING: it agrees with recent references. HOLD: the last good
    one, ageing. LOST: it is too old, too uncertain, or at odds with the references.
    """

    WAITING = 'waiting'
    TRACKING = 'tracking'
    HOLD = 'hold'
    LOST = 'lost'


@dataclass(frozen=True)
class ScaleEstimate:
    """1 / z = a d + b, z in metres, with the (2, 2) covariance of (a, b).

    ``age`` is the time in seconds since the last reference that agreed, NaN without one;
    ``inlier_share`` 0..1 and ``residual`` (relative) are those of that reference's fit. In
    WAITING and LOST ``a`` and ``b`` mean nothing, and are NaN if there are none.
    """

    a: float
    b: float
    covariance: np.ndarray
    state: ScaleState
    age: float = 0.0
    inlier_share: float = 1.0
    residual: float = 0.0

    @classmethod
    def fixed(cls, a: float, b: float) -> ScaleEstimate:
        """Return a scale that is known beforehand and always valid. Raises ScaleError."""
        if not (0 < a < math.inf and math.isfinite(b)):
            raise ScaleError(f'a = {a!r}, b = {b!r}: give a finite a above 0 and a finite b')
        return cls(float(a), float(b), np.zeros((2, 2)), ScaleState.TRACKING)

    @property
    def usable(self) -> bool:
        """Whether metres may be published by it."""
        return self.state in (ScaleState.TRACKING, ScaleState.HOLD)

    @property
    def deviation(self) -> tuple[float, float]:
        """The standard deviations of a and b."""
        a, b = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        return float(a), float(b)

    @property
    def relative_deviation(self) -> float:
        """The relative standard deviation of depth where it is known best."""
        return level_deviation(self.a, self.b, self.covariance)


@dataclass(frozen=True)
class NoScale:
    """Makes the estimates of a tracker that has none."""

    covariance: np.ndarray = field(default_factory=lambda: np.full((2, 2), np.nan))

    def estimate(self, state: ScaleState) -> ScaleEstimate:
        """Return an estimate that says nothing but its state."""
        return ScaleEstimate(math.nan, math.nan, self.covariance, state, math.nan, 0.0, math.nan)


def level_deviation(
    a: float, b: float, covariance: np.ndarray, disparity: float | None = None
) -> float:
    """Return the relative deviation of the inverse depth at a disparity; None: at the pivot.

    It is least at about the pivot. Inf for a disparity beyond infinity.
    """
    d = pivot_of(covariance) if disparity is None else disparity
    variance = covariance[1, 1] + 2 * d * covariance[0, 1] + d**2 * covariance[0, 0]
    level = a * d + b
    return math.sqrt(max(variance, 0.0)) / level if level > 0 else math.inf


def apply_scale(disparity: Tensor, estimate: ScaleEstimate, max_depth: float) -> Tensor:
    """Turn disparity (..., float32, any device) into metres along the optical axis.

    +Inf where a d + b is at most 1 / ``max_depth``: beyond range; -Inf where the disparity is
    +Inf: too near (REP 117). NaN stays NaN. Raises ScaleError in WAITING and LOST.
    """
    if not estimate.usable:
        raise ScaleError(f'the scale is {estimate.state.value}: no metres can be told')
    if not max_depth > 0:
        raise ScaleError(f'max_depth is {max_depth!r}: give metres above 0')
    inverse = torch.add(disparity * estimate.a, estimate.b)
    far = inverse <= 1.0 / max_depth  # False for NaN
    depth = inverse.reciprocal().masked_fill_(far, math.inf)
    return depth.masked_fill_(depth == 0.0, -math.inf)


def disparity_of_metric(depth: Tensor) -> Tensor:
    """Return the 1 / z of metric depth in metres, so that ``apply_scale`` can correct it.

    +Inf (beyond range) becomes -Inf and -Inf (too near) +Inf, which ``apply_scale`` turns back;
    depth that is 0 or less, or NaN, is NaN.
    """
    inverse = torch.where(depth > 0, depth, math.nan).reciprocal_()
    inverse.masked_fill_(depth == math.inf, -math.inf)
    return inverse.masked_fill_(depth == -math.inf, math.inf)

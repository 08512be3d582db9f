# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A scale followed over time: a Kalman filter that rejects, starts anew, holds and lets go.

The state is (a, b) itself, in which the measurement is linear. Its noise is not sane there: a has
the unit of the network's output, and errors of a and b nearly cancel where the points are. So
process noise is given as relative random walks of the slope and of the inverse depth at the pivot
(the disparity at which the two are uncorrelated), and mapped to (a, b) at each step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from depth_anything_ros.geometry.affine import (
    AffineFit,
    NoAgreementError,
    NoFitError,
    pivot_of,
)
from depth_anything_ros.geometry.scale import (
    NoScale,
    ScaleEstimate,
    ScaleState,
    level_deviation,
)
from depth_anything_ros.geometry.scale_watch import DriftMeter, JumpWatch

LARGEST_SLOPE_DEVIATION = 1.0
"""Relative deviation of a slope that no fit determined, at least as far as we believe it."""


@dataclass(frozen=True)
class TrackerSettings:
    """How a scale moves, and when it is let go.

    ``level_drift`` and ``slope_drift`` are relative random walks per square root of a second, of
    depth where the references are and of a; the former is the least that is assumed where less
    is measured. A fit farther than ``gate`` (squared Mahalanobis
    distance, 2 degrees of freedom; 13.8 is 1 in 1000) is rejected. One that contradicts the depth
    where its references are by the factor ``contradiction`` is rejected too, and leaves nothing to
    rely on until it is settled who was right: the next fit agrees with the old scale, or
    ``confirm`` fits in a row agree on a new one. So many also start the filter. References that
    agree on no scale, and a jump of the network's output, are contradictions too. Without an
    accepted fit the scale counts as tracked for ``fresh_time`` seconds, then is held for up to
    ``hold_time`` more. It is only relied on while its relative deviation is below
    ``max_deviation``, at the median of the picture if disparities are given. Raises ValueError.
    """

    level_drift: float = 0.1
    slope_drift: float = 0.4
    gate: float = 13.8
    contradiction: float = 1.25
    confirm: int = 5
    fresh_time: float = 0.5
    hold_time: float = 2.0
    max_deviation: float = 0.15

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for name in ('level_drift', 'slope_drift', 'gate', 'fresh_time', 'max_deviation'):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f'{name} is {getattr(self, name)!r}: give a number above 0')
        if not 0 <= self.hold_time < math.inf:
            raise ValueError(f'hold_time is {self.hold_time!r}: give seconds, 0 or more')
        if not self.contradiction > 1 or self.confirm < 1:
            raise ValueError('contradiction must be above 1 and confirm at least 1')


@dataclass(frozen=True)
class _Filtered:
    """The filter's state at ``time``; the fit last accepted came at ``agreed``."""

    mean: np.ndarray
    covariance: np.ndarray
    time: float
    agreed: float
    fit: AffineFit


class ScaleTracker:
    """Follow (a, b) through fits that come late, are wrong, or do not come at all.

    Times are seconds of any one clock. Going backwards, as a bag that starts over does, resets.
    """

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        self.settings = settings or TrackerSettings()
        self._none = NoScale()
        self._frozen: ScaleEstimate | None = None
        self.reset()

    def reset(self) -> None:
        """Forget everything, a frozen scale too: WAITING."""
        self._now: _Filtered | None = None
        self._rivals: list[tuple[AffineFit, float]] = []
        self._contradicted = False
        self._had_one = False
        self._meter = DriftMeter()
        self._watch = JumpWatch()
        self._last = -math.inf
        self._frozen = None

    def freeze(self, on: bool) -> bool:
        """Keep the present scale, without ageing, until it is let go; return whether it is kept.

        Only a usable scale can be kept. Let go, it goes on ageing from its last agreement.
        """
        present = self.current(self._last)
        self._frozen = (
            replace(present, state=ScaleState.TRACKING) if on and present.usable else None
        )
        return self._frozen is not None

    def update(
        self,
        found: AffineFit | NoFitError | None,
        time: float,
        disparity: Tensor | np.ndarray | None = None,
    ) -> ScaleEstimate:
        """Take what was found at a time, and return the scale for it.

        ``found`` is a fit, the error that told why there is none, or None where there were no
        references. With the frame's ``disparity`` (H, W), a jump of the network's output is
        noticed, so that a scale is not held across it.
        """
        if time < self._last:
            frozen = self._frozen
            self.reset()
            self._frozen = frozen
        self._last = time
        jumped = disparity is not None and self._watch.jumped(disparity)
        if self._frozen is None:
            # References that agree on no scale do not agree on this one either.
            self._contradicted |= jumped or isinstance(found, NoAgreementError)
            if isinstance(found, AffineFit):
                self._take(found, time)
        return self.current(time)

    def current(self, time: float) -> ScaleEstimate:
        """Return the scale at a time, without taking anything in."""
        if self._frozen is not None:
            return self._frozen
        if self._now is None:
            return self._none.estimate(ScaleState.LOST if self._had_one else ScaleState.WAITING)
        mean, covariance = self._predict(self._now, time)
        age = time - self._now.agreed
        wanted = self.settings
        certain = self._deviation(mean, covariance) <= wanted.max_deviation
        if self._contradicted or not certain or age > wanted.fresh_time + wanted.hold_time:
            state = ScaleState.LOST
        else:
            state = ScaleState.TRACKING if age <= wanted.fresh_time else ScaleState.HOLD
        fit = self._now.fit
        a, b = float(mean[0]), float(mean[1])
        return ScaleEstimate(a, b, covariance, state, age, fit.inlier_share, fit.residual)

    def _deviation(self, mean: np.ndarray, covariance: np.ndarray) -> float:
        """Return the relative deviation of the picture's median depth, or of the references'."""
        return level_deviation(mean[0], mean[1], covariance, self._watch.median)

    def _take(self, fit: AffineFit, time: float) -> None:
        limit = self.settings.fresh_time + self.settings.hold_time
        if self._now is not None and time - self._now.agreed > limit:
            self._now, self._contradicted = None, False  # too old to judge what comes
        if self._now is not None and self._accept(self._now, fit, time):
            self._rivals, self._contradicted = [], False
            return
        if self._rivals and time - self._rivals[-1][1] > self.settings.fresh_time:
            self._rivals = []
        self._rivals = [rival for rival in self._rivals if self._alike(rival[0], fit)]
        self._rivals.append((fit, time))
        if len(self._rivals) >= self.settings.confirm:
            self._start(fit, time)

    def _start(self, fit: AffineFit, time: float) -> None:
        if math.sqrt(fit.covariance[0, 0]) > LARGEST_SLOPE_DEVIATION * fit.a:
            return
        mean = np.array([fit.a, fit.b])
        self._now = _Filtered(mean, fit.covariance, time, time, fit)
        self._meter.take(fit, time)
        self._rivals, self._contradicted, self._had_one = [], False, True

    def _accept(self, now: _Filtered, fit: AffineFit, time: float) -> bool:
        """Correct the filter by a fit, or reject it."""
        mean, covariance = self._predict(now, time)
        innovation = np.array([fit.a, fit.b]) - mean
        total = covariance + fit.covariance
        gain = np.linalg.solve(total, covariance).T
        corrected = mean + gain @ innovation
        distance = float(innovation @ np.linalg.solve(total, innovation))
        if not self._agree(fit.a * fit.pivot + fit.b, mean[0] * fit.pivot + mean[1]):
            self._contradicted = True
            return False
        if distance > self.settings.gate or corrected[0] <= 0:
            return False
        # Joseph's form stays symmetric and positive.
        keep = np.eye(2) - gain
        posterior = keep @ covariance @ keep.T + gain @ fit.covariance @ gain.T
        self._now = _Filtered(corrected, posterior, time, time, fit)
        self._meter.take(fit, time)
        return True

    def _alike(self, one: AffineFit, other: AffineFit) -> bool:
        """Whether two fits give like depth where either is sure of its own."""
        return all(
            self._agree(one.a * pivot + one.b, other.a * pivot + other.b)
            for pivot in (one.pivot, other.pivot)
        )

    def _agree(self, one: float, other: float) -> bool:
        """Whether two inverse depths do not contradict each other."""
        return min(one, other) > 0 and max(one, other) <= self.settings.contradiction * min(
            one, other
        )

    def _predict(self, now: _Filtered, time: float) -> tuple[np.ndarray, np.ndarray]:
        elapsed = max(0.0, time - now.time)
        if not elapsed:
            return now.mean, now.covariance
        a, b = now.mean
        pivot = pivot_of(now.covariance)
        level = a * pivot + b
        slope = (self.settings.slope_drift * a) ** 2 * elapsed
        rate = max(self.settings.level_drift, self._meter.drift)
        drift = (rate * level) ** 2 * elapsed
        noise = np.array([[slope, -pivot * slope], [-pivot * slope, drift + pivot**2 * slope]])
        return now.mean, now.covariance + noise

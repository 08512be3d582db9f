# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trials of scale recovery: made-up references and faults, and figures of what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from depth_anything_ros.evaluation.alignment import depth_from_disparity
from depth_anything_ros.evaluation.metrics import Score, score_depth
from depth_anything_ros.geometry.reference import Reference
from depth_anything_ros.geometry.scale import ScaleEstimate, ScaleState, apply_scale

MIN_DEPTH = 0.1
OUTLIER_MIN = 0.3
"""Metres: outliers are spread between this and the largest depth, evenly in its logarithm."""


@dataclass(frozen=True)
class Sensor:
    """A sparse depth sensor: how many points, their relative noise, and the share that is wrong."""

    points: int = 200
    noise: float = 0.02
    outliers: float = 0.3

    def sense(self, depth: np.ndarray, max_depth: float, rng: np.random.Generator) -> Reference:
        """Take references from a true depth (H, W) m, at random places where it is in range."""
        known = np.flatnonzero(in_range(depth, max_depth))
        chosen = rng.choice(known, min(self.points, known.size), replace=False)
        rows, columns = np.unravel_index(chosen, depth.shape)
        z = depth[rows, columns].astype(np.float64)
        z *= 1 + self.noise * rng.normal(size=z.size)
        wrong = rng.random(z.size) < self.outliers
        anything = rng.uniform(np.log(OUTLIER_MIN), np.log(max_depth), int(wrong.sum()))
        z[wrong] = np.exp(anything)
        return Reference(rows, columns, z, (depth.shape[0], depth.shape[1]))


def in_range(depth: np.ndarray, max_depth: float) -> np.ndarray:
    """Return where a true depth is known and neither too near nor beyond ``max_depth`` metres."""
    return np.isfinite(depth) & (depth >= MIN_DEPTH) & (depth <= max_depth)


class DriftingNetwork:
    """A network whose disparity is true but for an affine map that drifts smoothly, and noise.

    ``drift`` is the amplitude of the logarithm of the slope and of the shift relative to
    ``level``, an inverse depth typical of the clip (1 / m); ``noise`` is relative and new at each
    pixel. Sky has the disparity of infinity.
    """

    def __init__(self, seed: int, level: float, drift: float = 0.3, noise: float = 0.05) -> None:
        self._rng = np.random.default_rng(seed)
        self._level, self._drift, self._noise = level, drift, noise
        self._rates = 2 * np.pi / self._rng.uniform(6, 20, (2, 3))
        self._phases = self._rng.uniform(0, 2 * np.pi, (2, 3))

    def slope_and_shift(self, time: float) -> tuple[float, float]:
        """Return the true (a, b) of 1 / z = a d + b at a time in seconds."""
        waves = np.sin(self._rates * time + self._phases).sum(1) / 2
        return (
            float(0.1 * np.exp(self._drift * waves[0])),
            float(self._level * self._drift * waves[1]),
        )

    def __call__(self, depth: np.ndarray, time: float) -> np.ndarray:
        """Return the disparity (H, W) float32 that it would give."""
        a, b = self.slope_and_shift(time)
        inverse = 1 / depth * (1 + self._noise * self._rng.normal(size=depth.shape))
        return ((inverse - b) / a).astype(np.float32)


@dataclass(frozen=True)
class Moment:
    """One frame of a trial; the scores are None where nothing was published.

    ``scale_error`` is that of the median depth: 0.5 is half again too far, or too near.
    """

    state: ScaleState
    score: Score | None
    best: Score | None
    scale_error: float | None


def judge(
    disparity: np.ndarray, estimate: ScaleEstimate, depth: np.ndarray, max_depth: float
) -> Moment:
    """Compare depth by an estimate with the truth (H, W) m, and with the best fit to it.

    The best fit is that of the frame's whole truth, least squares in disparity. Depth beyond
    range counts as ``max_depth``.
    """
    valid = in_range(depth, max_depth)
    if not estimate.usable or not valid.any():
        return Moment(estimate.state, None, None, None)
    found = apply_scale(torch.from_numpy(disparity), estimate, max_depth).numpy()
    found = np.clip(np.where(np.isnan(found), max_depth, found), 1e-3, max_depth)
    best = depth_from_disparity(disparity, depth, valid, max_depth)
    ratio = float(np.median(found[valid] / depth[valid]))
    return Moment(
        estimate.state,
        score_depth(found, depth, valid),
        score_depth(best, depth, valid),
        max(ratio, 1 / ratio) - 1,
    )


def figures(moments: Sequence[Moment]) -> dict[str, float | int | None]:
    """Return the figures of a trial, ready for JSON; errors are means over published frames."""
    published = [moment for moment in moments if moment.score is not None]
    errors = [m.scale_error for m in moments if m.scale_error is not None]
    figure: dict[str, float | int | None] = {
        'frames': len(moments),
        'published': len(published),
        'held': sum(moment.state is ScaleState.HOLD for moment in moments),
        'over_50_percent': sum(error > 0.5 for error in errors),
        'worst_scale_error': round(max(errors), 3) if errors else None,
    }
    for name in ('abs_rel', 'delta1'):
        found = _mean([getattr(moment.score, name) for moment in published])
        best = _mean([getattr(moment.best, name) for moment in published])
        figure[name] = None if found is None else round(found, 4)
        figure[f'{name}_best'] = None if best is None else round(best, 4)
        figure[f'{name}_ratio'] = round(found / best, 3) if found is not None and best else None
    return figure


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None

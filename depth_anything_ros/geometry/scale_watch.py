# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What tells that a scale moves: how fast fits change, and a network's output that jumps."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from torch import Tensor

from depth_anything_ros.geometry.affine import AffineFit

LAG = 0.5
"""Seconds over which change is measured: over one frame it would mostly be jitter, which averages
out and does not grow while a scale is held."""
MEMORY = 4.0
"""Seconds of changes that count."""
SAMPLES = 1500
"""Pixels looked at for a jump, about."""
QUANTILES = (10.0, 50.0, 90.0)


class DriftMeter:
    """Measures how fast depth drifts where the references are, relative per root of a second.

    A network is steady in one place and restless in another, so no setting fits both.
    """

    def __init__(self) -> None:
        self._fits: deque[tuple[AffineFit, float]] = deque()
        self._rates: deque[tuple[float, float]] = deque()

    def take(self, fit: AffineFit, time: float) -> None:
        """Take in a fit that was accepted."""
        while self._fits and time - self._fits[0][1] > 2 * LAG:
            self._fits.popleft()
        while self._rates and time - self._rates[0][1] > MEMORY:
            self._rates.popleft()
        if self._fits:
            old, since = next(
                (entry for entry in reversed(self._fits) if time - entry[1] >= LAG), self._fits[0]
            )
            before, after = old.a * fit.pivot + old.b, fit.a * fit.pivot + fit.b
            if before > 0 and after > 0:
                lag = max(time - since, LAG)
                self._rates.append((math.log(after / before) ** 2 / lag, time))
        self._fits.append((fit, time))

    @property
    def drift(self) -> float:
        """The root mean square rate of the last seconds; 0 before there are any."""
        if not self._rates:
            return 0.0
        return math.sqrt(sum(rate for rate, _ in self._rates) / len(self._rates))


class JumpWatch:
    """Tells when a network's output changes at once by more than a moving camera explains.

    ``limit`` is the change of the 10th, 50th or 90th percentile in units of the range between the
    outer two; nano's output changes by at most 0.4 of it from frame to frame at 10 Hz.
    """

    def __init__(self, limit: float = 0.5) -> None:
        self._limit = limit
        self._last: np.ndarray | None = None

    @property
    def median(self) -> float | None:
        """The median of the last disparity; None where there was none."""
        return None if self._last is None else float(self._last[1])

    def jumped(self, disparity: Tensor | np.ndarray) -> bool:
        """Take in a disparity (H, W); whether it differs too much from the one before.

        One without two finite values differs from all others.
        """
        step = max(1, math.isqrt(max(disparity.shape[0] * disparity.shape[1] // SAMPLES, 1)))
        grid = disparity[step // 2 :: step, step // 2 :: step]
        values = (grid.cpu().numpy() if isinstance(grid, Tensor) else grid).ravel()
        values = values[np.isfinite(values)]
        if values.size < 2:
            jumped, self._last = self._last is not None, None
            return jumped
        now, last = np.percentile(values, QUANTILES), self._last
        self._last = now
        if last is None:
            return False
        spread = max(now[-1] - now[0], last[-1] - last[0], 1e-6 * float(np.abs(last).max()))
        small = max(min(now[-1] - now[0], last[-1] - last[0]), 1e-9 * spread)
        change = float(np.abs(now - last).max())
        # Grown to twice is as much of a change as shrunk to half.
        return change > self._limit * min(spread, 2 * small)

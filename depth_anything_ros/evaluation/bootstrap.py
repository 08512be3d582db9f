# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How sure a mean over pictures is."""

from __future__ import annotations

import numpy as np

ROUNDS = 2000
LEVEL = 0.95
_AT_ONCE = 100


def mean_interval(
    values: np.ndarray, rounds: int = ROUNDS, level: float = LEVEL, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the low and the high end of the confidence interval of means, each (M,).

    ``values`` is (N, M): M figures of N pictures. Percentile bootstrap (Efron 1979): N pictures are
    drawn with replacement ``rounds`` times, the same ones for all figures, and the interval is
    where the middle ``level`` of their means lies. The same values and seed give the same
    interval. Raises ValueError for no picture.
    """
    values = np.asarray(values, np.float64)
    count = len(values)
    if not count:
        raise ValueError('no picture to draw from')
    rng = np.random.default_rng(seed)
    means = []
    for start in range(0, rounds, _AT_ONCE):
        some = min(_AT_ONCE, rounds - start)
        drawn = rng.integers(count, size=(some, count)) + count * np.arange(some)[:, None]
        times = np.bincount(drawn.ravel(), minlength=some * count).reshape(some, count)
        means.append(times @ values / count)
    outside = (1 - level) / 2
    low, high = np.quantile(np.concatenate(means), (outside, 1 - outside), axis=0)
    return low, high

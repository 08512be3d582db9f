# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How sharp depth is: whether its edges are where those of the measured depth are."""

from __future__ import annotations

import numpy as np

THRESHOLDS = np.linspace(1.05, 1.25, 10)
"""How many times as far the other side of an edge is (Depth Pro, section 3)."""


def boundary_f1(prediction: np.ndarray, depth: np.ndarray, valid: np.ndarray) -> float | None:
    """Return the F1 score of occluding contours, 0 to 1, or None where there are none to find.

    As Depth Pro (Bochkovskii et al. 2024, arXiv 2410.02073) measures it: neighbours of which one
    is more than t times as far as the other are a contour, told by which of them is in front.
    Precision and recall are averaged over the four directions, and F1 over ten t from 1.05 to
    1.25 with t as the weight. ``prediction`` and ``depth`` are (H, W) in metres, the former after
    alignment; only neighbours that are both valid count, so that sparse depth has few.
    """
    both = (valid[:, :-1] & valid[:, 1:], valid[:-1] & valid[1:])
    pairs = []
    for axis, known in zip((1, 0), both, strict=True):
        p, g = _ratio(prediction, axis), _ratio(depth, axis)
        # Most neighbours are no contour of either; the few that are get a closer look.
        steep = known & (_steep(p) | _steep(g))
        pairs += [(p[steep], g[steep]), (1 / p[steep], 1 / g[steep])]
    total, there = 0.0, False
    for threshold in THRESHOLDS:
        precision, recall = 0.0, 0.0
        for p, g in pairs:
            ours, true = p > threshold, g > threshold
            hits, wanted = _count(ours & true), _count(true)
            precision += hits / max(_count(ours), 1) / 4
            recall += hits / max(wanted, 1) / 4
            there = there or wanted > 0
        if precision + recall > 0:
            total += threshold * 2 * precision * recall / (precision + recall)
    return float(total / THRESHOLDS.sum()) if there else None


def _ratio(depth: np.ndarray, axis: int) -> np.ndarray:
    """Return how many times as far each pixel is as the one before it."""
    before, after = (depth[:, :-1], depth[:, 1:]) if axis else (depth[:-1], depth[1:])
    with np.errstate(divide='ignore', invalid='ignore'):
        return np.divide(after, before, dtype=np.float64)


def _steep(ratio: np.ndarray) -> np.ndarray:
    """Tell where a ratio passes the least threshold either way."""
    steep: np.ndarray = (ratio > THRESHOLDS[0]) | (ratio < 1 / THRESHOLDS[0])
    return steep


def _count(mask: np.ndarray) -> int:
    return int(np.count_nonzero(mask))

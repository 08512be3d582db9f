# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How sharp depth is: whether its edges are where those of the measured depth are."""

from __future__ import annotations

import numpy as np

THRESHOLDS = np.linspace(1.05, 1.25, 10)
"""How many times as far the other side of an edge is (Depth Pro, section 3)."""

_STRIP = 16
"""Rows that are looked at at a time."""


def boundary_f1(prediction: np.ndarray, depth: np.ndarray, valid: np.ndarray) -> float | None:
    """Return the F1 score of occluding contours, 0 to 1, or None where there are none to find.

    As Depth Pro (Bochkovskii et al. 2024, arXiv 2410.02073) measures it: neighbours of which one
    is more than t times as far as the other are a contour, told by which of them is in front.
    Precision and recall are averaged over the four directions, and F1 over ten t from 1.05 to
    1.25 with t as the weight. ``prediction`` and ``depth`` are (H, W) in metres, the former after
    alignment; only neighbours that are both valid count, so that sparse depth has few.
    """
    pairs = []
    for axis in (1, 0):
        # In strips that stay in the processor's cache. Of the others a row belongs to two.
        rows = range(0, len(depth) - 1 + axis, _STRIP)
        strips = [slice(row, row + _STRIP + 1 - axis) for row in rows]
        found = [_steep(prediction[s], depth[s], valid[s], axis) for s in strips]
        p, g = (np.concatenate(part) for part in zip(*found, strict=True))
        pairs += [(p, g), (1 / p, 1 / g)]
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


def _steep(
    prediction: np.ndarray, depth: np.ndarray, valid: np.ndarray, axis: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many times as far pixels are as the one before them, of prediction and depth.

    Only of known neighbours that pass the least threshold in either: most are no contour.
    """
    known = np.logical_and(*_neighbours(valid, axis))
    ratios = []
    passing = np.zeros_like(known)
    for values in (prediction, depth):
        before, after = _neighbours(values, axis)
        with np.errstate(divide='ignore', invalid='ignore'):
            ratio = np.divide(after, before, dtype=np.float64)
            passing |= (ratio > THRESHOLDS[0]) | (ratio < 1 / THRESHOLDS[0])
        ratios.append(ratio)
    known &= passing
    return ratios[0][known], ratios[1][known]


def _neighbours(values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels that have one after them, and those."""
    return (values[:, :-1], values[:, 1:]) if axis else (values[:-1], values[1:])


def _count(mask: np.ndarray) -> int:
    return int(np.count_nonzero(mask))

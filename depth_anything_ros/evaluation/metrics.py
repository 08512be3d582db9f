# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far depth is from what was measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from depth_anything_ros.evaluation.alignment import depth_from_disparity


@dataclass(frozen=True)
class Score:
    """One picture's errors: AbsRel = mean |p - g| / g; delta1 = share of max(p/g, g/p) < 1.25."""

    abs_rel: float
    delta1: float
    pixels: int


def score_depth(prediction: np.ndarray, depth: np.ndarray, valid: np.ndarray) -> Score:
    """Score metric depth (H, W) in metres against measured depth over the valid pixels."""
    p, g = prediction[valid].astype(np.float64), depth[valid].astype(np.float64)
    if not g.size:
        raise ValueError('no valid pixel to score')
    ratio = np.maximum(p / g, g / p)
    return Score(float(np.mean(np.abs(p - g) / g)), float(np.mean(ratio < 1.25)), int(g.size))


def score_relative(
    disparity: np.ndarray, depth: np.ndarray, min_depth: float, max_depth: float
) -> Score:
    """Score relative inverse depth after aligning it to the measured depth.

    Valid are pixels whose measured depth is finite and within [``min_depth``, ``max_depth``].
    """
    valid = np.isfinite(depth) & (depth >= min_depth) & (depth <= max_depth)
    return score_depth(depth_from_disparity(disparity, depth, valid, max_depth), depth, valid)


def mean_score(scores: list[Score]) -> Score:
    """Average per-picture scores, every picture with the same weight."""
    return Score(
        float(np.mean([s.abs_rel for s in scores])),
        float(np.mean([s.delta1 for s in scores])),
        sum(s.pixels for s in scores),
    )

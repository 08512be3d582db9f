# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Boundary F1 by hand and against loops."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.evaluation.boundary import boundary_f1


def plain(prediction, depth, valid):
    """Score contours pixel by pixel, as the paper writes it."""
    height, width = depth.shape
    score = weights = 0.0
    for t in np.linspace(1.05, 1.25, 10):
        precision = recall = 0.0
        for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            found = wanted = hits = 0
            for y in range(height):
                for x in range(width):
                    v, u = y + dy, x + dx
                    if not (0 <= v < height and 0 <= u < width and valid[y, x] and valid[v, u]):
                        continue
                    ours = prediction[v, u] / prediction[y, x] > t
                    true = depth[v, u] / depth[y, x] > t
                    found, wanted, hits = found + ours, wanted + true, hits + (ours and true)
            precision += hits / max(found, 1) / 4
            recall += hits / max(wanted, 1) / 4
        if precision + recall:
            score += t * 2 * precision * recall / (precision + recall)
        weights += t
    return score / weights


@pytest.mark.parametrize('seed', range(4))
def test_score_is_that_of_loops(seed):
    rng = np.random.default_rng(seed)
    depth = rng.uniform(1, 1.6, (11, 13))
    prediction = depth * rng.uniform(0.9, 1.1, depth.shape)
    valid = rng.random(depth.shape) < 0.8
    depth[~valid] = np.nan

    assert boundary_f1(prediction, depth, valid) == pytest.approx(plain(prediction, depth, valid))


def step(column: int, rising: bool = True) -> np.ndarray:
    """Return two planes that meet at a column."""
    depth = np.ones((12, 12))
    depth[:, column:] = 2 if rising else 0.5
    return depth


def test_own_edges_score_fully_in_the_directions_there_are():
    everywhere = np.ones((12, 12), bool)
    island = np.ones((12, 12))
    island[4:8, 4:8] = 0.5

    assert boundary_f1(island, island, everywhere) == pytest.approx(1)
    assert boundary_f1(7 * island, island, everywhere) == pytest.approx(1)
    # One of four directions has contours: precision and recall are 1/4.
    assert boundary_f1(step(6), step(6), everywhere) == pytest.approx(0.25)


def test_edges_elsewhere_or_the_other_way_round_score_nothing():
    everywhere = np.ones((12, 12), bool)

    assert boundary_f1(step(5), step(6), everywhere) == 0
    assert boundary_f1(step(6, rising=False), step(6), everywhere) == 0
    assert boundary_f1(np.ones((12, 12)), step(6), everywhere) == 0


def test_depth_without_edges_has_no_score():
    flat = np.ones((5, 6))

    assert boundary_f1(step(2)[:5, :6], flat, flat > 0) is None
    assert boundary_f1(flat, flat, flat < 0) is None

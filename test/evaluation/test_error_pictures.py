# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of errors: dark where nothing counts, brighter where more is wrong."""

from __future__ import annotations

import numpy as np

from depth_anything_ros.evaluation.benchmark_set import BenchmarkPair
from depth_anything_ros.evaluation.error_pictures import UNCOUNTED, error_pictures
from depth_anything_ros.evaluation.pair_scoring import Compared

HEIGHT, WIDTH = 40, 60


def pair_of(depth: np.ndarray) -> BenchmarkPair:
    rgb = np.full((*depth.shape, 3), 90, np.uint8)
    return BenchmarkPair('room/1', rgb, depth.astype(np.float32), 'room')


def test_larger_errors_are_brighter_and_what_does_not_count_is_dark():
    depth = np.full((HEIGHT, WIDTH), 2.0)
    depth[:, :10] = np.nan
    aligned = np.full_like(depth, 2.0)
    aligned[:, 30:50], aligned[:, 50:] = 2.4, 9.0

    shown = error_pictures(pair_of(depth), Compared(aligned, np.isfinite(depth)))

    assert tuple(shown.error[5, 5]) == UNCOUNTED == tuple(shown.measured[5, 5])
    right, off, wrong = (int(shown.error[5, column].sum()) for column in (20, 40, 55))
    assert right < off < wrong
    assert len(shown.views()) == len(shown.TITLES) == 4
    assert all(view.shape == (HEIGHT, WIDTH, 3) for view in shown.views())


def test_single_points_are_drawn_large_enough_to_be_seen():
    depth = np.full((HEIGHT, WIDTH), np.nan)
    depth[20, 30], depth[10, 10] = 3.0, 5.0
    aligned = np.full_like(depth, 3.0)

    shown = error_pictures(pair_of(depth), Compared(aligned, np.isfinite(depth)))

    seen = (shown.error != np.array(UNCOUNTED)).any(2)
    assert seen.sum() == 2 * 25
    np.testing.assert_array_equal(shown.error[18, 28], shown.error[20, 30])
    assert shown.error[10, 10].sum() > shown.error[20, 30].sum()


def test_endless_depth_is_painted_without_an_error():
    depth = np.linspace(1, 9, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    aligned = depth.copy()
    aligned[0], aligned[1] = np.inf, -1.0

    shown = error_pictures(pair_of(depth), Compared(aligned, np.isfinite(depth)))

    assert shown.error[0].sum() >= shown.error[20].sum()

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pairs of points: what is right, what is counted, and which pairs are drawn."""

from __future__ import annotations

import math

import numpy as np
import pytest

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.evaluation.ordering import (
    LEAST_RATIO,
    SCENES,
    draw_pairs,
    ordered_pictures,
    score_ordering,
)
from depth_anything_ros.evaluation.point_pairs import OrderingScore, PointPair, agreeing

SIZE = {'height': 42, 'width': 56}
RELATIVE, METRIC = DepthKind.RELATIVE, DepthKind.METRIC


def test_larger_disparity_and_smaller_depth_are_nearer_and_ties_are_wrong():
    values = np.array([[3.0, 1.0, 1.0, np.nan]], np.float32)
    pairs = [PointPair((0, 0), (0, 1)), PointPair((0, 1), (0, 0)), PointPair((0, 1), (0, 2))]

    assert agreeing(values, RELATIVE, pairs).tolist() == [True, False, False]
    assert agreeing(values, METRIC, pairs).tolist() == [False, True, False]


@pytest.mark.parametrize('kind', [RELATIVE, METRIC])
def test_point_without_a_number_is_wrong(kind):
    values = np.array([[1.0, np.nan]], np.float32)
    pairs = [PointPair((0, 0), (0, 1)), PointPair((0, 1), (0, 0))]

    assert not agreeing(values, kind, pairs).any()


@pytest.mark.parametrize('point', [(0, 2), (1, 0), (-1, 0)])
def test_point_outside_is_refused(point):
    with pytest.raises(ValueError, match='outside of the 2x1'):
        agreeing(np.ones((1, 2)), METRIC, [PointPair((0, 0), point)])


def test_mean_weighs_pairs_not_scenes():
    score = OrderingScore.of(
        [
            ('one', np.array([True])),
            ('many', np.array([True, False, False])),
            ('many', np.array([False, False])),
            ('none', np.zeros(0, bool)),
        ]
    )

    assert score.scenes['many'].accuracy == pytest.approx(1 / 5)
    assert score.mean.accuracy == pytest.approx(2 / 6)
    assert math.isnan(score.scenes['none'].accuracy)
    assert score.summary()['none'] == {'accuracy': None, 'right': 0, 'pairs': 0}


def test_pairs_keep_to_surfaces_and_differ_clearly():
    depth = np.full((40, 60), 2.0, np.float32)
    depth[:, 20:40] = 2.1  # too little
    depth[:, 40:] = 3.0
    depth[:10] = np.inf
    depth[30:] = np.nan

    pairs = draw_pairs(depth, np.random.default_rng(0), 200)

    assert len(pairs) > 50
    for pair in pairs:
        assert depth[pair.far] >= LEAST_RATIO * depth[pair.near]
        for row, column in (pair.near, pair.far):
            window = depth[row - 2 : row + 3, column - 2 : column + 3]
            assert window.shape == (5, 5)
            assert np.isinf(window).all() or window.max() - window.min() < 0.15
    assert {float(depth[pair.far]) for pair in pairs} == {3.0, np.inf}


@pytest.mark.parametrize('depth', [np.full((40, 60), 2.0), np.full((40, 60), np.nan)])
def test_picture_without_clear_pairs_gives_none(depth):
    assert draw_pairs(depth.astype(np.float32), np.random.default_rng(0), 10) == []


def test_scenes_are_the_same_however_many_others_are_asked_for():
    (alone,) = ordered_pictures(['fog'], seed=3, pictures=1, pairs=3, **SIZE)
    *_, last = ordered_pictures(['desk', 'fog'], seed=3, pictures=1, pairs=3, **SIZE)
    (other,) = ordered_pictures(['fog'], seed=4, pictures=1, pairs=3, **SIZE)

    np.testing.assert_array_equal(alone.rgb, last.rgb)
    assert alone.pairs == last.pairs
    assert not np.array_equal(alone.depth, other.depth)


class Knowing:
    """An estimator that looks its answer up in the truth."""

    def __init__(self, kind: DepthKind, sign: int, seed: int, pictures: int) -> None:
        drawn = ordered_pictures(seed=seed, pictures=pictures, pairs=4, **SIZE)
        self.known = {each.rgb.tobytes(): each.depth for each in drawn}
        self.kind, self.sign = kind, sign

    def estimate(self, rgb: np.ndarray) -> Depth:
        depth = self.known[rgb.tobytes()]
        values = 1 / depth if self.kind is RELATIVE else depth
        return Depth(self.sign * values, self.kind, depth.shape)


@pytest.mark.parametrize('kind', [RELATIVE, METRIC])
def test_truth_is_all_right_and_its_opposite_all_wrong(kind):
    for sign, share in ((1, 1.0), (-1, 0.0)):
        knowing = Knowing(kind, sign, seed=1, pictures=1)
        score = score_ordering(knowing, seed=1, pictures=1, pairs=4, **SIZE)

        assert set(score.scenes) == set(SCENES)
        assert score.mean.pairs > 30
        assert score.mean.accuracy == share


def test_unknown_scene_is_named():
    with pytest.raises(ValueError, match="'moon'"):
        next(ordered_pictures(['moon']))

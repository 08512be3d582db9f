# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for annotation/voting.py."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from depth_anything_ros.annotation.key_points import KeyPoint
from depth_anything_ros.annotation.voting import (
    DepthOf,
    Drawing,
    Nearer,
    Purpose,
    Vote,
    _numbered,
    draw,
    vote,
)
from depth_anything_ros.depth import DepthKind

METRIC, RELATIVE = DepthKind.METRIC, DepthKind.RELATIVE
DIGEST = 'ab' * 32
POINTS = [KeyPoint(row, column, 9.0) for row in range(5, 100, 15) for column in range(5, 100, 15)]
ROWS = np.mgrid[:100, :100][0].astype(np.float32)
DOWN = DepthOf(ROWS + 1, RELATIVE)  # lower is nearer
METRES = DepthOf(101 - ROWS, METRIC)  # so it is here
UP = DepthOf(100 - ROWS, RELATIVE)
EVEN = DepthOf(1000 - ROWS, RELATIVE)  # as UP, with hardly a difference


@pytest.mark.parametrize(
    ('kind', 'a', 'b', 'nearer', 'ratio'),
    [
        (RELATIVE, 6, 2, Nearer.FIRST, 3),
        (RELATIVE, 2, 6, Nearer.SECOND, 3),
        (METRIC, 6, 2, Nearer.SECOND, 3),
        (METRIC, 2, math.inf, Nearer.FIRST, math.inf),
        (METRIC, -math.inf, 2, Nearer.FIRST, math.inf),
        (RELATIVE, 0, 2, Nearer.SECOND, math.inf),
        (RELATIVE, -3, 2, Nearer.SECOND, math.inf),
        (METRIC, 4, 4, Nearer.TIE, 1),
        (METRIC, math.inf, math.inf, Nearer.TIE, 1),
    ],
)
def test_what_a_model_says_of_two_values(kind, a, b, nearer, ratio):
    values = np.array([[a, b]], np.float32)
    assert vote(DepthOf(values, kind), (0, 0), (0, 1)) == Vote(nearer, ratio)


def test_a_model_that_does_not_know_a_point_has_no_vote():
    values = np.array([[np.nan, 1]], np.float32)
    assert vote(DepthOf(values, METRIC), (0, 0), (0, 1)) is None


def test_models_that_agree_send_nothing_to_people():
    drawn, unjudged = draw(POINTS, {'a': DOWN, 'b': METRES}, Drawing(attempts=60), DIGEST)
    assert len(drawn) == 60 and unjudged == 0
    # Points in one row are ties for both.
    assert {pair.purpose for pair in drawn} == {Purpose.AGREED}


def test_one_model_that_differs_sends_pairs_to_people_until_there_are_enough():
    depths = {'a': DOWN, 'b': METRES, 'c': UP}
    drawn, _ = draw(POINTS, depths, Drawing(pairs=5), DIGEST)
    review = [pair for pair in drawn if pair.purpose is Purpose.REVIEW]
    assert len(review) == 5 and drawn[-1] is review[-1]
    for pair in review:
        said = {name: found.nearer for name, found in pair.votes.items()}
        assert said['a'] == said['b'] != said['c']
        assert pair.ratio == max(found.ratio for found in pair.votes.values()) >= 3


def test_pairs_in_which_no_model_sees_contrast_are_kept_apart():
    flat = DepthOf(1000 + ROWS, RELATIVE)
    drawn, _ = draw(POINTS, {'a': flat, 'b': EVEN}, Drawing(attempts=50), DIGEST)
    assert {pair.purpose for pair in drawn} <= {Purpose.FAINT, Purpose.AGREED}
    assert sum(pair.purpose is Purpose.FAINT for pair in drawn) > 30
    drawn, _ = draw(POINTS, {'a': flat, 'b': EVEN}, Drawing(attempts=50, ratio=1), DIGEST)
    assert sum(pair.purpose is Purpose.REVIEW for pair in drawn) == 2


def test_pairs_that_a_model_does_not_know_are_counted_and_left_out():
    unknown = DepthOf(np.full((100, 100), np.nan, np.float32), METRIC)
    drawn, unjudged = draw(POINTS, {'a': DOWN, 'b': unknown}, Drawing(attempts=20), DIGEST)
    assert drawn == [] and unjudged == 20


def test_the_seed_and_the_picture_tell_the_pairs():
    depths = {'a': DOWN, 'b': UP}

    def pairs(seed=0, picture=DIGEST):
        drawing = Drawing(pairs=10, seed=seed)
        return [(pair.a, pair.b) for pair in draw(POINTS, depths, drawing, picture)[0]]

    assert pairs() == pairs()
    assert pairs() != pairs(seed=1) and pairs() != pairs(picture='cd' * 32)


def test_no_pair_twice_none_too_close_and_no_order_in_them():
    depths = {'a': DOWN, 'b': METRES}
    drawn, _ = draw(POINTS, depths, Drawing(attempts=10_000, apart=0.2), DIGEST)
    least = 0.2 * math.hypot(100, 100)
    apart = [
        (p, q) for p, q in combinations(POINTS, 2)
        if math.hypot(p.row - q.row, p.column - q.column) >= least
    ]  # fmt: skip
    assert len(drawn) == len({frozenset((pair.a, pair.b)) for pair in drawn}) == len(apart)
    said = [pair.votes['a'].nearer for pair in drawn]
    first, second = said.count(Nearer.FIRST), said.count(Nearer.SECOND)
    assert 0.4 < first / (first + second) < 0.6


@pytest.mark.parametrize('points', [[], POINTS[:1]])
def test_less_than_two_points_give_no_pairs(points):
    assert draw(points, {'a': DOWN, 'b': UP}, Drawing(), DIGEST) == ([], 0)


def test_one_model_cannot_differ():
    with pytest.raises(ValueError, match='at least two'):
        draw(POINTS, {'a': DOWN}, Drawing(), DIGEST)


def test_every_pair_has_a_number():
    expected = [(i, j) for i in range(40) for j in range(i)]
    assert [_numbered(number) for number in range(len(expected))] == expected

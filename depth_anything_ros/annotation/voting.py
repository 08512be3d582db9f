# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pairs of key points, what depth models say of them, and which of them people are asked about.

A pair on which at least one model differs from the others goes to people; one whose answer all
share never does, and is kept for statistics alone (Depth Anything V2, section 6.1).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from depth_anything_ros.annotation.key_points import KeyPoint
from depth_anything_ros.depth import DepthKind

Point = tuple[int, int]
"""Row and column of a pixel."""


class Nearer(Enum):
    """What a model says of a pair."""

    FIRST = 'first'
    SECOND = 'second'
    TIE = 'tie'


class Purpose(Enum):
    """What a drawn pair is for: people, or statistics alone.

    FAINT ones are those on which models differ, but none of them sees much of a difference.
    """

    REVIEW = 'review'
    AGREED = 'agreed'
    FAINT = 'faint'


@dataclass(frozen=True)
class Vote:
    """What a model says, and how many times as far the farther point is by its depth."""

    nearer: Nearer
    ratio: float


@dataclass(frozen=True)
class Drawn:
    """A pair with the vote of each model."""

    a: Point
    b: Point
    votes: Mapping[str, Vote]
    purpose: Purpose

    @property
    def ratio(self) -> float:
        """The greatest ratio that any of the models sees."""
        return max(vote.ratio for vote in self.votes.values())


@dataclass(frozen=True)
class Drawing:
    """How pairs are drawn.

    Up to ``pairs`` of a picture go to people, among at most ``attempts`` that are drawn. The
    points are at least ``apart`` of the picture's diagonal from each other, and some model must
    see at least ``ratio`` between their depths.
    """

    pairs: int = 2
    attempts: int = 100
    ratio: float = 3.0
    apart: float = 0.05
    seed: int = 0


@dataclass(frozen=True)
class DepthOf:
    """What a model says of a picture: ``values`` (H, W) float32 at the picture's size."""

    values: np.ndarray
    kind: DepthKind


def vote(depth: DepthOf, a: Point, b: Point) -> Vote | None:
    """Return a model's vote, from the values of the two pixels; None where it knows one not.

    For disparity the ratio is that of the disparities as they are: what a relative model sees is
    known but for a scale and a shift, so it tells contrast and no ratio of metres.
    """
    at_a, at_b = float(depth.values[a]), float(depth.values[b])
    if math.isnan(at_a) or math.isnan(at_b):
        return None
    if at_a == at_b:
        return Vote(Nearer.TIE, 1.0)
    first = (at_a > at_b) == (depth.kind is DepthKind.RELATIVE)
    least, most = sorted((at_a, at_b))
    ratio = most / least if least > 0 and math.isfinite(most) else math.inf
    return Vote(Nearer.FIRST if first else Nearer.SECOND, ratio)


def draw(
    points: Sequence[KeyPoint], depths: Mapping[str, DepthOf], drawing: Drawing, picture: str
) -> tuple[list[Drawn], int]:
    """Draw pairs of a picture until enough of them are for people.

    The same ``picture`` (its digest) and seed give the same pairs. Returns all that were drawn,
    and how many had to be left out since a model does not know a point. Raises ValueError for less
    than two models, which cannot differ.
    """
    if len(depths) < 2:
        raise ValueError(f'models that vote must be at least two, got {len(depths)}')
    shape = next(iter(depths.values())).values.shape
    least = drawing.apart * math.hypot(*shape)
    drawn: list[Drawn] = []
    wanted, unjudged = drawing.pairs, 0
    for a, b in _pairs(points, least, drawing, picture):
        if not wanted:
            break
        votes = {name: vote(depth, a, b) for name, depth in depths.items()}
        known = {name: found for name, found in votes.items() if found is not None}
        if len(known) < len(votes):
            unjudged += 1
            continue
        pair = Drawn(a, b, known, _purpose(known, drawing.ratio))
        wanted -= pair.purpose is Purpose.REVIEW
        drawn.append(pair)
    return drawn, unjudged


def _purpose(votes: Mapping[str, Vote], least_ratio: float) -> Purpose:
    if len({found.nearer for found in votes.values()}) == 1:
        return Purpose.AGREED
    if max(found.ratio for found in votes.values()) < least_ratio:
        return Purpose.FAINT
    return Purpose.REVIEW


def _pairs(
    points: Sequence[KeyPoint], least: float, drawing: Drawing, picture: str
) -> Iterator[tuple[Point, Point]]:
    """Yield pairs of points far enough from each other, none twice, in a random order."""
    count = len(points)
    total = count * (count - 1) // 2
    random = np.random.default_rng([drawing.seed, *bytes.fromhex(picture)])
    given = 0
    for number in random.permutation(total) if total else ():
        i, j = _numbered(int(number))
        if random.random() < 0.5:  # which of them is the first must tell nothing
            i, j = j, i
        a, b = points[i], points[j]
        if math.hypot(a.row - b.row, a.column - b.column) < least:
            continue
        yield (a.row, a.column), (b.row, b.column)
        given += 1
        if given >= drawing.attempts:
            return


def _numbered(number: int) -> tuple[int, int]:
    """Return the pair i > j of a number: (1, 0), (2, 0), (2, 1), (3, 0) ..."""
    i = (1 + math.isqrt(1 + 8 * number)) // 2
    return i, number - i * (i - 1) // 2

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pairs of points of which one is nearer, and how often depth agrees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from depth_anything_ros.depth import DepthKind


@dataclass(frozen=True)
class PointPair:
    """Two pixels (row, column) of a picture; ``near`` is the nearer one."""

    near: tuple[int, int]
    far: tuple[int, int]


def agreeing(values: np.ndarray, kind: DepthKind, pairs: Sequence[PointPair]) -> np.ndarray:
    """Return for each pair whether depth (H, W) of that kind has the nearer point nearer.

    Ties are wrong, and so is a point without a number. Raises ValueError for a point outside.
    """
    if not pairs:
        return np.zeros(0, bool)
    points = np.array([(*pair.near, *pair.far) for pair in pairs], np.int64)
    height, width = values.shape
    if (points < 0).any() or (points >= (height, width, height, width)).any():
        raise ValueError(f'a point is outside of the {width}x{height} pixels')
    near = values[points[:, 0], points[:, 1]].astype(np.float64)
    far = values[points[:, 2], points[:, 3]].astype(np.float64)
    with np.errstate(invalid='ignore'):
        return near > far if kind is DepthKind.RELATIVE else near < far


@dataclass(frozen=True)
class Tally:
    """How many of some pairs are right."""

    right: int
    pairs: int

    @property
    def accuracy(self) -> float:
        """The share that is right, NaN of none."""
        return self.right / self.pairs if self.pairs else float('nan')


@dataclass(frozen=True)
class OrderingScore:
    """Pairs that are right, by scene."""

    scenes: Mapping[str, Tally]

    @classmethod
    def of(cls, outcomes: Iterable[tuple[str, np.ndarray]]) -> OrderingScore:
        """Count outcomes: the scene of a picture, and for each of its pairs whether it is right."""
        counted: dict[str, Tally] = {}
        for scene, right in outcomes:
            before = counted.get(scene, Tally(0, 0))
            counted[scene] = Tally(before.right + int(right.sum()), before.pairs + right.size)
        return cls(counted)

    @property
    def mean(self) -> Tally:
        """All pairs together, each with the same weight, as DA-2K reports its mean."""
        right = sum(tally.right for tally in self.scenes.values())
        return Tally(right, sum(tally.pairs for tally in self.scenes.values()))

    def summary(self) -> dict[str, Any]:
        """Return plain numbers for JSON."""
        everything = {**self.scenes, 'mean': self.mean}
        return {
            scene: {
                'accuracy': round(tally.accuracy, 5) if tally.pairs else None,
                'right': tally.right,
                'pairs': tally.pairs,
            }
            for scene, tally in everything.items()
        }

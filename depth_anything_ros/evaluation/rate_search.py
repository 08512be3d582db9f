# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The highest rate that a system answers nearly all of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MOST_LOSS = 0.05
"""Part of the frames that may stay unanswered, as in ros2_benchmark."""

PLAYER_SHORTFALL = 0.03
"""How far below the rate asked for a player may stay before the player is the limit."""


@dataclass(frozen=True)
class Probe:
    """One try: frames per second asked for, sent, and the part that was not answered."""

    wanted: float
    sent: float
    loss: float

    @property
    def passed(self) -> bool:
        """Whether nearly all frames were answered."""
        return self.loss < MOST_LOSS

    @property
    def fell_short(self) -> bool:
        """Whether the player did not come near the rate it was asked for."""
        return self.sent < self.wanted * (1 - PLAYER_SHORTFALL)


@dataclass(frozen=True)
class Highest:
    """The highest rate in Hz that passed, 0 when none did.

    ``limit`` says what kept it from being higher: 'node', 'player' (which could not send faster)
    or 'bound' (of the search).
    """

    rate: float
    limit: str


def highest_rate(
    probe: Callable[[float], Probe], low: float, high: float, tolerance: float = 0.04
) -> Highest:
    """Find the highest rate between two bounds, in Hz, at which less than MOST_LOSS is lost.

    Bisects by ratio until the bounds are within ``tolerance`` of each other. Raises ValueError for
    bounds that are none.
    """
    if not 0 < low < high:
        raise ValueError(f'a search needs 0 < low < high, got {low:g} and {high:g}')
    result = probe(high)
    if result.passed:
        return Highest(result.sent, 'player' if result.fell_short else 'bound')
    result = probe(low)
    best = result.sent if result.passed else 0.0
    while result.passed and high / low > 1 + tolerance:
        rate = (low * high) ** 0.5
        attempt = probe(rate)
        if not attempt.passed:
            high = rate
            continue
        best, low = attempt.sent, rate
        if attempt.fell_short:
            return Highest(best, 'player')
    return Highest(best, 'node')

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of evaluation/rate_search.py on made-up systems."""

from __future__ import annotations

import pytest

from depth_anything_ros.evaluation.rate_search import MOST_LOSS, Probe, highest_rate


class System:
    """Answers ``capacity`` frames a second, and is sent ``player`` at most."""

    def __init__(self, capacity, player=1e9):
        self.capacity, self.player, self.asked = capacity, player, []

    def __call__(self, rate):
        self.asked.append(rate)
        sent = min(rate, self.player)
        return Probe(rate, sent, max(0.0, 1 - self.capacity / sent))


@pytest.mark.parametrize('capacity', [1.3, 9.9, 30.0, 77.0, 199.0])
def test_the_highest_rate_with_little_loss_is_found(capacity):
    system = System(capacity)
    found = highest_rate(system, 1.0, 240.0, tolerance=0.04)
    highest = capacity / (1 - MOST_LOSS)
    assert highest / 1.05 < found.rate < highest and found.limit == 'node'
    assert len(system.asked) < 12


def test_a_system_that_answers_everything_meets_the_bound_of_the_search():
    system = System(1000.0)
    found = highest_rate(system, 1.0, 240.0)
    assert (found.rate, found.limit, system.asked) == (240.0, 'bound', [240.0])


@pytest.mark.parametrize('capacity', [1000.0, 100.0])
def test_a_player_that_cannot_send_faster_is_named(capacity):
    found = highest_rate(System(capacity, player=90.0), 1.0, 240.0)
    assert (found.rate, found.limit) == (90.0, 'player')


def test_a_system_that_cannot_keep_up_at_all_has_no_rate():
    system = System(0.5)
    found = highest_rate(system, 1.0, 240.0)
    assert (found.rate, found.limit, system.asked) == (0.0, 'node', [240.0, 1.0])


@pytest.mark.parametrize(('low', 'high'), [(0.0, 10.0), (10.0, 10.0), (20.0, 10.0)])
def test_bounds_that_are_none_are_refused(low, high):
    with pytest.raises(ValueError, match='0 < low < high'):
        highest_rate(System(5.0), low, high)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers and counts of the last seconds: inference/recent.py and inference/count_window.py."""

from __future__ import annotations

import numpy as np

from depth_anything_ros.inference.count_window import CountWindow, Period
from depth_anything_ros.inference.counters import FrameCounters
from depth_anything_ros.inference.recent import RecentValues, percentiles


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def receive(counters: FrameCounters, outcome: str, number: int) -> None:
    for _ in range(number):
        counters.receive()
        counters.settle(outcome)


def test_only_the_numbers_of_the_last_seconds_are_returned():
    clock = Clock()
    values = RecentValues(clock=clock)
    for number in range(5):
        values.add(float(number))
        clock.now += 1
    np.testing.assert_array_equal(values.since(103.0), [3, 4])
    np.testing.assert_array_equal(values.since(), [0, 1, 2, 3, 4])


def test_the_newest_numbers_push_the_oldest_out():
    values = RecentValues(most=2)
    for number in range(4):
        values.add(float(number))
    np.testing.assert_array_equal(values.since(), [2, 3])


def test_percentiles_of_nothing_are_none():
    assert percentiles(np.empty(0)) is None
    assert percentiles(np.arange(101.0)) == (50.0, 99.0)


def test_a_rate_is_that_of_the_last_seconds_not_since_the_start():
    clock, counters = Clock(), FrameCounters()
    window = CountWindow(counters, clock)
    for _ in range(10):  # ten fast seconds
        receive(counters, 'published', 30)
        clock.now += 1
        window.look(5.0)
    for _ in range(6):  # then slow ones
        receive(counters, 'dropped', 2)
        clock.now += 1
        period = window.look(5.0)
    assert (period.seconds, period.counts.received, period.counts.published) == (5.0, 10, 0)
    assert period.rate(period.counts.received) == 2.0


def test_what_was_before_a_restart_does_not_count():
    clock, counters = Clock(), FrameCounters()
    window = CountWindow(counters, clock)
    receive(counters, 'published', 30)
    clock.now += 60  # the node was not active meanwhile
    window.restart()
    receive(counters, 'failed', 1)
    clock.now += 2
    period = window.look(10.0)
    assert (period.seconds, period.counts.received, period.tried) == (2.0, 1, 1)


def test_a_period_is_never_shorter_than_the_window_once_that_is_over():
    clock, counters = Clock(), FrameCounters()
    window = CountWindow(counters, clock)
    for _ in range(20):
        clock.now += 0.97
        period = window.look(5.0)
    assert 5.0 <= period.seconds < 6.0


def test_no_time_is_no_rate():
    assert Period(0.0, 0.0, FrameCounters().counts()).rate(3) == 0.0

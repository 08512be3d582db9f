# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of inference/stage_times.py."""

from __future__ import annotations

import threading

import pytest

from depth_anything_ros.inference.stage_times import StageTimes


def test_percentiles_are_those_of_each_stage_in_seconds():
    stages = StageTimes()
    for milliseconds in range(101):
        stages.add('decode', milliseconds * 1_000_000)
    stages.add('publish', 7_000_000)
    assert list(stages.percentiles()) == ['decode', 'publish']
    assert stages.percentiles()['decode'] == pytest.approx((0.05, 0.099))
    assert stages.percentiles()['publish'] == pytest.approx((0.007, 0.007))


def test_old_times_are_forgotten():
    stages = StageTimes(window=3)
    for nanoseconds in (10**9, 1, 1, 1):
        stages.add('decode', nanoseconds)
    assert stages.percentiles()['decode'] == pytest.approx((1e-9, 1e-9))


def test_a_block_is_measured_unless_it_raises():
    stages = StageTimes()
    with pytest.raises(KeyError), stages.measure('broken'):
        raise KeyError
    with stages.measure('whole'):
        pass
    assert list(stages.percentiles()) == ['whole']
    assert stages.percentiles()['whole'][0] > 0


def test_threads_may_add_while_percentiles_are_asked_for():
    stages = StageTimes(window=10_000)

    def add():
        for _ in range(2_000):
            stages.add('decode', 5)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        stages.percentiles()
    assert len(stages._times['decode']) == 8_000

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What became of every frame, and how old results were."""

from __future__ import annotations

import threading
from typing import get_args

import numpy as np
import pytest

from depth_anything_ros.inference.counters import FrameCounters, Outcome

OUTCOMES = get_args(Outcome)


def test_outcomes_are_the_five_of_the_contract():
    assert OUTCOMES == ('published', 'dropped', 'skipped', 'rejected', 'failed')


def test_nothing_has_happened_at_the_start():
    counters = FrameCounters()

    assert set(counters.counts().as_dict().values()) == {0}
    assert counters.counts().pending == 0
    assert counters.latency_percentiles() is None


def test_every_outcome_has_its_own_count():
    counters = FrameCounters()
    for times, outcome in enumerate(OUTCOMES, start=1):
        for _ in range(times):
            counters.receive()
            counters.settle(outcome)

    assert counters.counts().as_dict() == {
        'received': 15,
        'published': 1,
        'dropped': 2,
        'skipped': 3,
        'rejected': 4,
        'failed': 5,
    }
    assert counters.counts().pending == 0


def test_pending_frames_are_those_not_settled():
    counters = FrameCounters()
    for _ in range(3):
        counters.receive()
    counters.settle('published')

    assert counters.counts().pending == 2


def test_snapshot_does_not_change_afterwards():
    counters = FrameCounters()
    before = counters.counts()

    counters.receive()

    assert before.received == 0
    assert counters.counts().received == 1


def test_percentiles_are_those_of_numpy():
    counters = FrameCounters()
    latencies = np.random.default_rng(0).exponential(0.1, 200)
    for latency in latencies:
        counters.settle('published', latency)

    assert counters.latency_percentiles() == pytest.approx(np.percentile(latencies, (50, 99)))


def test_frames_without_a_latency_do_not_enter_the_percentiles():
    counters = FrameCounters()
    counters.settle('published', 0.5)
    counters.settle('dropped')

    assert counters.latency_percentiles() == (0.5, 0.5)


def test_latency_of_zero_counts():
    counters = FrameCounters()
    counters.settle('published', 0.0)

    assert counters.latency_percentiles() == (0.0, 0.0)


def test_only_recent_latencies_are_remembered():
    counters = FrameCounters(window=10)
    for _ in range(100):
        counters.settle('published', 9.0)
    for _ in range(10):
        counters.settle('published', 1.0)

    assert counters.latency_percentiles() == (1.0, 1.0)
    assert counters.counts().published == 110


def test_threads_do_not_lose_counts_and_snapshots_are_consistent():
    counters, per_thread, torn = FrameCounters(), 500, []
    done = threading.Event()

    def count(outcome: Outcome) -> None:
        for _ in range(per_thread):
            counters.receive()
            counters.settle(outcome, 0.1)

    def watch() -> None:
        while not done.is_set():
            # A frame is received before it is settled, and each thread holds one at the most.
            if not 0 <= counters.counts().pending <= len(OUTCOMES):
                torn.append(counters.counts())

    watcher = threading.Thread(target=watch)
    watcher.start()
    threads = [threading.Thread(target=count, args=(outcome,)) for outcome in OUTCOMES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    watcher.join()

    final = counters.counts().as_dict()
    assert final.pop('received') == per_thread * len(OUTCOMES)
    assert set(final.values()) == {per_thread}
    assert torn == []


def test_a_reset_keeps_the_frames_in_hand():
    counters = FrameCounters()
    for _ in range(3):
        counters.receive()
    counters.settle('published', 0.5)
    counters.stages.add('decode', 1000)

    counters.reset()

    assert counters.counts().as_dict() == {
        **dict.fromkeys(counters.counts().as_dict(), 0),
        'received': 2,
    }
    assert counters.latency_percentiles() is None and counters.stages.percentiles() == {}
    counters.settle('dropped')
    counters.settle('published', 0.1)
    assert counters.counts().pending == 0

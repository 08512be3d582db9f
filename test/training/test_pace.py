# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""training/pace.py: what a run says of its speed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from depth_anything_ros.training import pace
from depth_anything_ros.training.pace import Pace


def test_the_share_of_waiting_and_the_rate(monkeypatch):
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(pace.time, 'monotonic', lambda: now.seconds)

    def slow():
        for number in range(4):
            now.seconds += 1.0
            yield number

    batches = Pace(slow())
    for _ in range(2):
        now.seconds += 50  # what comes before the first batch of a row does not count
        for _ in range(2):
            next(batches)
            now.seconds += 3.0

        assert batches.row(16) == {'pictures_per_s': 2.0, 'waited': 0.25}


def test_nothing_before_the_first_batch():
    assert Pace(iter(())).row(0) == {'pictures_per_s': 0.0, 'waited': 0.0}


def test_it_ends_where_the_batches_end():
    with pytest.raises(StopIteration):
        next(Pace(iter(())))

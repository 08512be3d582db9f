# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the bounded pipe between two threads."""

from __future__ import annotations

import threading

import pytest

from depth_anything_ros.media.byte_pipe import BytePipe, StoppedError


def filled(pipe: BytePipe[int], sizes: list[int], error: BaseException | None = None):
    """Put numbers of sizes in by a thread; return it, and the list of those that went in."""
    done: list[int] = []

    def put() -> None:
        try:
            for number, size in enumerate(sizes):
                pipe.put(number, size)
                done.append(number)
        except StoppedError:
            return
        pipe.end(error)

    thread = threading.Thread(target=put, daemon=True)
    thread.start()
    return thread, done


@pytest.mark.parametrize(('items', 'size'), [(1, 100), (3, 100), (100, 10), (100, 1)])
def test_all_comes_out_in_order_and_never_more_is_in_it_than_allowed(items, size):
    pipe: BytePipe[int] = BytePipe(items, size)
    thread, done = filled(pipe, [4, 7, 50, 1, 1, 1, 9] * 20)
    taken = []
    for number in pipe:
        assert len(done) - len(taken) <= items + 1
        taken.append(number)
    thread.join(20)

    assert taken == list(range(140))
    assert pipe.empty


def test_an_error_comes_after_what_was_before_it():
    pipe: BytePipe[int] = BytePipe(9, 9)
    filled(pipe, [1, 1], ValueError('broken'))
    taken = []

    with pytest.raises(ValueError, match='broken'):
        for number in pipe:
            taken.append(number)
    assert taken == [0, 1]


def test_who_puts_into_a_stopped_pipe_is_told():
    pipe: BytePipe[int] = BytePipe(1, 1)
    thread, _ = filled(pipe, [1] * 9)
    assert next(iter(pipe)) == 0
    pipe.stop()
    thread.join(20)

    assert not thread.is_alive()
    assert list(pipe) == []

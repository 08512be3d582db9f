# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of media/read_ahead.py."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from depth_anything_ros.media.frames import Frame, Source, SourceError
from depth_anything_ros.media.read_ahead import ReadAhead


class Numbers(Source):
    """Gives frames with the names 0, 1, 2 and so on, and then may fail."""

    def __init__(self, count: int, live: bool = False, error: Exception | None = None) -> None:
        super().__init__('numbers', 1.0)
        self.count = count
        self.live = live
        self.error = error
        self.given = 0
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self.count):
            self.given += 1
            yield Frame(np.zeros((2, 2, 3), np.uint8), None, str(index), None)
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.closed.set()


class Reading:
    """A ReadAhead and the signal that it has something."""

    def __init__(self, source: Source | Exception) -> None:
        self.ready = threading.Semaphore(0)
        self.progress: list[tuple[int, int]] = []
        self._source = source
        self.reader = ReadAhead(
            self._open,
            lambda frame: int(frame.name),
            self.ready.release,
            lambda done, total: self.progress.append((done, total)),
        )
        self.reader.start()

    def _open(self) -> Source:
        if isinstance(self._source, Exception):
            raise self._source
        return self._source

    def all(self) -> list[int]:
        """Take every item until the end."""
        items = []
        while not self.reader.finished:
            assert self.ready.acquire(timeout=10)
            item = self.reader.take()
            if item is not None:
                items.append(item)
        return items


def test_every_item_comes_once_and_in_order() -> None:
    reading = Reading(Numbers(5))
    assert reading.all() == [0, 1, 2, 3, 4]
    assert reading.reader.error is None and reading.reader.dropped == 0


def test_it_reads_no_further_than_one_item_ahead() -> None:
    source = Numbers(100)
    reading = Reading(source)
    assert reading.ready.acquire(timeout=10)
    # Item 0 is ready; the thread may hold item 1 but cannot ask for item 2.
    assert not reading.ready.acquire(timeout=0.2)
    assert source.given <= 2
    assert reading.reader.close(10)


def test_a_live_source_never_waits_and_the_newest_item_wins() -> None:
    reading = Reading(Numbers(50, live=True))
    for _ in range(51):
        assert reading.ready.acquire(timeout=10)
    assert reading.reader.take() == 49
    assert reading.reader.dropped == 49
    assert reading.reader.finished


@pytest.mark.parametrize('error', [SourceError('unplugged'), ValueError('odd')])
def test_an_error_is_kept_until_the_items_before_it_were_taken(error) -> None:
    source = Numbers(2, error=error)
    reading = Reading(source)
    assert reading.all() == [0, 1]
    assert reading.reader.error is error
    assert source.closed.is_set()


def test_a_source_that_cannot_be_opened_ends_at_once() -> None:
    error = SourceError('nowhere')
    reading = Reading(error)
    assert reading.all() == []
    assert reading.reader.error is error


def test_closing_stops_a_waiting_thread_and_closes_the_source() -> None:
    source = Numbers(100)
    reading = Reading(source)
    assert reading.ready.acquire(timeout=10)
    assert reading.reader.close(10)
    assert source.closed.is_set()
    assert reading.reader.error is None

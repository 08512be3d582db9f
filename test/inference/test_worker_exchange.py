# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A worker that goes on with another work between two items."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator

import pytest

from depth_anything_ros.inference.worker import Work, Worker

PATIENCE = 30.0
"""Seconds after which a test gives up; nothing waits that long when all is well."""


class Network:
    """Stands for what a work needs; tells who processed what, and can be held."""

    def __init__(self, name: str, log: list[str], pipelined: bool = False) -> None:
        self.name, self.log, self._pipelined = name, log, pipelined
        self.entered, self.done = threading.Semaphore(0), threading.Semaphore(0)
        self.release = threading.Event()
        self.release.set()

    def begin(self, items):
        self.entered.release()
        if self._pipelined:
            return lambda: self.finish(items)
        self.finish(items)
        return None

    def finish(self, items):
        assert self.release.wait(PATIENCE)
        self.log.append(f'{self.name} {items["camera"]}')
        self.done.release()

    def work(self) -> Work[str]:
        return Work(self.begin, None, 2 if self._pipelined else 1)


class Bench:
    def __init__(self, pipelined: bool = False) -> None:
        self.log: list[str] = []
        self.old = Network('old', self.log, pipelined)
        work = self.old.work()
        errors: list[Exception] = []
        self.worker: Worker[str] = Worker(
            ('camera',),
            work.begin,
            lambda error, _: errors.append(error),
            in_flight=work.in_flight,
        )
        self.exchanged = threading.Event()

    def put(self, item: str) -> None:
        self.worker.mailboxes['camera'].put(item)

    def new(self, pipelined: bool = False) -> Network:
        network = Network('new', self.log, pipelined)
        self.worker.exchange(network.work(), self.exchanged.set)
        return network


@pytest.fixture
def benches() -> Iterator[list[Bench]]:
    made: list[Bench] = []
    yield made
    for bench in made:
        bench.old.release.set()
        bench.worker.stop(PATIENCE)


def started(benches: list[Bench], pipelined: bool = False) -> Bench:
    bench = Bench(pipelined)
    benches.append(bench)
    bench.worker.start()
    return bench


@pytest.mark.parametrize('before', [False, True])
@pytest.mark.parametrize('after', [False, True])
def test_what_was_begun_is_finished_by_the_old_and_the_next_by_the_new(benches, before, after):
    bench = started(benches, before)
    bench.old.release.clear()
    bench.put('1')
    assert bench.old.entered.acquire(timeout=PATIENCE)

    new = bench.new(after)
    bench.put('2')
    assert not new.entered.acquire(timeout=0.05)
    assert not bench.exchanged.is_set()
    bench.old.release.set()

    assert new.done.acquire(timeout=PATIENCE)
    assert bench.exchanged.is_set()
    bench.put('3')
    assert new.done.acquire(timeout=PATIENCE)
    assert bench.log == ['old 1', 'new 2', 'new 3']


def test_a_worker_that_waits_for_items_exchanges_at_once(benches):
    bench = started(benches)

    new = bench.new()

    assert bench.exchanged.wait(PATIENCE)
    bench.put('1')
    assert new.done.acquire(timeout=PATIENCE)
    assert bench.log == ['new 1']


def test_a_worker_that_does_not_run_exchanges_at_once(benches):
    bench = Bench()
    benches.append(bench)

    new = bench.new(pipelined=True)
    assert bench.exchanged.is_set()

    bench.worker.start()
    bench.put('1')
    assert new.done.acquire(timeout=PATIENCE)


def test_stopping_makes_the_exchange_that_waits(benches):
    bench = started(benches)
    bench.old.release.clear()
    bench.put('1')
    assert bench.old.entered.acquire(timeout=PATIENCE)
    new = bench.new()
    bench.put('2')

    with pytest.raises(TimeoutError):
        bench.worker.stop(0.01)
    assert not bench.exchanged.is_set()
    bench.old.release.set()
    left = bench.worker.stop(PATIENCE)

    assert bench.exchanged.is_set() and left == {'camera': '2'}
    bench.worker.start()
    bench.put('3')
    assert new.done.acquire(timeout=PATIENCE)
    assert bench.log == ['old 1', 'new 3']


def test_the_newest_of_two_exchanges_that_wait_comes_about(benches):
    bench = started(benches)
    bench.old.release.clear()
    bench.put('1')
    assert bench.old.entered.acquire(timeout=PATIENCE)
    never = threading.Event()
    bench.worker.exchange(Network('never', bench.log).work(), never.set)

    new = bench.new()
    bench.old.release.set()
    assert bench.exchanged.wait(PATIENCE)
    bench.put('2')

    assert new.done.acquire(timeout=PATIENCE)
    assert not never.is_set() and bench.log == ['old 1', 'new 2']


@pytest.mark.parametrize('pipelined', [False, True])
def test_nothing_holds_the_old_network_afterwards(benches, pipelined):
    bench = started(benches, pipelined)
    bench.put('1')
    assert bench.old.done.acquire(timeout=PATIENCE)
    old = weakref.ref(bench.old)

    new = bench.new(pipelined)
    assert bench.exchanged.wait(PATIENCE)
    bench.old = new

    assert old() is None

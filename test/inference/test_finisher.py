# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The worker with its finisher: two calls under way, ended in the order of their beginning."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from depth_anything_ros.inference.worker import Worker

PATIENCE = 30.0
"""Seconds after which a test gives up; nothing waits that long when all is well."""
THREADS = {'depth-worker', 'depth-finisher'}


class Recorder:
    """Begins at once, and finishes each item when the test lets it."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.threads: dict[str, str] = {}
        self.errors: list[tuple[str, dict[str, str]]] = []
        self.fail_on: set[str] = set()
        self.nothing_left: set[str] = set()
        self.allowed = threading.Semaphore(0)
        self._changed = threading.Condition()

    def begin(self, items: dict[str, str]) -> Callable[[], None] | None:
        name = ' '.join(items.values())
        self.note('begin', name)
        return None if name in self.nothing_left else lambda: self.finish(name)

    def finish(self, name: str) -> None:
        assert self.allowed.acquire(timeout=PATIENCE)
        self.note('finish', name)

    def note(self, what: str, name: str) -> None:
        with self._changed:
            self.events.append(f'{what} {name}')
            self.threads[what] = threading.current_thread().name
            self._changed.notify_all()
        if f'{what} {name}' in self.fail_on:
            raise RuntimeError(f'cannot {what} {name}')

    def on_error(self, error: Exception, items: dict[str, str]) -> None:
        with self._changed:
            self.errors.append((str(error), items))
            self._changed.notify_all()

    def wait_for(self, event: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: event in self.events, PATIENCE), self.events

    def wait_for_error(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.errors, PATIENCE)


Make = Callable[..., Worker[str]]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def make(recorder: Recorder) -> Iterator[Make]:
    workers: list[Worker[str]] = []

    def build(*names: str, in_flight: int = 2, **options) -> Worker[str]:
        worker: Worker[str] = Worker(
            names or ('camera',), recorder.begin, recorder.on_error, in_flight=in_flight, **options
        )
        workers.append(worker)
        return worker

    yield build
    recorder.allowed.release(1000)
    for worker in workers:
        worker.stop(PATIENCE)


def names_of_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name in THREADS]


def put(worker: Worker[str], item: str, name: str = 'camera') -> None:
    worker.mailboxes[name].put(item)


def test_the_next_is_begun_before_the_last_is_finished(make, recorder):
    worker = make()
    worker.start()

    put(worker, 'a')
    recorder.wait_for('begin a')
    put(worker, 'b')
    recorder.wait_for('begin b')

    assert recorder.events == ['begin a', 'begin b']
    recorder.allowed.release(2)
    recorder.wait_for('finish b')
    assert recorder.events == ['begin a', 'begin b', 'finish a', 'finish b']
    assert recorder.threads == {'begin': 'depth-worker', 'finish': 'depth-finisher'}


def test_no_more_than_two_are_under_way_and_then_the_newest_is_next(make, recorder):
    worker = make()
    worker.start()
    for item in 'ab':
        put(worker, item)
        recorder.wait_for(f'begin {item}')

    for item in 'cdefg':  # each wakes the worker, which must leave them
        put(worker, item)
    assert worker.mailboxes['camera'].full
    recorder.allowed.release()
    recorder.wait_for('begin g')

    assert recorder.events == ['begin a', 'begin b', 'finish a', 'begin g']


def test_order_is_kept_and_two_is_never_exceeded_over_many(recorder):
    most, lock, now, done = [0], threading.Lock(), set(), threading.Event()
    order: list[int] = []
    count = 300

    def begin(items: dict[str, int]) -> Callable[[], None]:
        number = items['camera']
        with lock:
            now.add(number)
            most.append(len(now))

        def finish() -> None:
            with lock:
                now.remove(number)
                order.append(number)
            if number == count:
                done.set()

        return finish

    worker: Worker[int] = Worker(('camera',), begin, recorder.on_error, in_flight=2)
    worker.start()
    for number in range(1, count + 1):
        worker.mailboxes['camera'].put(number)
    assert done.wait(PATIENCE)
    worker.stop()

    assert order == sorted(set(order))
    assert max(most) <= 2


@pytest.mark.parametrize('half', ['begin', 'finish'])
def test_an_error_in_either_half_is_reported_with_its_items_and_all_goes_on(make, recorder, half):
    worker = make()
    recorder.fail_on = {f'{half} bad'}
    recorder.allowed.release(10)
    worker.start()

    put(worker, 'bad')
    recorder.wait_for_error()
    put(worker, 'good')
    recorder.wait_for('finish good')

    assert recorder.errors == [(f'cannot {half} bad', {'camera': 'bad'})]


def test_what_has_nothing_left_to_do_takes_no_place(make, recorder):
    worker = make()
    recorder.nothing_left = {'x', 'y', 'z'}
    worker.start()

    put(worker, 'a')
    recorder.wait_for('begin a')
    for item in 'xyzb':
        put(worker, item)
        recorder.wait_for(f'begin {item}')

    assert [event for event in recorder.events if 'finish' in event] == []


def test_stop_finishes_what_is_under_way_and_returns_what_waits(make, recorder):
    worker = make()
    worker.start()
    for item in 'ab':
        put(worker, item)
        recorder.wait_for(f'begin {item}')
    put(worker, 'late')
    leftovers: list[dict[str, str]] = []
    stopper = threading.Thread(target=lambda: leftovers.append(worker.stop(PATIENCE)))
    stopper.start()
    # Both end only after stop() was asked for, so nothing new may be taken.
    assert worker._stopping.wait(PATIENCE)
    recorder.allowed.release(2)
    stopper.join(PATIENCE)

    assert leftovers == [{'camera': 'late'}]
    assert recorder.events == ['begin a', 'begin b', 'finish a', 'finish b']
    assert names_of_threads() == []


def test_stop_that_takes_too_long_is_an_error_and_may_be_tried_again(make, recorder):
    worker = make()
    worker.start()
    for item in 'ab':
        put(worker, item)
        recorder.wait_for(f'begin {item}')

    for _ in range(2):
        with pytest.raises(TimeoutError, match='0.01 s'):
            worker.stop(timeout=0.01)
    recorder.allowed.release(2)
    assert worker.stop(PATIENCE) == {}

    assert recorder.events[2:] == ['finish a', 'finish b']
    assert names_of_threads() == []


def test_a_stopped_worker_starts_again_with_all_its_places(make, recorder):
    worker = make()
    for round_ in range(3):
        worker.start()
        for item in 'ab':
            put(worker, f'{item}{round_}')
            recorder.wait_for(f'begin {item}{round_}')
        recorder.allowed.release(2)
        worker.stop(PATIENCE)

    assert recorder.events[-1] == 'finish b2'


def test_with_one_in_flight_one_thread_does_it_all(make, recorder):
    worker = make(in_flight=1)
    recorder.allowed.release(10)
    worker.start()
    assert names_of_threads() == ['depth-worker']

    for item in 'ab':
        put(worker, item)
        recorder.wait_for(f'finish {item}')

    assert recorder.events == ['begin a', 'finish a', 'begin b', 'finish b']
    assert set(recorder.threads.values()) == {'depth-worker'}


def test_turns_and_limits_are_those_of_a_single_thread(make, recorder):
    seconds = {'limited': 3600.0, 'one': 0.0, 'two': 0.0}
    worker = make(*seconds, interval=seconds.__getitem__, at_once=1)
    for name in seconds:
        put(worker, f'{name} 1', name)
    recorder.allowed.release(100)
    worker.start()
    recorder.wait_for('finish two 1')
    put(worker, 'too soon', 'limited')
    put(worker, 'two 2', 'two')
    recorder.wait_for('finish two 2')

    assert [event for event in recorder.events if 'begin' in event] == [
        'begin limited 1',
        'begin one 1',
        'begin two 1',
        'begin two 2',
    ]
    assert worker.stop(PATIENCE) == {'limited': 'too soon'}

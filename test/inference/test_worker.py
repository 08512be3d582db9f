# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The thread that processes the newest of every camera."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from depth_anything_ros.inference.worker import LONGEST_WAIT, Worker

PATIENCE = 30.0
"""Seconds after which a test gives up; nothing waits that long when all is well."""


class Recorder:
    """A process function that can be held, made to fail, and waited for."""

    def __init__(self) -> None:
        self.calls: list[dict[str, str]] = []
        self.errors: list[tuple[Exception, dict[str, str]]] = []
        self.entered, self.release = threading.Semaphore(0), threading.Event()
        self.finished = threading.Semaphore(0)
        self.release.set()
        self.fail_on: set[str] = set()

    def process(self, items: dict[str, str]) -> None:
        self.calls.append(items)
        self.entered.release()
        assert self.release.wait(PATIENCE)
        if self.fail_on & set(items.values()):
            self.finished.release()
            raise RuntimeError(f'cannot process {items}')
        self.finished.release()

    def on_error(self, error: Exception, items: dict[str, str]) -> None:
        self.errors.append((error, items))

    def wait_for_call(self) -> None:
        assert self.entered.acquire(timeout=PATIENCE)

    def wait_for_end(self) -> None:
        assert self.finished.acquire(timeout=PATIENCE)


Make = Callable[..., Worker[str]]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def make(recorder: Recorder) -> Iterator[Make]:
    workers: list[Worker[str]] = []

    def build(
        *names: str, interval: Callable[[str], float] = lambda name: 0.0, at_once: int | None = None
    ) -> Worker[str]:
        worker: Worker[str] = Worker(names, recorder.process, recorder.on_error, interval, at_once)
        workers.append(worker)
        return worker

    yield build
    recorder.release.set()
    for worker in workers:
        worker.stop()


def test_item_is_processed_under_its_mailboxs_name(make, recorder):
    worker = make('left', 'right')
    worker.start()

    worker.mailboxes['right'].put('a')
    recorder.wait_for_end()

    assert recorder.calls == [{'right': 'a'}]


def test_processing_happens_in_a_thread_of_its_own(recorder):
    threads: list[str] = []

    def process(items: dict[str, str]) -> None:
        threads.append(threading.current_thread().name)
        recorder.entered.release()

    worker: Worker[str] = Worker(('camera',), process, recorder.on_error)
    worker.start()
    worker.mailboxes['camera'].put('a')
    recorder.wait_for_call()
    worker.stop()

    assert threads != [threading.current_thread().name]


def test_newest_item_wins_while_the_worker_is_busy(make, recorder):
    worker = make('camera')
    recorder.release.clear()
    worker.start()
    worker.mailboxes['camera'].put('first')
    recorder.wait_for_call()

    replaced = [worker.mailboxes['camera'].put(item) for item in ('second', 'third', 'fourth')]
    recorder.release.set()
    recorder.wait_for_call()

    assert recorder.calls == [{'camera': 'first'}, {'camera': 'fourth'}]
    assert replaced == [False, True, True]


def test_several_mailboxes_are_processed_in_one_call(make, recorder):
    worker = make('left', 'right', 'idle')
    worker.mailboxes['left'].put('a')
    worker.mailboxes['right'].put('b')

    worker.start()
    recorder.wait_for_end()

    assert recorder.calls == [{'left': 'a', 'right': 'b'}]


def test_error_is_reported_and_the_thread_lives_on(make, recorder):
    worker = make('camera')
    recorder.fail_on = {'bad'}
    worker.start()

    worker.mailboxes['camera'].put('bad')
    recorder.wait_for_end()
    worker.mailboxes['camera'].put('good')
    recorder.wait_for_end()

    assert recorder.calls == [{'camera': 'bad'}, {'camera': 'good'}]
    ((error, items),) = recorder.errors
    assert isinstance(error, RuntimeError)
    assert items == {'camera': 'bad'}


def test_stop_returns_what_nobody_processed(make, recorder):
    worker = make('left', 'right')
    recorder.release.clear()
    worker.start()
    worker.mailboxes['left'].put('in progress')
    recorder.wait_for_call()
    worker.mailboxes['left'].put('late')
    leftovers: list[dict[str, str]] = []
    stopper = threading.Thread(target=lambda: leftovers.append(worker.stop(PATIENCE)))
    stopper.start()
    # The call in progress ends only after stop() was asked for, so nothing new may be taken.
    assert worker._stopping.wait(PATIENCE)
    recorder.release.set()
    stopper.join(PATIENCE)

    assert leftovers == [{'left': 'late'}]
    assert recorder.calls == [{'left': 'in progress'}]
    assert worker.stop() == {}


def test_stop_before_start_returns_what_waits(make, recorder):
    worker = make('camera')
    worker.mailboxes['camera'].put('a')

    assert worker.stop() == {'camera': 'a'}
    assert recorder.calls == []


def test_stop_that_takes_too_long_is_an_error(make, recorder):
    worker = make('camera')
    recorder.release.clear()
    worker.start()
    worker.mailboxes['camera'].put('a')
    recorder.wait_for_call()

    with pytest.raises(TimeoutError, match='0.01 s'):
        worker.stop(timeout=0.01)


def test_second_start_is_refused_and_a_stopped_worker_starts_again(make, recorder):
    worker = make('camera')
    worker.start()
    with pytest.raises(RuntimeError, match='runs already'):
        worker.start()

    worker.stop()
    worker.start()
    worker.mailboxes['camera'].put('a')
    recorder.wait_for_end()

    assert recorder.calls == [{'camera': 'a'}]


def test_interval_is_kept_between_calls_but_not_before_the_first(make, recorder):
    worker = make('camera', interval=lambda name: 3600.0)
    worker.start()

    worker.mailboxes['camera'].put('first')
    recorder.wait_for_end()
    worker.mailboxes['camera'].put('second')

    # Stopping does not sit the hour out, and the item that waited for its turn comes back.
    assert worker.stop(PATIENCE) == {'camera': 'second'}
    assert recorder.calls == [{'camera': 'first'}]


class InstantCondition(threading.Condition):
    """A condition whose timed wait notes the seconds, runs a hook, and returns at once."""

    def __init__(self, hook: Callable[[], None]) -> None:
        super().__init__()
        self.hook, self.waits = hook, []

    def wait(self, timeout: float | None = None) -> bool:
        if timeout is None:
            return super().wait()
        self.waits.append(timeout)
        self.hook()
        return True


def test_worker_waits_what_is_left_of_the_interval_and_then_takes_the_newest(make, recorder):
    seconds = [3600.0]
    worker = make('camera', interval=lambda name: seconds[0])
    mailbox = worker.mailboxes['camera']

    def wait_is_over() -> None:
        mailbox.put('came while waiting')
        seconds[0] = 0.0

    condition = InstantCondition(wait_is_over)
    worker._condition = mailbox._condition = condition
    worker.start()

    mailbox.put('first')
    recorder.wait_for_end()
    mailbox.put('second')
    recorder.wait_for_end()
    worker.stop()

    assert recorder.calls == [{'camera': 'first'}, {'camera': 'came while waiting'}]
    (waited,) = condition.waits
    assert 0 < waited <= LONGEST_WAIT


def test_a_shorter_interval_ends_a_wait_that_has_begun(make, recorder):
    seconds, asked = [3600.0], threading.Semaphore(0)

    def interval(name: str) -> float:
        answer = seconds[0]
        asked.release()
        return answer

    worker = make('camera', interval=interval)
    worker.start()
    worker.mailboxes['camera'].put('first')
    recorder.wait_for_end()
    worker.mailboxes['camera'].put('second')
    for _ in range(2):
        assert asked.acquire(timeout=PATIENCE)

    seconds[0] = 0.0
    recorder.wait_for_end()

    assert recorder.calls == [{'camera': 'first'}, {'camera': 'second'}]


def test_interval_is_asked_each_time(make, recorder):
    asked: list[float] = []

    def interval(name: str) -> float:
        asked.append(0.0)
        return 0.0

    worker = make('camera', interval=interval)
    worker.start()
    for count in range(1, 4):
        worker.mailboxes['camera'].put('a')
        recorder.wait_for_end()
        assert len(asked) >= count


def test_idle_worker_makes_no_calls(make, recorder):
    worker = make('camera')
    worker.start()

    assert worker.stop() == {}
    assert recorder.calls == []


def test_a_mailbox_that_must_wait_holds_up_no_other(make, recorder):
    seconds = {'limited': 3600.0, 'free': 0.0}
    worker = make('limited', 'free', interval=seconds.__getitem__)
    worker.mailboxes['limited'].put('l1')
    worker.start()
    recorder.wait_for_end()
    for number in range(1, 4):
        worker.mailboxes['limited'].put(f'too soon {number}')
        worker.mailboxes['free'].put(f'f{number}')
        recorder.wait_for_end()

    assert recorder.calls == [{'limited': 'l1'}, {'free': 'f1'}, {'free': 'f2'}, {'free': 'f3'}]
    assert worker.stop() == {'limited': 'too soon 3'}


@pytest.mark.parametrize('at_once', [None, 1, 2])
def test_no_mailbox_starves_beside_one_that_fills_ten_times_as_fast(recorder, at_once):
    names, calls, done = ('fast', 'slow', 'slower', 'slowest'), 12, threading.Event()
    taken: list[list[str]] = []

    def work_slowly(items: dict[str, str]) -> None:
        taken.append(list(items))
        if len(taken) >= calls:
            done.set()
            return
        for tenth in range(10):  # every mailbox is full again before the work is done
            worker.mailboxes['fast'].put(f'fast {len(taken)}.{tenth}')
        for name in names[1:]:
            worker.mailboxes[name].put(f'{name} {len(taken)}')

    worker: Worker[str] = Worker(names, work_slowly, recorder.on_error, at_once=at_once)
    for name in names:
        worker.mailboxes[name].put(f'{name} 0')
    worker.start()
    assert done.wait(PATIENCE)
    worker.stop()

    together = at_once or len(names)
    assert all(len(call) == together for call in taken[:calls])
    shares = [sum(name in call for call in taken[:calls]) for name in names]
    assert shares == [calls * together // len(names)] * len(names)


def test_who_was_served_longest_ago_is_next(make, recorder):
    worker = make('a', 'b', 'c', at_once=1)
    for name in ('a', 'b', 'c'):
        worker.mailboxes[name].put('first')
    recorder.release.clear()
    worker.start()
    recorder.wait_for_call()
    worker.mailboxes['a'].put('second')
    recorder.release.set()
    for _ in range(3):
        recorder.wait_for_call()

    assert [list(call) for call in recorder.calls] == [['a'], ['b'], ['c'], ['a']]

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A slot that holds the newest item only."""

from __future__ import annotations

import threading

from depth_anything_ros.inference.mailbox import Mailbox
from depth_anything_ros.inference.stage_times import StageTimes


def test_empty_mailbox_gives_nothing_at_once():
    mailbox: Mailbox[str] = Mailbox()

    assert not mailbox.full
    assert mailbox.take() is None


def test_item_is_taken_once():
    mailbox: Mailbox[str] = Mailbox()

    assert mailbox.put('a') is False
    assert mailbox.full
    assert mailbox.take() == 'a'
    assert not mailbox.full
    assert mailbox.take() is None


def test_newest_item_wins_and_the_loss_is_told():
    mailbox: Mailbox[str] = Mailbox()

    assert [mailbox.put(item) for item in 'abc'] == [False, True, True]
    assert mailbox.take() == 'c'
    assert mailbox.put('d') is False


def test_falsy_item_counts_as_an_item():
    mailbox: Mailbox[int] = Mailbox()

    mailbox.put(0)

    assert mailbox.full
    assert mailbox.put(0) is True
    assert mailbox.take() == 0


def test_put_wakes_whoever_waits_on_a_shared_condition():
    condition = threading.Condition()
    left: Mailbox[str] = Mailbox(condition)
    right: Mailbox[str] = Mailbox(condition)
    woken: list[str | None] = []

    def wait() -> None:
        with condition:
            if condition.wait_for(lambda: left.full or right.full, timeout=30):
                woken.append(right.take())

    thread = threading.Thread(target=wait)
    thread.start()
    right.put('b')
    thread.join(30)

    assert woken == ['b']


def test_nothing_is_lost_or_doubled_between_threads():
    mailbox: Mailbox[int] = Mailbox()
    count, replaced, taken = 2000, [], []
    done = threading.Event()

    def produce() -> None:
        for number in range(count):
            replaced.append(mailbox.put(number))
        done.set()

    producer = threading.Thread(target=produce)
    producer.start()
    while not (done.is_set() and not mailbox.full):
        item = mailbox.take()
        if item is not None:
            taken.append(item)
    producer.join()

    assert taken == sorted(set(taken))
    assert taken[-1] == count - 1
    assert len(taken) + sum(replaced) == count


def test_the_wait_of_what_is_taken_is_told():
    mailbox: Mailbox[str] = Mailbox()
    mailbox.stages = StageTimes()

    mailbox.take()
    assert mailbox.stages.percentiles() == {}
    mailbox.put('a')
    mailbox.take()
    assert list(mailbox.stages.percentiles()) == ['wait']

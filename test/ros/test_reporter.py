# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/reporter.py, with a clock and a logger of the tests' own."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip('rclpy')

from depth_anything_ros.ros import reporter as reporter_module
from depth_anything_ros.ros.reporter import MOST_KINDS, Reporter


class Log:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def info(self, message: str) -> None:
        self.lines.append(('info', message))

    def warning(self, message: str) -> None:
        self.lines.append(('warning', message))


class FakeTime:
    """Stands in for the module time."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    fake = FakeTime()
    monkeypatch.setattr(reporter_module, 'time', fake)
    return fake


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def reporter(log, clock):
    return Reporter(log, period=30.0)


def test_the_first_report_is_logged_at_once(reporter, log):
    reporter.report('image', 'cut short')
    assert log.lines == [('warning', 'cut short')]
    assert reporter.current() == ['image']


def test_repetitions_are_held_back_and_counted_after_the_period(reporter, log, clock):
    for _ in range(5):
        reporter.report('image', 'cut short')
    clock.now += 29.9
    reporter.report('image', 'cut short')
    assert len(log.lines) == 1
    clock.now += 0.2
    reporter.report('image', 'cut short')
    assert log.lines[1:] == [('warning', 'cut short (and 5 more times)')]
    clock.now += 31
    reporter.report('image', 'cut short')
    assert log.lines[2:] == [('warning', 'cut short')]


def test_messages_that_differ_in_numbers_only_are_the_same(reporter, log):
    reporter.report('age', 'the stamp is 3.25 s old')
    reporter.report('age', 'the stamp is 12 s old')
    assert log.lines == [('warning', 'the stamp is 3.25 s old')]


def test_another_message_of_the_same_trouble_is_told_at_once(reporter, log):
    reporter.report('image', 'unknown encoding')
    reporter.report('image', 'cut short')
    reporter.report('image', 'unknown encoding')
    assert [text for _, text in log.lines] == ['unknown encoding', 'cut short']
    assert reporter.current() == ['image']


def test_ever_new_messages_do_not_flood_the_log(reporter, log):
    for number in range(200):
        reporter.report('image', f'unknown encoding {chr(1000 + number)}')
    assert len(log.lines) == MOST_KINDS + 1


def test_clear_tells_once_and_only_of_what_was_reported(reporter, log):
    reporter.clear('image', 'fine again')
    assert not log.lines
    reporter.report('image', 'cut short')
    reporter.clear('image', 'fine again')
    reporter.clear('image', 'fine again')
    assert log.lines[1:] == [('info', 'fine again')]
    assert reporter.current() == []


def test_a_trouble_that_comes_and_goes_is_held_back(reporter, log, clock):
    for _ in range(50):
        reporter.report('image', 'cut short')
        assert reporter.current() == ['image']
        reporter.clear('image', 'fine again')
        assert reporter.current() == []
    assert len(log.lines) == 2
    clock.now += 31
    reporter.report('image', 'cut short')
    reporter.clear('image', 'fine again')
    assert log.lines[2:] == [('warning', 'cut short (and 49 more times)'), ('info', 'fine again')]


def test_keys_are_apart(reporter, log):
    reporter.report('image', 'bad')
    reporter.report('camera_info', 'bad')
    assert len(log.lines) == 2
    reporter.clear('image', 'fine again')
    assert reporter.current() == ['camera_info']


def test_reports_from_many_threads_are_all_counted(reporter, log, clock):
    def many() -> None:
        for _ in range(200):
            reporter.report('image', 'cut short')

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(log.lines) == 1
    clock.now += 31
    reporter.report('image', 'cut short')
    assert log.lines[1] == ('warning', 'cut short (and 799 more times)')


def test_a_text_that_others_make_endless_is_cut():
    logger = Log()
    reporter = Reporter(logger)

    reporter.report('tf', f'TF does not tell where {"x" * 10**6} is: remap it')

    ((_, line),) = logger.lines
    assert len(line) < 2100 and line.startswith('TF does not') and line.endswith('remap it')


def test_what_is_forgotten_begins_anew_and_the_rest_goes_on():
    logger = Log()
    reporter = Reporter(logger)
    for key in ('image', 'the QoS of /image'):
        reporter.report(key, f'{key} is bad')

    reporter.forget(but=lambda key: key.startswith('the QoS'))

    assert reporter.current() == ['the QoS of /image'] and len(logger.lines) == 2
    reporter.report('image', 'image is bad')
    reporter.report('the QoS of /image', 'the QoS of /image is bad')
    assert logger.lines[2:] == [('warning', 'image is bad')]

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of evaluation/run_report.py."""

from __future__ import annotations

from dataclasses import replace

import pytest

from depth_anything_ros.evaluation.run_report import MINUTE, Answer, Run, spread

MS = 10**6
SENT = [10**18 + number * 100 * MS for number in range(10)]


def answers_to(stamps, age=20 * MS):
    return [Answer(stamp, stamp + age, stamp + age + MS) for stamp in stamps]


def counted(**numbers):
    names = ('received', 'published', 'dropped', 'skipped', 'rejected', 'failed')
    return {name: numbers.get(name, 0) for name in names}


CALM = Run(10.0, SENT, {'': answers_to(SENT)}, counted(received=10, published=10))


def test_a_calm_run_has_its_rate_and_loses_nothing():
    report = CALM.report()
    assert (report['in_hz'], report['out_hz'], report['loss']) == (10.0, 10.0, 0.0)
    assert report['age_ms'] == {'p50': 20.0, 'p95': 20.0, 'p99': 20.0, 'max': 20.0}
    assert report['age_at_monitor_ms']['p50'] == 21.0 and report['jitter_ms'] == 0.0
    assert report['frames']['add_up']


def test_losses_are_told_by_place_and_the_sum_still_holds():
    counts = counted(received=9, published=6, dropped=2, rejected=1)
    report = replace(CALM, answers={'': answers_to(SENT[:5])}, counts=counts).report()
    assert report['loss'] == 0.5 and report['out_hz'] == 5.0
    assert (report['frames']['lost_before_node'], report['frames']['lost_after_node']) == (1, 1)
    assert report['frames']['add_up']


@pytest.mark.parametrize(
    ('answers', 'counts'),
    [
        (answers_to(SENT), counted(received=10, published=9)),
        (answers_to(SENT[:9]), counted(received=10, published=9)),
        (answers_to(SENT), counted(received=11, published=11)),
        (answers_to(SENT[:9] + SENT[:1]), counted(received=10, published=10)),
        (answers_to([*SENT[:9], 5]), counted(received=10, published=10)),
    ],
    ids=['more heard than published', 'a frame without an outcome', 'more received than sent',
         'heard twice', 'never sent'],
)  # fmt: skip
def test_what_does_not_add_up_is_said(answers, counts):
    assert not replace(CALM, answers={'': answers}, counts=counts).adds_up()


def test_every_camera_sends_every_frame():
    counts = counted(received=20, published=15, dropped=5)
    run = replace(CALM, answers={'a': answers_to(SENT), 'b': answers_to(SENT[:5])}, counts=counts)
    report = run.report()
    assert (report['frames']['sent'], report['frames']['heard']) == (20, 15)
    assert (report['in_hz'], report['out_hz'], report['loss']) == (10.0, 7.5, 0.25)
    assert report['frames']['add_up'] and report['jitter_ms'] == 0.0


def test_jitter_is_the_deviation_of_the_intervals():
    late = [Answer(stamp, stamp + (i % 2) * 10 * MS, stamp) for i, stamp in enumerate(SENT)]
    report = replace(CALM, answers={'': late}).report()
    assert report['jitter_ms'] == pytest.approx(10.0, rel=0.02)


def test_a_run_without_an_answer_has_no_ages():
    report = replace(CALM, answers={'': []}, counts=counted(received=10, dropped=10)).report()
    assert report['loss'] == 1.0 and report['age_ms'] is None and report['jitter_ms'] is None


def test_ages_are_told_by_minute():
    sent = [SENT[0] + second * 10**9 for second in range(150)]
    answers = [
        Answer(stamp, stamp + (1 + (stamp - sent[0]) // MINUTE) * MS, stamp) for stamp in sent
    ]
    assert replace(CALM, sent=sent, answers={'': answers}).age_by_minute() == [1.0, 2.0, 3.0]


def test_spread_has_percentiles_in_milliseconds():
    assert spread([MS * number for number in range(101)]) == {
        'p50': 50.0, 'p95': 95.0, 'p99': 99.0, 'max': 100.0,
    }  # fmt: skip

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What counts as trouble of a camera, and how levels stay: camera_report.py and findings.py."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticStatus
from fakes import FakeLogger

from depth_anything_ros.inference.count_window import Period
from depth_anything_ros.inference.counters import FrameCounts
from depth_anything_ros.ros.camera_report import (
    SCALE_TROUBLE,
    CameraReport,
    find_troubles,
    summary,
)
from depth_anything_ros.ros.diagnostics_parameters import (
    DIAGNOSTICS_PARAMETERS,
    DiagnosticsGroup,
)
from depth_anything_ros.ros.findings import (
    HOLD,
    LOG_PERIOD,
    LONGEST_TEXT,
    Finding,
    FindingHolder,
    level_of,
    message_of,
)
from depth_anything_ros.ros.reporter import Reporter

OK, WARN, ERROR, STALE = (
    DiagnosticStatus.OK,
    DiagnosticStatus.WARN,
    DiagnosticStatus.ERROR,
    DiagnosticStatus.STALE,
)
LIMITS = DiagnosticsGroup(
    **{row.name.partition('.')[2]: row.default for row in DIAGNOSTICS_PARAMETERS}
)
OFF = DiagnosticsGroup(**{**dict.fromkeys(dataclasses.asdict(LIMITS), 0.0), 'window': 10.0})


def period(seconds=10.0, **counts):
    told = {name: counts.get(name, 0) for name in FrameCounts.__dataclass_fields__}
    told['received'] = sum(told.values())
    return Period(0.0, seconds, FrameCounts(**told))


def report(counts=None, **changes):
    """Return the report of a camera at 30 Hz that does well, with some things changed."""
    given = {
        'topic': '/image',
        'silence': 0.03,
        'publishers': 1,
        'ever': True,
        'period': period(**(counts or {'published': 100, 'dropped': 200})),
        'ages': np.full(100, 0.08),
        'stamp_ages': np.full(100, 0.01),
    }
    return CameraReport(**{**given, **changes})


def found(report, limits=LIMITS, **changes):
    """Return the level of each finding by name."""
    findings = find_troubles(report, dataclasses.replace(limits, **changes))
    return {finding.name: finding.level for finding in findings}


def text_of(report, **changes):
    return message_of(find_troubles(report, dataclasses.replace(LIMITS, **changes)), '')


def test_a_camera_that_does_well_has_no_trouble_and_says_how_well():
    assert found(report()) == {}
    assert summary(report()) == '30.0 Hz in, 10.0 Hz out, 80 ms old (p99 80 ms)'


def test_dropping_is_normal_until_a_limit_is_set():
    assert found(report({'published': 1, 'dropped': 299})) == {}
    dropped = report({'published': 100, 'dropped': 200})
    assert found(dropped, max_dropped_share=0.5) == {'dropped': WARN}
    assert found(dropped, max_dropped_share=0.7) == {}


def test_a_camera_that_has_just_begun_is_waited_for():
    new = report({}, silence=2.0, ever=False, ages=np.empty(0), stamp_ages=np.empty(0))
    new = dataclasses.replace(new, period=period(seconds=2.0))
    assert found(new) == {}
    assert summary(new) == 'waits for the first image on /image'


def test_images_that_nobody_wants_are_no_trouble():
    unheard = report({'skipped': 300}, ages=np.empty(0))
    assert found(unheard, min_rate=10.0) == {}
    assert 'nobody listens' in summary(unheard)


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'publishers': 0}, 'nobody publishes there, start the camera or remap image'),
        ({'publishers': 1}, 'ros2 topic hz /image'),
        ({'clock_stands': True}, 'paused'),
    ],
)
def test_silence_is_stale_and_says_what_may_be_the_reason(changes, words):
    silent = report(silence=12.3, **changes)
    assert found(silent) == {'silence': STALE}
    assert 'no image for 12 s on /image: ' in text_of(silent) and words in text_of(silent)


def test_a_silent_camera_is_not_judged_by_the_frames_it_had():
    silent = report({'failed': 100}, silence=6.0, ages=np.full(10, 9.0))
    assert found(silent) == {'silence': STALE}


def test_silence_may_last_as_long_as_the_limit():
    assert found(report(silence=LIMITS.silence - 0.1)) == {}
    assert found(report(silence=100.0), silence=0.0) == {}


@pytest.mark.parametrize('outcome', ['failed', 'rejected'])
def test_when_every_frame_breaks_it_is_an_error_with_the_reason(outcome):
    key = {'failed': 'inference', 'rejected': 'image'}[outcome]
    broken = report({outcome: 20, 'dropped': 50}, troubles={key: 'the reason'})
    assert found(broken) == {'no_depth': ERROR}
    assert f'20 {outcome}' in text_of(broken) and 'the reason' in text_of(broken)
    assert found(broken, OFF) == {'no_depth': ERROR}


def test_one_or_two_broken_frames_are_not_yet_every_frame():
    assert found(report({'failed': 2}), max_failed_share=0.0) == {}


@pytest.mark.parametrize(
    ('outcome', 'share'),
    [('failed', LIMITS.max_failed_share), ('rejected', LIMITS.max_rejected_share)],
)
def test_a_share_of_broken_frames_is_a_warning_above_its_limit(outcome, share):
    few, many = round(share * 1000) - 1, round(share * 1000) + 1
    assert found(report({outcome: few, 'published': 1000 - few})) == {}
    assert found(report({outcome: many, 'published': 1000 - many})) == {outcome: WARN}
    assert found(report({outcome: 500, 'published': 500}), OFF) == {}


def test_what_breaks_now_and_then_is_not_told_as_a_trouble_of_its_own():
    rare = report({'failed': 1, 'published': 999}, troubles={'inference': 'it broke'})
    assert found(rare) == {}


def test_depth_that_is_too_old_is_a_warning():
    old = report(ages=np.full(100, 2.5))
    assert found(old) == {'age': WARN}
    assert '2.50 s old' in text_of(old) and 'smaller model' in text_of(old)
    assert found(old, max_age_p99=3.0) == {} and found(old, OFF) == {}


def test_stamps_ahead_of_the_clock_are_a_trouble_of_their_own():
    ahead = report(stamp_ages=np.array([0.01, -0.4, 0.01]))
    assert found(ahead) == {'stamps_ahead': WARN}
    assert '0.40 s ahead' in text_of(ahead) and 'chrony' in text_of(ahead)
    assert found(ahead, max_stamp_ahead=0.5) == {} and found(ahead, OFF) == {}


@pytest.mark.parametrize(('age', 'words'), [(1.7e9, 'behind the'), (-1.7e9, 'ahead of the')])
def test_stamps_of_another_clock_are_told_once(age, words):
    other = report(stamp_ages=np.full(10, age), ages=np.full(10, age))
    assert found(other) == {'other_clock': WARN}
    assert words in text_of(other) and 'use_sim_time' in text_of(other)


@pytest.mark.parametrize(
    ('counts', 'words'),
    [({'published': 30}, 'the camera'), ({'published': 30, 'dropped': 270}, 'smaller model')],
)
def test_a_rate_below_the_limit_says_who_is_slow(counts, words):
    slow = report(counts)
    assert found(slow, min_rate=10.0) == {'rate': WARN}
    assert '3.0 Hz' in text_of(slow, min_rate=10.0) and words in text_of(slow, min_rate=10.0)


def test_a_rate_is_judged_after_a_whole_window():
    begun = dataclasses.replace(report(), period=period(seconds=3.0, published=3))
    assert found(begun, min_rate=10.0) == {}


def test_a_scale_that_is_lost_for_long_is_an_error():
    troubles = {SCALE_TROUBLE: 'scale LOST: no reference has come'}
    assert found(report(troubles=troubles, without_metres=3.0)) == {'scale': WARN}
    lost = report(troubles=troubles, without_metres=14.0)
    assert found(lost) == {'scale': ERROR}
    assert text_of(lost).startswith('no metres for 14 s: scale LOST')
    assert found(lost, OFF) == {'scale': WARN}


def test_the_trouble_of_the_scale_is_called_as_its_source_calls_it():
    pytest.importorskip('torch')
    from depth_anything_ros.ros import scale_source

    assert scale_source.TROUBLE == SCALE_TROUBLE


def test_names_of_troubles_are_words_that_do_not_change():
    names = found(report(troubles={'camera pose': 'x', 'the QoS of /image': 'y', 'lens': 'z'}))
    assert names == {'camera_pose': WARN, 'qos': WARN, 'lens': WARN}


def test_nothing_is_judged_where_every_limit_is_off():
    bad = report(
        {'published': 1, 'failed': 99, 'dropped': 900},
        silence=100.0,
        ages=np.full(9, 60.0),
        stamp_ages=np.full(9, -9.0),
    )
    assert found(bad, OFF) == {}


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def logger():
    return FakeLogger()


@pytest.fixture
def holder(clock, logger):
    return FindingHolder(Reporter(logger, LOG_PERIOD), clock)


def test_a_finding_counts_at_once_and_stays_a_while_after_its_end(clock, holder):
    age = Finding('age', WARN, 'depth is old')
    assert holder.update([age]) == [age]
    clock.now += HOLD - 1
    (held,) = holder.update([])
    assert (held.level, held.text) == (WARN, 'ended 4 s ago: depth is old')
    clock.now += 1
    assert holder.update([]) == []


def test_a_reason_that_comes_and_goes_gives_one_level(clock, holder):
    levels = []
    for second in range(30):
        levels.append(level_of(holder.update([Finding('rate', WARN, 'slow')] * (second % 2))))
        clock.now += 1
    assert levels[1:] == [WARN] * 29


def test_the_log_tells_beginning_and_end_once(clock, holder, logger):
    for number in (3, 4, 5):
        holder.update([Finding('rate', WARN, f'{number} Hz'), Finding('x', WARN, 'y', logged=True)])
        clock.now += 1
    for _ in range(9):
        holder.update([])
        clock.now += 1
    assert logger.lines == ['3 Hz', 'ended: 5 Hz']


def test_silence_ends_with_the_first_image(clock, holder):
    (silence,) = find_troubles(report(silence=9.0), LIMITS)
    assert level_of(holder.update([silence])) == STALE
    clock.now += 1
    assert holder.update([]) == []


def test_the_newest_text_and_level_of_a_finding_are_told(holder):
    holder.update([Finding('scale', ERROR, 'lost')])
    (finding,) = holder.update([Finding('scale', WARN, 'held')])
    assert (finding.level, finding.text) == (WARN, 'held')


def test_the_worst_comes_first(holder):
    told = holder.update(
        [Finding('b', WARN, '1'), Finding('a', WARN, '2'), Finding('c', ERROR, '3')]
    )
    assert [finding.name for finding in told] == ['c', 'a', 'b']
    assert (level_of(told), message_of(told, 'well')) == (ERROR, '3; 2; 1')


def test_nothing_found_is_well(holder):
    assert (level_of([]), message_of([], 'well')) == (OK, 'well')
    holder.update([Finding('a', WARN, '2')])
    holder.clear()
    assert holder.update([]) == []


def test_a_text_is_one_line_that_can_be_shown():
    text = Finding('a', WARN, 'File "x",\n  line 3\n' + 'y' * 1000).text
    assert '\n' not in text and len(text) == LONGEST_TEXT
    assert re.match('File "x", line 3 y+', text)
    assert Finding('a', WARN, 'encoding \ud800\0\x1b[31m').text == 'encoding ???[31m'

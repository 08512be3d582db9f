# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/diagnostics.py."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticStatus

from depth_anything_ros.inference.counters import FrameCounters
from depth_anything_ros.ros.diagnostics import SILENCE, Activity, frame_status


def status_of(counters, troubles=(), facts=None, state='active', silence=0.0):
    activity = Activity(state, '/front/image', silence)
    status = frame_status(
        'depth_node: frames', 'front', counters, list(troubles), facts or {}, activity
    )
    return status, {pair.key: pair.value for pair in status.values}


def settled(**outcomes):
    counters = FrameCounters()
    for outcome, number in outcomes.items():
        for _ in range(number):
            counters.receive()
            counters.settle(outcome, 0.02 if outcome == 'published' else None)
    return counters


def test_counters_latency_and_facts_are_values():
    counters = settled(published=3, dropped=2, skipped=4, rejected=1, failed=5)
    status, values = status_of(counters, facts={'model': 'nano'})
    assert (status.name, status.hardware_id) == ('depth_node: frames', 'front')
    assert values == {
        'state': 'active',
        'received': '15',
        'published': '3',
        'dropped': '2',
        'skipped': '4',
        'rejected': '1',
        'failed': '5',
        'model': 'nano',
        'latency_p50_ms': '20.00',
        'latency_p99_ms': '20.00',
    }


def test_times_of_stages_are_values():
    counters = settled(published=1)
    counters.stages.add('decode', 1_500_000)
    _, values = status_of(counters)
    assert (values['decode_p50_ms'], values['decode_p99_ms']) == ('1.500', '1.500')


def test_all_is_well():
    status, _ = status_of(settled(published=3))
    assert status.level == DiagnosticStatus.OK and '3 frames' in status.message


def test_no_image_yet_is_a_warning_without_latency():
    status, values = status_of(FrameCounters())
    assert status.level == DiagnosticStatus.WARN and 'no image' in status.message
    assert 'latency_p50_ms' not in values and values['received'] == '0'


def test_troubles_are_named_in_order_and_make_it_a_warning():
    status, _ = status_of(settled(published=3), troubles=('image', 'camera_info'))
    assert status.level == DiagnosticStatus.WARN
    assert status.message == 'trouble with camera_info, image'


def test_a_silent_camera_is_a_warning_with_its_topic():
    status, _ = status_of(settled(published=3), silence=SILENCE - 0.1)
    assert status.level == DiagnosticStatus.OK
    status, _ = status_of(settled(published=3), ('image',), silence=12.3)
    assert status.level == DiagnosticStatus.WARN
    assert status.message == 'no image for 12 s on /front/image; trouble with image'


@pytest.mark.parametrize('state', ['unconfigured', 'inactive'])
def test_a_node_that_is_not_active_tells_its_state_only(state):
    status, values = status_of(FrameCounters(), ('image',), state=state, silence=100.0)
    assert (status.level, status.message) == (DiagnosticStatus.OK, state)
    assert values['state'] == state

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The statuses of cameras and engine, and that docs/diagnostics.md tells all of them."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticStatus
from fakes import FakeLogger
from rclpy.clock import Clock as RosClock
from rclpy.clock import ClockType, ROSClock
from rclpy.time import Time

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.inference.counters import FrameCounters
from depth_anything_ros.inference.engine_counts import EngineCounts
from depth_anything_ros.inference.stage_times import StageTimes
from depth_anything_ros.ros.camera_health import CameraHealth
from depth_anything_ros.ros.diagnostics import stage_values
from depth_anything_ros.ros.diagnostics_parameters import (
    DIAGNOSTICS_PARAMETERS,
    DiagnosticsGroup,
)
from depth_anything_ros.ros.engine_health import EngineHealth
from depth_anything_ros.ros.node_clock import PAUSE, ClockState, ClockWatch
from depth_anything_ros.ros.reporter import Reporter

LIMITS = DiagnosticsGroup(
    **{row.name.partition('.')[2]: row.default for row in DIAGNOSTICS_PARAMETERS}
)
RUNS = (ClockState.SYSTEM, 0.0)


class Camera:
    """The health of a camera with all that it reads."""

    def __init__(self) -> None:
        self.counters, self.reporter = FrameCounters(), Reporter(FakeLogger())
        self.health = CameraHealth(
            'depth_node: frames', 'front', self.counters, self.reporter, Reporter(FakeLogger())
        )

    def settle(self, **outcomes: int) -> None:
        for outcome, number in outcomes.items():
            for _ in range(number):
                self.counters.receive()
                self.counters.settle(outcome, 0.02 if outcome == 'published' else None)

    def status(self, state='active', silence=0.0, facts=None, without_metres=None):
        status = self.health.status(
            state, LIMITS, silence, ('/front/image', 1), without_metres, False, facts or {}
        )
        return status, {pair.key: pair.value for pair in status.values}


@pytest.fixture
def camera():
    return Camera()


class Estimator:
    """Stands in for a network on a GPU."""

    model, kind, device, precision = 'small', DepthKind.METRIC, 'cuda:0', 'float16'
    own_input_size, max_depth = 518, 20.0
    network_sizes = ((518, 686), (252, 336))

    def __init__(self) -> None:
        self.stages, self.counts = StageTimes(), EngineCounts(graph_hits=7, graph_misses=2)


def engine():
    return EngineHealth('depth_node', Reporter(FakeLogger()))


def engine_status(health=None, state='active', estimator=None, clock=RUNS):
    health = health or engine()
    status = health.status(state, estimator, 0, clock, 5.0)
    return status, {pair.key: pair.value for pair in status.values}


def test_another_node_of_the_same_name_is_told():
    status = engine().status('active', None, 0, RUNS, 5.0, namesakes=1)
    assert status.level == DiagnosticStatus.WARN
    assert status.message.startswith('1 other node(s) are named /depth_node, too')


def test_counters_rates_ages_and_facts_are_values(camera):
    camera.settle(published=3, dropped=2, skipped=4, rejected=1, failed=5)
    camera.counters.stamp_ages.add(-0.05)
    status, values = camera.status(facts={'model': 'nano'})
    assert (status.name, status.hardware_id) == ('depth_node: frames', 'front')
    numbers = {'received': 15, 'published': 3, 'dropped': 2, 'skipped': 4, 'rejected': 1}
    assert {key: int(values[key]) for key in numbers} == numbers
    assert (values['failed'], values['model'], values['state']) == ('5', 'nano', 'active')
    assert values['latency_p50_ms'] == values['age_p99_ms'] == '20.00'
    assert (values['stamp_age_p50_ms'], values['stamp_ahead_ms']) == ('-50.00', '50.00')
    assert float(values['rate_in_hz']) > float(values['rate_out_hz']) > 0
    assert values['findings'] == 'failed,rejected'


def test_times_of_stages_are_values():
    stages = StageTimes()
    stages.add('decode', 1_500_000)
    assert stage_values(stages) == {'decode_p50_ms': '1.500', 'decode_p99_ms': '1.500'}


def test_before_the_first_frame_there_are_no_ages(camera):
    status, values = camera.status()
    assert (status.level, values['received']) == (DiagnosticStatus.OK, '0')
    assert not [key for key in values if 'age' in key and key != 'image_publishers']
    assert 'waits for the first image on /front/image' in status.message


def test_a_trouble_is_told_in_words_and_by_name(camera):
    camera.settle(published=3)
    camera.reporter.report('camera_info', 'no camera_info has come: calibrate the camera')
    status, values = camera.status()
    assert status.level == DiagnosticStatus.WARN
    assert status.message == 'no camera_info has come: calibrate the camera'
    assert values['findings'] == 'camera_info'


def test_a_scale_is_not_judged_while_nothing_is_published(camera):
    camera.reporter.report('scale', 'scale LOST')
    camera.settle(skipped=3)
    assert camera.status(without_metres=100.0)[0].level == DiagnosticStatus.WARN
    camera.settle(published=3)
    assert camera.status(without_metres=100.0)[0].level == DiagnosticStatus.ERROR


def test_a_camera_that_is_back_has_its_own_rate(camera):
    now = 100.0
    camera.health._window._clock = lambda: now
    camera.health.restart()
    for silence in (*range(1, 21), 0, 0):
        now += 1.0
        if not silence:
            camera.settle(published=10)
        status, values = camera.status(silence=silence)
    assert (values['rate_in_hz'], values['window_s']) == ('10.00', '2.0')
    assert status.level == DiagnosticStatus.OK


@pytest.mark.parametrize('state', ['unconfigured', 'inactive'])
def test_a_node_that_is_not_active_tells_its_state_only(camera, state):
    camera.reporter.report('image', 'image rejected')
    status, values = camera.status(state, silence=100.0)
    assert (status.level, status.message) == (DiagnosticStatus.OK, state)
    assert (values['state'], values['findings']) == (state, '')


def test_a_restart_forgets_what_was_wrong(camera):
    camera.settle(failed=5)
    assert camera.status()[0].level == DiagnosticStatus.ERROR
    camera.settle(published=1000)
    assert camera.status()[0].message.startswith('ended 0 s ago: no depth from any')
    camera.health.restart()
    status, _ = camera.status()
    assert (status.level, status.message[:9]) == (DiagnosticStatus.OK, 'waits for')


def test_the_engine_tells_what_runs_where_and_how():
    status, values = engine_status(estimator=Estimator())
    assert (status.name, status.hardware_id) == ('depth_node: engine', 'depth_node')
    assert status.level == DiagnosticStatus.OK
    assert status.message == 'active: metric depth by small on cuda:0 in float16'
    told = {'graph_hits': '7', 'graph_misses': '2', 'eager_runs': '0', 'out_of_memory': '0'}
    assert {key: values[key] for key in told} == told
    assert (values['network_sizes_px'], values['max_depth_m']) == ('686x518,336x252', '20')
    assert float(values['process_rss_mib']) > 10


def test_without_a_network_the_engine_tells_its_state():
    status, values = engine_status(state='unconfigured')
    assert (status.level, status.message) == (DiagnosticStatus.OK, 'unconfigured')
    assert 'model' not in values and values['clock'] == 'system'


def test_what_keeps_the_node_from_working_is_an_error_in_every_state():
    health = engine()
    health.trouble = 'cannot configure: no such file'
    status, values = engine_status(health, 'unconfigured')
    assert (status.level, values['findings']) == (DiagnosticStatus.ERROR, 'node')
    assert status.message == 'cannot configure: no such file'
    health.trouble = ''
    assert engine_status(health, 'unconfigured')[0].level == DiagnosticStatus.OK


@pytest.mark.parametrize(
    ('name', 'finding'), [('out_of_memory', 'out_of_memory'), ('eager_runs', 'eager')]
)
def test_an_engine_that_fell_back_is_a_warning(name, finding):
    estimator = Estimator()
    setattr(estimator.counts, name, 3)
    status, values = engine_status(estimator=estimator)
    assert (status.level, values['findings']) == (DiagnosticStatus.WARN, finding)


def test_a_clock_that_never_came_is_a_warning_and_a_paused_one_is_told():
    status, values = engine_status(clock=(ClockState.SIM_WAITING, 9.0))
    assert (status.level, values['findings']) == (DiagnosticStatus.WARN, 'no_clock')
    assert engine_status(clock=(ClockState.SIM_WAITING, 3.0))[0].level == DiagnosticStatus.OK
    status, _ = engine_status(clock=(ClockState.SIM_STOPPED, 9.0))
    assert status.level == DiagnosticStatus.OK and 'paused bag' in status.message


def test_the_clock_of_the_machine_is_not_watched():
    assert ClockWatch(RosClock(clock_type=ClockType.SYSTEM_TIME)).look() is ClockState.SYSTEM


def test_a_clock_that_stands_is_noticed_after_a_pause():
    clock, now = ROSClock(), 100.0
    clock._set_ros_time_is_active(True)
    watch = ClockWatch(clock, lambda: now)
    assert watch.look() is ClockState.SIM_WAITING
    clock.set_ros_time_override(Time(seconds=5, clock_type=ClockType.ROS_TIME))
    assert watch.look() is ClockState.SIM
    now += PAUSE + 0.5
    assert watch.look() is ClockState.SIM_STOPPED
    assert watch.waited == PAUSE + 0.5
    clock.set_ros_time_override(Time(seconds=6, clock_type=ClockType.ROS_TIME))
    assert watch.look() is ClockState.SIM

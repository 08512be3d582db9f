# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the real node says on /diagnostics, and that docs/diagnostics.md tells all of it."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip('rclpy')
pytest.importorskip('torch')

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import PointCloud2

from depth_anything_ros.ros import (
    camera_info_tracker,
    camera_pose,
    clouds,
    engine_health,
    frame_saver,
    metres,
    node_clock,
    space,
)
from depth_anything_ros.ros.bench_node import BenchNode

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / 'docs/diagnostics.md').read_text()
METRIC = partial(BenchNode, 0.0)
EVERYTHING = {
    'pose__source': 'fixed',
    'pose__height': 0.5,
    'scale__source': 'fixed',
    'scale__a': 1.0,
    'scale__b': 0.01,
}
STAGE = re.compile(r'^(?!latency|age|stamp_age)\w+?_(p50|p99)_ms')


def listed(heading: str) -> set[str]:
    """Return what the first column of the table below a heading of the page names."""
    section = PAGE.partition(f'\n## {heading}\n')[2].partition('\n## ')[0]
    cells = re.findall(r'^\| (`[^|]*`) \|', section, re.MULTILINE)
    names = re.findall(r'`(\w+)`', ' '.join(cells))
    assert len(names) == len(set(names))
    return set(names)


def listen(graph, node):
    """Return what gives the statuses of a message that comes after the call, by the name's end."""
    reports = graph.listen('/diagnostics', DiagnosticArray)
    graph.spin_until(lambda: reports)  # by the node's own timer

    def newest():
        reports.clear()
        node.publish_diagnostics()
        graph.spin_until(lambda: reports)
        return {status.name.split(': ')[1]: status for status in reports[-1].status}

    return newest


def values(status):
    return {pair.key: pair.value for pair in status.values}


def keys(status):
    return {STAGE.sub(r'STAGE_\1_ms', pair.key) for pair in status.values}


def test_a_node_that_works_says_so_with_every_key_of_the_page(graph, monkeypatch):
    monkeypatch.setattr(engine_health, 'cuda_bytes', lambda device: (3 * 2**20, 5 * 2**20))
    node = graph.active_node(METRIC, **EVERYTHING)
    newest = listen(graph, node)
    points = graph.listen('points', PointCloud2)
    graph.connect(node)
    header = graph.header()
    graph.send_info(header)
    graph.spin_until(lambda: node.cameras[''].infos._newest is not None)
    for number in (1, 2):
        graph.send_image(header=header)
        graph.settle(node, number)
    graph.spin_until(lambda: points)
    told = newest()
    frames, engine = told['frames'], told['engine']

    assert frames.level == engine.level == DiagnosticStatus.OK
    assert re.fullmatch(r'[\d.]+ Hz in, [\d.]+ Hz out, .* old \(p99 .*\)', frames.message)
    assert engine.message == 'active: metric depth by stand-in of 0 ms on cpu in float32'
    assert (values(frames)['published'], values(frames)['camera_info_state']) == ('2', 'fresh')
    assert (values(frames)['scale_state'], values(frames)['pose_state']) == ('TRACKING', 'known')
    assert values(engine)['cuda_reserved_mib'] == '5.0'
    assert keys(frames) | {'saved_frame'} == listed('Values of a camera')
    of_other_engines = {'graph_hits', 'graph_misses', 'eager_runs', 'out_of_memory'}
    of_other_moments = {'STAGE_p50_ms', 'STAGE_p99_ms', 'loading'}
    told = keys(engine) | of_other_engines | of_other_moments
    assert told == listed('Values of the engine')


def test_every_finding_has_a_row_with_its_level():
    sources = {'a camera': 'camera_report', 'the engine': 'engine_health'}
    for whose, module in sources.items():
        code = (ROOT / f'depth_anything_ros/ros/{module}.py').read_text()
        names = set(re.findall(r"Finding\('(\w+)'", code))
        if whose == 'a camera':
            names |= {'failed', 'rejected', 'scale', 'qos'}
            troubles = {
                camera_info_tracker.TROUBLE,
                camera_pose.TROUBLE,
                metres.FOCAL_TROUBLE,
                space.LENS_TROUBLE,
                clouds.CAMERA_TROUBLE,
                clouds.POSE_TROUBLE,
                clouds.TF_TROUBLE,
                clouds.GROUND_TROUBLE,
                frame_saver.SAVE_TROUBLE,
            }
            names |= {name.replace(' ', '_') for name in troubles}
        assert names == listed(f'Findings of {whose}')


def test_what_is_wrong_is_told_until_it_is_mended(graph):
    node = graph.depth_node(weights='no/such/file.pth')
    newest = listen(graph, node)
    assert {status.message for status in newest().values()} == {'unconfigured'}
    assert node.trigger_configure().name == 'FAILURE'
    engine = newest()['engine']
    assert engine.level == DiagnosticStatus.ERROR
    assert engine.message.startswith('cannot configure: ') and 'no/such/file.pth' in engine.message
    assert newest()['frames'].level == DiagnosticStatus.OK


def test_silence_is_stale_by_a_limit_that_can_change(graph):
    node = graph.active_node()
    newest = listen(graph, node)
    assert newest()['frames'].message == 'waits for the first image on /image'
    node.cameras[''].heard_at -= 100
    assert newest()['frames'].level == DiagnosticStatus.STALE
    limit = Parameter('diagnostics.silence', value=0.0)
    assert node.set_parameters([limit])[0].successful
    assert newest()['frames'].level == DiagnosticStatus.OK


def test_a_paused_bag_does_not_silence_the_node(graph, monkeypatch):
    monkeypatch.setattr(node_clock, 'PAUSE', 0.0)
    node = graph.active_node(use_sim_time=True)
    newest = listen(graph, node)
    reports = graph.received['/diagnostics']
    assert values(newest()['engine'])['clock'] == 'sim_waiting'
    assert reports[-1].header.stamp.sec == 0
    clock = graph.peer.create_publisher(Clock, '/clock', 1)
    graph.spin_until(clock.get_subscription_count)
    message = Clock()
    message.clock.sec = 1000
    clock.publish(message)
    graph.spin_until(lambda: values(newest()['engine'])['clock'] == 'sim_stopped')
    assert 'paused bag' in newest()['engine'].message
    reports.clear()
    graph.spin_until(lambda: len(reports) == 2)  # by the timer, which goes on
    assert [report.header.stamp.sec for report in reports] == [1000, 1000]


def test_every_frame_that_breaks_is_an_error_with_its_reason(graph, monkeypatch):
    node = graph.active_node()
    newest = listen(graph, node)
    graph.listen('depth/disparity_relative')
    graph.connect(node)
    estimator = node._require_engine().estimator

    def breaks(*arguments):
        raise RuntimeError('the network broke')

    monkeypatch.setattr(estimator, 'estimate_batch', breaks)
    for number in range(3):
        graph.send_image()
        graph.settle(node, number + 1)
    frames = newest()['frames']
    assert (frames.level, values(frames)['findings']) == (DiagnosticStatus.ERROR, 'no_depth')
    assert 'any of the last 3 images' in frames.message and 'the network broke' in frames.message

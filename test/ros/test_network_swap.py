# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Another network for a node that runs: loaded beside, swapped between two frames."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.parameter import Parameter

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.ros import node as node_module

PATIENCE = 30.0
METRIC, RELATIVE = 'depth/image_rect', 'depth/disparity_relative'
IN_SPACE = {'points', 'points_clearing', 'obstacles', 'scan'}


class Zoo:
    """Makes networks by name, when the test lets it; small is relative, all others are metric."""

    def __init__(self, network_class) -> None:
        self._class = network_class
        self.asked: list[str] = []
        self.made: list[weakref.ref] = []
        self.entered = threading.Semaphore(0)
        self.release = threading.Event()
        self.release.set()
        self.broken: set[str] = set()

    def __call__(self, model, **arguments):
        self.asked.append(model)
        self.entered.release()
        assert self.release.wait(PATIENCE)
        if model in self.broken:
            raise ValueError(f'{model} is damaged')
        network = self._class('cpu')
        network.model = model
        network.kind = DepthKind.RELATIVE if model == 'small' else DepthKind.METRIC
        self.made.append(weakref.ref(network))
        return network


@pytest.fixture
def zoo(coded_network, monkeypatch):
    zoo = Zoo(type(coded_network))
    monkeypatch.setattr(node_module, 'DepthEstimator', zoo)
    yield zoo
    zoo.release.set()


@pytest.fixture
def node(graph, zoo):
    """Return an active node that runs metric-indoor-small, with a listener."""
    graph.metres, graph.disparity = graph.listen(METRIC), graph.listen(RELATIVE)
    node = graph.active_node(model='metric-indoor-small')
    graph.connect(node)
    graph.number = 0
    zoo.entered.acquire()
    return node


def send(graph, node):
    """Send a frame and wait until the node has answered it."""
    graph.number += 1
    graph.send_image(graph.coded_image(0, graph.number, 'camera'))
    graph.settle(node, graph.number)


def wish(node, **values):
    return node.set_parameters_atomically([Parameter(k, value=v) for k, v in values.items()])


def runs(node):
    return node._require_engine().estimator.model


def counts(node):
    return node.cameras[''].counters.counts()


def topics(node):
    return set(node.cameras[''].outputs._publishers)


def begun(graph, zoo):
    """Spin until the zoo has been asked once more."""
    graph.spin_until(lambda: zoo.entered.acquire(blocking=False))


def test_the_old_network_goes_on_until_the_new_one_takes_over(graph, node, zoo):
    zoo.release.clear()
    assert wish(node, model='metric-indoor-base').successful
    begun(graph, zoo)
    for _ in range(3):
        send(graph, node)
    assert runs(node) == 'metric-indoor-small' and counts(node).published == 3
    before = dict(node.cameras[''].outputs._publishers)

    zoo.release.set()
    graph.spin_until(lambda: runs(node) == 'metric-indoor-base')
    for _ in range(3):
        send(graph, node)

    graph.spin_until(lambda: len(graph.metres) == 6)
    assert [message.header.stamp.sec for message in graph.metres] == [1, 2, 3, 4, 5, 6]
    assert (counts(node).received, counts(node).published) == (6, 6)
    # Who listens notices nothing.
    assert node.cameras[''].outputs._publishers == before
    assert node.get_parameter('model').value == 'metric-indoor-base'


def test_frames_that_stream_through_a_swap_are_all_accounted_for(graph, node, zoo):
    def stream(frames):
        for _ in range(frames):
            graph.number += 1
            graph.send_image(graph.coded_image(0, graph.number, 'camera'))
            graph.executor.spin_once(timeout_sec=0.002)

    for model in ('metric-indoor-base', 'metric-indoor-large', 'metric-indoor-small'):
        wish(node, model=model)
        stream(30)
        graph.spin_until(lambda model=model: runs(node) == model)
        stream(5)
    graph.spin_until(lambda: counts(node).pending == 0)

    assert counts(node).failed == counts(node).rejected == 0
    graph.spin_until(lambda: graph.metres[-1].header.stamp.sec == graph.number)
    for message in graph.metres:
        assert (np.frombuffer(message.data, np.float32) == message.header.stamp.sec).all()


def test_another_kind_has_other_topics(graph, node, zoo):
    assert IN_SPACE | {METRIC} <= topics(node)
    color = node.cameras[''].outputs._publishers['depth/color']

    wish(node, model='small')
    graph.spin_until(lambda: runs(node) == 'small')
    assert topics(node) == {RELATIVE, 'depth/camera_info', 'depth/color'}
    assert METRIC not in {publisher.topic_name.lstrip('/') for publisher in node.publishers}
    assert node.cameras[''].outputs._publishers['depth/color'] is color
    graph.connect(node)
    send(graph, node)
    graph.spin_until(lambda: graph.disparity)

    wish(node, model='metric-indoor-small')
    graph.spin_until(lambda: runs(node) == 'metric-indoor-small')
    assert IN_SPACE | {METRIC} <= topics(node) and RELATIVE not in topics(node)
    graph.connect(node)
    send(graph, node)
    graph.spin_until(lambda: graph.metres)
    assert counts(node).published == 2


def test_the_old_network_is_let_go(graph, node, zoo):
    send(graph, node)
    gc.collect()
    gc.disable()  # what only the collector finds stays too long
    try:
        wish(node, model='metric-indoor-base')
        graph.spin_until(lambda: runs(node) == 'metric-indoor-base')
        assert zoo.made[0]() is None
        assert zoo.made[1]() is not None
    finally:
        gc.enable()


def test_what_cannot_be_loaded_changes_nothing_and_is_told(graph, node, zoo):
    reports = graph.listen('/diagnostics', DiagnosticArray)
    zoo.broken.add('metric-indoor-base')

    assert wish(node, model='metric-indoor-base', rate_limit=7.0).successful
    graph.spin_until(lambda: node.get_parameter('model').value == 'metric-indoor-small')

    assert (node.settings.model, runs(node)) == ('metric-indoor-small', 'metric-indoor-small')
    assert node.settings.rate_limit == 7.0
    send(graph, node)
    assert counts(node).published == 1
    reports.clear()
    graph.spin_until(lambda: reports)
    engine = reports[-1].status[-1]
    assert engine.level == DiagnosticStatus.WARN
    assert 'metric-indoor-base is damaged' in engine.message
    values = {pair.key: pair.value for pair in engine.values}
    assert (values['model'], values['findings']) == ('metric-indoor-small', 'network')

    zoo.broken.clear()
    wish(node, model='metric-indoor-base')
    graph.spin_until(lambda: runs(node) == 'metric-indoor-base')
    assert node._diagnostics._engine.missed == ''


@pytest.mark.parametrize(
    ('values', 'word'),
    [
        ({'model': 'smal'}, 'model'),
        ({'model': '/nowhere/net.pth', 'weights': ''}, 'there is no file'),
        ({'weights': '/nowhere/net.pth'}, 'there is no file'),
        ({'device': 'cuda:63'}, 'cuda:63'),
        ({'device': 'toaster'}, 'toaster'),
        ({'device': 'tensorrt'}, 'tensorrt'),
        ({'precision': 'float16'}, 'GPU'),
        ({'max_depth': 7.0}, 'max_depth'),
    ],
)
def test_what_is_wrong_for_sure_is_refused_at_once(graph, node, zoo, values, word):
    result = wish(node, **values)

    assert not result.successful and word in result.reason
    assert len(zoo.asked) == 1 and node._swap.loading == ''


def test_of_several_wishes_the_newest_runs_in_the_end(graph, node, zoo):
    zoo.release.clear()
    wish(node, model='metric-indoor-base')
    begun(graph, zoo)
    wish(node, model='small')
    wish(node, model='metric-indoor-large')
    zoo.release.set()

    graph.spin_until(lambda: runs(node) == 'metric-indoor-large')

    # What came in between was never loaded, what was overtaken is let go.
    assert zoo.asked == ['metric-indoor-small', 'metric-indoor-base', 'metric-indoor-large']
    assert [made() is None for made in zoo.made] == [True, True, False]


def test_going_back_while_it_loads_keeps_what_runs(graph, node, zoo):
    zoo.release.clear()
    wish(node, model='metric-indoor-base')
    begun(graph, zoo)
    wish(node, model='metric-indoor-small')
    assert node._swap.loading == ''
    zoo.release.set()

    graph.spin_until(lambda: node._swap._job is None)
    send(graph, node)

    assert runs(node) == 'metric-indoor-small' and len(zoo.asked) == 2
    assert counts(node).published == 1


def test_it_takes_over_in_a_node_that_was_deactivated_meanwhile(graph, node, zoo):
    zoo.release.clear()
    wish(node, model='small')
    begun(graph, zoo)
    assert node.trigger_deactivate().name == 'SUCCESS'
    zoo.release.set()
    graph.spin_until(lambda: runs(node) == 'small')

    assert node.trigger_activate().name == 'SUCCESS'
    graph.connect(node)
    send(graph, node)
    graph.spin_until(lambda: graph.disparity)


@pytest.mark.parametrize('way', ['cleanup', 'shutdown'])
def test_what_is_loaded_when_the_node_is_taken_down_is_let_go(graph, node, zoo, way):
    zoo.release.clear()
    wish(node, model='small')
    begun(graph, zoo)
    if way == 'cleanup':
        assert node.trigger_deactivate().name == 'SUCCESS'
        assert node.trigger_cleanup().name == 'SUCCESS'
    else:
        assert node.trigger_shutdown().name == 'SUCCESS'
    zoo.release.set()

    graph.spin_until(lambda: node._swap._job is None)

    assert node._engine is None and node.cameras[''].outputs is None
    gc.collect()
    assert [made() for made in zoo.made] == [None, None]


def test_configuring_again_takes_what_was_wished_for(graph, node, zoo):
    zoo.release.clear()
    wish(node, model='small')
    begun(graph, zoo)
    node.trigger_deactivate()
    node.trigger_cleanup()
    zoo.release.set()

    assert node.trigger_configure().name == 'SUCCESS'
    assert node.trigger_activate().name == 'SUCCESS'
    graph.spin_until(lambda: node._swap._job is None)

    assert runs(node) == 'small' and topics(node) == {RELATIVE, 'depth/camera_info', 'depth/color'}


def test_the_process_does_not_wait_for_a_network_that_is_loaded(graph, node, zoo):
    zoo.release.clear()
    wish(node, model='small')
    begun(graph, zoo)

    assert not node.close(0.05)

    zoo.release.set()
    assert node.close(PATIENCE)


def test_the_new_network_finds_its_own_scale(graph, zoo):
    node = graph.active_node(model='small', scale__source='depth')
    heard = node.cameras[''].space.scale
    subscriptions = len(list(node.subscriptions))

    wish(node, model='metric-indoor-small')
    graph.spin_until(lambda: runs(node) == 'metric-indoor-small')

    assert node.cameras[''].space.scale is not heard
    assert len(list(node.subscriptions)) == subscriptions
    node.trigger_deactivate()
    assert not node.cameras[''].space.scale._buffer
    assert not [s for s in node.subscriptions if 'reference' in s.topic_name]

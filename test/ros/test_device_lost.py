# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node whose device stops answering: its error state, and the way back."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy')

from depth_anything_ros.inference.faults import DeviceLostError


@pytest.fixture
def node(graph, coded_network):
    """Return an active node, whose network loses its device at the second frame."""
    graph.depths = graph.listen('depth/image_rect')
    node = graph.active_node()
    graph.connect(node)

    def lose(numbers):
        if numbers == [2]:
            raise DeviceLostError('the GPU does not answer any more (CUDA error)')

    coded_network.before = lose
    return node


def send(graph, number):
    graph.send_image(graph.coded_image(0, number, 'camera'))


def test_a_lost_device_leads_through_the_error_state_to_unconfigured(graph, node, capfd):
    send(graph, 1)
    graph.spin_until(lambda: graph.depths)
    send(graph, 2)

    graph.spin_until(lambda: node._state() == 'unconfigured')

    counts = node.cameras[''].counters.counts()
    assert (counts.received, counts.published, counts.failed) == (2, 1, 1)
    assert node._engine is None
    assert 'cuda:0 does not answer any more' in capfd.readouterr().err


def test_the_next_configure_recovers(graph, node):
    send(graph, 2)
    graph.spin_until(lambda: node._state() == 'unconfigured')

    node.trigger_configure()
    node.trigger_activate()
    graph.connect(node)
    send(graph, 3)

    graph.spin_until(lambda: graph.depths)
    assert graph.depths[-1].header.stamp.sec == 3
    # It stays: one loss is one way through the error state.
    graph.spin_until(lambda: node.cameras[''].counters.counts().published == 1)
    assert node._state() == 'active'


def test_other_faults_leave_the_node_active(graph, node, coded_network):
    def fail(numbers):
        raise RuntimeError('sizes do not match')

    coded_network.before = fail
    send(graph, 1)
    graph.spin_until(lambda: node.cameras[''].counters.counts().failed == 1)

    assert not node._lost.is_set()
    assert node._state() == 'active'

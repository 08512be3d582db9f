# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node with a network that takes the next frame before the last one is done."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip('rclpy')

from depth_anything_ros.inference.faults import DeviceLostError

PATIENCE = 30.0
THREADS = {'depth-worker', 'depth-finisher'}


class HalvedNetwork:
    """Makes a CodedNetwork take two batches; the test lets each result out."""

    def __init__(self, network) -> None:
        self.network, self.events = network, []
        self.allowed = threading.Semaphore(0)
        self.lost = False
        network.in_flight, network.submit = 2, self.submit

    def submit(self, pictures, at_network_size, input_size):
        (rgb,) = pictures
        code = int(rgb[0, 0] @ np.array([65536, 256, 1]))
        self.events.append(f'submit {code}')

        def result():
            assert self.allowed.acquire(timeout=PATIENCE)
            self.events.append(f'result {code}')
            if self.lost:
                raise DeviceLostError('the GPU does not answer any more (CUDA error)')
            return self.network.estimate_batch(pictures, at_network_size, input_size)

        return SimpleNamespace(result=result)


@pytest.fixture
def halved(coded_network):
    network = HalvedNetwork(coded_network)
    yield network
    network.allowed.release(1000)


@pytest.fixture
def node(graph, halved):
    """Return an active node that has submitted frames 1 and 2, and got three more."""
    graph.depths = graph.listen('depth/image_rect')
    node = graph.active_node()
    graph.connect(node)
    for number in (1, 2):
        send(graph, number)
        graph.spin_until(lambda number=number: f'submit {number}' in halved.events)
    counts = node.cameras[''].counters.counts
    for number in (3, 4, 5):
        send(graph, number)
        graph.spin_until(lambda number=number: counts().received == number)
    return node


def send(graph, number):
    graph.send_image(graph.coded_image(0, number, 'camera'))


def threads():
    return {thread.name for thread in threading.enumerate() if thread.name in THREADS}


def test_two_frames_are_in_flight_and_the_newest_is_next(graph, halved, node):
    assert halved.events == ['submit 1', 'submit 2']
    halved.allowed.release()
    graph.spin_until(lambda: 'submit 5' in halved.events)
    assert halved.events == ['submit 1', 'submit 2', 'result 1', 'submit 5']

    halved.allowed.release(2)
    graph.spin_until(lambda: len(graph.depths) == 3)

    assert [message.header.stamp.sec for message in graph.depths] == [1, 2, 5]
    for message in graph.depths:
        assert (np.frombuffer(message.data, np.float32) == message.header.stamp.sec).all()
    graph.settle(node, 5)
    counts = node.cameras[''].counters.counts()
    assert (counts.published, counts.dropped, counts.failed) == (3, 2, 0)


def test_deactivating_finishes_both_and_leaves_no_thread(graph, halved, node):
    halved.allowed.release(1000)
    assert node.trigger_deactivate().name == 'SUCCESS'

    counts = node.cameras[''].counters.counts()
    assert counts.pending == counts.failed == 0
    assert counts.published + counts.dropped == 5 and counts.published >= 2
    assert threads() == set()
    assert node.trigger_cleanup().name == 'SUCCESS'


def test_a_lost_device_fails_both_and_leads_to_unconfigured(graph, halved, node):
    halved.lost = True
    halved.allowed.release(1000)

    graph.spin_until(lambda: node._state() == 'unconfigured')

    counts = node.cameras[''].counters.counts()
    assert (counts.published, counts.pending) == (0, 0)
    assert counts.failed >= 2 and counts.failed + counts.dropped == 5
    assert threads() == set()


def test_no_frame_is_lost_or_mixed_up_among_many(graph, halved, node):
    halved.allowed.release(1000)
    for number in range(6, 106):
        send(graph, number)
        graph.executor.spin_once(timeout_sec=0.001)
    graph.spin_until(lambda: graph.depths and graph.depths[-1].header.stamp.sec == 105)
    assert node.trigger_deactivate().name == 'SUCCESS'

    counts = node.cameras[''].counters.counts()
    assert counts.pending == counts.failed == counts.rejected == 0
    codes = [message.header.stamp.sec for message in graph.depths]
    assert codes == sorted(set(codes))
    for message in graph.depths:
        assert (np.frombuffer(message.data, np.float32) == message.header.stamp.sec).all()

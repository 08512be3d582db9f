# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cameras that publish as fast as they can, and a slow network: newest wins, nobody starves.

Every pixel of an image tells its camera and number, and so does its header. The network gives the
pixels' number back as depth, so a header on the pixels of another frame would show.
"""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict

import numpy as np
import pytest

pytest.importorskip('rclpy')

from sensor_msgs.msg import Image

from depth_anything_ros.ros.raw_image import RawImage

FRAMES = 40
"""Depths of each camera that a test waits for."""


class Pass:
    """One run of the network: the numbers it got, and the newest that waited when it ended."""

    def __init__(self, taken: dict[int, int], waiting: dict[int, int]) -> None:
        self.taken, self.waiting = taken, waiting


class Hammer:
    """Publishes each camera's numbered frames from a thread of its own until it is stopped."""

    def __init__(self, graph, pauses: dict[str, float]) -> None:
        self.stopping = threading.Event()
        self.threads = []
        for camera, (name, pause) in enumerate(pauses.items(), start=1):
            publisher = graph.peer.create_publisher(Image, f'{name}/image', 1)
            self.threads.append(
                threading.Thread(target=self._run, args=(graph, publisher, camera, name, pause))
            )

    def _run(self, graph, publisher, camera, name, pause) -> None:
        number = 0
        while not self.stopping.wait(pause):
            number += 1
            publisher.publish(graph.coded_image(camera, number, name).serialize())

    def __enter__(self) -> Hammer:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()


@pytest.fixture
def watched(coded_network, monkeypatch):
    """Make the network slow; return the passes it ran and what puts a camera under watch."""
    passes: list[Pass] = []
    newest: dict[int, int] = {}

    def watch(mailbox) -> None:
        put = mailbox.put

        def noted(serialized: bytes) -> bool:
            replaced = put(serialized)
            camera, number = divmod(RawImage.parse(serialized).header.stamp.sec, 65536)
            newest[camera] = number
            return replaced

        monkeypatch.setattr(mailbox, 'put', noted)

    def after(codes: list[int]) -> None:
        time.sleep(0.01)
        passes.append(Pass(dict(divmod(code, 65536) for code in codes), dict(newest)))

    coded_network.after = after
    return passes, watch


@pytest.mark.parametrize('device', ['cuda:0', 'cpu'])
@pytest.mark.parametrize(
    'pauses',
    [
        {'front': 0.001, 'left': 0.001},
        {'front': 0.001, 'left': 0.01, 'right': 0.01, 'rear': 0.01},
    ],
    ids=['two', 'four, one at ten times the rate'],
)
def test_newest_wins_nobody_starves_and_headers_stay_with_their_pixels(
    graph, coded_network, watched, pauses, device
):
    coded_network.device = device
    passes, watch = watched
    depths = {name: graph.listen(f'{name}/depth/image_rect') for name in pauses}
    node = graph.active_node(cameras=list(pauses))
    for mailbox in node._require_engine().worker.mailboxes.values():
        watch(mailbox)
    with Hammer(graph, pauses):
        graph.spin_until(lambda: all(len(got) >= FRAMES for got in depths.values()), 60.0)
        # In the middle of it all: nothing may be left without an answer.
        assert node.trigger_deactivate().name == 'SUCCESS'

    for name, camera in node.cameras.items():
        counts = camera.counters.counts()
        assert counts.pending == 0
        assert counts.rejected == counts.failed == 0
        assert counts.published >= len(depths[name])
    assert node.cameras['front'].counters.counts().dropped > 0
    for camera, (name, messages) in enumerate(depths.items(), start=1):
        codes = [message.header.stamp.sec for message in messages]
        assert all(message.header.frame_id == name for message in messages)
        assert all(code // 65536 == camera for code in codes)
        assert codes == sorted(set(codes))  # numbers rise
        for message in messages:
            pixels = np.frombuffer(message.data, np.float32)
            assert (pixels == message.header.stamp.sec).all() and pixels.size == 16 * 8
    check_passes(passes, len(pauses), 1 if device == 'cpu' else len(pauses))


def check_passes(passes: list[Pass], cameras: int, at_once: int) -> None:
    """Check that each pass had the newest frames, and each camera its turn."""
    taken: dict[int, int] = defaultdict(int)  # the newest number of each camera so far
    waited: dict[int, int] = defaultdict(int)  # passes that a camera with a frame was left out
    for before, now in zip(passes, passes[1:], strict=False):
        assert len(now.taken) <= at_once
        taken.update(before.taken)
        for camera, newest in before.waiting.items():
            if camera in now.taken:
                # The age is bounded: what was there when the last pass ended is not older.
                assert now.taken[camera] >= newest
                waited[camera] = 0
            elif newest > taken[camera]:
                waited[camera] += 1
                assert waited[camera] < math.ceil(cameras / at_once)
    assert len(passes) >= FRAMES


def test_a_single_camera_keeps_its_headers_and_counts_too(graph, coded_network, watched):
    passes, watch = watched
    depths = graph.listen('depth/image_rect')
    node = graph.active_node()
    watch(node._require_engine().worker.mailboxes[''])
    stopping = threading.Event()

    def hammer() -> None:
        number = 0
        while not stopping.wait(0.001):
            number += 1
            graph._image.publish(graph.coded_image(0, number, 'cam').serialize())

    thread = threading.Thread(target=hammer)
    thread.start()
    try:
        graph.spin_until(lambda: len(depths) >= FRAMES, 60.0)
        assert node.trigger_deactivate().name == 'SUCCESS'
    finally:
        stopping.set()
        thread.join()
    counts = node.cameras[''].counters.counts()
    assert counts.pending == 0 and counts.dropped > 0 and counts.rejected == counts.failed == 0
    numbers = [message.header.stamp.sec for message in depths]
    assert numbers == sorted(set(numbers))
    for message in depths:
        assert (np.frombuffer(message.data, np.float32) == message.header.stamp.sec).all()
    check_passes(passes, 1, 1)

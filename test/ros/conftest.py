# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A depth node with random weights or of coded pixels, cameras and a listener on one executor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy')

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.inference.engine_counts import EngineCounts
from depth_anything_ros.inference.preprocessing import network_size
from depth_anything_ros.inference.stage_times import StageTimes
from depth_anything_ros.ros import node as node_module
from depth_anything_ros.ros.depth_message import encode_color
from depth_anything_ros.ros.node import DepthNode
from depth_anything_ros.ros.pinhole import camera_info_from
from depth_anything_ros.ros.raw_image import RawImage

SMALL = {'weights': 'random', 'device': 'cpu', 'precision': 'float32', 'input_size': 42}


class Graph:
    """Nodes that are spun by hand, so that a test decides when things happen."""

    def __init__(self) -> None:
        self.executor = SingleThreadedExecutor()
        self.peer = Node('peer')
        self.executor.add_node(self.peer)
        self.received: dict[str, list[Any]] = {}
        self.nodes: list[DepthNode] = []
        self._image = self.peer.create_publisher(Image, 'image', 1)
        self._info = self.peer.create_publisher(CameraInfo, 'camera_info', 1)

    def depth_node(
        self, make: Callable[..., DepthNode] = DepthNode, **parameters: Any
    ) -> DepthNode:
        """Make a depth node of a tiny network, not yet configured; __ in a name is a dot."""
        named = {name.replace('__', '.'): value for name, value in parameters.items()}
        overrides = [Parameter(k, value=v) for k, v in {**SMALL, **named}.items()]
        node = make(parameter_overrides=overrides)
        self.executor.add_node(node)
        self.nodes.append(node)
        return node

    def active_node(
        self, make: Callable[..., DepthNode] = DepthNode, **parameters: Any
    ) -> DepthNode:
        """Make a depth node and bring it up."""
        node = self.depth_node(make, **parameters)
        assert node.trigger_configure().name == 'SUCCESS'
        assert node.trigger_activate().name == 'SUCCESS'
        return node

    def listen(self, topic: str, message_type: type = Image) -> list[Any]:
        """Subscribe; return the list that fills up."""
        messages = self.received.setdefault(topic, [])
        profile = QoSProfile(depth=50, reliability=ReliabilityPolicy.RELIABLE)
        self.peer.create_subscription(message_type, topic, messages.append, profile)
        return messages

    def spin_until(self, condition: Callable[[], Any], timeout: float = 20.0) -> None:
        """Spin until a condition holds; fail the test when it does not in time."""
        end = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > end:
                pytest.fail('what the test waits for did not happen')
            self.executor.spin_once(timeout_sec=0.02)

    def connect(self, node: DepthNode, topics: int = 1) -> None:
        """Wait until the node hears the camera and ``topics`` of its outputs are heard."""
        heard = node.cameras[''].outputs
        self.spin_until(
            lambda: (
                self._image.get_subscription_count()
                and self._info.get_subscription_count()
                and sum(heard.listened(name) for name in heard._publishers) >= topics
            )
        )

    def settle(self, node: DepthNode, frames: int) -> None:
        """Spin until the node has answered ``frames`` frames."""
        counters = node.cameras[''].counters
        self.spin_until(
            lambda: counters.counts().received >= frames and counters.counts().pending == 0
        )

    def header(self, stamp: float | None = None) -> Header:
        """Return a header stamped now, or at ``stamp`` seconds."""
        header = Header(frame_id='cam_optical')
        header.stamp = self.peer.get_clock().now().to_msg()
        if stamp is not None:
            header.stamp.sec, header.stamp.nanosec = int(stamp), 0
        return header

    def send_image(
        self, message: Image | RawImage | None = None, header: Header | None = None
    ) -> Image | RawImage:
        """Publish an image, 64 x 48 random pixels by default."""
        if message is None:
            pixels = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
            message = encode_color(pixels, header or self.header())
        raw = isinstance(message, RawImage)
        self._image.publish(message.serialize() if raw else message)
        return message

    def send_info(self, header: Header, **changes: Any) -> CameraInfo:
        """Publish the camera_info of a 64 x 48 camera, with some fields changed."""
        message = camera_info_from(Intrinsics(64, 48, 60.0, 60.0, 32.0, 24.0), header)
        for name, value in changes.items():
            setattr(message, name, value)
        self._info.publish(message)
        return message

    @staticmethod
    def coded_image(camera: int, number: int, frame_id: str) -> RawImage:
        """Return an image of which every pixel, and the stamp's seconds, tell camera and number."""
        code = camera * 65536 + number
        rgb = np.empty((8, 16, 3), np.uint8)
        rgb[:] = camera, number >> 8, number & 255
        header = Header(frame_id=frame_id)
        header.stamp.sec = code
        return encode_color(rgb, header)

    def close(self) -> None:
        """Destroy everything, workers first."""
        self.executor.shutdown()
        for node in self.nodes:
            node.destroy_node()
        self.peer.destroy_node()


@pytest.fixture
def graph(ros_domain: int) -> Iterator[Graph]:
    """Give the test a graph of its own."""
    graph = Graph()
    yield graph
    graph.close()


class CodedNetwork:
    """Stands for the estimator: metres are the number that ``coded_image`` writes in the pixels.

    ``before`` and ``after`` are called around each pass with the numbers of its pictures.
    """

    kind, model, precision, own_input_size = DepthKind.METRIC, 'coded', 'float32', 42
    max_depth = None
    in_flight = 1
    stages = StageTimes()
    counts: EngineCounts | None = None
    network_sizes: Sequence[tuple[int, int]] = ()

    def __init__(self, device: str) -> None:
        self.device = device
        self.passes: list[tuple[list[int], int | None]] = []
        self.before: Callable[[list[int]], None] = lambda numbers: None
        self.after: Callable[[list[int]], None] = lambda numbers: None

    def network_size(self, height: int, width: int, input_size: int | None) -> tuple[int, int]:
        return network_size(height, width, input_size or self.own_input_size)

    def warm_up(self, height: int, width: int, pictures: int, input_size: int | None) -> None:
        """Need none."""

    def estimate_batch(
        self, pictures: Sequence[np.ndarray], at_network_size: bool, input_size: int | None
    ) -> list[Depth]:
        values = [rgb.astype(np.float32) @ np.float32([65536, 256, 1]) for rgb in pictures]
        numbers = [int(metres.flat[0]) for metres in values]
        self.passes.append((numbers, input_size))
        self.before(numbers)
        self.after(numbers)
        return [Depth(metres, self.kind, metres.shape) for metres in values]


@pytest.fixture
def coded_network(monkeypatch: pytest.MonkeyPatch) -> CodedNetwork:
    """Give nodes a network that tells the pixels; on a GPU, so that cameras share passes."""
    network = CodedNetwork('cuda:0')
    monkeypatch.setattr(node_module, 'DepthEstimator', lambda **arguments: network)
    return network

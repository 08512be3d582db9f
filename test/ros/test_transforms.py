# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the transform tree, with stand-ins for the packages that PyPI has not."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

pytest.importorskip('rclpy')
from builtin_interfaces.msg import Time as Stamp  # noqa: E402
from rclpy.qos import DurabilityPolicy  # noqa: E402

from depth_anything_ros.geometry.transform import Transform, quaternion_of  # noqa: E402
from depth_anything_ros.ros.topics import TransformUnknownError  # noqa: E402
from depth_anything_ros.ros.transforms import TransformTree, transform_message  # noqa: E402


class Publisher:
    def __init__(self, topic: str, profile) -> None:
        self.topic, self.profile, self.sent = topic, profile, []

    def publish(self, message) -> None:
        self.sent.append(message)


class FakeNode:
    def __init__(self) -> None:
        self.publishers: list[Publisher] = []

    def create_publisher(self, kind, topic, profile) -> Publisher:
        self.publishers.append(Publisher(topic, profile))
        return self.publishers[-1]


@pytest.fixture
def tf2_ros(monkeypatch):
    """A tf2_ros that knows one transform."""

    class TransformException(Exception):
        pass

    class Buffer:
        def lookup_transform(self, parent, child, at):
            if (parent, child) != ('base', 'cam'):
                raise TransformException(f'"{child}" passed to lookupTransform does not exist')
            where = Transform.from_euler(0.1, 0.2, 0.3, (1, 2, 3))
            return transform_message(parent, child, where, Stamp())

    module = ModuleType('tf2_ros')
    module.Buffer, module.TransformException = Buffer, TransformException
    module.listeners = []
    module.TransformListener = lambda buffer, node: module.listeners.append(node)
    monkeypatch.setitem(sys.modules, 'tf2_ros', module)
    return module


@pytest.fixture
def tf2_msgs(monkeypatch):
    package, module = ModuleType('tf2_msgs'), ModuleType('tf2_msgs.msg')
    module.TFMessage = lambda transforms: SimpleNamespace(transforms=transforms)
    monkeypatch.setitem(sys.modules, 'tf2_msgs', package)
    monkeypatch.setitem(sys.modules, 'tf2_msgs.msg', module)


def test_a_transform_is_found_and_listened_for_once(tf2_ros):
    tree = TransformTree(FakeNode())

    found = tree.find('base', 'cam', 0)
    tree.find('base', 'cam', 0)

    assert found.rotation == pytest.approx(Transform.from_euler(0.1, 0.2, 0.3).rotation)
    assert found.translation == pytest.approx([1, 2, 3])
    assert len(tf2_ros.listeners) == 1


def test_a_frame_that_tf_has_not_is_said_with_its_reason(tf2_ros):
    with pytest.raises(TransformUnknownError, match='where lidar is: "lidar" passed'):
        TransformTree(FakeNode()).find('base', 'lidar', 0)


def test_without_tf2_ros_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tf2_ros', None)

    with pytest.raises(TransformUnknownError, match='set pose.source to fixed'):
        TransformTree(FakeNode()).find('base', 'cam', 0)


def test_a_static_transform_goes_out_once_and_when_it_changes(tf2_msgs):
    node = FakeNode()
    tree = TransformTree(node)
    first, second = Transform.identity(), Transform.from_euler(0, 0, 1)

    for where in (first, first, second):
        assert tree.tell('cam', 'cam_level', where, Stamp(sec=1), static=True)
    assert tree.tell('other', 'other_level', first, Stamp(sec=1), static=True)

    (publisher,) = node.publishers
    assert publisher.topic == '/tf_static'
    assert publisher.profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
    # The topic keeps one message for latecomers, so each has all.
    children = [[t.child_frame_id for t in message.transforms] for message in publisher.sent]
    assert children == [['cam_level'], ['cam_level'], ['cam_level', 'other_level']]


def test_a_moving_transform_goes_out_each_time(tf2_msgs):
    node = FakeNode()
    tree = TransformTree(node)

    for second in (1, 2):
        tree.tell('cam', 'cam_level', Transform.identity(), Stamp(sec=second), static=False)

    (publisher,) = node.publishers
    assert publisher.topic == '/tf'
    assert [message.transforms[0].header.stamp.sec for message in publisher.sent] == [1, 2]


def test_without_tf2_msgs_nothing_can_be_told(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tf2_msgs', None)
    monkeypatch.setitem(sys.modules, 'tf2_msgs.msg', None)

    assert not TransformTree(FakeNode()).tell('a', 'b', Transform.identity(), Stamp(), True)


@pytest.mark.parametrize('seed', range(20))
def test_quaternions_are_those_of_the_rotation(seed):
    rng = np.random.default_rng(seed)
    euler = rng.uniform(-np.pi, np.pi, 3) if seed else (np.pi, 0, 0)
    rotation = Transform.from_euler(*euler).rotation

    quaternion = quaternion_of(rotation)

    assert np.linalg.norm(quaternion) == pytest.approx(1)
    assert quaternion[3] >= 0
    assert Transform.from_quaternion(quaternion, (0, 0, 0)).rotation == pytest.approx(
        rotation, abs=1e-9
    )

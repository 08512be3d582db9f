# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what a picture out of a bag finds around it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip('rosbags')
import bag_making as making  # noqa: E402

from depth_anything_ros.geometry.transform import Transform  # noqa: E402
from depth_anything_ros.ros.bag_topics import BagTopics, BagTransforms  # noqa: E402
from depth_anything_ros.ros.stamps import Stamp  # noqa: E402
from depth_anything_ros.ros.topics import TransformUnknownError  # noqa: E402


def cdr(message) -> bytes:
    return bytes(making.TYPES.serialize_cdr(message, message.__msgtype__))


class Rig:
    def __init__(self, kind: str, raw: bool = False) -> None:
        self.topics, self.heard = BagTopics('node', {'asked': '/given'}), []
        self.kind = kind
        self.listening = self.topics.listen(kind, 'asked', self.heard.append, raw)

    def take(self, message) -> None:
        self.topics.take('/given', message.__msgtype__, cdr(message))

    def at(self, stamp: int) -> list:
        self.heard.clear()
        self.topics.advance(stamp)
        return list(self.heard)


@pytest.mark.parametrize(
    ('stamps', 'at', 'found'),
    [([10, 20, 30], 20, 20), ([10, 30], 20, 10), ([30, 40], 20, 30), ([30, 10, 20], 25, 20)],
)
def test_a_picture_has_its_own_camera_info_else_the_last_else_the_next(stamps, at, found):
    rig = Rig('CameraInfo')
    for stamp in stamps:
        rig.take(making.camera_info(stamp))

    assert [message.header.stamp.nanosec for message in rig.at(at)] == [found]


@pytest.mark.parametrize(('at', 'found'), [(11, 10), (16, 20), (35, 30), (0, 10)])
def test_the_reference_nearest_in_time_is_taken_from_either_side(at, found):
    rig = Rig('LaserScan')
    for stamp in (10, 20, 30):
        rig.take(making.laser(stamp, np.ones(3)))

    assert [message.header.stamp.nanosec for message in rig.at(at)] == [found]
    assert [message.header.stamp.nanosec for message in rig.at(at)] == [found]


def test_what_is_measured_goes_on_up_to_the_picture_and_once():
    rig = Rig('Imu', raw=True)
    zero = making.kind('geometry_msgs/Vector3')(0.0, 0.0, 0.0)
    turn = making.kind('geometry_msgs/Quaternion')(0.0, 0.0, 0.0, 1.0)
    nine = np.zeros(9)
    for stamp in (1, 2, 3):
        rig.take(making.kind('sensor_msgs/Imu')(
            making.header(stamp), turn, nine, zero, nine, zero, nine
        ))  # fmt: skip

    assert [len(rig.at(at)) for at in (0, 2, 2, 9)] == [0, 2, 0, 1]


def test_other_types_and_damaged_messages_are_counted():
    rig = Rig('CameraInfo')
    rig.take(making.laser(1, np.ones(3)))
    rig.topics.take('/given', 'sensor_msgs/msg/CameraInfo', b'\0\1')
    rig.topics.take('/given', 'sensor_msgs/msg/CameraInfo', cdr(making.camera_info(5))[:40])

    assert rig.at(5) == []
    assert rig.topics.damaged == 3
    assert rig.topics.wanted == {'/given'}
    rig.topics.ignore(rig.listening)
    assert rig.topics.wanted == set()


def test_static_transforms_are_told_once_and_when_they_change():
    tree = BagTransforms()
    first, second = Transform.identity(), Transform.from_euler(0, 0, 1)
    for where in (first, first, second):
        assert tree.tell('cam', 'cam_level', where, Stamp(1, 2), static=True)
    tree.tell('cam', 'cam_level', first, Stamp(3, 0), static=False)

    told = tree.take_told()
    assert [topic for topic, _ in told] == ['/tf_static', '/tf_static', '/tf']
    assert told[0][1].transforms[0].header.stamp.nanosec == 2
    assert tree.take_told() == []
    tree.take('tf2_msgs/msg/TFMessage', cdr(told[1][1]), static=True)
    np.testing.assert_allclose(tree.find('cam', 'cam_level', 0).rotation, second.rotation)
    with pytest.raises(TransformUnknownError, match='do not tell where lidar is'):
        tree.find('cam', 'lidar', 0)

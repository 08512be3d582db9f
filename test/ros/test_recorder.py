# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/recorder.py, with real topics."""

import time
from array import array
from pathlib import Path

import pytest

pytest.importorskip('rclpy')

import rclpy  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import String  # noqa: E402

from depth_anything_ros.media.bag import BagReader, BagWriter  # noqa: E402
from depth_anything_ros.ros.recorder import (  # noqa: E402
    RecordedTopic,
    Recorder,
    RecorderError,
    message_class,
)

PATIENCE = 30.0  # seconds until a test gives up


def spin_until(executor: SingleThreadedExecutor, condition) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        executor.spin_once(timeout_sec=0.1)


def image(index: int) -> Image:
    """Make a mono8 image of 4x2 with stamp (100 + index) s and pixels of that index."""
    message = Image(height=2, width=4, encoding='mono8', step=4, data=array('B', [index] * 8))
    message.header.stamp.sec = 100 + index
    message.header.stamp.nanosec = 5
    message.header.frame_id = 'camera'
    return message


def test_all_messages_arrive_in_the_bag_with_their_stamps(ros_domain, tmp_path: Path) -> None:
    talker = rclpy.create_node('talker', namespace='/robot')
    images = talker.create_publisher(Image, 'image', 10)
    notes = talker.create_publisher(String, '/note', 10)
    with BagWriter(tmp_path / 'bag') as bag:
        recorder = Recorder(bag, namespace='/robot')
        recorder.record(RecordedTopic('image', 'sensor_msgs/msg/Image', reliable=False))
        recorder.record(RecordedTopic('/note', 'std_msgs/msg/String'))
        executor = SingleThreadedExecutor()
        executor.add_node(recorder)
        spin_until(
            executor,
            lambda: images.get_subscription_count() and notes.get_subscription_count(),
        )
        for index in range(7):
            images.publish(image(index))
            notes.publish(String(data=f'note {index}'))
        spin_until(executor, lambda: recorder.counts == {'image': 7, '/note': 7})
        executor.shutdown()
        recorder.destroy_node()
    talker.destroy_node()
    with BagReader(tmp_path / 'bag') as bag:
        assert bag.topics == {
            '/robot/image': ('sensor_msgs/msg/Image', 7),
            '/note': ('std_msgs/msg/String', 7),
        }
        read = [(message, t) for _, message, t in bag.messages(['/robot/image'])]
        assert [message.header.stamp.sec for message, _ in read] == list(range(100, 107))
        assert [int(message.data[3]) for message, _ in read] == list(range(7))
        times = [t for _, t in read]
        assert times == sorted(times) and abs(times[0] / 1e9 - time.time()) < 3600


def test_a_topic_is_recorded_once_and_its_type_must_exist(ros_domain, tmp_path: Path) -> None:
    topic = RecordedTopic('image', 'sensor_msgs/msg/Image')
    with BagWriter(tmp_path / 'bag') as bag:
        recorder = Recorder(bag)
        recorder.record(topic)
        with pytest.raises(RecorderError, match='image is to be recorded twice'):
            recorder.record(topic)
        recorder.destroy_node()


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('Image', 'package/msg/Name'),
        ('sensor_msgs/srv/SetCameraInfo', 'package/msg/Name'),
        ('sensor_msgs/msg/Picture', 'sensor_msgs/msg/Picture is not installed'),
        ('no_such_msgs/msg/Thing', 'no_such_msgs/msg/Thing is not installed'),
    ],
)
def test_unknown_types_are_named(name: str, message: str) -> None:
    with pytest.raises(RecorderError, match=message):
        message_class(name)


def test_types_are_found_by_name() -> None:
    assert message_class('sensor_msgs/msg/Image') is Image

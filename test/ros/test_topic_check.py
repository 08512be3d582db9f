# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/topic_check.py against real publishers, and of ros/topic_findings.py."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest

pytest.importorskip('rclpy')

import rclpy
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import String

from depth_anything_ros.check import Verdict
from depth_anything_ros.ros.topic_check import camera_info_topic, check_topic
from depth_anything_ros.ros.topic_findings import rate_of, silence, stamp_of

BEST_EFFORT = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)


def image(encoding='rgb8', frame='camera'):
    message = Image(height=4, width=6, encoding=encoding, step=18, data=bytes(72))
    message.header.frame_id = frame
    return message


def camera_info():
    message = CameraInfo(width=6, height=4)
    message.k = [5.0, 0.0, 3.0, 0.0, 5.0, 2.0, 0.0, 0.0, 1.0]
    message.p = [5.0, 0.0, 3.0, 0.0, 0.0, 5.0, 2.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    return message


@contextmanager
def camera(*messages, stamped=True, info=True):
    """Publish messages on /cam/image_raw by turns, and a camera_info, until the end."""
    node = rclpy.create_node('fake_camera')
    images = node.create_publisher(type(messages[0]), '/cam/image_raw', BEST_EFFORT)
    infos = node.create_publisher(CameraInfo, '/cam/camera_info', 5) if info else None
    end = threading.Event()

    def publish():
        count = 0
        while not end.wait(0.02):
            message = messages[count % len(messages)]
            if stamped and isinstance(message, Image):
                message.header.stamp = node.get_clock().now().to_msg()
            images.publish(message)
            if infos is not None:
                infos.publish(camera_info())
            count += 1

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        node.destroy_node()


def look(**options):
    results = list(check_topic('/cam/image_raw', wait=20.0, measure=0.5, **options))
    return {result.name: result for result in results}


def test_a_camera_as_it_should_be(ros_domain):
    with camera(image()):
        found = look()
    assert {name for name, result in found.items() if result.verdict is not Verdict.OK} <= {'stamp'}
    assert 'sensor_msgs/msg/Image of /fake_camera' in found['topic'].found
    assert 'best_effort' in found['QoS'].found
    assert found['image'].found == '6x4 rgb8'
    assert 'Hz' in found['rate'].found and found['frame_id'].found == 'camera'
    assert found['camera_info'].found == '/cam/camera_info, 6x4'


def test_a_camera_with_everything_wrong(ros_domain):
    with camera(image('strange', ''), stamped=False, info=False):
        found = look()
    assert found['image'].verdict is Verdict.FAIL and 'strange' in found['image'].found
    assert found['stamp'].verdict is Verdict.FAIL
    assert found['frame_id'].verdict is Verdict.WARN
    assert found['camera_info'].verdict is Verdict.WARN


def test_reliable_is_not_had_from_best_effort(ros_domain):
    with camera(image()):
        results = check_topic('/cam/image_raw', reliable=True, wait=20.0, measure=0.1)
        found = next(result for result in results if result.name == 'QoS')
        results.close()
    assert found.verdict is Verdict.FAIL and 'best_effort' in found.advice


def test_a_topic_that_is_no_image_and_one_that_is_not_there(ros_domain):
    with camera(String(data='x'), info=False):
        found = look()
    assert found['topic'].verdict is Verdict.FAIL and 'std_msgs/msg/String' in found['topic'].found
    (missing,) = check_topic('/nowhere', wait=0.2)
    assert missing.verdict is Verdict.FAIL and '/nowhere' in missing.found


def test_a_latched_image_that_was_published_before_is_not_heard(ros_domain):
    node = rclpy.create_node('latched_camera')
    profile = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    node.create_publisher(Image, '/cam/image_raw', profile).publish(image())
    found = {result.name: result for result in check_topic('/cam/image_raw', wait=3.0)}
    node.destroy_node()
    assert found['rate'].verdict is Verdict.FAIL and 'transient_local' in found['rate'].advice


@pytest.mark.parametrize(
    ('topic', 'beside'),
    [
        ('/cam/image_raw', '/cam/camera_info'),
        ('/cam/image_raw/compressed', '/cam/camera_info'),
        ('/image', '/camera_info'),
    ],
)
def test_camera_info_lies_beside_the_image(topic, beside):
    assert camera_info_topic(topic) == beside


SECOND = 10**9


@pytest.mark.parametrize(
    ('stamp', 'simulated', 'verdict', 'text'),
    [
        (100 * SECOND, False, Verdict.OK, '0 ms'),
        (0, False, Verdict.FAIL, 'zero'),
        (90 * SECOND, False, Verdict.WARN, '10.0 s old'),
        (105 * SECOND, False, Verdict.WARN, '5.0 s in the future'),
        (90 * SECOND, True, Verdict.OK, '/clock'),
    ],
)
def test_stamps(stamp, simulated, verdict, text):
    result = stamp_of(stamp, 100 * SECOND, simulated)
    assert result.verdict is verdict and text in result.found


def test_rate_and_silence():
    assert rate_of([0.0, 0.1, 0.2], [2_000_000] * 3, 3.0).found.startswith('10.0 Hz, 2.00 MB')
    assert rate_of([0.0], [1], 3.0).verdict is Verdict.WARN
    assert 'transient_local' not in silence('/a', False, 5.0).advice

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/bench_monitor.py."""

from __future__ import annotations

import time

import pytest

pytest.importorskip('rclpy')

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from depth_anything_ros.ros.bench_monitor import Monitor, NodeReport
from depth_anything_ros.ros.depth_message import encode_depth
from depth_anything_ros.ros.qos import ReliabilityPolicy, newest_only


def status(**values):
    numbers = dict.fromkeys(('published', 'dropped', 'skipped', 'rejected', 'failed'), '0')
    pairs = {'state': 'active', **numbers, **values}
    return DiagnosticStatus(values=[KeyValue(key=k, value=v) for k, v in pairs.items()])


def test_cameras_are_put_together():
    report = NodeReport.of(
        7,
        [
            status(received='5', published='3', dropped='2', model='nano', decode_p50_ms='1.5'),
            status(received='4', published='3', model='nano', decode_p50_ms='2.5'),
        ],
    )
    assert (report.stamp, report.state, report.facts) == (7, 'active', {'model': 'nano'})
    assert report.counts['received'] == 9 and report.counts['published'] == 6
    assert report.pending == 1 and report.stages == {'decode': {'p50': 2.5}}


def test_latency_is_no_stage():
    report = NodeReport.of(0, [status(received='0', latency_p50_ms='3', wait_p99_ms='1')])
    assert report.stages == {'wait': {'p99': 1.0}}


def test_an_image_is_noted_with_its_stamp_and_the_times_it_was_published_and_arrived(ros_domain):
    monitor, node = Monitor(['front']), Node('stands_for_depth_node')
    publisher = node.create_publisher(
        Image, 'front/depth/image_rect', newest_only(ReliabilityPolicy.RELIABLE)
    )
    while not publisher.get_subscription_count():
        time.sleep(0.02)
    header = Header()
    header.stamp.sec, header.stamp.nanosec = 12, 34
    before = time.time_ns()
    publisher.publish(encode_depth(np.ones((2, 3), np.float32), header).serialize())
    end = time.monotonic() + 20
    while not monitor.heard and time.monotonic() < end:
        rclpy.spin_once(monitor, timeout_sec=0.1)
    (answer,) = monitor.take()['front']
    assert answer.stamp == 12_000_000_034
    assert before <= answer.published <= answer.arrived
    assert monitor.heard == 0
    monitor.destroy_node()
    node.destroy_node()

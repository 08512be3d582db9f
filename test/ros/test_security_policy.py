# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""config/sros2 allows what the nodes create, all of it, and nothing else."""

from __future__ import annotations

import importlib.util
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip('rclpy')

import rclpy
from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import LaserScan
from std_msgs.msg import Empty

from depth_anything_ros.ros.camera_info_tracker import InfoState
from depth_anything_ros.ros.camera_node import CameraNode

ROOT = Path(__file__).resolve().parents[2]
POLICY = ROOT / 'config' / 'sros2' / 'depth_node.policy.xml'
VERBS = ('publish', 'subscribe', 'reply', 'request', 'call', 'execute')
LACKING = (
    set()
    if importlib.util.find_spec('rclpy.type_description_service')
    else {'get_type_description'}
)
"""Services that this distribution's nodes do not have: Humble's."""

Rights = set[tuple[str, str]]
"""Pairs of a verb of the policy and a full name."""


def rows(node: str) -> list[tuple[str, str]]:
    """Return what the policy allows a node in the namespace /, as often as it says so."""
    root = ElementTree.parse(POLICY).getroot()
    (profile,) = root.findall(f'.//enclave[@path="/{node}"]/profiles/profile[@node="{node}"]')
    assert profile.get('ns') == '/'
    found = []
    for group in profile:
        verbs = [verb for verb in VERBS if verb in group.attrib]
        assert verbs and set(group.attrib.values()) == {'ALLOW'}
        for entry in group:
            name = str(entry.text).strip().replace('~', f'/{node}')
            found += [(verb, f'/{name.lstrip("/")}') for verb in verbs]
    return [row for row in found if row[1].rpartition('/')[2] not in LACKING]


def created(node: Node) -> Rights:
    """Return what a node has in the graph."""
    by_node = node.get_name(), node.get_namespace()
    has = {
        'publish': node.get_publisher_names_and_types_by_node(*by_node),
        'subscribe': node.get_subscriber_names_and_types_by_node(*by_node),
        'reply': node.get_service_names_and_types_by_node(*by_node),
        'request': node.get_client_names_and_types_by_node(*by_node),
    }
    return {(verb, name) for verb, names in has.items() for name, _ in names}


class TFMessage(Empty):
    """Stands for that of tf2_msgs, which PyPI has not."""

    def __init__(self, transforms: Iterable[Any] = ()) -> None:
        super().__init__()


@pytest.fixture
def tf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the node a tf2_ros that listens as tf2_ros_py does, and knows no frame but one."""

    class Buffer:
        def lookup_transform(self, parent: str, child: str, at: Any) -> TransformStamped:
            found = TransformStamped()
            turn, found.transform.translation.z = found.transform.rotation, 0.5
            turn.x, turn.y, turn.z, turn.w = -0.5, 0.5, -0.5, 0.5  # the camera looks ahead
            return found

    class TransformListener:
        def __init__(self, buffer: Buffer, node: Node) -> None:
            for topic in ('/tf', '/tf_static'):
                node.create_subscription(Empty, topic, lambda _: None, 1)

    tf2_ros, tf2_msgs, msg = (ModuleType(n) for n in ('tf2_ros', 'tf2_msgs', 'tf2_msgs.msg'))
    tf2_ros.Buffer, tf2_ros.TransformListener = Buffer, TransformListener
    tf2_ros.TransformException = RuntimeError
    msg.TFMessage, tf2_msgs.msg = TFMessage, msg
    for module in (tf2_ros, tf2_msgs, msg):
        monkeypatch.setitem(sys.modules, module.__name__, module)


def rights_of(graph: Any, send: bool = False, **parameters: Any) -> Rights:
    """Return what an active depth node has, also after a frame, and take it down again."""
    node = graph.active_node(**parameters)
    if send:
        scans = graph.listen('scan', LaserScan)
        graph.connect(node)
        header = graph.header()
        graph.send_info(header)
        graph.spin_until(lambda: node.cameras[''].infos.state is not InfoState.NONE)
        graph.send_image(header=header)
        graph.spin_until(lambda: any(scan.header.stamp == header.stamp for scan in scans))
    found = created(node)
    graph.executor.remove_node(node)
    graph.nodes.remove(node)
    node.destroy_node()
    return found


def test_depth_node_may_do_what_it_does_and_nothing_else(graph, tf):
    metric = {'max_depth': 20.0}
    runs = [
        rights_of(graph, use_sim_time=True),
        rights_of(graph, compressed=True, pose__source='imu', scale__source='depth'),
        rights_of(graph, scale__source='points'),
        rights_of(graph, scale__source='scan'),
        rights_of(graph, True, **metric, pose__source='fixed', pose__height=0.5),
        rights_of(graph, True, **metric, pose__source='tf'),
    ]
    assert set().union(*runs) == set(rows('depth_node'))


def test_camera_node_may_do_what_it_does_and_nothing_else(ros_domain):
    created_by_all: Rights = set()
    small = {'width': 64, 'prerender': 2, 'rate': 30.0, 'use_sim_time': True}
    for encoding in ('rgb8', 'jpeg'):
        values = {**small, 'encoding': encoding}
        node = CameraNode(parameter_overrides=[Parameter(k, value=v) for k, v in values.items()])
        try:
            while not node.published:
                rclpy.spin_once(node, timeout_sec=1.0)
            created_by_all |= created(node)
        finally:
            node.destroy_node()
    assert created_by_all == set(rows('camera_node'))


@pytest.mark.parametrize('node', ['depth_node', 'camera_node'])
def test_nothing_is_said_twice(node):
    said = rows(node)
    assert len(said) == len(set(said))


def test_a_right_that_is_lacking_or_too_many_is_found(graph):
    rights = rights_of(graph)
    allowed = set(rows('depth_node'))
    assert rights < allowed
    assert ('subscribe', '/image') in rights
    assert ('subscribe', '/image/compressed') in allowed - rights

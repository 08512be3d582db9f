# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small bags of all formats for tests, of messages made by rosbags' own classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rosbags.interfaces import Qos, QosDurability
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2 import Writer as Writer2
from rosbags.typesys import Stores, get_typestore

from depth_anything_ros.media.bag import TopicQos

WIDTH, HEIGHT = 64, 48
START = 1_700_000_000 * 10**9
STEP = 10**8
"""Nanoseconds between pictures."""
FORMATS = {'mcap': '', 'sqlite3': '', 'ros1': '.bag'}
"""The suffix of a bag, by format."""
TYPES = get_typestore(Stores.ROS2_JAZZY)
TYPES1 = get_typestore(Stores.ROS1_NOETIC)
TYPES1.register({name: TYPES.fielddefs[name] for name in ('tf2_msgs/msg/TFMessage',)})


def kind(name: str) -> Any:
    return TYPES.types[name.replace('/', '/msg/')]


def header(at: int, frame: str = 'cam') -> Any:
    stamp = kind('builtin_interfaces/Time')(at // 10**9, at % 10**9)
    return kind('std_msgs/Header')(stamp, frame)


def picture(number: int = 0, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    rng = np.random.default_rng(number)
    small = rng.integers(0, 256, (6, 8, 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def image(at: int, rgb: np.ndarray | None = None, frame: str = 'cam') -> Any:
    rgb = picture() if rgb is None else rgb
    height, width = rgb.shape[:2]
    return kind('sensor_msgs/Image')(
        header(at, frame), height, width, 'rgb8', 0, width * 3, np.ascontiguousarray(rgb).ravel()
    )


def compressed(at: int, rgb: np.ndarray | None = None) -> Any:
    rgb = picture() if rgb is None else rgb
    _, jpeg = cv2.imencode('.jpg', rgb[..., ::-1])
    return kind('sensor_msgs/CompressedImage')(
        header(at), 'rgb8; jpeg compressed bgr8', jpeg.ravel()
    )


def depth_image(at: int, metres: np.ndarray, frame: str = 'cam') -> Any:
    height, width = metres.shape
    data = np.ascontiguousarray(metres, np.float32).view(np.uint8).ravel()
    return kind('sensor_msgs/Image')(header(at, frame), height, width, '32FC1', 0, width * 4, data)


def camera_info(at: int, width: int = WIDTH, height: int = HEIGHT, focal: float = 60.0) -> Any:
    k = np.array([focal, 0, width / 2, 0, focal, height / 2, 0, 0, 1])
    return kind('sensor_msgs/CameraInfo')(
        header(at),
        height,
        width,
        'plumb_bob',
        np.zeros(5),
        k,
        np.eye(3).ravel(),
        np.hstack([k.reshape(3, 3), np.zeros((3, 1))]).ravel(),
        0,
        0,
        kind('sensor_msgs/RegionOfInterest')(0, 0, 0, 0, False),
    )


def cloud(at: int, points: np.ndarray, frame: str = 'lidar') -> Any:
    field = kind('sensor_msgs/PointField')
    fields = [field(name, 4 * i, 7, 1) for i, name in enumerate('xyz')]
    data = np.ascontiguousarray(points, np.float32).view(np.uint8).ravel()
    return kind('sensor_msgs/PointCloud2')(
        header(at, frame), 1, len(points), fields, False, 12, 12 * len(points), data, True
    )


def laser(at: int, ranges: np.ndarray, frame: str = 'laser') -> Any:
    return kind('sensor_msgs/LaserScan')(
        header(at, frame),
        -0.6,
        0.6,
        1.2 / (len(ranges) - 1),
        0.0,
        0.0,
        0.05,
        50.0,
        np.asarray(ranges, np.float32),
        np.zeros(0, np.float32),
    )


def transforms(at: int, *where: tuple[str, str, Sequence[float], Sequence[float]]) -> Any:
    """Return a TFMessage of (parent, child, translation, quaternion x y z w)."""
    vector, turn = kind('geometry_msgs/Vector3'), kind('geometry_msgs/Quaternion')
    stamped = kind('geometry_msgs/TransformStamped')
    made = [
        stamped(header(at, parent), child, kind('geometry_msgs/Transform')(vector(*t), turn(*q)))
        for parent, child, t, q in where
    ]
    return kind('tf2_msgs/TFMessage')(made)


def text(words: str) -> Any:
    return kind('std_msgs/String')(words)


def latched() -> Qos:
    return TopicQos().to_rosbags()._replace(durability=QosDurability.TRANSIENT_LOCAL)


def write_bag(
    path: Path,
    messages: Sequence[tuple[str, int, Any]],
    form: str = 'mcap',
    qos: dict[str, Qos] | None = None,
) -> Path:
    """Write (topic, receive time, message) into a new bag; bytes stand for a damaged Image."""
    ros1 = form == 'ros1'
    path = path.with_name(path.name + FORMATS[form])
    writer: Any
    if ros1:
        writer = Writer1(path)
    else:
        plugin = StoragePlugin.MCAP if form == 'mcap' else StoragePlugin.SQLITE3
        writer = Writer2(path, version=9, storage_plugin=plugin)
    connections = {}
    with writer:
        for topic, at, message in messages:
            damaged = isinstance(message, bytes)
            msgtype = 'sensor_msgs/msg/Image' if damaged else message.__msgtype__
            if topic not in connections:
                if ros1:
                    connections[topic] = writer.add_connection(topic, msgtype, typestore=TYPES1)
                else:
                    profile = (qos or {}).get(topic, TopicQos().to_rosbags())
                    connections[topic] = writer.add_connection(
                        topic, msgtype, typestore=TYPES, offered_qos_profiles=[profile]
                    )
            cdr = message if damaged else TYPES.serialize_cdr(message, msgtype)
            data = TYPES.cdr_to_ros1(cdr, msgtype) if ros1 and not damaged else cdr
            writer.write(connections[topic], at, data)
    return path


def drive(frames: int = 4, ns: str = '/cam', step: int = STEP) -> list[tuple[str, int, Any]]:
    """Return messages of a camera with camera_info, and a chatter that is only copied."""
    messages = []
    for number in range(frames):
        at = START + number * step
        messages += [
            (f'{ns}/camera_info', at, camera_info(at)),
            (f'{ns}/image_raw', at + 1000, image(at, picture(number))),
            ('/chatter', at + 2000, text(f'word {number}')),
        ]
    return messages

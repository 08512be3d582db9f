# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is in a bag: cameras, their camera_info, and sensors that could tell the scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rosbags.interfaces import Connection

from depth_anything_ros.media.bag_input import BagInput
from depth_anything_ros.ros.bag_messages import (
    COMPRESSED,
    IMAGE,
    INFO,
    TF_TYPES,
    MessageError,
    decoded,
    to_cdr,
)
from depth_anything_ros.ros.cdr import CdrError
from depth_anything_ros.ros.image_message import ImageError, decode_compressed
from depth_anything_ros.ros.raw_image import RawCompressedImage, RawImage

DEPTH_ENCODINGS = ('16UC1', '32FC1', '64FC1', '16SC1', '32SC1')
"""Of images that are no pictures."""
SENSORS = {
    'sensor_msgs/msg/PointCloud2': 'points',
    'sensor_msgs/msg/LaserScan': 'scan',
    IMAGE: 'depth',
}
"""What `scale.source` calls the types of references."""
IMU = 'sensor_msgs/msg/Imu'
BEST_LAST = ('image', 'image_mono', 'image_raw', 'image_color', 'image_rect', 'image_rect_color')
"""Names of images in one namespace, the one to take last: rectified and in colour."""


@dataclass(frozen=True)
class FoundTopic:
    """A topic: how many messages, how often (Hz), and what the first one says."""

    topic: str
    msgtype: str
    count: int
    rate: float
    detail: str = ''
    camera_info: str | None = None


@dataclass(frozen=True)
class Survey:
    """Pictures, references by the names of ``scale.source``, IMUs, and whether there is TF."""

    cameras: tuple[FoundTopic, ...]
    references: dict[str, tuple[FoundTopic, ...]]
    imus: tuple[FoundTopic, ...]
    has_tf: bool
    topics: frozenset[str]

    def camera(self, topic: str) -> FoundTopic | None:
        """Return the camera of a topic, None where it has no pictures."""
        return next((each for each in self.cameras if each.topic == topic), None)

    def default_cameras(self) -> tuple[list[FoundTopic], list[FoundTopic]]:
        """Return the cameras to take where none are asked for, and those left alone.

        Of several images in one namespace the best is taken: not compressed, in colour, rectified;
        of a namespace depth, which has the colours of depth, none.
        """
        best: dict[str, FoundTopic] = {}
        for each in sorted(self.cameras, key=_goodness):
            if not namespace_of(each).endswith('/depth'):
                best[namespace_of(each)] = each
        taken = [each for each in self.cameras if each.count and each in best.values()]
        return taken, [each for each in self.cameras if each not in taken]


def survey(source: BagInput) -> Survey:
    """Look through the topics of an open bag, and at the first message of images."""
    by_topic: dict[str, list[Connection]] = {}
    for connection in source.connections:
        by_topic.setdefault(connection.topic, []).append(connection)
    begin, end = source.span
    seconds = max((end - begin) / 1e9, 1e-9)
    cameras: list[FoundTopic] = []
    references: dict[str, list[FoundTopic]] = {}
    imus: list[FoundTopic] = []
    for topic, connections in sorted(by_topic.items()):
        msgtype = connections[0].msgtype
        count = sum(each.msgcount for each in connections)
        rate = max(0, count - 1) / seconds
        found = FoundTopic(topic, msgtype, count, rate)
        if msgtype in (IMAGE, COMPRESSED):
            is_depth, detail = _look(source, connections)
            info = info_topic_of(topic, msgtype)
            infos = [each for each in (info, info.lstrip('/')) if each in by_topic]
            with_info = infos[0] if infos and by_topic[infos[0]][0].msgtype == INFO else None
            found = FoundTopic(topic, msgtype, count, rate, detail, with_info)
            if not is_depth:
                cameras.append(found)
            elif msgtype == IMAGE:
                references.setdefault('depth', []).append(found)
        elif msgtype in SENSORS:
            references.setdefault(SENSORS[msgtype], []).append(found)
        elif msgtype == IMU:
            imus.append(found)
    has_tf = any(each[0].msgtype in TF_TYPES for each in by_topic.values())
    return Survey(
        tuple(cameras),
        {kind: tuple(found) for kind, found in references.items()},
        tuple(imus),
        has_tf,
        frozenset(by_topic),
    )


def namespace_of(camera: FoundTopic) -> str:
    """Return the namespace of a camera, '' for the root: /front of /front/image_raw/compressed."""
    topic = _without_transport(camera.topic, camera.msgtype)
    return topic.rpartition('/')[0].rstrip('/')


def info_topic_of(topic: str, msgtype: str) -> str:
    """Return where drivers publish the camera_info of an image."""
    return f'{_without_transport(topic, msgtype).rpartition("/")[0]}/camera_info'


def _without_transport(topic: str, msgtype: str) -> str:
    """Return the topic of the image that a compressed one comes of."""
    absolute = topic if topic.startswith('/') else f'/{topic}'
    return (
        absolute.rpartition('/')[0]
        if msgtype == COMPRESSED and absolute.count('/') > 1
        else (absolute)
    )


def _goodness(camera: FoundTopic) -> tuple[bool, bool, int, int]:
    name = _without_transport(camera.topic, camera.msgtype).rpartition('/')[2]
    known = BEST_LAST.index(name) if name in BEST_LAST else -1
    return camera.count > 0, camera.msgtype == IMAGE, known, camera.count


def _look(source: BagInput, connections: list[Connection]) -> tuple[bool, str]:
    """Return whether images are depth, and their size and encoding, by the first readable one."""
    msgtype, topic = connections[0].msgtype, connections[0].topic
    if msgtype == COMPRESSED and topic.lower().endswith('compresseddepth'):
        return True, 'depth'
    for _, (_, _, data) in zip(range(3), source.messages(connections), strict=False):
        try:
            cdr = to_cdr(data, msgtype, source.ros1)
            if msgtype == IMAGE:
                image = RawImage.parse(cdr)
                size = f'{image.width}x{image.height} {image.encoding}'
                return image.encoding in DEPTH_ENCODINGS, size
            compressed = RawCompressedImage.parse(cdr)
            if 'compresseddepth' in compressed.format.lower():
                return True, 'depth'
            rgb: Any = decode_compressed(compressed)
            return False, f'{rgb.shape[1]}x{rgb.shape[0]} {compressed.format}'
        except (MessageError, CdrError, ImageError):
            continue
    return False, 'unreadable' if sum(each.msgcount for each in connections) else 'empty'


def first_info(source: BagInput, topic: str) -> Any:
    """Return the first readable CameraInfo of a topic, None without."""
    connections = [each for each in source.connections if each.topic == topic]
    if not connections:
        return None
    for _, (_, _, data) in zip(range(3), source.messages(connections), strict=False):
        try:
            return decoded(to_cdr(data, INFO, source.ros1), INFO)
        except MessageError:
            continue
    return None

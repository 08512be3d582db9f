# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is written into a bag: copies, and what was made of pictures."""

from __future__ import annotations

from collections.abc import Mapping

from rosbags.interfaces import Connection, Qos, QosDurability

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.bag import TopicQos
from depth_anything_ros.media.bag_conversion import Conversion, ConversionError
from depth_anything_ros.media.bag_output import BagOutput
from depth_anything_ros.ros.bag_camera import BagCamera
from depth_anything_ros.ros.bag_items import Item
from depth_anything_ros.ros.bag_messages import TF, encoded, from_cdr
from depth_anything_ros.ros.bag_topics import BagTransforms


class BagWriting:
    """Writes into ``target``; the topics of ``cameras`` are announced at once.

    ``conversion`` is for copies of a bag of the other generation of ROS. ``copied`` and ``added``
    count messages by topic, and ``lost`` those that could not be converted, with ``reasons``.
    """

    def __init__(
        self,
        target: BagOutput,
        cameras: Mapping[str, BagCamera],
        kind: DepthKind,
        conversion: Conversion | None = None,
    ) -> None:
        self._conversion = conversion
        self.lost: dict[str, int] = {}
        self.reasons: dict[str, str] = {}
        self._target, self._ros1 = target, target.form == 'ros1'
        self._own: dict[str, tuple[Connection, str]] = {}
        self._there: dict[str, Connection] = {}
        self.copied: dict[str, int] = {}
        self.added: dict[str, int] = {}
        for camera in cameras.values():
            for name, msgtype in camera.plan.topics(kind).items():
                topic = f'{camera.plan.prefix}/{name}'
                connection = target.add_topic(topic, msgtype, [TopicQos().to_rosbags()])
                self._own[topic] = connection, msgtype
                self.added[topic] = 0

    def copy(self, item: Item) -> None:
        """Write a message as it is, or as the other generation has it."""
        data: bytes | memoryview = item.data
        if self._conversion is None:
            connection = self._target.copy_of(item.connection)
        else:
            topic = item.connection.topic
            try:
                converted = self._conversion.of(item.connection.msgtype)
                data = converted.convert(item.data)
            except ConversionError as error:
                self.lost[topic] = self.lost.get(topic, 0) + 1
                self.reasons.setdefault(topic, str(error))
                return
            connection = self._target.convert(item.connection, converted)
        self._there.setdefault(connection.topic, connection)
        self._target.write(connection, item.at, data)
        self.copied[connection.topic] = self.copied.get(connection.topic, 0) + 1

    def add(self, item: Item, messages: list[tuple[str, bytes]]) -> None:
        """Write what a picture gave, as received with it."""
        assert item.camera is not None
        for name, cdr in messages:
            topic = f'{item.camera.plan.prefix}/{name}'
            connection, msgtype = self._own[topic]
            self._write(connection, topic, item.at, from_cdr(cdr, msgtype, self._ros1))

    def tell(self, item: Item, tree: BagTransforms) -> None:
        """Write where frames are that were made on the way."""
        for topic, message in tree.take_told():
            if topic not in self._there:
                qos = _static_qos() if topic == '/tf_static' else TopicQos(depth=100).to_rosbags()
                self._there[topic] = self._target.add_topic(topic, TF, [qos])
            data = from_cdr(encoded(message), TF, self._ros1)
            self._write(self._there[topic], topic, item.at, data)

    def _write(self, connection: Connection, topic: str, at: int, data: bytes | memoryview) -> None:
        self._target.write(connection, at, data)
        self.added[topic] = self.added.get(topic, 0) + 1


def _static_qos() -> Qos:
    """Return the profile of /tf_static: latecomers get it, too."""
    return TopicQos(depth=1).to_rosbags()._replace(durability=QosDurability.TRANSIENT_LOCAL)

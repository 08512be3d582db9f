# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What goes out for one frame of a camera, and on which topics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.color import colorize
from depth_anything_ros.ros.depth_message import encode_color, encode_depth, encode_disparity
from depth_anything_ros.ros.parameters import DepthSettings
from depth_anything_ros.ros.stamps import Header

if TYPE_CHECKING:
    from sensor_msgs.msg import CameraInfo

DEPTH_TOPIC = {
    DepthKind.METRIC: 'depth/image_rect',
    DepthKind.RELATIVE: 'depth/disparity_relative',
}
"""Relative depth never goes out where consumers expect metres."""
INFO_TOPIC, COLOR_TOPIC, SCALE_TOPIC = 'depth/camera_info', 'depth/color', 'depth/scale'
SPACE_TOPICS = {
    'points': 'sensor_msgs/msg/PointCloud2',
    'points_clearing': 'sensor_msgs/msg/PointCloud2',
    'obstacles': 'sensor_msgs/msg/PointCloud2',
    'scan': 'sensor_msgs/msg/LaserScan',
}
"""What is made of metres alone, with its type."""


def topic_types(kind: DepthKind, scaled: bool, in_space: bool) -> dict[str, str]:
    """Return the topics of a camera with their types.

    ``kind`` is that of the network; with ``scaled`` a relative one is given metres, too, and
    ``depth/scale`` tells by what. With ``in_space`` there are clouds and scan.
    """
    kinds = {kind, DepthKind.METRIC} if scaled else {kind}
    types = {DEPTH_TOPIC[each]: 'sensor_msgs/msg/Image' for each in kinds}
    types |= {INFO_TOPIC: 'sensor_msgs/msg/CameraInfo', COLOR_TOPIC: 'sensor_msgs/msg/Image'}
    types |= {SCALE_TOPIC: 'diagnostic_msgs/msg/DiagnosticArray'} if scaled else {}
    return types | (SPACE_TOPICS if in_space else {})


class FrameOutputs(ABC):
    """Where the depth of one camera goes; ``kind`` is that of the network."""

    def __init__(self, kind: DepthKind) -> None:
        self._kind = kind

    @property
    @abstractmethod
    def heard(self) -> bool:
        """Whether anybody wants any of the topics."""

    @abstractmethod
    def listened(self, name: str) -> bool:
        """Whether anybody wants a topic; False for one that is not there."""

    @abstractmethod
    def send(self, name: str, message: Any) -> None:
        """Send a message, or the serialized bytes of one, on a topic that is there."""

    def publish_info(self, info: CameraInfo | None) -> None:
        """Send the camera_info of a frame, where it has one, before all that may be paired with it.

        Who pairs the two then has it when the larger message comes.
        """
        if info is not None:
            self.send(INFO_TOPIC, info)

    def publish_disparity(self, values: np.ndarray, header: Header) -> None:
        """Send relative inverse depth."""
        topic = DEPTH_TOPIC[DepthKind.RELATIVE]
        self.send(topic, encode_disparity(values, header).serialize())

    def publish_metres(self, values: np.ndarray, header: Header, encoding: str) -> None:
        """Send metric depth."""
        message = encode_depth(values, header, encoding)
        self.send(DEPTH_TOPIC[DepthKind.METRIC], message.serialize())

    def publish_color(self, values: np.ndarray, header: Header, settings: DepthSettings) -> None:
        """Send the colours of the network's own kind of depth while somebody looks."""
        if self.listened(COLOR_TOPIC):
            rgb = colorize(values, self._kind, settings.color_map)
            self.send(COLOR_TOPIC, encode_color(rgb, header).serialize())


def limit_range(values: np.ndarray, min_range: float, max_range: float) -> np.ndarray:
    """Mark metric depth (m) outside a range as REP 117 does: -Inf too close, +Inf beyond.

    0 stands for no limit; NaN stays NaN. The input is not changed.
    """
    if min_range > 0:
        values = np.where(values < min_range, np.float32(-np.inf), values)
    if max_range > 0:
        values = np.where(values > max_range, np.float32(np.inf), values)
    return values

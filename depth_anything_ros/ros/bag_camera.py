# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One camera of a bag: what depth_node does for a camera topic, with the same objects."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.inference.counters import FrameCounters
from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.media.calibration import Calibration
from depth_anything_ros.ros.bag_messages import camera_info_message, encoded
from depth_anything_ros.ros.bag_notes import Notes
from depth_anything_ros.ros.bag_topics import BagTopics, BagTransforms
from depth_anything_ros.ros.camera_info_tracker import CameraInfoTracker
from depth_anything_ros.ros.camera_pose import CameraPose
from depth_anything_ros.ros.frame_outputs import FrameOutputs, topic_types
from depth_anything_ros.ros.frame_processor import Frame, FrameProcessor
from depth_anything_ros.ros.frame_publisher import FramePublisher, NetworkFacts, space_class
from depth_anything_ros.ros.parameters import DepthSettings

NODE_NAME = 'depth_node'


@dataclass(frozen=True)
class CameraPlan:
    """What is to be done for one camera.

    ``image`` is its topic in the bag and ``sources`` the other topics of the bag by those that the
    node has for it: camera_info, imu, reference/points. Depth goes below ``prefix``, on those of
    the node's topics that are in ``wanted``.
    """

    image: str
    prefix: str
    settings: DepthSettings
    wanted: frozenset[str]
    sources: dict[str, str] = field(default_factory=dict)

    def topics(self, kind: DepthKind) -> dict[str, str]:
        """Return the node's topics that are written, with their types, for a kind of network."""
        scaled = self.settings.scale.source != 'none'
        in_space = (scaled or kind is DepthKind.METRIC) and space_class() is not None
        types = topic_types(kind, scaled, in_space)
        return {name: each for name, each in types.items() if name in self.wanted}


class CapturedOutputs(FrameOutputs):
    """Keeps what a frame gives until it is taken."""

    def __init__(self, kind: DepthKind, topics: Collection[str]) -> None:
        super().__init__(kind)
        self._topics = topics
        self._sent: list[tuple[str, bytes]] = []

    @property
    def heard(self) -> bool:
        """Always: otherwise the camera would not be there."""
        return True

    def listened(self, name: str) -> bool:
        """Whether a topic is to be written."""
        return name in self._topics

    def send(self, name: str, message: Any) -> None:
        """Keep a message."""
        if name in self._topics:
            self._sent.append((name, message if isinstance(message, bytes) else encoded(message)))

    def take(self) -> list[tuple[str, bytes]]:
        """Return what was kept, by the names of the topics, and keep it no more."""
        sent, self._sent = self._sent, []
        return sent


class BagCamera:
    """Makes pictures of a camera's messages, and messages of their depth."""

    def __init__(self, plan: CameraPlan, estimator: DepthEstimator, tree: BagTransforms) -> None:
        self.plan, self.notes, self.counters = plan, Notes(), FrameCounters()
        self.topics = BagTopics(NODE_NAME, plan.sources)
        network = NetworkFacts(estimator.kind, estimator.max_depth, estimator.device)
        self._outputs = CapturedOutputs(estimator.kind, plan.topics(estimator.kind))
        self._infos = CameraInfoTracker(self.notes)
        pose = CameraPose(self.topics, '', lambda: plan.settings.pose, tree, self.notes)
        make_space = space_class()
        space = None
        if make_space is not None:
            space = make_space(
                self.topics,
                '',
                lambda: plan.settings,
                network,
                self._outputs,
                pose,
                tree,
                self.notes,
            )
            space.scale.subscribe()
        self._now = 0
        self._processor = FrameProcessor(
            estimator=estimator,
            publisher=FramePublisher(estimator.kind, self._outputs, space),
            infos=self._infos,
            counters=self.counters,
            reporter=self.notes,
            now=lambda: self._now,
            settings=lambda: plan.settings,
        )
        self.topics.listen('CameraInfo', 'camera_info', self._infos.store, raw=False)
        pose.subscribe()
        self._calibration: Calibration | None = None
        self._stamps: tuple[int, int, int] = (-1, 0, 0)

    @property
    def repeated(self) -> int:
        """Pictures whose stamp is that of the one before."""
        return self._stamps[1]

    @property
    def backward(self) -> int:
        """Pictures whose stamp is before that of the one before."""
        return self._stamps[2]

    def calibrate(self, calibration: Calibration) -> None:
        """Take a camera_info of a file for every picture, in place of that of the bag."""
        self._calibration = calibration

    def skip(self) -> None:
        """Count a picture that is passed over on purpose."""
        self.counters.receive()
        self.counters.settle('skipped')

    def reject(self, reason: str) -> None:
        """Count a picture whose message cannot be read."""
        self.counters.receive()
        self.counters.settle('rejected')
        self.notes.report('image', f'image rejected: {reason}')

    def read(self, cdr: bytes) -> Frame | None:
        """Decode a serialized image; None where it is rejected. Every outcome is counted."""
        self.counters.receive()
        try:
            frame = self._processor.read(cdr)
        except Exception as error:  # as in the node: a fault costs one frame
            self._processor.fail(error)
            return None
        if frame is not None:
            last, repeated, backward = self._stamps
            self._stamps = (
                frame.stamp,
                repeated + (frame.stamp == last),
                backward + (frame.stamp < last),
            )
        return frame

    def publish(self, frame: Frame, depth: Depth) -> list[tuple[str, bytes]]:
        """Return the messages of a frame's depth as CDR, by the names of the node's topics."""
        self._now = frame.stamp
        self.topics.advance(frame.stamp)
        if self._calibration is not None:
            self._infos.store(camera_info_message(frame.header, self._calibration))
        try:
            self._processor.publish(frame, depth)
        except Exception as error:  # as in the node: a fault costs one frame
            self._outputs.take()
            self._processor.fail(error)
            return []
        return self._outputs.take()

    def fail(self, error: Exception) -> None:
        """Count a frame that the network could not do."""
        self._processor.fail(error)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One camera of the depth node: its topics, its counters, and what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.inference.counters import FrameCounters
from depth_anything_ros.inference.mailbox import Mailbox
from depth_anything_ros.ros.camera_health import CameraHealth
from depth_anything_ros.ros.camera_info_tracker import CameraInfoTracker
from depth_anything_ros.ros.camera_pose import CameraPose
from depth_anything_ros.ros.findings import LOG_PERIOD
from depth_anything_ros.ros.frame_publisher import FramePublisher, NetworkFacts, space_class
from depth_anything_ros.ros.node_topics import NodeTopics
from depth_anything_ros.ros.outputs import Outputs
from depth_anything_ros.ros.parameter_table import ParameterError
from depth_anything_ros.ros.parameters import DepthSettings
from depth_anything_ros.ros.qos import (
    QosWatch,
    is_qos_trouble,
    newest_only,
    subscription_overrides,
)
from depth_anything_ros.ros.reporter import Reporter
from depth_anything_ros.ros.saved_frame import SaveWish
from depth_anything_ros.ros.transforms import TransformTree

if TYPE_CHECKING:
    from depth_anything_ros.ros.space import Space


@dataclass(frozen=True)
class _Exit:
    """What the depth of one network goes out by."""

    outputs: Outputs
    space: Space | None
    publisher: FramePublisher


class CameraChannel:
    """What a camera has for itself while all share one network.

    Its topics are those of the node below ``name``, or the node's own where the name is empty.
    ``settings`` returns the newest settings of this camera. Callbacks only store serialized bytes
    in the mailbox that ``subscribe`` is given. ``enabled`` and ``wish`` are for the services: to
    skip all frames, and to have one saved.
    """

    def __init__(
        self,
        node: LifecycleNode,
        name: str,
        settings: Callable[[], DepthSettings],
        tree: TransformTree,
    ) -> None:
        self._node, self.name, self.settings, self._tree = node, name, settings, tree
        self._prefix = f'{name}/' if name else ''
        self.counters = FrameCounters()
        self.log = _CameraLogger(node.get_logger(), name)
        self.reporter = Reporter(self.log)
        self.infos = CameraInfoTracker(self.reporter)
        topics = NodeTopics(node)
        self.pose = CameraPose(topics, name, lambda: settings().pose, tree, self.reporter)
        self.enabled = True
        self.wish = SaveWish()
        self.space: Space | None = None
        self.outputs: Outputs | None = None
        self._next: _Exit | None = None
        self._mailbox: Mailbox[bytes] | None = None
        self.subscriptions: list[Subscription] = []
        self.heard_at = time.monotonic()
        full = node.get_fully_qualified_name().lstrip('/')
        self._health = CameraHealth(
            f'{full}: {name} frames' if name else f'{full}: frames',
            f'{full}/{name}' if name else full,
            self.counters,
            self.reporter,
            Reporter(self.log, LOG_PERIOD),
        )
        self._qos = QosWatch(node, self.reporter)

    @property
    def image_topic(self) -> str:
        """The full name of the topic that images come from."""
        return self._node.resolve_topic_name(self._image_name())

    def advertise(self, network: NetworkFacts) -> FramePublisher:
        """Announce the topics for a network's depth, and return what publishes on them.

        Raises ParameterError for a scale where torch is not installed.
        """
        made = self._make(network, None)
        self.outputs, self.space = made.outputs, made.space
        return made.publisher

    def prepare(self, network: NetworkFacts) -> FramePublisher:
        """Announce what another network needs beside what there is, for ``adopt`` or ``discard``.

        Topics that both have stay as they are. Raises ParameterError as ``advertise`` does.
        """
        self.discard()
        self._next = made = self._make(network, self.outputs)
        if made.space is not None and self._mailbox is not None:
            made.space.scale.subscribe()
        return made.publisher

    def adopt(self) -> None:
        """Take back what the network before alone needed, after its last frame."""
        made, self._next = self._next, None
        if made is None:
            return
        if self.outputs is not None:
            self.outputs.destroy(heir=made.outputs)
        if self.space is not None:
            self.space.scale.unsubscribe()
        self.outputs, self.space = made.outputs, made.space
        # What troubled the other one may never be said to have ended.
        self.reporter.forget(but=is_qos_trouble)

    def discard(self) -> None:
        """Take back what ``prepare`` announced, if anything."""
        made, self._next = self._next, None
        if made is not None:
            made.outputs.destroy(heir=self.outputs)
            if made.space is not None:
                made.space.scale.unsubscribe()

    def _make(self, network: NetworkFacts, before: Outputs | None) -> _Exit:
        make_space = space_class()
        scaled = self.settings().scale.source != 'none'
        if scaled and make_space is None:
            raise ParameterError('parameter scale.source needs torch: pip install torch')
        outputs = Outputs(
            self._node,
            network.kind,
            self._qos.on_subscriber,
            self._prefix,
            scaled=scaled,
            in_space=make_space is not None and (scaled or network.kind is DepthKind.METRIC),
            before=before,
        )
        space = None
        if make_space is not None:
            space = make_space(
                NodeTopics(self._node),
                self._prefix,
                self.settings,
                network,
                outputs,
                self.pose,
                self._tree,
                self.reporter,
            )
        publisher = FramePublisher(network.kind, outputs, space, self.wish)
        return _Exit(outputs, space, publisher)

    def withdraw(self) -> None:
        """Take the topics back, and forget the camera_info."""
        self.infos.forget()
        self.enabled = True
        self.discard()
        if self.outputs is not None:
            self.outputs.destroy()
            self.outputs = None
        self.space = None

    def subscribe(self, mailbox: Mailbox[bytes]) -> None:
        """Listen to the camera; its images go to the mailbox, the newest replacing the last."""
        self._mailbox, mailbox.stages = mailbox, self.counters.stages
        self.heard_at = time.monotonic()
        self._health.restart()
        # First, as it is discovered and served in this order: the first image finds its info.
        self._subscribe(CameraInfo, f'{self._prefix}camera_info', self.infos.store, raw=False)
        self.pose.subscribe()
        if self.space is not None:
            self.space.scale.subscribe()
        image_type: type = CompressedImage if self.settings().compressed else Image
        self._subscribe(image_type, self._image_name(), self._on_image, raw=True)

    def unsubscribe(self) -> None:
        """Listen no more."""
        for subscription in self.subscriptions:
            self._node.destroy_subscription(subscription)
        self.subscriptions.clear()
        self.pose.unsubscribe()
        self.wish.withdraw()
        for space in (self.space, None if self._next is None else self._next.space):
            if space is not None:
                space.scale.unsubscribe()
        self._mailbox = None

    def reset(self) -> None:
        """Let counters, troubles, filters and scale begin anew."""
        self.counters.reset()
        self.reporter.forget(but=is_qos_trouble)
        self._health.restart()
        if self.space is not None:
            self.space.forget()

    def status(self, state: str, facts: Mapping[str, str], clock_stands: bool) -> DiagnosticStatus:
        """Return the camera's diagnostics in a lifecycle state, with the facts of the engine.

        ``clock_stands`` says that the node's clock does not go on.
        """
        self._qos.clear_ended()
        topic, space = self.image_topic, self.space
        saved = {'saved_frame': self.wish.outcome} if self.wish.outcome else {}
        return self._health.status(
            state,
            self.settings().diagnostics,
            time.monotonic() - self.heard_at,
            (topic, self._node.count_publishers(topic)),
            None if space is None else space.scale.without_metres(),
            clock_stands,
            {**facts, **self.infos.facts(), **({} if space is None else space.facts()), **saved},
            self.enabled,
        )

    def _image_name(self) -> str:
        return self._prefix + ('image/compressed' if self.settings().compressed else 'image')

    def _subscribe(
        self, message_type: type, topic: str, callback: Callable[[Any], None], raw: bool
    ) -> None:
        subscription = self._node.create_subscription(
            message_type,
            topic,
            callback,
            newest_only(ReliabilityPolicy.BEST_EFFORT),
            raw=raw,
            qos_overriding_options=subscription_overrides(),
            event_callbacks=self._qos.subscription_events(self._node.resolve_topic_name(topic)),
        )
        self.subscriptions.append(subscription)

    def _on_image(self, serialized: bytes) -> None:
        """Store the message; what it replaces was never even deserialised."""
        self.counters.receive()
        self.heard_at = time.monotonic()
        mailbox = self._mailbox
        if mailbox is None or mailbox.put(serialized):
            self.counters.settle('dropped')


class _CameraLogger:
    """Says which camera a message is about, where there may be others."""

    def __init__(self, logger: Any, camera: str) -> None:
        self._logger, self._prefix = logger, f'camera {camera}: ' if camera else ''

    def info(self, message: str) -> None:
        self._logger.info(self._prefix + message)

    def warning(self, message: str) -> None:
        self._logger.warning(self._prefix + message)

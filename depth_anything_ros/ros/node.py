# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DepthNode: a camera topic in, depth out, as a lifecycle node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter as RosParameter
from rclpy.qos import ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from depth_anything_ros.inference.counters import FrameCounters
from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.inference.worker import Worker
from depth_anything_ros.ros.camera_info_tracker import CameraInfoTracker
from depth_anything_ros.ros.diagnostics import frame_status
from depth_anything_ros.ros.frame_processor import FrameProcessor
from depth_anything_ros.ros.outputs import Outputs
from depth_anything_ros.ros.parameter_table import ParameterError
from depth_anything_ros.ros.parameters import DepthSettings, declare_depth_parameters
from depth_anything_ros.ros.qos import newest_only
from depth_anything_ros.ros.reporter import Reporter

CAMERA = 'camera'
WARM_UP_SIZE = (480, 640)


@dataclass
class _Engine:
    """What exists between configure and cleanup."""

    estimator: DepthEstimator
    outputs: Outputs
    worker: Worker[bytes]


class DepthNode(LifecycleNode):
    """Estimate depth from ``image`` and publish it under the image's stamp and frame.

    Subscribes to ``image`` (sensor_msgs/Image; with the parameter ``compressed`` to
    ``image/compressed``) and ``camera_info``, best effort, keep last 1. Publishes, reliable, keep
    last 1: ``depth/image_rect`` (metric networks: metres along the optical axis, REP 117 and 118)
    or ``depth/disparity_relative`` (relative networks), ``depth/camera_info``, ``depth/color``
    while somebody listens, and ``/diagnostics`` at 1 Hz. Callbacks only store serialized bytes;
    a worker thread takes the newest. Every received frame is published, dropped, skipped,
    rejected or failed, and counted. Raises ParameterError for parameters it cannot start with.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__('depth_node', **node_arguments)
        self.settings: DepthSettings = declare_depth_parameters(self)
        self.counters = FrameCounters()
        self._reporter = Reporter(self.get_logger())
        self._infos = CameraInfoTracker(self._reporter)
        self._engine: _Engine | None = None
        self._subscriptions_on: list[Subscription] = []
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._timer = self.create_timer(1.0, self.publish_diagnostics)
        self.add_on_set_parameters_callback(self._validate_parameters)
        # Humble has no callback after the set; there the last step of validation applies it.
        self._applies_after = hasattr(self, 'add_post_set_parameters_callback')
        if self._applies_after:
            self.add_post_set_parameters_callback(self._apply_parameters)

    # Parameters

    def _validate_parameters(self, parameters: list[RosParameter]) -> SetParametersResult:
        """Refuse a set as a whole when any of its values cannot be."""
        try:
            self.settings.changed({p.name: p.value for p in parameters})
        except ParameterError as error:
            return SetParametersResult(successful=False, reason=str(error))
        if not self._applies_after:
            self._apply_parameters(parameters)
        return SetParametersResult(successful=True)

    def _apply_parameters(self, parameters: list[RosParameter]) -> None:
        """Take validated values over; the frame in progress keeps the settings it began with."""
        self.settings = self.settings.changed({p.name: p.value for p in parameters})

    # Lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the network, warm it up, and announce the topics; FAILURE when that cannot be."""
        try:
            self._engine = self._build_engine()
        except Exception as error:  # rclpy would swallow it without a word
            self.get_logger().error(f'cannot configure: {error}')
            return TransitionCallbackReturn.FAILURE
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe and start the worker; FAILURE when a subscription cannot be made."""
        engine = self._require_engine()
        image_type: type = CompressedImage if self.settings.compressed else Image
        topic = 'image/compressed' if self.settings.compressed else 'image'
        try:
            # First, as it is discovered and served in this order: the first image finds its info.
            self._subscribe(CameraInfo, 'camera_info', self._infos.store, raw=False)
            self._subscribe(image_type, topic, self._on_image, raw=True)
        except Exception as error:  # rclpy would swallow it without a word
            self.get_logger().error(f'cannot activate: {error}')
            self._halt()
            return TransitionCallbackReturn.FAILURE
        engine.worker.start()
        self.get_logger().info(
            f'active: {self.resolve_topic_name(topic)} -> {engine.estimator.kind.value} depth by '
            f'{engine.estimator.model} on {engine.estimator.device} in '
            f'{str(engine.estimator.precision).removeprefix("torch.")}'
        )
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and finish the frame in progress; the network stays loaded."""
        self._halt()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give the network's memory and the topics back."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop from any state."""
        self._halt()
        self._release()
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Go back to unconfigured, so that the next configure starts clean."""
        self._halt()
        self._release()
        return super().on_error(state)

    def close(self, timeout: float) -> bool:
        """Take no more frames; return False when the one in progress outlasts ``timeout`` s."""
        try:
            self._halt(timeout)
        except TimeoutError:
            return False
        return True

    def destroy_node(self) -> None:
        """Stop the worker before the publishers it uses go away."""
        self._halt()
        self._release()
        super().destroy_node()

    def _build_engine(self) -> _Engine:
        settings = self.settings
        estimator = DepthEstimator(
            model=settings.model,
            weights=settings.weights or None,
            device=settings.device,
            precision=settings.precision,
            input_size=settings.input_size or None,
        )
        estimator.warm_up(*WARM_UP_SIZE)
        outputs = Outputs(self, estimator.kind, self._on_incompatible_subscriber)
        processor = FrameProcessor(
            estimator=estimator,
            own_input_size=estimator.own_input_size,
            outputs=outputs,
            infos=self._infos,
            counters=self.counters,
            reporter=self._reporter,
            now=lambda: self.get_clock().now(),
            settings=lambda: self.settings,
        )
        worker: Worker[bytes] = Worker(
            (CAMERA,),
            lambda frames: processor.process(frames[CAMERA]),
            lambda error, frames: processor.fail(error),
            self._interval,
        )
        return _Engine(estimator, outputs, worker)

    def _halt(self, timeout: float = 30.0) -> None:
        for subscription in self._subscriptions_on:
            self.destroy_subscription(subscription)
        self._subscriptions_on.clear()
        if self._engine is not None:
            for _ in self._engine.worker.stop(timeout):
                self.counters.settle('dropped')
        self._infos.forget()

    def _release(self) -> None:
        if self._engine is not None:
            self._engine.outputs.destroy()
            self._engine = None

    def _require_engine(self) -> _Engine:
        if self._engine is None:
            raise RuntimeError('the node is not configured')
        return self._engine

    # Topics

    def _subscribe(
        self, message_type: type, topic: str, callback: Callable[[Any], None], raw: bool
    ) -> None:
        events = SubscriptionEventCallbacks(
            incompatible_qos=lambda _: self._on_incompatible_publisher(topic)
        )
        subscription = self.create_subscription(
            message_type,
            topic,
            callback,
            newest_only(ReliabilityPolicy.BEST_EFFORT),
            raw=raw,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            event_callbacks=events,
        )
        self._subscriptions_on.append(subscription)

    def _on_image(self, serialized: bytes) -> None:
        """Store the message; what it replaces was never even deserialised."""
        self.counters.receive()
        engine = self._engine
        if engine is None or engine.worker.mailboxes[CAMERA].put(serialized):
            self.counters.settle('dropped')

    def _interval(self) -> float:
        return 1 / self.settings.rate_limit if self.settings.rate_limit > 0 else 0.0

    def _on_incompatible_subscriber(self, topic: str) -> None:
        asking = _names(self.get_subscriptions_info_by_topic(topic))
        self._reporter.report(
            f'the QoS of {topic}',
            f'a subscriber of {topic} asks for a QoS that is not offered and gets nothing '
            f'(subscribers: {asking}); set qos_overrides.{topic}.publisher.* or the subscriber',
        )

    def _on_incompatible_publisher(self, topic: str) -> None:
        topic = self.resolve_topic_name(topic)
        offering = _names(self.get_publishers_info_by_topic(topic))
        self._reporter.report(
            f'the QoS of {topic}',
            f'a publisher of {topic} does not offer the QoS asked for, so nothing comes from it '
            f'(publishers: {offering}); set qos_overrides.{topic}.subscription.*',
        )

    def publish_diagnostics(self) -> None:
        """Publish the counters and the state of the engine on /diagnostics."""
        facts = {}
        if self._engine is not None:
            estimator = self._engine.estimator
            facts = {
                'model': estimator.model,
                'kind': estimator.kind.value,
                'device': str(estimator.device),
                'precision': str(estimator.precision).removeprefix('torch.'),
                'input_size': str(estimator.input_size),
            }
        name = self.get_fully_qualified_name().lstrip('/')
        status = frame_status(
            f'{name}: frames', name, self.counters, self._reporter.current(), facts
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)


def _names(endpoints: list[Any]) -> str:
    """List the nodes behind endpoints, for people."""
    return ', '.join(sorted({f'{e.node_namespace.rstrip("/")}/{e.node_name}' for e in endpoints}))

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DepthNode: a camera topic in, depth out, as a lifecycle node."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter as RosParameter
from rclpy.qos import ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from depth_anything_ros.inference.counters import FrameCounters
from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.inference.worker import Worker
from depth_anything_ros.ros.camera_info_tracker import CameraInfoTracker
from depth_anything_ros.ros.diagnostics import Activity, engine_facts, frame_status
from depth_anything_ros.ros.frame_processor import FrameProcessor
from depth_anything_ros.ros.outputs import Outputs
from depth_anything_ros.ros.parameter_table import ParameterError
from depth_anything_ros.ros.parameters import DepthSettings, declare_depth_parameters
from depth_anything_ros.ros.qos import QosWatch, newest_only, subscription_overrides
from depth_anything_ros.ros.reporter import Reporter

CAMERA = 'camera'
WARM_UP_SIZE = (480, 640)
STOP_TIME = 30.0
"""Seconds a transition waits for the frame in progress."""


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
        self._heard_at = time.monotonic()
        self._qos = QosWatch(self, self._reporter)
        self._answer_transition = self._service_change_state.callback
        self._service_change_state.callback = self._on_change_state
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        # Steady, so that a paused bag does not silence the node that waits for it.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(1.0, self.publish_diagnostics, clock=steady)
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

    def _on_change_state(
        self, request: ChangeState.Request, response: ChangeState.Response
    ) -> ChangeState.Response:
        """Refuse a transition that the state does not have; rclpy would end the process."""
        state = self._state()
        try:
            return self._answer_transition(request, response)
        except RuntimeError as error:  # rclpy's RCLError
            wanted = request.transition.label or request.transition.id
            self.get_logger().warning(
                f'transition {wanted} refused, the node is {state}: {" ".join(str(error).split())}'
            )
            response.success = False
            return response

    def _state(self) -> str:
        """Return the label of the lifecycle state; rclpy has no public way to ask."""
        return str(self._state_machine.current_state[1])

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
        try:
            # First, as it is discovered and served in this order: the first image finds its info.
            self._subscribe(CameraInfo, 'camera_info', self._infos.store, raw=False)
            self._subscribe(image_type, self._image_name(), self._on_image, raw=True)
            engine.worker.start()
        except Exception as error:  # rclpy would swallow it without a word
            self.get_logger().error(f'cannot activate: {error}')
            self._stop('going on without it')
            return TransitionCallbackReturn.FAILURE
        self._heard_at = time.monotonic()
        topic, facts = self.resolve_topic_name(self._image_name()), engine_facts(engine.estimator)
        self.get_logger().info(
            f'active: {topic} -> {facts["kind"]} depth by {facts["model"]} on {facts["device"]} in '
            f'{facts["precision"]}'
        )
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and finish the frame in progress; FAILURE when that outlasts STOP_TIME.

        The network stays loaded, and the newest camera_info is kept: it may never come again.
        """
        if not self._stop('deactivate again when it is done'):
            return TransitionCallbackReturn.FAILURE
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give the network's memory and the topics back."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop from any state."""
        self._stop('going on without it')
        self._release()
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Go back to unconfigured, so that the next configure starts clean."""
        self._stop('going on without it')
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
        self._stop('going on without it')
        self._release()
        super().destroy_node()

    def _build_engine(self) -> _Engine:
        settings = self.settings
        estimator = DepthEstimator(
            model=settings.model,
            weights=settings.weights or None,
            max_depth=settings.max_depth or None,
            device=settings.device,
            precision=settings.precision,
            input_size=settings.input_size or None,
        )
        estimator.warm_up(*WARM_UP_SIZE)
        outputs = Outputs(self, estimator.kind, self._qos.on_subscriber)
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
            lambda: self.settings.interval,
        )
        return _Engine(estimator, outputs, worker)

    def _stop(self, consequence: str) -> bool:
        """Halt for a transition; return False, and say what now, when a frame outlasts it."""
        try:
            self._halt(STOP_TIME)
        except TimeoutError:
            self.get_logger().error(
                f'the frame in progress takes more than {STOP_TIME:g} s: no more images are '
                f'taken, {consequence}; a smaller model or input_size makes frames shorter'
            )
            return False
        return True

    def _halt(self, timeout: float) -> None:
        for subscription in self._subscriptions_on:
            self.destroy_subscription(subscription)
        self._subscriptions_on.clear()
        if self._engine is not None:
            for _ in self._engine.worker.stop(timeout):
                self.counters.settle('dropped')

    def _release(self) -> None:
        self._infos.forget()
        if self._engine is not None:
            self._engine.outputs.destroy()
            self._engine = None
            if torch.cuda.is_initialized():
                torch.cuda.empty_cache()  # torch keeps what is freed for itself

    def _require_engine(self) -> _Engine:
        if self._engine is None:
            raise RuntimeError('the node is not configured')
        return self._engine

    # Topics

    def _image_name(self) -> str:
        return 'image/compressed' if self.settings.compressed else 'image'

    def _subscribe(
        self, message_type: type, topic: str, callback: Callable[[Any], None], raw: bool
    ) -> None:
        subscription = self.create_subscription(
            message_type,
            topic,
            callback,
            newest_only(ReliabilityPolicy.BEST_EFFORT),
            raw=raw,
            qos_overriding_options=subscription_overrides(),
            event_callbacks=self._qos.subscription_events(self.resolve_topic_name(topic)),
        )
        self._subscriptions_on.append(subscription)

    def _on_image(self, serialized: bytes) -> None:
        """Store the message; what it replaces was never even deserialised."""
        self.counters.receive()
        self._heard_at = time.monotonic()
        engine = self._engine
        if engine is None or engine.worker.mailboxes[CAMERA].put(serialized):
            self.counters.settle('dropped')

    def publish_diagnostics(self) -> None:
        """Publish the counters and the state of the engine on /diagnostics."""
        self._qos.clear_ended()
        facts = {} if self._engine is None else engine_facts(self._engine.estimator)
        name = self.get_fully_qualified_name().lstrip('/')
        silence = time.monotonic() - self._heard_at
        topic = self.resolve_topic_name(self._image_name())
        activity = Activity(self._state(), topic, silence)
        troubles = self._reporter.current()
        status = frame_status(f'{name}: frames', name, self.counters, troubles, facts, activity)
        message = DiagnosticArray(status=[status])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DepthNode: a camera topic in, depth out, as a lifecycle node."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter as RosParameter

from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.inference.memory import give_back_memory
from depth_anything_ros.ros.camera_channel import CameraChannel
from depth_anything_ros.ros.diagnostics import engine_facts
from depth_anything_ros.ros.frame_saver import FrameSaver
from depth_anything_ros.ros.lifecycle import refuse_impossible_transitions, state_of
from depth_anything_ros.ros.network_choice import NetworkChoice
from depth_anything_ros.ros.network_swap import NetworkSwap
from depth_anything_ros.ros.node_diagnostics import NodeDiagnostics
from depth_anything_ros.ros.node_engine import NodeEngine, Surroundings, warm_up
from depth_anything_ros.ros.node_settings import declare_depth_parameters
from depth_anything_ros.ros.parameter_table import ParameterError
from depth_anything_ros.ros.parameters import DepthSettings
from depth_anything_ros.ros.scale_services import advertise_scale_services
from depth_anything_ros.ros.services import advertise_services
from depth_anything_ros.ros.transforms import TransformTree

STOP_TIME = 30.0
"""Seconds a transition waits for the frame in progress."""


class DepthNode(LifecycleNode):
    """Estimate depth from ``image`` and publish it under the image's stamp and frame.

    Subscribes to ``image`` (sensor_msgs/Image; with the parameter ``compressed`` to
    ``image/compressed``) and ``camera_info``, best effort, keep last 1. Publishes, reliable, keep
    last 1: ``depth/image_rect`` (metric networks: metres along the optical axis, REP 117 and 118)
    or ``depth/disparity_relative`` (relative networks), ``depth/camera_info``, while somebody
    listens ``depth/color`` and, where there are metres, ``points``, ``points_clearing``,
    ``obstacles`` and ``scan``, and ``/diagnostics`` at 1 Hz. With the parameter ``cameras`` all
    but the last is there for each camera, below its name, and one network serves all.

    Callbacks only store serialized bytes; a worker thread takes the newest of every camera. Every
    received frame is published, dropped, skipped, rejected or failed, and counted. For services
    see services.py, for a change of the network while it runs network_swap.py. Raises
    ParameterError for parameters it cannot start with.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__('depth_node', **node_arguments)
        self._settings = declare_depth_parameters(self)
        tree = TransformTree(self)
        self.cameras = {
            name: CameraChannel(self, name, partial(self._settings_of, name), tree)
            for name in self._settings.cameras
        }
        self._engine: NodeEngine | None = None
        self._lost = threading.Event()
        self._surroundings = Surroundings(
            self.cameras,
            lambda: self.get_clock().now().nanoseconds,
            self._lost.set,
            lambda error: self.get_logger().error(f'the worker goes on after: {error!r}'),
        )
        self._swap = NetworkSwap(self, self)
        self._saver = FrameSaver(self.settings.save_folder, self.cameras)
        advertise_scale_services(self, self.cameras)
        advertise_services(self, self.cameras, self._saver, self._state, self._reset_engine)
        refuse_impossible_transitions(self)
        self._diagnostics = NodeDiagnostics(self)
        # Steady, so that a paused bag does not silence the node that waits for it.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(1.0, self._look_after, clock=steady)
        self.add_on_set_parameters_callback(self._validate_parameters)
        # Humble has no callback after the set; there the last step of validation applies it.
        self._applies_after = hasattr(self, 'add_post_set_parameters_callback')
        if self._applies_after:
            self.add_post_set_parameters_callback(self._apply_parameters)

    @property
    def _companions(self) -> tuple[NetworkSwap, FrameSaver]:
        """What has a thread of its own beside the worker."""
        return self._swap, self._saver

    @property
    def settings(self) -> DepthSettings:
        """The newest settings of the whole node; cameras may have others."""
        return self._settings.shared

    def _settings_of(self, camera: str) -> DepthSettings:
        return self._settings.of(camera)

    def _validate_parameters(self, parameters: list[RosParameter]) -> SetParametersResult:
        """Refuse a set as a whole when any of its values cannot be."""
        before = NetworkChoice.of(self.settings)
        try:
            changed = self._settings.changed({p.name: p.value for p in parameters})
            wanted = NetworkChoice.of(changed.shared)
            if wanted != before:
                wanted.check()
        except ParameterError as error:
            return SetParametersResult(successful=False, reason=str(error))
        if not self._applies_after:
            self._apply_parameters(parameters)
        return SetParametersResult(successful=True)

    def _apply_parameters(self, parameters: list[RosParameter]) -> None:
        """Take validated values over; the frame in progress keeps the settings it began with."""
        self._settings = self._settings.changed({p.name: p.value for p in parameters})
        self._swap.wish(NetworkChoice.of(self.settings))

    # Lifecycle

    def _state(self) -> str:
        """Return the label of the lifecycle state."""
        return state_of(self)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the network, warm it up, and announce the topics; FAILURE when that cannot be."""
        try:
            choice = NetworkChoice.of(self.settings)
            self._engine = NodeEngine(self._surroundings, self.load())
            self._swap.begin(choice)
        except Exception as error:  # rclpy would swallow it without a word
            self._diagnostics.blame(f'cannot configure: {error}')
            self._release()
            return TransitionCallbackReturn.FAILURE
        self._diagnostics.forgive()
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe and start the worker; FAILURE when a subscription cannot be made."""
        engine = self._require_engine()
        try:
            for name, camera in self.cameras.items():
                camera.subscribe(engine.worker.mailboxes[name])
            engine.worker.start()
        except Exception as error:  # rclpy would swallow it without a word
            self._diagnostics.blame(f'cannot activate: {error}')
            self._stop('going on without it')
            return TransitionCallbackReturn.FAILURE
        topics = ', '.join(camera.image_topic for camera in self.cameras.values())
        self._diagnostics.forgive()
        facts = engine_facts(engine.estimator, self.settings.input_size)
        self.get_logger().info(
            f'active: {topics} -> {facts["kind"]} depth by {facts["model"]} on {facts["device"]} '
            f'in {facts["precision"]}'
        )
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and finish the frame in progress; FAILURE when that outlasts STOP_TIME.

        The network stays loaded, and the newest camera_info is kept: it may never come again.
        ERROR when the device was lost, so that on_error gives everything back.
        """
        if self._lost.is_set():
            return TransitionCallbackReturn.ERROR
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
        """Take no more frames; return False when what is in progress outlasts ``timeout`` s."""
        end = time.monotonic() + timeout
        try:
            self._halt(timeout)
        except TimeoutError:
            return False
        ended = [each.close(max(0.0, end - time.monotonic())) for each in self._companions]
        return all(ended)

    def destroy_node(self) -> None:
        """Stop the worker before the publishers it uses go away."""
        # From Kilted on a context that ends destroys its nodes, also one whose constructor raised.
        if hasattr(self, '_saver'):
            self._stop('going on without it')
            self._release()
            for companion in self._companions:
                companion.close(STOP_TIME)
        super().destroy_node()
        self._state_machine = None  # rclpy holds the node in it: the graph would go on showing it

    # The network

    def load_estimator(self) -> DepthEstimator:
        """Return the network that the parameters ask for; a stand-in for it goes here."""
        settings = self.settings
        return DepthEstimator(
            model=settings.model,
            weights=settings.weights or None,
            max_depth=settings.max_depth or None,
            device=settings.device,
            precision=settings.precision,
            compiled=settings.compiled,
        )

    def load(self) -> DepthEstimator:
        """Return the network that the parameters ask for, warmed up; any thread may ask for it."""
        estimator = self.load_estimator()
        warm_up(estimator, self.cameras, {} if self._engine is None else self._engine.seen)
        return estimator

    def hand_over(self, estimator: DepthEstimator, done: Callable[[], None]) -> None:
        """Have frames go to another network from the next on, see SwappingNode."""
        self._require_engine().hand_over(estimator, done)

    def take_over(self, estimator: DepthEstimator) -> None:
        """Let the network before go, see SwappingNode."""
        self._require_engine().take_over(estimator)
        self._diagnostics.forgive()

    def stay(self, wanted: NetworkChoice, running: NetworkChoice, error: Exception) -> None:
        """Go on with what runs, and have the parameters say so, see SwappingNode."""
        self._diagnostics.miss(f'{wanted} could not be loaded, {running} goes on: {error}')
        values = [RosParameter(name, value=value) for name, value in running.values().items()]
        self.set_parameters_atomically(values)

    def _reset_engine(self) -> None:
        if self._engine is not None:
            self._diagnostics.forgive()
            self._engine.estimator.reset_counts()

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
        for camera in self.cameras.values():
            camera.unsubscribe()
        if self._engine is not None:
            for name in self._engine.worker.stop(timeout):
                self.cameras[name].counters.settle('dropped')
            self._swap.settle()

    def _release(self) -> None:
        self._swap.end()
        for camera in self.cameras.values():
            camera.withdraw()
        if self._engine is not None:
            self._engine = None
            give_back_memory(gpu=not self._lost.is_set())
        self._lost.clear()

    def _require_engine(self) -> NodeEngine:
        if self._engine is None:
            raise RuntimeError('the node is not configured')
        return self._engine

    def _look_after(self) -> None:
        """Publish diagnostics, and leave the active state when the device was lost."""
        lost = self._lost.is_set() and self._state() == 'active'
        if lost:
            self._diagnostics.blame(
                f'{self._require_engine().estimator.device} does not answer any more: the node '
                'goes through its error state to unconfigured; configure it to try again'
            )
        self.publish_diagnostics()
        if lost:
            self.trigger_deactivate()

    def publish_diagnostics(self) -> None:
        """Publish how cameras and engine do on /diagnostics."""
        estimator = self._engine.estimator if self._engine else None
        self._diagnostics.publish(
            self._state(), self.cameras.values(), estimator, self.settings, self._swap.loading
        )

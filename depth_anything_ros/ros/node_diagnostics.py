# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What depth_node publishes on /diagnostics: a status for each camera and one for the engine."""

from __future__ import annotations

from collections.abc import Iterable

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.lifecycle import LifecycleNode

from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.ros.camera_channel import CameraChannel
from depth_anything_ros.ros.diagnostics import engine_facts
from depth_anything_ros.ros.engine_health import EngineHealth
from depth_anything_ros.ros.findings import LOG_PERIOD
from depth_anything_ros.ros.node_clock import ClockState, ClockWatch
from depth_anything_ros.ros.parameters import DepthSettings
from depth_anything_ros.ros.reporter import Reporter


class NodeDiagnostics:
    """Publishes the health of the cameras and of the engine when it is asked to, at best at 1 Hz.

    The stamp is that of the node's clock. Whoever asks must do so by a steady clock: with
    use_sim_time and /clock paused, statuses then still come every second, all with the stamp at
    which the clock stopped (0 before the first /clock), and say that it stands still. Rates,
    shares, silence and all other spans of time are by the steady clock; ages are by the node's.
    """

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._clock = ClockWatch(node.get_clock())
        self._engine = EngineHealth(
            node.get_fully_qualified_name().lstrip('/'), Reporter(node.get_logger(), LOG_PERIOD)
        )

    def blame(self, trouble: str) -> None:
        """Log what keeps the whole node from working, and tell it until it is forgiven."""
        self._node.get_logger().error(trouble)
        self._engine.trouble = trouble

    def forgive(self) -> None:
        """Tell no trouble of the whole node or its network any more, as it works."""
        self._engine.trouble = self._engine.missed = ''

    def miss(self, trouble: str) -> None:
        """Log why a network that was wished for does not run, and tell it until it is forgiven."""
        self._node.get_logger().error(trouble)
        self._engine.missed = trouble

    def publish(
        self,
        state: str,
        cameras: Iterable[CameraChannel],
        estimator: DepthEstimator | None,
        settings: DepthSettings,
        loading: str = '',
    ) -> None:
        """Publish all statuses in a lifecycle state; without an estimator nothing is loaded.

        ``settings`` are those of the whole node; ``loading`` names a network that is loaded
        beside the one that runs, '' for none.
        """
        clock = self._clock.look()
        stands = clock in (ClockState.SIM_WAITING, ClockState.SIM_STOPPED)
        message = DiagnosticArray()
        message.header.stamp = self._node.get_clock().now().to_msg()
        for camera in cameras:
            facts = {}
            if estimator is not None:
                facts = engine_facts(estimator, camera.settings().input_size)
            message.status.append(camera.status(state, facts, stands))
        message.status.append(
            self._engine.status(
                state,
                estimator,
                settings.input_size,
                (clock, self._clock.waited),
                settings.diagnostics.silence,
                loading,
                self._namesakes(),
            )
        )
        self._publisher.publish(message)

    def _namesakes(self) -> int:
        """Return how many other nodes the graph knows by this one's name."""
        me = (self._node.get_name(), self._node.get_namespace())
        return max(0, self._node.get_node_names_and_namespaces().count(me) - 1)

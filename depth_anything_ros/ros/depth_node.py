# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The executable: start DepthNode, bring it up, and end it cleanly on Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions

from depth_anything_ros.ros.node import DepthNode
from depth_anything_ros.ros.parameter_table import ParameterError

WAKE_UP = 0.1
"""Seconds between looks at the stop flag: a signal does not end a wait inside rcl."""


class _Interrupted(BaseException):
    """A signal came while the main thread was in Python code."""


def main(arguments: list[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM; return 0, or 1 when it could not start."""
    stopping = threading.Event()
    starting = True

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()
        if starting:
            raise _Interrupted

    # rclpy's own handlers end the context at once, under the worker that still publishes.
    rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    node: DepthNode | None = None
    executor = SingleThreadedExecutor()
    try:
        node = DepthNode()
        if node.settings.autostart and not _bring_up(node):
            return 1
        executor.add_node(node)
        starting = False
        while not stopping.is_set():
            executor.spin_once(timeout_sec=WAKE_UP)
    except _Interrupted:
        pass
    except ParameterError as error:
        print(f'depth_node: {error}', file=sys.stderr)
        return 1
    finally:
        starting = False
        executor.shutdown()
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _bring_up(node: DepthNode) -> bool:
    """Configure and activate; the node has logged why when that fails."""
    for trigger in (node.trigger_configure, node.trigger_activate):
        if trigger() != TransitionCallbackReturn.SUCCESS:
            return False
    return True


if __name__ == '__main__':
    sys.exit(main())

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The executable: start DepthNode, bring it up, and end it cleanly on Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depth_anything_ros.ros.node import DepthNode

# ROS and torch are imported in main: that takes seconds, in which Ctrl-C must already be heard.

WAKE_UP = 0.1
"""Seconds between looks at the stop flag: a signal does not end a wait inside rcl."""

CLOSING_TIME = 1.2
"""Seconds the frame in progress may take to end."""

LATEST_END = 1.8
"""Seconds after a signal in which the process ends whatever it does.

A transition asked for by a lifecycle manager, which loads a network or waits for a frame, holds
the main thread for longer than anybody waits after Ctrl-C.
"""


class _Interrupted(BaseException):
    """A signal came while the main thread was in Python code."""


class _Stop:
    """What SIGINT and SIGTERM do: it depends on how far the process has come."""

    def __init__(self) -> None:
        self.wanted = threading.Event()
        self.has_node = False
        self.starting = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        # Started here, as a handler must not: it may have interrupted the start of a thread.
        threading.Thread(target=self._end_at_last, name='end-at-last', daemon=True).start()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.wanted.set()
        if self.starting:
            self.starting = False
            raise _Interrupted
        if not self.has_node:
            os._exit(0)  # there is nothing to end yet, and imports do not unwind well

    def _end_at_last(self) -> None:
        self.wanted.wait()
        time.sleep(LATEST_END)
        os._exit(0)


def main(
    arguments: list[str] | None = None, make_node: Callable[[], DepthNode] | None = None
) -> int:
    """Run the node until SIGINT or SIGTERM; return 0, or 1 when it could not start.

    ``make_node`` makes another node than DepthNode() once ROS is up.
    """
    # A tenth of the usual: a frame changes threads thrice, and may wait this long each time.
    sys.setswitchinterval(0.0005)
    stop = _Stop()
    import rclpy
    from rclpy.exceptions import NameValidationException, ParameterException
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.signals import SignalHandlerOptions

    from depth_anything_ros.ros.node import DepthNode
    from depth_anything_ros.ros.parameter_table import ParameterError

    node: DepthNode | None = None
    try:
        # rclpy's own handlers end the context at once, under the worker that still publishes.
        rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
        executor = SingleThreadedExecutor()
        node = (make_node or DepthNode)()
    except (ParameterError, ParameterException, NameValidationException, RuntimeError) as error:
        # What rclpy raises for arguments that it cannot parse is a RuntimeError, and may say
        # nothing but the argument.
        kind = f'{type(error).__name__}: ' if isinstance(error, RuntimeError) else ''
        print(f'depth_node: {kind}{" ".join(str(error).split())}', file=sys.stderr)
        rclpy.try_shutdown()
        return 1
    try:
        stop.has_node = stop.starting = True
        if node.settings.autostart and not _bring_up(node):
            return 1
        executor.add_node(node)
        stop.starting = False
        while not stop.wanted.is_set():
            executor.spin_once(timeout_sec=WAKE_UP)
    except _Interrupted:
        pass
    finally:
        stop.starting = False
        executor.shutdown()
        if not node.close(CLOSING_TIME):
            # A large network on a small machine: its thread cannot be stopped within a frame, and
            # taking ROS down under it would abort the process.
            _leave()
        node.destroy_node()
        rclpy.try_shutdown()
        # A launch sends on the Ctrl-C that the terminal has already sent. Python gives handlers
        # up as it ends, and a late signal would make a clean end look like a crash.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    if stop.wanted.is_set():
        # Python takes torch's modules apart before it ends: on a busy machine that takes seconds.
        _leave()
    return 0


def _leave() -> None:
    """End the process at once, with exit code 0 and all its output written."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _bring_up(node: DepthNode) -> bool:
    """Configure and activate; the node has logged why when that fails."""
    from rclpy.lifecycle import TransitionCallbackReturn

    for trigger in (node.trigger_configure, node.trigger_activate):
        if trigger() != TransitionCallbackReturn.SUCCESS:
            return False
    return True


if __name__ == '__main__':
    sys.exit(main())

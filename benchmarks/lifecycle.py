#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Take depth_node through its lifecycle again and again, and measure what memory comes back.

Each cycle is configure, activate, one frame, deactivate, cleanup, on a real ROS graph in this
process. The memory is the process's resident one (RSS): before configure, active after the frame,
and after cleanup. The first cycle loads libraries for good, so growth is told from the second on.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from fault_child import take_domain
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.inference.memory import resident_bytes
from depth_anything_ros.ros.depth_message import encode_color
from depth_anything_ros.ros.node import DepthNode

RESULTS = Path(__file__).resolve().parent / 'results/lifecycle.json'
PATIENCE = 60.0
MEGA = 2**20


class Round:
    """A depth node and a peer that sends it a frame, on one executor."""

    def __init__(self, model: str, device: str) -> None:
        self._executor = SingleThreadedExecutor()
        self._peer = Node('lifecycle_peer')
        self._image = self._peer.create_publisher(Image, 'image', 1)
        self.node = DepthNode(
            parameter_overrides=[
                Parameter('model', value=model),
                Parameter('device', value=device),
                Parameter('skip_unheard', value=False),
            ]
        )
        for node in (self._peer, self.node):
            self._executor.add_node(node)
        self._picture = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)

    def cycle(self) -> dict[str, float]:
        """Go round once; return RSS in MiB and times in s."""
        before, start = rss(), time.monotonic()
        _succeed(self.node.trigger_configure())
        configured = time.monotonic()
        _succeed(self.node.trigger_activate())
        self._send_frame()
        active, stop = rss(), time.monotonic()
        _succeed(self.node.trigger_deactivate())
        _succeed(self.node.trigger_cleanup())
        return {
            'before_mib': before,
            'active_mib': active,
            'after_mib': rss(),
            'configure_s': configured - start,
            'takedown_s': time.monotonic() - stop,
        }

    def close(self) -> None:
        """Take everything down."""
        self._executor.shutdown()
        self.node.destroy_node()
        self._peer.destroy_node()

    def _send_frame(self) -> None:
        counters = self.node.cameras[''].counters
        published = counters.counts().published
        self._wait(lambda: self._image.get_subscription_count() > 0)
        header = Header(frame_id='camera', stamp=self._peer.get_clock().now().to_msg())
        self._image.publish(encode_color(self._picture, header).serialize())
        self._wait(lambda: counters.counts().published > published)

    def _wait(self, condition: Any) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError('a frame was not published in time')
            self._executor.spin_once(timeout_sec=0.02)


def rss() -> float:
    """Return the resident memory of this process in MiB."""
    return (resident_bytes() or 0) / MEGA


def _succeed(result: Any) -> None:
    if result.name != 'SUCCESS':
        raise RuntimeError(f'a transition ended with {result.name}')


def entities(node: DepthNode) -> dict[str, int]:
    """Return how many of each kind of thing the node and the process have."""
    return {
        'threads': threading.active_count(),
        'publishers': len(list(node.publishers)),
        'subscriptions': len(list(node.subscriptions)),
        'services': len(list(node.services)),
        'timers': len(list(node.timers)),
        'guards': len(list(node.guards)),
        'waitables': len(list(node.waitables)),
    }


def summary(cycles: list[dict[str, float]]) -> dict[str, Any]:
    """Return the figures of all cycles: medians, and how memory moved from the second on."""
    rest = cycles[1:]
    after = np.array([cycle['after_mib'] for cycle in rest])
    held = np.array([cycle['active_mib'] - cycle['before_mib'] for cycle in rest])
    back = np.array([cycle['active_mib'] - cycle['after_mib'] for cycle in rest])
    tenth = max(1, len(after) // 10)
    return {
        'cycles': len(cycles),
        'first': _rounded(cycles[0]),
        'median': _rounded({key: float(np.median([c[key] for c in rest])) for key in rest[0]}),
        'taken_by_the_network_mib': round(float(np.median(held)), 1),
        'given_back_mib': round(float(np.median(back)), 1),
        'after_first_tenth_mib': round(float(np.median(after[:tenth])), 1),
        'after_last_tenth_mib': round(float(np.median(after[-tenth:])), 1),
        'growth_kib_per_cycle': round(
            float(np.polyfit(np.arange(len(after)), after, 1)[0]) * 1024, 2
        ),
    }


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {key: round(value, 2) for key, value in values.items()}


def main() -> None:
    """Measure, print and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--cycles', type=int, default=200)
    parser.add_argument('--model', default='nano')
    parser.add_argument('--device', default='auto')
    parser.add_argument('--results', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    take_domain()
    rclpy.init()
    bench = Round(arguments.model, arguments.device)
    cycles = [bench.cycle()]
    begin = entities(bench.node)
    for _ in range(arguments.cycles - 1):
        cycles.append(bench.cycle())
    figures = {
        'command': 'python benchmarks/lifecycle.py',
        'model': arguments.model,
        'device': arguments.device,
        **summary(cycles),
        'entities_after_first': begin,
        'entities_after_last': entities(bench.node),
        **machine_facts('rclpy'),
    }
    bench.close()
    rclpy.try_shutdown()
    text = json.dumps(figures, indent=2) + '\n'
    arguments.results.write_text(text)
    print(text)


if __name__ == '__main__':
    main()

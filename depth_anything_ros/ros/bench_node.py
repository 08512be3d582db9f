# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""depth_node with a stand-in for the network, to measure what the node itself costs."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.inference.estimator import DepthEstimator, RunnableModel
from depth_anything_ros.inference.stage_times import StageTimes
from depth_anything_ros.ros import depth_node
from depth_anything_ros.ros.node import DepthNode

OWN_INPUT_SIZE = 252
FARTHEST = 20.0
"""Metres."""


class StandInEngine:
    """Gives a slope as depth, after ``delay`` seconds in which it leaves the processor alone."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._slopes: dict[tuple[int, ...], np.ndarray] = {}

    def run(
        self, pictures: Sequence[np.ndarray], size: tuple[int, int], at_network_size: bool
    ) -> list[np.ndarray]:
        """Return metres between 1 and FARTHEST; those of one shape are one array."""
        if self._delay:
            time.sleep(self._delay)
        return [self._slope(size if at_network_size else rgb.shape[:2]) for rgb in pictures]

    def _slope(self, shape: tuple[int, ...]) -> np.ndarray:
        if shape not in self._slopes:
            row = np.linspace(1, FARTHEST, shape[1], dtype=np.float32)
            self._slopes[shape] = np.tile(row, (shape[0], 1))
        return self._slopes[shape]


class StandInEstimator(DepthEstimator):
    """A metric estimator whose engine is a StandInEngine."""

    def __init__(self, delay: float) -> None:
        self._model = RunnableModel(
            engine=StandInEngine(delay),
            kind=DepthKind.METRIC,
            max_depth=FARTHEST,
            own_input_size=OWN_INPUT_SIZE,
            precision='float32',
            device=lambda: 'cpu',
        )
        self._engine, self._stages = self._model.engine, StageTimes()
        self.model = f'stand-in of {delay * 1e3:g} ms'
        self.input_size = OWN_INPUT_SIZE


class BenchNode(DepthNode):
    """DepthNode in all but its network, which takes ``engine_delay`` seconds."""

    def __init__(self, engine_delay: float, **node_arguments: Any) -> None:
        self._engine_delay = engine_delay
        super().__init__(**node_arguments)

    def load_estimator(self) -> DepthEstimator:
        """Return the stand-in."""
        return StandInEstimator(self._engine_delay)


def main() -> int:
    """Run the node with the delay in seconds that the command line says, and ROS arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('engine_delay', type=float, help='seconds')
    arguments, for_ros = parser.parse_known_args()
    return depth_node.main(for_ros, lambda: BenchNode(arguments.engine_delay))


if __name__ == '__main__':
    sys.exit(main())

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""depth_node whose engine breaks on demand: while a file is there, by the fault named in it.

It also leaves a file as it comes to load, and to warm up, so that a signal can be sent just then.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.inference.faults import DeviceLostError, OutOfMemoryError
from depth_anything_ros.ros import depth_node
from depth_anything_ros.ros.node import DepthNode

FAULTS: dict[str, Callable[[], BaseException]] = {
    'exception': lambda: RuntimeError('injected: the engine broke'),
    'wrong type': lambda: TypeError('injected: the engine got what it does not know'),
    'host memory': lambda: MemoryError('injected: no memory for an array'),
    'torch memory': lambda: RuntimeError(
        "injected: [enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"
    ),
    'device memory': lambda: OutOfMemoryError('injected: the picture does not fit the device'),
    'device lost': lambda: DeviceLostError('injected: the device does not answer'),
}
ORDER, PHASES = 'fault', ('load', 'warm-up')


class BreakingEngine:
    """Passes everything on to the engine, and breaks while the file of the order is there."""

    def __init__(self, engine: Any, folder: Path) -> None:
        self._engine, self._order = engine, folder / ORDER

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def run(
        self, pictures: Sequence[np.ndarray], size: tuple[int, int], at_network_size: bool
    ) -> list[np.ndarray]:
        """Return the engine's depth, or raise what was ordered."""
        if self._order.is_file():
            raise FAULTS[self._order.read_text()]()
        return list(self._engine.run(pictures, size, at_network_size))


class FaultNode(DepthNode):
    """DepthNode in all but its engine."""

    def __init__(self, folder: Path, **node_arguments: Any) -> None:
        self._folder = folder
        super().__init__(**node_arguments)

    def load_estimator(self) -> DepthEstimator:
        """Load what the parameters ask for, and put the breaking engine in front."""
        load, warm_up = PHASES
        (self._folder / load).touch()
        estimator = super().load_estimator()
        estimator._engine = BreakingEngine(estimator._engine, self._folder)
        (self._folder / warm_up).touch()
        return estimator


def main() -> int:
    """Run the node with the folder of the files that the command line says, and ROS arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder', type=Path)
    arguments, for_ros = parser.parse_known_args()
    return depth_node.main(for_ros, lambda: FaultNode(arguments.folder))


if __name__ == '__main__':
    sys.exit(main())

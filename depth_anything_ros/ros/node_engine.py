# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What exists between configure and cleanup: a network, and the worker that feeds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.inference.worker import Work, Worker
from depth_anything_ros.ros.batch_processor import AT_ONCE, BatchProcessor
from depth_anything_ros.ros.camera_channel import CameraChannel
from depth_anything_ros.ros.frame_processor import FrameProcessor
from depth_anything_ros.ros.frame_publisher import FramePublisher, NetworkFacts

WARM_UP_SIZE = (480, 640)
"""Height and width of pictures whose size is not known yet."""


@dataclass(frozen=True)
class Surroundings:
    """What the engine needs of the node: cameras by name, its clock, and whom to tell what.

    ``on_lost`` is called when the device does not answer any more, ``on_error`` with what broke
    the worker but not a frame.
    """

    cameras: Mapping[str, CameraChannel]
    now: Callable[[], int]
    on_lost: Callable[[], None]
    on_error: Callable[[Exception], None]


class NodeEngine:
    """A network that runs, and the worker that takes the newest frames of all cameras to it."""

    def __init__(self, surroundings: Surroundings, estimator: DepthEstimator) -> None:
        self._surroundings, self.estimator = surroundings, estimator
        network = _facts(estimator)
        self._processors: Mapping[str, FrameProcessor] = {}
        work = self._work(
            estimator,
            {name: camera.advertise(network) for name, camera in surroundings.cameras.items()},
        )
        self.worker: Worker[bytes] = Worker(
            tuple(surroundings.cameras),
            work.begin,
            lambda error, _: surroundings.on_error(error),
            lambda name: surroundings.cameras[name].settings().interval,
            *(work.at_once, work.in_flight),
        )

    @property
    def seen(self) -> dict[str, tuple[int, int]]:
        """Height and width of the newest picture of each camera that has had one."""
        sizes = {name: each.newest_size for name, each in self._processors.items()}
        return {name: size for name, size in sizes.items() if size is not None}

    def hand_over(self, estimator: DepthEstimator, done: Callable[[], None]) -> None:
        """Have frames go to another network from the next on; ``done`` tells when they do.

        Its topics are announced before. Raises ParameterError, and changes nothing then.
        """
        network, cameras = _facts(estimator), self._surroundings.cameras
        try:
            publishers = {name: camera.prepare(network) for name, camera in cameras.items()}
        except Exception:
            for camera in cameras.values():
                camera.discard()
            raise
        self.worker.exchange(self._work(estimator, publishers), done)

    def take_over(self, estimator: DepthEstimator) -> None:
        """Withdraw what only the network before needed; frames go to the other one."""
        for camera in self._surroundings.cameras.values():
            camera.adopt()
        self.estimator = estimator

    def _work(
        self, estimator: DepthEstimator, publishers: Mapping[str, FramePublisher]
    ) -> Work[bytes]:
        around = self._surroundings
        processors = {
            name: FrameProcessor(
                estimator=estimator,
                publisher=publishers[name],
                infos=camera.infos,
                counters=camera.counters,
                reporter=camera.reporter,
                now=around.now,
                settings=camera.settings,
                enabled=partial(getattr, camera, 'enabled'),
            )
            for name, camera in around.cameras.items()
        }
        for name, size in self.seen.items():
            processors[name].newest_size = size
        self._processors = processors
        batches = BatchProcessor(estimator, processors, on_lost=around.on_lost)
        in_flight = estimator.in_flight
        begin = batches.begin if in_flight > 1 else batches.process
        return Work(begin, AT_ONCE.get(str(estimator.device)), in_flight)


def warm_up(
    estimator: DepthEstimator,
    cameras: Mapping[str, CameraChannel],
    seen: Mapping[str, tuple[int, int]],
) -> None:
    """Run a network once for each camera's size, so that its first frame does not pay for that.

    Where cameras share a pass, once for each number of them, as not all have a frame each time.
    ``seen`` has the height and width of pictures, where they are known.
    """
    together = AT_ONCE.get(str(estimator.device)) or len(cameras)
    shapes = set()
    for name, camera in cameras.items():
        settings = camera.settings()
        at_network_size = (True,) if settings.output_size == 'network' else ()
        shapes.add((seen.get(name, WARM_UP_SIZE), settings.input_size, at_network_size))
    for size, input_size, at_network_size in shapes:
        for count in range(1, together + 1):
            estimator.warm_up(*size, count, input_size or None, *at_network_size)


def _facts(estimator: DepthEstimator) -> NetworkFacts:
    return NetworkFacts(estimator.kind, estimator.max_depth, estimator.device)

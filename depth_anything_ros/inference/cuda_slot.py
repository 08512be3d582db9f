# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Buffers and streams of the CUDA engine: how one batch goes up, is computed, and comes down."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.inference.stage_times import StageTimes

LOGGER = logging.getLogger(__name__)
WARM_UPS = 2
"""Runs before capture, in which libraries choose kernels and allocate workspaces."""

OUT_OF_MEMORY = (
    'CUDA error: out of memory',
    'CUBLAS_STATUS_ALLOC_FAILED',
    'CUDNN_STATUS_ALLOC_FAILED',
)
"""What errors say that are not torch's own: of pinned memory, of graphs, of libraries."""

STAGES = ('upload', 'network', 'download')
"""What a batch goes through, each on a stream of its own. The resizes belong to the network's."""

Computation = Callable[[Sequence[Tensor]], list[Tensor]]


@dataclass(frozen=True)
class Shape:
    """What a graph is captured for: sizes are (height, width), one source for each picture."""

    sources: tuple[tuple[int, int], ...]
    size: tuple[int, int]
    at_network_size: bool


class Slot:
    """The buffers of one batch: pinned and device pictures, device and pinned depth.

    ``compute`` is what happens between them. It is kept, as a graph reads what it refers to.
    ``order`` has the place, among those that were asked for, of each picture of the batch.
    """

    def __init__(self, shape: Shape, device: torch.device, compute: Computation) -> None:
        self.shape, self.compute = shape, compute
        pinned = device.type == 'cuda'
        sources = shape.sources
        targets = [shape.size] * len(sources) if shape.at_network_size else sources
        self.staged = [
            torch.zeros((*source, 3), dtype=torch.uint8, pin_memory=pinned) for source in sources
        ]
        self.pictures = [staged.to(device) for staged in self.staged]
        # Not in the graphs' memory: the next graph may use that while these come down.
        self.depths = [torch.empty(target, device=device) for target in targets]
        self.results = [torch.empty(target, pin_memory=pinned) for target in targets]
        self.order: Sequence[int] = range(len(sources))
        self.graph: torch.cuda.CUDAGraph | None = None
        # The beginning and the end of each stage.
        self.marks: dict[str, tuple[torch.cuda.Event, torch.cuda.Event]] = {}
        if pinned:
            self.marks = {stage: (_event(), _event()) for stage in STAGES}


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether a GPU's memory did not suffice, of which CUDA and its libraries tell in turn."""
    return isinstance(error, torch.cuda.OutOfMemoryError) or any(
        text in str(error) for text in OUT_OF_MEMORY
    )


class Lanes:
    """A stream for each of STAGES; without CUDA, plain calls.

    ``stages`` remembers how long each took on its stream, by the device's own clock.
    """

    def __init__(self, device: torch.device) -> None:
        self._device, self._cuda = device, device.type == 'cuda'
        self.stages = StageTimes()
        if self._cuda:
            self._streams = {stage: torch.cuda.Stream(device) for stage in STAGES}
        self.begin_pool()

    def begin_pool(self) -> None:
        """Let graphs that are captured from now on share memory with none of those before.

        A pool whose only capture has failed may be of no use to later ones.
        """
        if self._cuda:
            # Graphs share their memory: they run one after the other, on one stream.
            self._pool = torch.cuda.graph_pool_handle()

    def capture(self, slot: Slot) -> None:
        """Record the computation of a slot; without CUDA, or where that fails, it stays eager.

        Running out of memory is no such failure, and is raised.
        """
        if not self._cuda:
            return
        stream = self._streams['network']
        try:
            torch.cuda.synchronize(self._device)
            with torch.cuda.stream(stream):
                for _ in range(WARM_UPS):
                    slot.compute(slot.pictures)
            torch.cuda.synchronize(self._device)
            graph = torch.cuda.CUDAGraph()
            # Another thread may wait for its batch meanwhile.
            with torch.cuda.graph(graph, self._pool, stream, capture_error_mode='thread_local'):
                _copy(slot.compute(slot.pictures), slot.depths)
            slot.graph = graph
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            reason = str(error).partition('\n')[0]
            LOGGER.warning('CUDA graph capture failed, running eagerly: %s', reason)

    def start(self, slot: Slot, pictures: Sequence[np.ndarray]) -> None:
        """Send pictures on their way through a slot that nothing is under way in."""
        for staged, rgb in zip(slot.staged, pictures, strict=True):
            np.copyto(staged.numpy(), rgb)
        with self._stage('upload', slot):
            _copy(slot.staged, slot.pictures)
        with self._stage('network', slot, after='upload'):
            if slot.graph is None:
                _copy(slot.compute(slot.pictures), slot.depths)
            else:
                slot.graph.replay()
        with self._stage('download', slot, after='network'):
            _copy(slot.depths, slot.results)

    @contextmanager
    def _stage(self, stage: str, slot: Slot, after: str | None = None) -> Iterator[None]:
        """Queue what the block does on the stream of a stage, behind another stage's."""
        if not self._cuda:
            with self.stages.measure(stage):
                yield
            return
        stream = self._streams[stage]
        begin, end = slot.marks[stage]
        if after is not None:
            stream.wait_stream(self._streams[after])
        with torch.cuda.stream(stream):
            begin.record(stream)
            yield
            end.record(stream)

    def finish(self, slot: Slot) -> list[np.ndarray]:
        """Wait for a slot and return copies of its depths, float32."""
        if slot.marks:
            slot.marks['download'][1].synchronize()
        for stage, (begin, end) in slot.marks.items():
            self.stages.add(stage, round(begin.elapsed_time(end) * 1e6))
        return [result.numpy().copy() for result in slot.results]


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)


def _copy(sources: Sequence[Tensor], targets: Sequence[Tensor]) -> None:
    for source, target in zip(sources, targets, strict=True):
        target.copy_(source, non_blocking=True)

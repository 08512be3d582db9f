# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Buffers and streams of the CUDA engine: how one batch goes up, is computed, and comes down."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

LOGGER = logging.getLogger(__name__)
WARM_UPS = 2
"""Runs before capture, in which libraries choose kernels and allocate workspaces."""

OUT_OF_MEMORY = (
    'CUDA error: out of memory',
    'CUBLAS_STATUS_ALLOC_FAILED',
    'CUDNN_STATUS_ALLOC_FAILED',
)
"""What errors say that are not torch's own: of pinned memory, of graphs, of libraries."""

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
        self.done: torch.cuda.Event | None = None


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether a GPU's memory did not suffice, of which CUDA and its libraries tell in turn."""
    return isinstance(error, torch.cuda.OutOfMemoryError) or any(
        text in str(error) for text in OUT_OF_MEMORY
    )


class Lanes:
    """Three streams, one each for upload, computation and download; without CUDA, plain calls."""

    def __init__(self, device: torch.device) -> None:
        self._device, self._cuda = device, device.type == 'cuda'
        if self._cuda:
            self._up, self._compute, self._down = (torch.cuda.Stream(device) for _ in range(3))
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
        try:
            torch.cuda.synchronize(self._device)
            with torch.cuda.stream(self._compute):
                for _ in range(WARM_UPS):
                    slot.compute(slot.pictures)
            torch.cuda.synchronize(self._device)
            graph = torch.cuda.CUDAGraph()
            # Another thread may wait for its batch meanwhile.
            with torch.cuda.graph(
                graph, self._pool, self._compute, capture_error_mode='thread_local'
            ):
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
        if not self._cuda:
            _copy(slot.staged, slot.pictures)
            _copy(slot.compute(slot.pictures), slot.results)
            return
        with torch.cuda.stream(self._up):
            _copy(slot.staged, slot.pictures)
        self._compute.wait_stream(self._up)
        with torch.cuda.stream(self._compute):
            if slot.graph is None:
                _copy(slot.compute(slot.pictures), slot.depths)
            else:
                slot.graph.replay()
        self._down.wait_stream(self._compute)
        with torch.cuda.stream(self._down):
            _copy(slot.depths, slot.results)
            slot.done = slot.done or torch.cuda.Event()
            slot.done.record(self._down)

    def finish(self, slot: Slot) -> list[np.ndarray]:
        """Wait for a slot and return copies of its depths, float32."""
        if slot.done is not None:
            slot.done.synchronize()
        return [result.numpy().copy() for result in slot.results]


def _copy(sources: Sequence[Tensor], targets: Sequence[Tensor]) -> None:
    for source, target in zip(sources, targets, strict=True):
        target.copy_(source, non_blocking=True)

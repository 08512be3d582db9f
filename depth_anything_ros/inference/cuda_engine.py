# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The engine for NVIDIA GPUs: uint8 up, one graph replay, depth down, each on its own stream."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.inference.compiled import CompiledNetwork
from depth_anything_ros.inference.conventions import IMAGENET_MEAN, IMAGENET_STD
from depth_anything_ros.inference.cuda_slot import Lanes, Shape, Slot, is_out_of_memory
from depth_anything_ros.inference.engine_counts import EngineCounts
from depth_anything_ros.inference.faults import DeviceLostError, OutOfMemoryError
from depth_anything_ros.inference.preprocessing import postprocess, resize_planes
from depth_anything_ros.model.configuration import PATCH_SIZE
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.dinov2 import resize_position_embedding

LOGGER = logging.getLogger(__name__)
MOST_SHAPES = 8
"""Shapes whose buffers and graphs are kept."""
SLOTS = 2
"""Buffers of each shape that are made when it comes first, for batches under way at once."""


class CudaEngine:
    """Run a network with pinned staging buffers, three streams and CUDA graphs.

    For each shape, that is sizes of the pictures, size of the network and form of the result,
    there are two slots: buffers on both sides and a graph of everything between them. So frame
    n + 1 can go up while n is computed and n - 1 comes down, and nothing is allocated and nothing
    waits for the device but ``collect``, which one thread may call while another submits. Where
    capture fails, the log says so, and the same steps run eagerly. On another device than CUDA,
    which serves tests, they always do. With ``compiled`` the graphs hold what torch.compile made
    of the network; that takes minutes for each shape, and is not kept.
    """

    def __init__(
        self,
        network: DepthAnything,
        device: torch.device,
        dtype: torch.dtype,
        compiled: bool = False,
    ) -> None:
        self.device = device
        self._network = network.set_precision(dtype).eval()
        self._network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._forward = CompiledNetwork(self._network) if compiled else self._network
        self._dtype = dtype
        std = torch.tensor(IMAGENET_STD, device=device)[:, None, None] * 255
        self._gain = 1 / std
        self._shift = -torch.tensor(IMAGENET_MEAN, device=device)[:, None, None] * 255 / std
        self._lanes = Lanes(device)
        # Those that nothing is under way in; least recently used shapes come first.
        self._slots: OrderedDict[Shape, list[Slot]] = OrderedDict()
        self._lock = threading.Lock()
        self._positions: dict[tuple[int, int], Tensor] = {}
        self._most_pictures: int | None = None
        self.counts = EngineCounts()
        self.stages = self._lanes.stages

    def run(
        self, pictures: Sequence[np.ndarray], size: tuple[int, int], at_network_size: bool
    ) -> list[np.ndarray]:
        """Return the pictures' depth, see Engine.

        A batch that does not fit the memory, also after all that is kept was given back, is
        halved, and so is every later one. Raises OutOfMemoryError when a single picture does not
        fit, DeviceLostError.
        """
        most = self._most_pictures or len(pictures)
        results: list[np.ndarray] = []
        for start in range(0, len(pictures), most):
            part = pictures[start : start + most]
            depths = self._tried(part, size, at_network_size)
            if depths is None:
                self._give_back()
                depths = self._tried(part, size, at_network_size)
            if depths is None:
                self._shrink(len(part), size)
                return results + self.run(pictures[start:], size, at_network_size)
            results += depths
        return results

    def _tried(
        self, pictures: Sequence[np.ndarray], size: tuple[int, int], at_network_size: bool
    ) -> list[np.ndarray] | None:
        """Run a batch; None where memory does not suffice. Raises DeviceLostError.

        Memory is given back by the caller: the traceback of the error holds what was in use, and
        ends with this function.
        """
        try:
            return self.collect(self.submit(pictures, size, at_network_size))
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise _explained(error) from error
            self.counts.out_of_memory += 1
        return None

    @torch.inference_mode()
    def submit(
        self, pictures: Sequence[np.ndarray], size: tuple[int, int], at_network_size: bool
    ) -> Slot:
        """Start a batch and return without waiting.

        Raises OutOfMemoryError for more pictures than ``run`` has found room for.
        """
        if self._most_pictures is not None and len(pictures) > self._most_pictures:
            raise OutOfMemoryError(f'{self.device} has memory for {self._most_pictures} pictures')
        # Cameras come in any order: sorted, those of the same sizes share a shape and its graph.
        order = sorted(range(len(pictures)), key=lambda index: pictures[index].shape[:2])
        pictures = [pictures[index] for index in order]
        shape = Shape(tuple(rgb.shape[:2] for rgb in pictures), size, at_network_size)
        with self._lock:
            misses = self.counts.graph_misses
            slot = self._free_slot(shape)
            if slot.graph is None:
                self.counts.eager_runs += 1
            elif misses == self.counts.graph_misses:
                self.counts.graph_hits += 1
            slot.order = order
            self._lanes.start(slot, pictures)
        return slot

    def collect(self, slot: Slot) -> list[np.ndarray]:
        """Wait for a batch and return its depth, float32 arrays of their own."""
        depths = self._lanes.finish(slot)
        places = {index: place for place, index in enumerate(slot.order)}
        # Without the lock, which is held through a capture. A shape may be given up meanwhile.
        slots = self._slots.get(slot.shape)
        if slots is not None:
            slots.append(slot)
        return [depths[places[index]] for index in range(len(depths))]

    def _free_slot(self, shape: Shape) -> Slot:
        """Take out a slot of a shape; they are made and captured when it comes first."""
        if not self._slots.get(shape):
            self.counts.graph_misses += 1
        if shape not in self._slots:
            while len(self._slots) >= MOST_SHAPES:
                self._slots.popitem(last=False)
            self._slots[shape] = [self._new_slot(shape) for _ in range(SLOTS)]
        self._slots.move_to_end(shape)
        slots = self._slots[shape]
        return slots.pop(0) if slots else self._new_slot(shape)

    def _new_slot(self, shape: Shape) -> Slot:
        slot = Slot(shape, self.device, self._computation(shape))
        self._lanes.capture(slot)
        return slot

    def _computation(self, shape: Shape) -> Callable[[Sequence[Tensor]], list[Tensor]]:
        """Return the steps from uint8 pictures to depth, all on the device."""
        position = self._position_of(shape.size)

        def compute(pictures: Sequence[Tensor]) -> list[Tensor]:
            planes = [
                resize_planes(rgb.float().permute(2, 0, 1)[None], shape.size) for rgb in pictures
            ]
            image = torch.addcmul(self._shift, torch.cat(planes), self._gain).to(self._dtype)
            image = image.contiguous(memory_format=torch.channels_last)
            values = self._forward(image, position)
            if shape.at_network_size:
                return list(values)
            return [
                postprocess(one, source)[0]
                for one, source in zip(values.split(1), shape.sources, strict=True)
            ]

        return compute

    def _position_of(self, size: tuple[int, int]) -> Tensor:
        """Return the position embedding of a network size; it is resized once."""
        if size not in self._positions:
            if len(self._positions) >= MOST_SHAPES:
                del self._positions[next(iter(self._positions))]
            grid = (size[0] // PATCH_SIZE, size[1] // PATCH_SIZE)
            stored = self._network.pretrained.pos_embed.detach()
            self._positions[size] = resize_position_embedding(stored, *grid)
        return self._positions[size]

    def _give_back(self) -> None:
        """Give the memory of all shapes back."""
        with self._lock:
            self._slots.clear()
            self._positions.clear()
            self._lanes.begin_pool()
        if self.device.type == 'cuda':
            torch.cuda.empty_cache()

    def _shrink(self, pictures: int, size: tuple[int, int]) -> None:
        """Give memory back and halve the batch; raises OutOfMemoryError below one picture."""
        self._give_back()
        if pictures == 1:
            raise OutOfMemoryError(
                f'a picture of network size {size[1]}x{size[0]} does not fit the memory of '
                f'{self.device}: lower input_size, or choose a smaller model'
            )
        self._most_pictures = pictures // 2
        LOGGER.warning(
            '%s is out of memory with %d pictures at once; %d from now on',
            *(self.device, pictures, self._most_pictures),
        )


def _explained(error: RuntimeError) -> RuntimeError:
    """Return what to raise for an error of the device."""
    accelerator = getattr(torch, 'AcceleratorError', ())
    if isinstance(error, accelerator) or 'CUDA error' in str(error):
        reason = str(error).partition('\n')[0]
        return DeviceLostError(f'the GPU does not answer any more ({reason}): configure again')
    return error

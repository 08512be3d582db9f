# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What runs a network on pictures: the contract, and the plain engine that every device has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.inference.preprocessing import postprocess, preprocess
from depth_anything_ros.model.depth_anything import DepthAnything


class Engine(Protocol):
    """Run one network, in one precision, on one device."""

    def run(
        self, pictures: Sequence[np.ndarray], size: tuple[int, int], at_network_size: bool
    ) -> list[np.ndarray]:
        """Return the depth of pictures that share the network size (height, width) ``size``.

        Pictures are (H, W, 3) uint8 RGB of any strides. Depths are float32, (H, W) or, with
        ``at_network_size``, ``size``, in the order of the pictures; each owns its memory.
        """


class EagerEngine:
    """Run the network module as it is; the results are the reference for every other engine."""

    def __init__(self, network: DepthAnything, device: torch.device, dtype: torch.dtype) -> None:
        self.device = device
        self.network = network.set_precision(dtype).to(device).eval()

    @torch.inference_mode()
    def run(
        self, pictures: Sequence[np.ndarray], size: tuple[int, int], at_network_size: bool
    ) -> list[np.ndarray]:
        """Return the pictures' depth, see Engine."""
        inputs = [preprocess(as_tensor(rgb).to(self.device)[None], size) for rgb in pictures]
        output = self.network(torch.cat(inputs))
        results = []
        for values, rgb in zip(output.split(1), pictures, strict=True):
            target = size if at_network_size else rgb.shape[:2]
            results.append(postprocess(values, target)[0].cpu().numpy())
        return results


def as_tensor(rgb: np.ndarray) -> Tensor:
    """Wrap a picture; only negative strides, which torch has not, need a copy."""
    if any(stride < 0 for stride in rgb.strides):
        rgb = np.ascontiguousarray(rgb)
    return torch.from_numpy(rgb if rgb.flags.writeable else np.asarray(_Unlocked(rgb)))


class _Unlocked:
    """Lends a read-only picture to torch, which warns of arrays that it could not write to.

    The pixels of a message are such; nothing here writes to them.
    """

    def __init__(self, picture: np.ndarray) -> None:
        self._picture = picture
        memory, _ = picture.__array_interface__['data']
        self.__array_interface__ = {**picture.__array_interface__, 'data': (memory, False)}

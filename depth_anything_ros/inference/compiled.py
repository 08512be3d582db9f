# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network as torch.compile makes it."""

from __future__ import annotations

import logging

import torch
from torch import Tensor

from depth_anything_ros.inference.cuda_slot import is_out_of_memory
from depth_anything_ros.model.depth_anything import DepthAnything

LOGGER = logging.getLogger(__name__)

MODE = 'max-autotune-no-cudagraphs'
"""The kernels are tried out; graphs are the engine's own, with the copies and resizes in them."""


class CompiledNetwork:
    """Call a network compiled for each shape that it meets, or plainly where that fails.

    Compilation needs what not every machine has, such as Triton for its GPU or a C compiler. The
    log says so then, once.
    """

    def __init__(self, network: DepthAnything) -> None:
        self._plain = network
        self._compiled = torch.compile(network, dynamic=False, mode=MODE)
        self._works = True

    def __call__(self, image: Tensor, position: Tensor) -> Tensor:
        """Return the depth of (N, 3, H, W) images, see DepthAnything; raises what it raises."""
        if self._works:
            try:
                values: Tensor = self._compiled(image, position)
                return values
            except Exception as error:  # many kinds, and most of them in private modules
                if is_out_of_memory(error) or 'CUDA error' in str(error):
                    raise
                self._works = False
                # The first line names the compiler, the second what it said.
                reason = ' '.join(str(error).split('\n')[:2])
                LOGGER.warning('torch.compile failed, running without: %s', reason)
        plain: Tensor = self._plain(image, position)
        return plain

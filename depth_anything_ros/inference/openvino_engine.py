# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The engine for processors where OpenVINO is installed: its compiled graph is the fastest."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from depth_anything_ros.inference.cpu_engine import resize_pixels
from depth_anything_ros.inference.openvino_graph import graph_of, openvino_core
from depth_anything_ros.inference.preprocessing import postprocess
from depth_anything_ros.model.configuration import PATCH_SIZE
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.dinov2 import resize_position_embedding

MOST_SIZES = 4
"""Network sizes whose compiled graph is kept."""
FEW_TOKENS = 64
"""Tokens up to which OpenVINO's attention kernel is not used.

Version 2026.4 mixes up tokens and heads where there are as many of the one as of the other; that is
never more than giant's 24.
"""


def openvino_is_installed() -> bool:
    """Say whether the ``openvino`` package can be imported."""
    return importlib.util.find_spec('openvino') is not None


class OpenVinoEngine:
    """Run a network in float32 or bfloat16 through OpenVINO's CPU plugin.

    The network is traced once, for any size, and kept on disk, see ``graph_of``. Each network size
    that comes is compiled when it comes first, which takes some tenths of a second; warm_up does
    that ahead of time.
    """

    def __init__(self, network: DepthAnything, dtype: torch.dtype) -> None:
        self._options = {
            'INFERENCE_PRECISION_HINT': {torch.float32: 'f32', torch.bfloat16: 'bf16'}[dtype],
            'PERFORMANCE_HINT': 'LATENCY',
        }
        self._position = network.pretrained.pos_embed.detach().float()
        self._graph = graph_of(network.eval())
        self._requests: dict[tuple[int, int], tuple[Any, np.ndarray]] = {}

    @torch.inference_mode()
    def run(
        self, pictures: Sequence[np.ndarray], size: tuple[int, int], at_network_size: bool
    ) -> list[np.ndarray]:
        """Return the pictures' depth, see Engine."""
        request, position = self._request_for(size)
        results = []
        for rgb in pictures:
            pixels = resize_pixels(rgb, size).numpy().astype(np.float32, copy=False)
            request.infer({'image': pixels[None], 'position': position})
            # A copy, as the request writes to the same memory the next time.
            values = torch.from_numpy(request.get_output_tensor(0).data.reshape(1, *size).copy())
            target = size if at_network_size else rgb.shape[:2]
            results.append(postprocess(values, target)[0].numpy())
        return results

    def _request_for(self, size: tuple[int, int]) -> tuple[Any, np.ndarray]:
        """Return what runs a network size, and its position embedding."""
        found = self._requests.pop(size, None)
        if found is None:
            grid = (size[0] // PATCH_SIZE, size[1] // PATCH_SIZE)
            position = resize_position_embedding(self._position, *grid).numpy()
            graph = self._graph.clone()
            graph.reshape({'image': [1, *size, 3], 'position': list(position.shape)})
            options = self._options
            if position.shape[1] <= FEW_TOKENS:
                options = {**options, 'SNIPPETS_MODE': 'DISABLE'}
            compiled = openvino_core().compile_model(graph, 'CPU', options)
            found = compiled.create_infer_request(), position
        self._requests[size] = found
        while len(self._requests) > MOST_SIZES:
            del self._requests[next(iter(self._requests))]
        return found

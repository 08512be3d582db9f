# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The engine for processors where OpenVINO is installed: its compiled graph is the fastest."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from depth_anything_ros.inference.cpu_engine import resize_pixels
from depth_anything_ros.inference.preprocessing import IMAGENET_MEAN, IMAGENET_STD, postprocess
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
EXAMPLE_GRID = (8, 11)
"""Patches of the picture that the graph is traced with; no side may be 1 or equal the other."""


def openvino_is_installed() -> bool:
    """Say whether the ``openvino`` package can be imported."""
    return importlib.util.find_spec('openvino') is not None


class OpenVinoEngine:
    """Run a network in float32 or bfloat16 through OpenVINO's CPU plugin.

    The network is traced once, for any size. Each network size that comes is compiled when it
    comes first, which takes some tenths of a second; warm_up does that ahead of time.
    """

    def __init__(self, network: DepthAnything, dtype: torch.dtype) -> None:
        import openvino

        self._core = openvino.Core()
        self._options = {
            'INFERENCE_PRECISION_HINT': {torch.float32: 'f32', torch.bfloat16: 'bf16'}[dtype],
            'PERFORMANCE_HINT': 'LATENCY',
        }
        self._position = network.pretrained.pos_embed.detach().float()
        self._graph = _graph_of(network.eval())
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
            compiled = self._core.compile_model(graph, 'CPU', options)
            found = compiled.create_infer_request(), position
        self._requests[size] = found
        while len(self._requests) > MOST_SIZES:
            del self._requests[next(iter(self._requests))]
        return found


class _Traced(nn.Module):
    """The network with its position embedding as an input: its resize would not trace."""

    def __init__(self, network: DepthAnything) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, position: Tensor) -> Tensor:
        """Map (1, 3, H, W) and (1, 1 + H/14 * W/14, D) to (1, 1, H, W)."""
        grid = (image.shape[-2] // PATCH_SIZE, image.shape[-1] // PATCH_SIZE)
        network = self.network
        values = network.depth_head(network.pretrained.tap(image, position), grid)
        return values if network.config.max_depth is None else values * network.config.max_depth


def _graph_of(network: DepthAnything) -> Any:
    """Return the OpenVINO model: (1, H, W, 3) RGB in 0-255 and a position embedding to depth."""
    import openvino
    from openvino.preprocess import PrePostProcessor

    height, width = (side * PATCH_SIZE for side in EXAMPLE_GRID)
    position = resize_position_embedding(network.pretrained.pos_embed, *EXAMPLE_GRID)
    free = torch.export.Dim.AUTO
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        program = torch.export.export(
            _Traced(network),
            (torch.zeros(1, 3, height, width), position.detach()),
            dynamic_shapes={'image': {2: free, 3: free}, 'position': {1: free}},
        )
        graph = openvino.convert_model(program)
    steps = PrePostProcessor(graph)
    image = steps.input('image')
    image.tensor().set_layout(openvino.Layout('NHWC')).set_element_type(openvino.Type.f32)
    image.model().set_layout(openvino.Layout('NCHW'))
    image.preprocess().mean([255 * value for value in IMAGENET_MEAN]).scale(
        [255 * value for value in IMAGENET_STD]
    )
    return steps.build()

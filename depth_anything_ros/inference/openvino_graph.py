# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A network as an OpenVINO model, kept on disk: making it takes longer than all else at start."""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch

from depth_anything_ros.inference.conventions import IMAGENET_MEAN, IMAGENET_STD
from depth_anything_ros.model.configuration import PATCH_SIZE
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.dinov2 import resize_position_embedding

LOGGER = logging.getLogger(__name__)
EXAMPLE_GRID = (8, 11)
"""Patches of the picture that the graph is traced with; no side may be 1 or equal the other."""
MOST_GRAPHS = 8
"""Graphs that are kept on disk; a graph is as large as its network in float32."""
FORM = 1
"""Counts up when the graph's inputs, output or steps change."""


@functools.cache
def openvino_core() -> Any:
    """Return the one openvino.Core of this process, which lives as long as that.

    The CPU plugin of a Core gives its thread a stack for signal handlers and later puts the one
    before back. Of two Cores the first to go frees what the second puts back: the next signal, such
    as Ctrl-C, then writes into freed memory (2026.4, on processors with AMX).
    """
    import openvino

    return openvino.Core()


def graph_of(network: DepthAnything) -> Any:
    """Return the OpenVINO model of a network, from disk where it was made before.

    ``image`` is (1, H, W, 3) float32 RGB in 0-255; ``position`` the position embedding of that
    size, an input as its resize has no counterpart for any size. The output is depth, (1, H, W).
    """
    import openvino

    folder = cache_folder()
    file = folder / _digest(network, openvino.__version__) / 'graph.xml'
    if file.is_file():
        try:
            graph = openvino_core().read_model(file)
            file.touch()
            return graph
        except (OSError, RuntimeError) as error:
            LOGGER.warning('%s cannot be read and is made anew: %s', file, error)
    graph = _convert(network)
    try:
        _keep(graph, file)
        _forget_oldest(folder)
    except (OSError, RuntimeError) as error:
        LOGGER.warning('the graph is not kept, so the next start takes as long: %s', error)
    return graph


def cache_folder() -> Path:
    """Return where graphs lie: below XDG_CACHE_HOME, or ~/.cache."""
    base = os.environ.get('XDG_CACHE_HOME')
    return Path(base or '~/.cache').expanduser() / 'depth_anything_ros' / 'openvino'


def _digest(network: DepthAnything, version: str) -> str:
    """Return a name for the graph of these weights in this form, made by these versions."""
    digest = hashlib.sha256(f'{FORM} {network.config} {torch.__version__} {version}'.encode())
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:32]


def _convert(network: DepthAnything) -> Any:
    import openvino
    from openvino.preprocess import PrePostProcessor

    height, width = (side * PATCH_SIZE for side in EXAMPLE_GRID)
    position = resize_position_embedding(network.pretrained.pos_embed, *EXAMPLE_GRID)
    free = torch.export.Dim.AUTO
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        program = torch.export.export(
            network,
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


def _keep(graph: Any, file: Path) -> None:
    """Write a graph so that another process sees all of it or nothing."""
    import openvino

    folder = file.parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix='.part-') as part:
        openvino.save_model(graph, Path(part) / file.name, compress_to_fp16=False)
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(part, folder)
        # The context manager expects to find what it made.
        os.mkdir(part)


def _forget_oldest(folder: Path) -> None:
    graphs = sorted(folder.glob('*/graph.xml'), key=lambda file: file.stat().st_mtime)
    for file in graphs[:-MOST_GRAPHS]:
        shutil.rmtree(file.parent, ignore_errors=True)

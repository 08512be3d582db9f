# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a name or file to a network and the engine that runs it: the part that needs torch."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import torch

from depth_anything_ros.inference.cpu_engine import CpuEngine
from depth_anything_ros.inference.cuda_engine import CudaEngine
from depth_anything_ros.inference.device import DeviceError, resolve_device, resolve_precision
from depth_anything_ros.inference.engine import EagerEngine, Engine
from depth_anything_ros.inference.estimator import RANDOM, RunnableModel
from depth_anything_ros.inference.openvino_engine import OpenVinoEngine, openvino_is_installed
from depth_anything_ros.model.catalog import CATALOG, ModelCard, card_for
from depth_anything_ros.model.checkpoint import (
    CheckpointError,
    CheckpointMismatchError,
    load_network,
    wanted_max_depth,
)
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.hub import locate

OPENVINO = 'openvino'
X86 = ('x86_64', 'AMD64')


@dataclass(frozen=True)
class LoadedNetwork:
    """A network in float32 on the CPU, and where it comes from.

    ``input_size`` is the model's own; ``path`` is None for random weights, ``card`` for a file
    that was not asked for by a model's name.
    """

    network: DepthAnything
    input_size: int
    path: Path | None
    card: ModelCard | None


def load(
    model: str, weights: str | os.PathLike[str] | None = None, max_depth: float | None = None
) -> LoadedNetwork:
    """Load the network that ``DepthEstimator`` would run for the same arguments."""
    if weights == RANDOM:
        card = card_for(model)
        config = config_for(card.size, wanted_max_depth(card, max_depth))
        return LoadedNetwork(DepthAnything(config).initialise(), card.input_size, None, card)
    found: tuple[ModelCard | None, Path]
    found = locate(model) if weights is None else (card_for(model), Path(weights))
    card_or_none, path = found
    try:
        network = load_network(card_or_none, path, max_depth=max_depth)
    except CheckpointMismatchError:
        raise
    except CheckpointError as error:
        if weights is not None or card_or_none is None or card_or_none.shipped:
            raise
        raise CheckpointError(
            f'{error}; "depth-anything download {card_or_none.name}" checks the cached file and '
            'fetches it again where it is damaged'
        ) from error
    size = (card_or_none or CATALOG[network.config.size]).input_size
    return LoadedNetwork(network, size, path, card_or_none)


def runnable(
    model: str,
    weights: str | os.PathLike[str] | None,
    device: str,
    precision: str,
    max_depth: float | None,
    compiled: bool = False,
) -> RunnableModel:
    """Return a network with the engine of its device; the arguments are DepthEstimator's."""
    name, where = _resolve(device)
    _check_compiled(compiled, where)
    dtype = resolve_precision(precision, where)
    loaded = load(model, weights, max_depth)
    config = loaded.network.config
    return RunnableModel(
        engine=engine_for(loaded.network, name, where, dtype, compiled),
        kind=config.kind,
        max_depth=config.max_depth,
        own_input_size=loaded.input_size,
        precision=str(dtype).removeprefix('torch.'),
        device=lambda: name,
    )


def _resolve(device: str) -> tuple[str, torch.device]:
    """Return the full name of a device, and where torch has it."""
    if device == OPENVINO and not openvino_is_installed():
        raise DeviceError(f'device {OPENVINO} needs its package: pip install openvino')
    where = resolve_device('cpu' if device == OPENVINO else device)
    # Measured on x86 alone; on other processors it is there for the asking.
    wanted = device == 'auto' and where.type == 'cpu' and platform.machine() in X86
    if device == OPENVINO or (wanted and openvino_is_installed()):
        return OPENVINO, where
    return str(where), where


def check_device(device: str, precision: str, compiled: bool) -> None:
    """Refuse what cannot run on this machine, without touching a GPU; raises DeviceError."""
    if device.startswith('cuda'):
        there = torch.cuda.device_count()
        if int(device.partition(':')[2] or 0) >= there:
            raise DeviceError(f'device {device!r} cannot be used here: torch finds {there} GPU(s)')
        where = torch.device(device)
    else:
        _, where = _resolve(device)
    _check_compiled(compiled, where)
    resolve_precision(precision, where)


def _check_compiled(compiled: bool, where: torch.device) -> None:
    if compiled and where.type != 'cuda':
        raise DeviceError(f'compiled is for GPUs of NVIDIA, here is {where.type}: leave it false')


def engine_for(
    network: DepthAnything,
    name: str,
    where: torch.device,
    dtype: torch.dtype,
    compiled: bool = False,
) -> Engine:
    """Return the fastest engine for a device; it takes the network over.

    ``compiled`` is CudaEngine's, and for no other.
    """
    if name == OPENVINO:
        return OpenVinoEngine(network, dtype)
    if where.type == 'cpu':
        return CpuEngine(network, dtype)
    if where.type == 'cuda':
        return CudaEngine(network, where, dtype, compiled)
    return EagerEngine(network, where, dtype)

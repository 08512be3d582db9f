# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The public way from pictures to depth."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.inference.cpu_engine import CpuEngine
from depth_anything_ros.inference.device import resolve_device, resolve_precision
from depth_anything_ros.inference.engine import EagerEngine, Engine
from depth_anything_ros.inference.preprocessing import network_size
from depth_anything_ros.model.catalog import CATALOG, ModelCard, card_for
from depth_anything_ros.model.checkpoint import (
    CheckpointError,
    CheckpointMismatchError,
    load_network,
    wanted_max_depth,
)
from depth_anything_ros.model.configuration import PATCH_SIZE, config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.hub import locate

RANDOM = 'random'


class DepthEstimator:
    """Estimate depth from pictures with one network.

    ``model`` is a name of the catalog (``nano``, ``small``, ``metric-indoor-base`` ...) or the
    path of a weights file. ``weights`` replaces the catalog's file by another one, or by
    ``'random'`` values for tests. ``device`` is ``auto``, ``cpu``, ``cuda`` ...; ``precision`` is
    ``auto``, ``float32``, ``bfloat16`` or ``float16``. ``input_size`` is the shorter side at which
    the network sees a picture, in pixels; None takes ``own_input_size``, the model's own (518 for
    published ones). ``max_depth`` is the farthest depth in metres of metric weights that do not
    say it themselves; a number that contradicts the weights or the model is refused.

    Raises UnknownModelError, CheckpointError, DownloadError, DeviceError or ValueError, each
    saying what to do.
    """

    def __init__(
        self,
        model: str = 'nano',
        weights: str | os.PathLike[str] | None = None,
        device: str = 'auto',
        precision: str = 'auto',
        input_size: int | None = None,
        max_depth: float | None = None,
    ) -> None:
        self.device = resolve_device(device)
        self.precision = resolve_precision(precision, self.device)
        network, self.own_input_size = _load(model, weights, max_depth)
        self.model = model
        self.input_size = self.own_input_size if input_size is None else input_size
        self._config = network.config
        self._engine = engine_for(network, self.device, self.precision)

    @property
    def kind(self) -> DepthKind:
        """What the values mean."""
        return self._config.kind

    @property
    def max_depth(self) -> float | None:
        """The metric head's limit in metres; None for a relative network."""
        return self._config.max_depth

    @property
    def input_size(self) -> int:
        """The shorter side of the network's input in pixels; settable between calls."""
        return self._input_size

    @input_size.setter
    def input_size(self, value: int) -> None:
        if value < PATCH_SIZE:
            raise ValueError(f'input_size {value} must be at least {PATCH_SIZE}')
        self._input_size = value

    def estimate(self, rgb: np.ndarray, at_network_size: bool = False) -> Depth:
        """Estimate one picture.

        ``rgb`` is (H, W, 3) uint8, any strides. The depth has the picture's size, or with
        ``at_network_size`` that of the network's input, which skips the final resize.
        """
        return self.estimate_batch([rgb], at_network_size)[0]

    def estimate_batch(
        self, pictures: Sequence[np.ndarray], at_network_size: bool = False
    ) -> list[Depth]:
        """Estimate pictures of any sizes; those of one network size share a pass.

        Results come in the order of the pictures; see ``estimate`` for their form.
        """
        groups: dict[tuple[int, int], list[int]] = {}
        for index, rgb in enumerate(pictures):
            _check_picture(rgb)
            height, width = rgb.shape[:2]
            size = network_size(height, width, self.input_size)
            groups.setdefault(size, []).append(index)
        results: dict[int, Depth] = {}
        for size, members in groups.items():
            chosen = [pictures[i] for i in members]
            values = self._engine.run(chosen, size, at_network_size)
            for index, depth in zip(members, values, strict=True):
                results[index] = Depth(depth, self.kind, size)
        return [results[index] for index in range(len(pictures))]

    def warm_up(self, height: int, width: int) -> None:
        """Run once on a gray picture, so that the first real one does not pay for set-up."""
        self.estimate(np.full((height, width, 3), 128, np.uint8))


def engine_for(network: DepthAnything, device: torch.device, dtype: torch.dtype) -> Engine:
    """Return the fastest engine for a device; it takes the network over."""
    if device.type == 'cpu':
        return CpuEngine(network, dtype)
    return EagerEngine(network, device, dtype)


def _check_picture(rgb: np.ndarray) -> None:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or not rgb.size:
        raise ValueError(
            f'a picture must be (H, W, 3) uint8 RGB with H, W > 0, got {rgb.shape} {rgb.dtype}'
        )


def _load(
    model: str, weights: str | os.PathLike[str] | None, max_depth: float | None
) -> tuple[DepthAnything, int]:
    """Return the network and its own input size."""
    if weights == RANDOM:
        card = card_for(model)
        config = config_for(card.size, wanted_max_depth(card, max_depth))
        return DepthAnything(config).initialise(), card.input_size
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
    size = network.config.size
    return network, (card_or_none or CATALOG[size]).input_size

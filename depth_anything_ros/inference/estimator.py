# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The public way from pictures to depth."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.inference.conventions import check_patches, network_size
from depth_anything_ros.inference.engine_counts import EngineCounts
from depth_anything_ros.inference.pipeline import Pass, Pending, PipelinedEngine, start
from depth_anything_ros.inference.stage_times import StageTimes
from depth_anything_ros.model.configuration import PATCH_SIZE

if TYPE_CHECKING:
    from depth_anything_ros.inference.engine import Engine

# torch is imported where a network is loaded: an exported model runs without it.

RANDOM = 'random'
ONNX_SUFFIX = '.onnx'
MOST_SIZES = 8
"""Network sizes that are remembered for telling."""


@dataclass(frozen=True)
class RunnableModel:
    """An engine and the facts of what it runs.

    ``max_depth`` is in metres, ``own_input_size`` in pixels. ``fixed_size`` is the only network
    size (height, width) that the engine takes, None for all. ``device`` is asked anew each time,
    as an engine may have to fall back on another one.
    """

    engine: Engine
    kind: DepthKind
    max_depth: float | None
    own_input_size: int
    precision: str
    device: Callable[[], str]
    fixed_size: tuple[int, int] | None = None


class DepthEstimator:
    """Estimate depth from pictures with one network.

    ``model`` is a name of the catalog (``nano``, ``small``, ``metric-indoor-base`` ...) or the
    path of a weights file, or of an ONNX file that ``depth-anything export`` made, which runs
    without torch. ``weights`` replaces the catalog's file by another one, or by ``'random'``
    values for tests. ``device`` is ``auto``, ``cpu``, ``openvino`` (its package on the processor;
    ``auto`` takes it where there is no GPU), ``cuda`` ..., for an ONNX file ``tensorrt``,
    ``cuda``, ``openvino`` or ``cpu``; ``precision`` is ``auto``, ``float32``, ``bfloat16`` or
    ``float16``. ``input_size`` is the shorter side at which the network sees a picture, in
    pixels; None takes ``own_input_size``, the model's own (518 for published ones). ``max_depth``
    is the farthest depth in metres of metric weights that do not say it themselves; a number that
    contradicts the weights or the model is refused. ``compiled`` puts the network through
    torch.compile, on ``cuda`` alone: each shape then takes minutes when it comes first.

    A file exported for one size stretches every picture to it.

    Raises UnknownModelError, CheckpointError, DownloadError, DeviceError, for an ONNX file
    OnnxModelError or ProviderError, or ValueError, each saying what to do.
    """

    network_sizes: tuple[tuple[int, int], ...] = ()
    """The last sizes (height, width) at which the network saw pictures, newest last."""

    def __init__(
        self,
        model: str = 'nano',
        weights: str | os.PathLike[str] | None = None,
        device: str = 'auto',
        precision: str = 'auto',
        input_size: int | None = None,
        max_depth: float | None = None,
        compiled: bool = False,
    ) -> None:
        file = Path(model if weights is None else weights)
        if file.suffix.lower() == ONNX_SUFFIX:
            from depth_anything_ros.inference.onnx_model import runnable_onnx

            if compiled:
                raise ValueError(f'compiled is for weights, not for {file.name}: leave it false')
            name = None if weights is None else model
            self._model = runnable_onnx(file, name, device, precision, max_depth)
        else:
            from depth_anything_ros.inference.loading import runnable

            self._model = runnable(model, weights, device, precision, max_depth, compiled)
        self._engine = self._model.engine
        self._stages: StageTimes = getattr(self._engine, 'stages', None) or StageTimes()
        self.model = model
        self.input_size = self.own_input_size if input_size is None else input_size

    @property
    def kind(self) -> DepthKind:
        """What the values mean."""
        return self._model.kind

    @property
    def max_depth(self) -> float | None:
        """The metric head's limit in metres; None for a relative network."""
        return self._model.max_depth

    @property
    def own_input_size(self) -> int:
        """The model's own ``input_size``: the one it was trained for, or can only take."""
        return self._model.own_input_size

    @property
    def stages(self) -> StageTimes:
        """How long the stages inside the engine took lately; empty where it does not tell."""
        return self._stages

    @property
    def counts(self) -> EngineCounts | None:
        """How passes ran; None for an engine that has but one way."""
        return getattr(self._engine, 'counts', None)

    def reset_counts(self) -> None:
        """Start stages and counts anew."""
        self.stages.clear()
        if self.counts is not None:
            self.counts.reset()

    @property
    def device(self) -> str:
        """Where the network runs: cpu, cuda:0 ..., for an ONNX file also tensorrt or openvino."""
        return self._model.device()

    @property
    def in_flight(self) -> int:
        """How many batches to keep under way with ``submit``: 2 where uploads, computation and
        downloads overlap, else 1.
        """
        overlaps = isinstance(self._engine, PipelinedEngine) and self.device.startswith('cuda')
        return 2 if overlaps else 1

    @property
    def precision(self) -> str:
        """The number format: float32, bfloat16 or float16."""
        return self._model.precision

    @property
    def input_size(self) -> int:
        """The shorter side of the network's input in pixels; settable between calls.

        A file exported for one size takes no other.
        """
        return self._input_size

    @input_size.setter
    def input_size(self, value: int) -> None:
        self._check_input_size(value)
        self._input_size = value

    def network_size(
        self, height: int, width: int, input_size: int | None = None
    ) -> tuple[int, int]:
        """Return the (height, width) at which the network sees a picture of a size.

        ``input_size`` is that of one call, None for the estimator's; pictures that share the
        result share a pass. Raises ValueError for an input_size that cannot be.
        """
        if input_size is None:
            input_size = self.input_size
        self._check_input_size(input_size)
        return self._model.fixed_size or network_size(height, width, input_size)

    def estimate(
        self, rgb: np.ndarray, at_network_size: bool = False, input_size: int | None = None
    ) -> Depth:
        """Estimate one picture.

        ``rgb`` is (H, W, 3) uint8, any strides. The depth has the picture's size, or with
        ``at_network_size`` that of the network's input, which skips the final resize.
        ``input_size`` is for this call, None for the estimator's. Raises LongPictureError for one
        so long and thin that its network size has more than MAX_PATCHES of conventions.py.
        """
        return self.estimate_batch([rgb], at_network_size, input_size)[0]

    def estimate_batch(
        self,
        pictures: Sequence[np.ndarray],
        at_network_size: bool = False,
        input_size: int | None = None,
    ) -> list[Depth]:
        """Estimate pictures of any sizes; those of one network size share a pass.

        Results come in the order of the pictures; see ``estimate`` for the rest.
        """
        results: dict[int, Depth] = {}
        for size, members in self._passes(pictures, input_size).items():
            chosen = [pictures[index] for index in members]
            values = self._engine.run(chosen, size, at_network_size)
            for index, depth in zip(members, values, strict=True):
                results[index] = Depth(depth, self.kind, size)
        return [results[index] for index in range(len(pictures))]

    def submit(
        self,
        pictures: Sequence[np.ndarray],
        at_network_size: bool = False,
        input_size: int | None = None,
    ) -> Pending:
        """Start ``estimate_batch``; only an engine that has to wait for no device computes here.

        Up to ``in_flight`` batches may be under way. Any one thread may ask them for their result,
        in the order of the calls; it raises what broke the batch. Pictures must stay as they are
        until then.
        """
        passes = []
        for size, members in self._passes(pictures, input_size).items():
            chosen = [pictures[index] for index in members]
            passes.append(Pass(size, members, start(self._engine, chosen, size, at_network_size)))
        return Pending(self.kind, passes)

    def _passes(
        self, pictures: Sequence[np.ndarray], input_size: int | None
    ) -> dict[tuple[int, int], list[int]]:
        """Return the indices of the pictures that share a pass, by its network size."""
        passes: dict[tuple[int, int], list[int]] = {}
        for index, rgb in enumerate(pictures):
            _check_picture(rgb)
            size = self.network_size(rgb.shape[0], rgb.shape[1], input_size)
            check_patches(rgb.shape[0], rgb.shape[1], size, input_size or self.input_size)
            passes.setdefault(size, []).append(index)
        others = (size for size in self.network_sizes if size not in passes)
        self.network_sizes = (*others, *passes)[-MOST_SIZES:]
        return passes

    def warm_up(
        self,
        height: int,
        width: int,
        pictures: int = 1,
        input_size: int | None = None,
        at_network_size: bool = False,
    ) -> None:
        """Run once on gray pictures, so that the first real ones do not pay for set-up."""
        gray = np.full((height, width, 3), 128, np.uint8)
        self.estimate_batch([gray] * pictures, at_network_size, input_size)

    def _check_input_size(self, value: int) -> None:
        if value < PATCH_SIZE:
            raise ValueError(f'input_size {value} must be at least {PATCH_SIZE}')
        fixed = self._model.fixed_size
        if fixed is not None and value != min(fixed):
            raise ValueError(
                f'input_size {value} cannot be: {self.model} was exported for {fixed[0]} x '
                f'{fixed[1]} alone; leave input_size unset, or export it with --dynamic'
            )


def _check_picture(rgb: np.ndarray) -> None:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or not rgb.size:
        raise ValueError(
            f'a picture must be (H, W, 3) uint8 RGB with H, W > 0, got {rgb.shape} {rgb.dtype}'
        )

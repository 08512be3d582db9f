# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The options by which commands choose a network, and how they load it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depth_anything_ros.cli.fail import fail

if TYPE_CHECKING:
    from depth_anything_ros.inference.estimator import DepthEstimator

ModelOption = Annotated[
    str, typer.Option(help='A model by name (see `depth-anything models`), or a weights file.')
]
WeightsOption = Annotated[
    Path | None, typer.Option(help='Weights to load instead of the ones that the model names.')
]
InputSizeOption = Annotated[
    int | None,
    typer.Option(min=14, help="Shorter side of the network's input in pixels [the model's own]."),
]
DeviceOption = Annotated[str, typer.Option(help='auto, cpu, openvino, cuda, cuda:1, mps.')]
PrecisionOption = Annotated[str, typer.Option(help='auto, float32, bfloat16, float16.')]
MaxDepthOption = Annotated[
    float | None,
    typer.Option(help='Farthest depth in metres of metric weights that do not say it.'),
]


def load_estimator(
    model: str,
    weights: Path | None = None,
    device: str = 'auto',
    precision: str = 'auto',
    input_size: int | None = None,
    max_depth: float | None = None,
) -> DepthEstimator:
    """Load a network, or end the command saying why it cannot be."""
    from depth_anything_ros import DepthEstimator
    from depth_anything_ros.inference.device import DeviceError
    from depth_anything_ros.inference.onnx_model import OnnxModelError
    from depth_anything_ros.inference.onnx_session import ProviderError
    from depth_anything_ros.model.catalog import UnknownModelError
    from depth_anything_ros.model.checkpoint import CheckpointError
    from depth_anything_ros.model.hub import DownloadError

    try:
        return DepthEstimator(model, weights, device, precision, input_size, max_depth)
    except (
        CheckpointError,
        DeviceError,
        DownloadError,
        OnnxModelError,
        OSError,
        ProviderError,
        UnknownModelError,
        ValueError,
    ) as error:
        fail(error)

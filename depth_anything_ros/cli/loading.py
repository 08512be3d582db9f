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
    typer.Option(
        min=14, help="Shorter side of the network's input in pixels; else the model's own."
    ),
]
DeviceOption = Annotated[str, typer.Option(help='auto, cpu, openvino, cuda, cuda:1, mps.')]
PrecisionOption = Annotated[str, typer.Option(help='auto, float32, bfloat16, float16.')]
MaxDepthOption = Annotated[
    float | None,
    typer.Option(help='Farthest depth in metres of metric weights that do not say it.'),
]

JsonOption = Annotated[
    bool, typer.Option('--json', help='Print a summary as JSON on standard output.')
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

    try:
        return DepthEstimator(model, weights, device, precision, input_size, max_depth)
    except Exception as error:
        # Told by where it is from: importing some of the classes takes torch, which an exported
        # model does not need.
        ours = type(error).__module__.partition('.')[0] == 'depth_anything_ros'
        if ours or isinstance(error, (OSError, ValueError)):
            fail(error)
        raise

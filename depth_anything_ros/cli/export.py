# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything export`."""

from __future__ import annotations

import importlib.util
import json
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depth_anything_ros.cli.fail import fail
from depth_anything_ros.cli.loading import JsonOption
from depth_anything_ros.inference.estimator import ONNX_SUFFIX

if TYPE_CHECKING:
    from depth_anything_ros.inference.loading import LoadedNetwork

NEEDED = ('onnx', 'onnxscript', 'onnxruntime')
"""What the extra [onnx] installs."""


class Format(str, Enum):
    """What a network can be exported to."""

    onnx = 'onnx'


class Precision(str, Enum):
    """The number format of the exported weights and of the computation."""

    float32 = 'float32'
    float16 = 'float16'


def export(
    model: Annotated[str, typer.Argument(help='A model by name, or the path of a weights file.')],
    format: Annotated[Format, typer.Option(help='What to write.')] = Format.onnx,
    output: Annotated[
        Path | None,
        typer.Option('--output', '-o', help='The file to write; MODEL.onnx here if not given.'),
    ] = None,
    input_size: Annotated[
        int | None,
        typer.Option(min=14, help="Shorter side of the network's input; else the model's own."),
    ] = None,
    height: Annotated[
        int | None, typer.Option(help="The network input's only height, a multiple of 14.")
    ] = None,
    width: Annotated[int | None, typer.Option(help='Its only width, a multiple of 14.')] = None,
    dynamic: Annotated[
        bool | None,
        typer.Option(
            '--dynamic/--fixed',
            help='Any batch and size, or one picture of one size. Dynamic without --height.',
        ),
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="A weights file instead of the model's own.")
    ] = None,
    max_depth: Annotated[
        float | None, typer.Option(help='Metres of metric weights that do not say theirs.')
    ] = None,
    precision: Annotated[Precision, typer.Option(help='Number format.')] = Precision.float32,
    as_json: JsonOption = False,
) -> None:
    """Write a network for other runtimes, checked against torch before it gets its name.

    DepthEstimator and depth_node take the file as a model, without torch. Exit codes: 0 written, 1
    it could not be, or is not equal to torch, 2 wrong usage, 130 interrupted.
    """
    _check_sizes(input_size, height, width, dynamic)
    if output is not None and output.suffix.lower() != ONNX_SUFFIX:
        raise typer.BadParameter(f'--output {output} must end in {ONNX_SUFFIX}')
    for package in NEEDED:
        if importlib.util.find_spec(package) is None:
            fail(f"export needs {package}: pip install 'depth_anything_ros[onnx]'")
    import torch

    from depth_anything_ros.inference.conventions import network_size
    from depth_anything_ros.inference.loading import load
    from depth_anything_ros.inference.onnx_card import file_sha256
    from depth_anything_ros.inference.onnx_export import ModelFacts, OnnxExportError, export_onnx
    from depth_anything_ros.model.catalog import UnknownModelError
    from depth_anything_ros.model.checkpoint import CheckpointError
    from depth_anything_ros.model.hub import DownloadError

    try:
        loaded = load(model, weights, max_depth)
        own = input_size or loaded.input_size
        fixed = None
        if height is not None and width is not None:
            fixed = (height, width)
        elif dynamic is False:
            fixed = network_size(own, own, own)
        path = output or Path(_default_name(model, fixed, precision))
        facts = ModelFacts(
            model=loaded.card.name if loaded.card else Path(model).stem,
            input_size=own,
            licence=_licence(loaded, weights),
            weights_sha256=file_sha256(loaded.path) if loaded.path else '',
        )
        typer.echo(f'exporting {model} to {path}: some tens of seconds', err=True)
        report = export_onnx(loaded.network, path, facts, fixed, getattr(torch, precision.value))
    except (
        CheckpointError,
        DownloadError,
        OnnxExportError,
        OSError,
        UnknownModelError,
    ) as error:
        fail(error)
    if as_json:
        summary = {
            'output': str(path),
            'model': facts.model,
            'precision': precision.value,
            'size': None if fixed is None else list(fixed),
            'checked_sizes': [list(size) for size in report.sizes],
            'deviation': report.deviation,
        }
        typer.echo(json.dumps(summary, indent=2))
        return
    sizes = ', '.join(f'{rows} x {columns}' for rows, columns in report.sizes)
    takes = 'any size' if fixed is None else 'this size alone'
    typer.echo(
        f'{path}: {precision.value}, {takes}, at most {report.deviation:.1e} of the range from '
        f'torch at {sizes}'
    )


def _check_sizes(
    input_size: int | None, height: int | None, width: int | None, dynamic: bool | None
) -> None:
    """Refuse options that contradict each other; wrong usage is exit code 2."""
    if (height is None) != (width is None):
        raise typer.BadParameter('--height and --width go together')
    if height is not None and dynamic:
        raise typer.BadParameter('--height and --width are for --fixed')
    if height is not None and input_size is not None:
        raise typer.BadParameter('give --input-size, or --height and --width')


def _default_name(model: str, fixed: tuple[int, int] | None, precision: Precision) -> str:
    parts = [Path(model).stem]
    if fixed is not None:
        parts.append(f'{fixed[0]}x{fixed[1]}')
    if precision is not Precision.float32:
        parts.append(precision.value)
    return f'{"-".join(parts)}.onnx'


def _licence(loaded: LoadedNetwork, weights: str | None) -> str:
    """Return the licence of weights, empty for a user's own file, which we know nothing of."""
    return loaded.card.licence if loaded.card is not None and weights is None else ''

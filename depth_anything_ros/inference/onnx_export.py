# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a network to an ONNX file that is known to give the same depth."""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from depth_anything_ros import __version__
from depth_anything_ros.inference.onnx_card import (
    INPUT,
    OUTPUT,
    OnnxCard,
    deviation,
    reference_picture,
    thinned,
)
from depth_anything_ros.inference.onnx_network import OnnxNetwork
from depth_anything_ros.inference.onnx_pictures import network_input
from depth_anything_ros.model.configuration import PATCH_SIZE
from depth_anything_ros.model.depth_anything import DepthAnything

OPSET = 18
"""The newest that the runtimes of JetPack 6 know whole."""

TOLERANCES = {torch.float32: 1e-3, torch.float16: 2e-2}
"""Largest deviation from torch in float32, as a share of the depth's range."""

CHECKED_SIZES = ((140, 182), (14, 28), (336, 252), (518, 518))
"""Where a file for all sizes is checked: by a batch of two, at the smallest, upright, and at the
size of the stored position embedding, which is a case of its own. The first is the reference's."""

EXTERNAL_ABOVE = 1_900_000_000
"""Bytes of weights above which they get a file of their own: protocol buffers end at 2 GiB."""


class OnnxExportError(RuntimeError):
    """A network that could not be exported, or whose export gives another depth."""


@dataclass(frozen=True)
class ModelFacts:
    """What an exported file shall say beside what the network itself knows; see OnnxCard."""

    model: str
    input_size: int
    licence: str
    weights_sha256: str


@dataclass(frozen=True)
class ExportReport:
    """The largest deviation from torch that the check saw, and the sizes that it looked at."""

    deviation: float
    sizes: tuple[tuple[int, int], ...]


def export_onnx(
    network: DepthAnything,
    path: Path,
    facts: ModelFacts,
    fixed_size: tuple[int, int] | None = None,
    dtype: torch.dtype = torch.float32,
) -> ExportReport:
    """Write a network as ONNX; it takes the network over.

    The model maps ``image``, float32 (B, 3, H, W) RGB normalised by ImageNet's mean and standard
    deviation, to ``depth``, float32 (B, H, W), in either precision. B, H and W are free, the sides
    multiples of 14; with ``fixed_size`` (height, width) the batch is one and the sides are these.
    Weights above 1.9 GB go to a file beside it, ``<name>.data``. Before a file gets its name its
    depth is compared with torch's in float32; OnnxExportError says what differs.
    """
    _check(fixed_size, dtype)
    sizes = CHECKED_SIZES if fixed_size is None else (fixed_size,)
    inputs = {size: _input(size) for size in sizes}
    if fixed_size is None:
        inputs[sizes[0]] = _input(sizes[0], batch=2)
    with torch.inference_mode():
        wanted = {size: network(torch.from_numpy(inputs[size])).numpy() for size in sizes}
    config = network.config
    card = OnnxCard(
        model=facts.model,
        size=config.size,
        max_depth=config.max_depth,
        input_size=facts.input_size if fixed_size is None else min(fixed_size),
        fixed_size=fixed_size,
        precision=str(dtype).removeprefix('torch.'),
        licence=facts.licence,
        weights_sha256=facts.weights_sha256,
        version=__version__,
        reference_size=sizes[0],
        reference=thinned(wanted[sizes[0]][0]),
    )
    program = _trace(OnnxNetwork(network.set_precision(dtype), fixed_size).eval(), fixed_size)
    _label(program.model, card)
    weights = sum(tensor.nbytes for tensor in network.state_dict().values())
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix='.export-') as folder:
        fresh = Path(folder) / path.name
        program.save(fresh, external_data=weights > EXTERNAL_ABOVE)
        worst = _compare(fresh, inputs, wanted, TOLERANCES[dtype])
        # The weights first: a model without them would not load.
        for part in sorted(Path(folder).iterdir(), key=lambda part: part == fresh):
            os.replace(part, path.parent / part.name)
    return ExportReport(worst, tuple(sizes))


def _check(fixed_size: tuple[int, int] | None, dtype: torch.dtype) -> None:
    if dtype not in TOLERANCES:
        raise OnnxExportError(f'precision {dtype} is not exported; choose float32 or float16')
    for side in fixed_size or ():
        if side < PATCH_SIZE or side % PATCH_SIZE:
            below, above = side // PATCH_SIZE * PATCH_SIZE, -(-side // PATCH_SIZE) * PATCH_SIZE
            raise OnnxExportError(
                f'height and width must be multiples of {PATCH_SIZE}, got {side}; take '
                + (f'{below} or {above}' if below > 0 else f'{above}')
            )


def _input(size: tuple[int, int], batch: int = 1) -> np.ndarray:
    """Return network input (batch, 3, *size): the reference picture, then its mirror image."""
    one = network_input(reference_picture(*size), size)
    return np.stack([one, one[..., ::-1]][:batch])


def _trace(network: OnnxNetwork, fixed_size: tuple[int, int] | None) -> Any:
    """Return the ONNXProgram of a network."""
    shapes = None
    example = torch.zeros(1, 3, *fixed_size) if fixed_size else torch.zeros(2, 3, 140, 182)
    if fixed_size is None:
        batch, rows, columns = (
            torch.export.Dim(name, min=1, max=4096) for name in ('batch', 'rows', 'columns')
        )
        shapes = {'image': {0: batch, 2: PATCH_SIZE * rows, 3: PATCH_SIZE * columns}}
    chatter = logging.getLogger('torch.onnx')
    level = chatter.level
    try:
        chatter.setLevel(logging.ERROR)  # it misses torchvision, which nothing here needs
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            program = torch.onnx.export(
                network,
                (example,),
                dynamo=True,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=shapes,
                opset_version=OPSET,
                verbose=False,
            )
    except (torch.onnx.errors.OnnxExporterError, RuntimeError, TypeError) as error:
        cause = error.__cause__ or error  # the exporter's own words are advice for its developers
        reason = f'{type(cause).__name__}: {str(cause).strip().partition(chr(10))[0]}'
        less = '' if fixed_size else ', and --fixed asks less of it'
        raise OnnxExportError(
            f'torch {torch.__version__} cannot export the network ({reason}); a newer torch '
            f'may{less}'
        ) from error
    finally:
        chatter.setLevel(level)
    return program


def _label(model: Any, card: OnnxCard) -> None:
    """Put the card in, and take out what the exporter notes of this machine's source files."""
    for node in model.graph.all_nodes():
        node.metadata_props.clear()
        for value in node.outputs:
            value.metadata_props.clear()
    for value in model.graph.inputs:
        value.metadata_props.clear()
    model.graph.metadata_props.clear()
    model.metadata_props.clear()
    model.metadata_props.update(card.to_properties())
    model.producer_name, model.producer_version = 'depth_anything_ros', __version__


def _compare(
    path: Path,
    inputs: dict[tuple[int, int], np.ndarray],
    wanted: dict[tuple[int, int], np.ndarray],
    tolerance: float,
) -> float:
    """Return the largest deviation of a file's depth from torch's; raise where it is too large."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
        found = {
            size: max(map(deviation, session.run([OUTPUT], {INPUT: image})[0], wanted[size]))
            for size, image in inputs.items()
        }
    except Exception as error:  # onnxruntime's errors have no common base
        reason = str(error).strip().partition('\n')[0]
        raise OnnxExportError(
            f'onnxruntime {onnxruntime.__version__} cannot run the exported network ({reason}); '
            'nothing was written'
        ) from error
    (height, width), worst = max(found.items(), key=lambda item: item[1])
    if not worst <= tolerance:
        raise OnnxExportError(
            f"the exported network differs from torch by {worst:.2g} of the depth's range at "
            f'{height} x {width}, more than {tolerance:g}; nothing was written. Another version of '
            'torch or onnxruntime may do better; please report this'
        )
    return worst

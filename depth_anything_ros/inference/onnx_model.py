# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An exported file as the estimator's model, held to what was asked for."""

from __future__ import annotations

from pathlib import Path

from depth_anything_ros.inference.estimator import RunnableModel
from depth_anything_ros.inference.onnx_card import OnnxCard, OnnxModelError, read_card
from depth_anything_ros.inference.onnx_engine import OnnxEngine
from depth_anything_ros.inference.onnx_session import OnnxFile, providers_for
from depth_anything_ros.model.catalog import card_for


def runnable_onnx(
    path: Path, model: str | None, device: str, precision: str, max_depth: float | None
) -> RunnableModel:
    """Return an exported model with its engine; the arguments are DepthEstimator's.

    ``model`` is the name that the file was given for as weights, None for a file on its own.
    Raises OnnxModelError for a file that is not what these ask for, ProviderError for a device.
    """
    try:
        path = path.expanduser()
    except RuntimeError as error:
        raise OnnxModelError(f'{path} cannot be found: {error}') from error
    card = read_card(path)
    _require(path, card, model, precision, max_depth)
    names, gpu = providers_for(device)
    engine = OnnxEngine(OnnxFile(path, card, gpu), names)
    return RunnableModel(
        engine=engine,
        kind=card.kind,
        max_depth=card.max_depth,
        own_input_size=card.input_size,
        precision=card.precision,
        device=lambda: engine.provider,
        fixed_size=card.fixed_size,
    )


def _require(
    path: Path, card: OnnxCard, model: str | None, precision: str, max_depth: float | None
) -> None:
    """Refuse a file that contradicts what was asked for."""
    what = f'{card.size}, {card.kind.value}'
    if card.max_depth is not None:
        what += f' up to {card.max_depth:g} m'
    if model is not None:
        wanted = card_for(model)
        if (wanted.size, wanted.max_depth) != (card.size, card.max_depth):
            raise OnnxModelError(
                f'{path} holds another network ({what}) than model: {model}; give the file as the '
                'model itself'
            )
    if max_depth is not None and max_depth != card.max_depth:
        raise OnnxModelError(
            f'max_depth asks for {max_depth:g} m, but {path} is {what}; leave max_depth unset, or '
            'export the weights again with --max-depth'
        )
    if precision not in ('auto', card.precision):
        raise OnnxModelError(
            f'precision {precision!r} cannot be: {path} was exported in {card.precision}; leave '
            'precision at auto, or export it again with --precision'
        )

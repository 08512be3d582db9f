# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: from a weights file to a network that is what was asked for, and back to a file."""

from __future__ import annotations

import json
import logging
import os
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.model.catalog import CATALOG, ModelCard
from depth_anything_ros.model.checkpoint_file import (
    CheckpointError,
    CheckpointFile,
    read_checkpoint,
)
from depth_anything_ros.model.configuration import DepthAnythingConfig, config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.recognition import CheckpointFacts, probe_head, recognise

__all__ = [
    'CheckpointError',
    'CheckpointMismatchError',
    'load_network',
    'save_checkpoint',
    'wanted_max_depth',
]

logger = logging.getLogger(__name__)

_UNUSED = ('pretrained.mask_token', 'depth_head.scratch.refinenet4.resConfUnit1.')
"""Tensors that no output depends on, so that a file stripped of them is still complete."""


class CheckpointMismatchError(CheckpointError):
    """A checkpoint that is sound but is not what the settings ask for."""


def wanted_max_depth(card: ModelCard | None, max_depth: float | None) -> float | None:
    """Return the metres that a model's name and a ``max_depth`` setting ask for together.

    None asks for a relative network, or for nothing when both are None. Two different numbers are
    a ``CheckpointMismatchError``.
    """
    if card is None or card.max_depth is None:
        return max_depth
    if max_depth is not None and max_depth != card.max_depth:
        raise CheckpointMismatchError(
            f'max_depth asks for {max_depth:g} m, but model: {card.name} is up to '
            f'{card.max_depth:g} m; leave max_depth unset, or set model: {card.size} for weights '
            'of your own'
        )
    return card.max_depth


def load_network(
    card: ModelCard | None, path: str | Path, *, max_depth: float | None = None
) -> DepthAnything:
    """Build the network that a weights file holds, in float32 on the CPU and in eval mode.

    ``card`` is the model that was asked for by name, None to take what the file holds.
    ``max_depth`` (metres) is the user's own statement that the weights are metric; it completes a
    file that does not say its depth and settles one that says nothing. A file that is broken, or
    that nothing but a model's name calls metric, is a ``CheckpointError``; a file that is something
    else than asked for (another size, metric for relative or the reverse, another farthest depth)
    is a ``CheckpointMismatchError``.
    """
    checkpoint = read_checkpoint(path)
    facts = recognise(checkpoint)
    if card is not None and card.size != facts.size:
        other = f'set model: {facts.size}' if facts.size in CATALOG else 'set another model'
        raise CheckpointMismatchError(
            f'{path} holds {facts.size}, but model: {card.name} was asked, which is '
            f'{card.size}; {other} or give another file'
        )
    tensors = _sound_tensors(checkpoint, facts.size)
    if facts.kind is None and max_depth is None:
        facts = _probed(facts, _assemble(config_for(facts.size), tensors))
    decided = _decide_max_depth(card, checkpoint.path, facts, max_depth)
    network = _assemble(config_for(facts.size, decided), tensors)
    logger.info('%s: %s, %s (%s)', path, facts.size, network.config.kind.value, facts.evidence)
    return network


def save_checkpoint(
    network: DepthAnything,
    path: str | Path,
    facts: Mapping[str, Any] | None = None,
    dtype: torch.dtype = torch.float16,
) -> None:
    """Write the weights as safetensors, with what they are in the header.

    The header always states size, kind and max_depth of ``network``; ``facts`` are added, values
    that are no strings as JSON. The file appears whole or not at all. Weights that ``dtype``
    cannot hold are a ``CheckpointError``.
    """
    path = Path(path)
    tensors: dict[str, Tensor] = {}
    for name, tensor in network.state_dict().items():
        tensors[name] = tensor.detach().to('cpu', dtype).contiguous()
        if not bool(torch.isfinite(tensors[name]).all()):
            raise CheckpointError(
                f'{name} holds values that are not finite as {dtype}; nothing was written to {path}'
            )
    config = network.config
    header = {key: v if isinstance(v, str) else json.dumps(v) for key, v in (facts or {}).items()}
    header |= {'size': config.size, 'kind': config.kind.value, 'format': 'pt'}
    header['max_depth'] = '' if config.max_depth is None else repr(float(config.max_depth))
    temporary = path.with_name(f'.{path.name}.{uuid.uuid4().hex[:8]}')
    try:
        temporary.touch()
        mode = temporary.stat().st_mode
        save_file(tensors, temporary, metadata=header)
        temporary.chmod(mode)  # safetensors lets only the owner read, whatever the umask says
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _probed(facts: CheckpointFacts, network: DepthAnything) -> CheckpointFacts:
    """Complete facts whose kind nothing states by trying the weights out."""
    statement = probe_head(network) if facts.kind is None else None
    if statement is None:
        return facts
    return replace(facts, kind=statement.kind, evidence=statement.evidence, guessed=True)


def _decide_max_depth(
    card: ModelCard | None, path: Path, facts: CheckpointFacts, setting: float | None
) -> float | None:
    """Settle the head: metres for a metric one, None for a relative one; refuse contradictions."""
    asked = wanted_max_depth(card, setting)
    # A name asks for a kind; a max_depth of the user's own asks for a metric head under any name.
    free = card is None and setting is None
    wanted = DepthKind.RELATIVE if asked is None else DepthKind.METRIC
    if facts.kind is None and setting is None:
        unclear = 'does not say whether it is relative or metric, and a trial run was not clear'
        if card is not None and card.max_depth is not None:
            raise CheckpointError(
                f'{path} {unclear}; the name of model: {card.name} alone makes no metres of it: if '
                f'it was trained for them, set max_depth: {card.max_depth:g}, otherwise set '
                f'model: {card.size}'
            )
        logger.warning('%s %s; taking it as relative; set max_depth if it is metric', path, unclear)
    if facts.kind is None:
        return asked
    if not free and facts.kind is not wanted:
        raise CheckpointMismatchError(_explain_kind(card, path, facts, wanted))
    if facts.kind is DepthKind.RELATIVE:
        if facts.guessed and free:
            logger.warning('%s is taken as relative: %s', path, facts.evidence)
        return None
    if asked is not None and facts.max_depth is not None and asked != facts.max_depth:
        source = 'max_depth' if setting is not None else f'model: {card.name if card else ""}'
        raise CheckpointMismatchError(
            f'{path} holds metric weights up to {facts.max_depth:g} m ({facts.evidence}), but '
            f'{source} asks for {asked:g} m; the number belongs to the weights and is no range '
            'setting: ask for the matching model or give another file'
        )
    metres = facts.max_depth if asked is None else asked
    if metres is None:
        raise CheckpointError(
            f'{path} holds metric weights ({facts.evidence}) but does not say up to which depth; '
            'set max_depth to the metres it was trained with (20 for indoor, 80 for outdoor)'
            + (_overrule(path, DepthKind.RELATIVE) if facts.guessed else '')
        )
    return metres


def _explain_kind(
    card: ModelCard | None, path: Path, facts: CheckpointFacts, wanted: DepthKind
) -> str:
    assert facts.kind is not None
    asked = f'model: {card.name}' if card and card.kind is wanted else 'max_depth'
    text = f'{path} holds {facts.kind.value} weights ({facts.evidence}), but {asked} asks for '
    text += f'{wanted.value} ones; '
    if facts.kind is DepthKind.METRIC:
        names = [
            name
            for name, other in CATALOG.items()
            if other.size == facts.size
            and other.kind is DepthKind.METRIC
            and facts.max_depth in (None, other.max_depth)
        ]
        text += f'set model: {" or ".join(names)}' if names else 'set max_depth'
    elif card is not None and card.kind is DepthKind.METRIC:
        text += f'set model: {facts.size}'
    else:
        text += 'leave max_depth unset'
    text += ' or give another file'
    return text + (_overrule(path, wanted) if facts.guessed else '')


def _overrule(path: Path, kind: DepthKind) -> str:
    facts = path.with_suffix('.json').name
    return (
        '. As the file itself says nothing, this is a guess; to overrule it, write '
        f'{facts} beside it with {json.dumps({"kind": kind.value})}'
    )


def _sound_tensors(checkpoint: CheckpointFile, size: str) -> dict[str, Tensor]:
    """Return float32 copies of the tensors, checked for names, shapes and finite values.

    Copies, because the file may be mapped into memory: a running network must not depend on a
    file that someone may overwrite.
    """
    path = checkpoint.path
    with torch.device('meta'):
        expected = DepthAnything(config_for(size)).state_dict()
    given = dict(checkpoint.tensors)
    for name, tensor in expected.items():
        if name.startswith(_UNUSED) and name not in given:
            given[name] = torch.zeros(tensor.shape)
    missing = [name for name in expected if name not in given]
    if missing:
        raise CheckpointError(f'{path} lacks tensors of {size}: {_first(missing)}; {_AGAIN}')
    unexpected = [name for name in given if name not in expected]
    if unexpected:
        raise CheckpointError(
            f'{path} holds tensors {size} has not: {_first(unexpected)}; {_AGAIN}'
        )
    wrong = [
        f'{name} is {tuple(given[name].shape)} where {tuple(tensor.shape)} is expected'
        for name, tensor in expected.items()
        if given[name].shape != tensor.shape
    ]
    if wrong:
        raise CheckpointError(f'{path} does not fit {size}: {_first(wrong)}; {_AGAIN}')
    sound: dict[str, Tensor] = {}
    for name in expected:
        sound[name] = given.pop(name).detach().to(torch.float32, copy=True).contiguous()
        if not bool(torch.isfinite(sound[name]).all()):
            raise CheckpointError(
                f'{path} is damaged: {name} holds NaN or infinite values; download it again or '
                'take an earlier checkpoint of the training'
            )
    return sound


_AGAIN = 'give a checkpoint of Depth Anything V2'


def _first(items: list[str]) -> str:
    more = f' and {len(items) - 3} more' if len(items) > 3 else ''
    return ', '.join(items[:3]) + more


def _assemble(config: DepthAnythingConfig, tensors: Mapping[str, Tensor]) -> DepthAnything:
    """Build a network around checked tensors without allocating any of its own."""
    with torch.device('meta'):
        network = DepthAnything(config)
    network.load_state_dict(tensors, strict=True, assign=True)
    return network.eval()

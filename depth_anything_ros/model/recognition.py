# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which network a checkpoint belongs to, told from what it holds and what it says of itself.

The size follows from the tensors' shapes. Whether the weights are relative or metric does not:
both heads have the same tensors, for the last activation has no parameters. So it is looked up,
in this order: the file's own header, the JSON file beside it, what a trainer stored with the
weights, the file's name. Only when all are silent are the weights tried out (``probe_head``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.model.catalog import INDOOR_MAX_DEPTH, OUTDOOR_MAX_DEPTH
from depth_anything_ros.model.checkpoint_file import CheckpointError, CheckpointFile
from depth_anything_ros.model.configuration import PATCH_SIZE, SIZES
from depth_anything_ros.model.depth_anything import DepthAnything

_OFFICIAL_NAME = re.compile(
    r'(models_depth_anything_)?depth_anything_v2_'
    r'(metric_((?P<indoor>hypersim|indoor)|(?P<outdoor>vkitti2?|outdoor))_)?'
    r'(vit[sblg]|small|base|large)(_(fp16|fp32|bf16|hf))?'
)
"""The whole name of a published file or repository; a fine-tune's may only begin like it."""

MOST_METRES = 10_000.0
"""The farthest depth that a network may claim, as for the parameter max_depth."""
_NUMBERS = (str, int, float, type(None))

PROBE_SIDE = 12 * PATCH_SIZE
PROBE_MARGIN = 0.95
"""Share of probe pixels that must fall on one side of zero in every picture to say anything."""


@dataclass(frozen=True)
class CheckpointFacts:
    """What a checkpoint is.

    ``kind`` is None when nothing told it; ``max_depth`` is in metres and None when relative or
    not told. ``evidence`` says in words where ``kind`` comes from; ``guessed`` is true when that
    is the probe and not a statement.
    """

    size: str
    kind: DepthKind | None
    max_depth: float | None
    evidence: str
    guessed: bool = False


class Statement(NamedTuple):
    """A kind, its farthest depth in metres where that is known, and what speaks for it."""

    kind: DepthKind
    max_depth: float | None
    evidence: str


def recognise_size(checkpoint: CheckpointFile) -> str:
    """Return the size ('small', ...) whose shapes the tensors have.

    Width, number of blocks, feed-forward kind and decoder widths must all fit; otherwise a
    ``CheckpointError`` names what was seen.
    """
    state, path = checkpoint.tensors, checkpoint.path
    if not any(name.startswith('depth_head.') for name in state):
        bare = any(name.endswith('pos_embed') for name in state)
        what = 'a bare encoder' if bare else f'its first tensors are {", ".join([*state][:3])}'
        raise CheckpointError(f'{path} is no Depth Anything V2 checkpoint: {what}')
    try:
        width = state['pretrained.patch_embed.proj.weight'].shape[0]
        features = state['depth_head.scratch.output_conv1.weight'].shape[1]
        channels = tuple(state[f'depth_head.projects.{i}.weight'].shape[0] for i in range(4))
    except KeyError as error:
        raise CheckpointError(
            f'{path} is no complete Depth Anything V2 checkpoint: it has no {error.args[0]}'
        ) from error
    except IndexError as error:
        raise CheckpointError(
            f'{path} is no Depth Anything V2 checkpoint: a weight has too few dimensions'
        ) from error
    blocks = len({m[1] for name in state if (m := re.match(r'pretrained\.blocks\.(\d+)\.', name))})
    ffn = 'swiglu' if any('.mlp.w12.' in name for name in state) else 'mlp'
    seen = (width, blocks, ffn, features, channels)
    for config in SIZES.values():
        known = (config.embed_dim, config.depth, config.ffn, config.features, config.out_channels)
        if seen == known:
            return config.size
    raise CheckpointError(
        f'{path} fits none of the sizes {", ".join(SIZES)}: its encoder is {width} wide with '
        f'{blocks} {ffn} blocks, its decoder {features} wide on maps of {channels}'
    )


def recognise(checkpoint: CheckpointFile) -> CheckpointFacts:
    """Return the size of a checkpoint and the kind that it states, without running it."""
    size = recognise_size(checkpoint)
    statement = stated_kind(checkpoint)
    if statement is None:
        return CheckpointFacts(size, None, None, 'nothing tells')
    return CheckpointFacts(size, statement.kind, statement.max_depth, statement.evidence)


def stated_kind(checkpoint: CheckpointFile) -> Statement | None:
    """Return what the file, its neighbours or its name say about the kind, the surest first."""
    sources: list[tuple[Mapping[str, Any], str]] = [
        (checkpoint.metadata, 'its header says'),
        (checkpoint.sidecar, f'{checkpoint.sidecar_name} beside it says'),
        (checkpoint.entries, 'the trainer that wrote it says'),
    ]
    for nested in ('config', 'args'):
        inner = checkpoint.entries.get(nested)
        if isinstance(inner, Mapping):
            sources.append((inner, f'{nested} in it says'))
    for facts, evidence in sources:
        statement = _read_facts(checkpoint, facts, evidence)
        if statement is not None:
            return statement
    return _read_name(checkpoint)


def _read_facts(
    checkpoint: CheckpointFile, facts: Mapping[str, Any], evidence: str
) -> Statement | None:
    word = facts.get('kind', facts.get('depth_estimation_type'))
    number = facts.get('max_depth')
    if number in ('', 'None', 'null'):
        number = None
    if word is None and number is None:
        return None
    try:
        # What a file says may be anything, nested without end.
        if not isinstance(word, (str, type(None))) or not isinstance(number, _NUMBERS):
            raise TypeError('neither text nor number')
        kind = DepthKind.METRIC if word is None else DepthKind(word)
        max_depth = None if kind is DepthKind.RELATIVE or number is None else float(number)
        if max_depth is not None and not 0 < max_depth <= MOST_METRES:
            raise ValueError(f'max_depth {max_depth}')
    except (TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(
            f'{checkpoint.path}: {evidence} kind {_shown(word)} and max_depth {_shown(number)}, '
            f'which cannot be; expected relative, or metric with metres above 0, at most '
            f'{MOST_METRES:g}'
        ) from error
    return Statement(kind, max_depth, f'{evidence} {_phrase(kind, max_depth)}')


def _shown(value: Any) -> str:
    """Return what a file says, or the beginning of it, or its type where it is no plain value."""
    plain = isinstance(value, (str, float, type(None)))
    small = isinstance(value, int) and value.bit_length() < 64
    return repr(value)[:80] if plain or small else f'of type {type(value).__name__}'


def _phrase(kind: DepthKind, max_depth: float | None) -> str:
    return kind.value if max_depth is None else f'{kind.value} up to {max_depth:g} m'


def _read_name(checkpoint: CheckpointFile) -> Statement | None:
    """Read the kind from the official file names, or from the repository in the hub's cache.

    Another name with the word metric in it is believed too, but says no metres.
    """
    path = checkpoint.path
    names = [path.stem, *(part for part in path.parts if part.startswith('models--'))]
    for name in names:
        plain = re.sub(r'[^a-z0-9]+', '_', name.lower())
        kind, max_depth = DepthKind.METRIC, None
        if official := _OFFICIAL_NAME.fullmatch(plain):
            if official['indoor']:
                max_depth = INDOOR_MAX_DEPTH
            elif official['outdoor']:
                max_depth = OUTDOOR_MAX_DEPTH
            else:
                kind = DepthKind.RELATIVE
        elif not re.search(r'(^|_)metric(_|$)', plain):
            continue
        return Statement(kind, max_depth, f'its name {name} says {_phrase(kind, max_depth)}')
    return None


def probe_head(network: DepthAnything) -> Statement | None:
    """Guess the kind from what the weights compute; None when the answer is not clear.

    A heuristic, and used for nothing but a checkpoint that says nothing of itself. The network
    sees two fixed pictures, a vertical gradient and noise, and its values before the last
    activation are counted. A relative head ends in a ReLU, so trained weights put nearly every
    pixel above zero, where it would otherwise be dead. A metric head ends in a sigmoid times the
    farthest depth, and as most depths are below half of that, most of its values are negative.
    """
    values: list[Tensor] = []
    last = network.depth_head.scratch.output_conv2[2]
    hook = last.register_forward_hook(lambda _module, _inputs, output: values.append(output))
    try:
        with torch.inference_mode():
            network(_probe_pictures())
    finally:
        hook.remove()
    if not bool(torch.isfinite(values[0]).all()):
        return None  # weights so large that they overflow say nothing
    shares = (values[0] > 0).float().mean(dim=(1, 2, 3))
    said = f'a trial run left {float(shares.mean()):.0%} of its values above zero, as'
    if bool((shares >= PROBE_MARGIN).all()):
        return Statement(DepthKind.RELATIVE, None, f'{said} relative weights do')
    if bool((shares <= 1 - PROBE_MARGIN).all()):
        return Statement(DepthKind.METRIC, None, f'{said} metric weights do')
    return None


def _probe_pictures() -> Tensor:
    """Return two normalised pictures, (2, 3, side, side) float32: a vertical gradient and noise."""
    gradient = torch.linspace(2.0, -2.0, PROBE_SIDE).view(1, PROBE_SIDE, 1)
    noise = torch.rand(3, PROBE_SIDE, PROBE_SIDE, generator=torch.Generator().manual_seed(0))
    return torch.stack((gradient.expand(3, PROBE_SIDE, PROBE_SIDE), 4.0 * noise - 2.0))

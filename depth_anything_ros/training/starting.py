# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network that a training begins with."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from torch import nn

from depth_anything_ros.model.catalog import CATALOG
from depth_anything_ros.model.checkpoint import load_network
from depth_anything_ros.model.checkpoint_file import CheckpointError
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.dinov2 import DinoVisionTransformer
from depth_anything_ros.model.hub import locate
from depth_anything_ros.training.backbone import fetch_dinov2, is_bare_encoder, read_encoder
from depth_anything_ros.training.initialisation import initialise_for_scratch
from depth_anything_ros.training.settings import RunSettings

SCRATCH, DINOV2 = 'scratch', 'dinov2'

IDLE = ('pretrained.mask_token', 'depth_head.scratch.refinenet4.resConfUnit1.')
"""Tensors that no output depends on: without a gradient, data-parallel training never waits."""

LAST = 'depth_head.scratch.output_conv2.'
"""The layers that make depth of features; what they give is relative or metric."""


@dataclass(frozen=True)
class Start:
    """A network to train, and a frozen copy of its first encoder where features are aligned."""

    network: DepthAnything
    frozen: DinoVisionTransformer | None


def start_for(settings: RunSettings) -> Start:
    """Build what the settings ask for, in float32 on the CPU.

    torch's random generator must have been seeded. A CheckpointError says what is wrong with the
    weights; UnknownModelError and DownloadError come from looking for them.
    """
    network = DepthAnything(config_for(settings.model, settings.max_depth))
    if settings.initial == SCRATCH:
        try:
            initialise_for_scratch(network)
        except ValueError as error:
            raise CheckpointError(
                f'initial: scratch is for nano alone, not for {settings.model} ({error}): begin '
                'with dinov2 or with a checkpoint'
            ) from error
    else:
        network.initialise()
        _load(network, settings)
    if settings.max_depth is not None and not _is_whole(settings):
        # The sigmoid starts in the middle of its slope, and not where a ReLU would start.
        nn.init.zeros_(network.get_parameter('depth_head.scratch.output_conv2.2.bias'))
    for name, parameter in network.named_parameters():
        if name.startswith(IDLE):
            parameter.requires_grad_(False)
    frozen = None
    if settings.stage != 'metric' and settings.loss.feature_weight:
        if settings.initial == SCRATCH:
            raise CheckpointError(
                'loss.feature_weight aligns features with the encoder that training begins with, '
                'and initial: scratch has none worth it; set loss.feature_weight: 0'
            )
        frozen = copy.deepcopy(network.pretrained).eval().requires_grad_(False)
    return Start(network, frozen)


def _is_whole(settings: RunSettings) -> bool:
    return settings.initial not in (SCRATCH, DINOV2) and settings.initial_part == 'all'


def _load(network: DepthAnything, settings: RunSettings) -> None:
    if settings.initial == DINOV2:
        path = fetch_dinov2(settings.model)
    else:
        card, path = locate(settings.initial)
        if card is not None and card.size != settings.model:
            raise CheckpointError(
                f'initial: {card.name} is {card.size} and model is {settings.model}: both must be '
                'of one size'
            )
    if settings.initial == DINOV2 or settings.initial_part == 'encoder':
        network.load_state_dict(read_encoder(path, settings.model), strict=False)
        return
    if is_bare_encoder(path):
        raise CheckpointError(f'{path} is an encoder without a decoder: set initial_part: encoder')
    if settings.initial_part == 'body':
        loaded = load_network(None, path)
        state = {k: v for k, v in loaded.state_dict().items() if not k.startswith(LAST)}
        if loaded.config.size != settings.model:
            raise CheckpointError(
                f'{path} holds {loaded.config.size} and model is {settings.model}: both must be '
                'of one size'
            )
        network.load_state_dict(state, strict=False)
        return
    loaded = load_network(CATALOG.get(settings.initial), path, max_depth=settings.max_depth)
    if loaded.config != network.config:
        raise CheckpointError(
            f'{path} holds {loaded.config.size}, {loaded.config.kind.value}, up to '
            f'{loaded.config.max_depth} m; the settings ask for {network.config.size}, '
            f'{network.config.kind.value}, up to {network.config.max_depth} m'
        )
    network.load_state_dict(loaded.state_dict())

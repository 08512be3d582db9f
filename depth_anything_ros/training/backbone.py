# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Encoders pre-trained by DINOv2 (arXiv 2304.07193): from its files to our names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from depth_anything_ros.model.catalog import APACHE, ModelCard
from depth_anything_ros.model.checkpoint_file import CheckpointError, read_checkpoint
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.hub import fetch
from depth_anything_ros.model.keys import KeyMappingError, official_from_transformers

ENCODER = 'pretrained.'
"""What stands before the names of the encoder's tensors in a checkpoint of ours."""

PUBLISHED = ('small', 'base', 'large', 'giant')
"""The sizes that DINOv2 was published in, all under Apache-2.0."""

MASK = 'pretrained.mask_token'
"""Serves masked pre-training only; files without it are complete."""


def fetch_dinov2(size: str) -> Path:
    """Return DINOv2's file for a size, downloading it once; a ``DownloadError`` says why not."""
    if size not in PUBLISHED:
        raise CheckpointError(
            f'DINOv2 has no encoder of size {size}, only {", ".join(PUBLISHED)}; '
            'set initial: scratch, or a checkpoint'
        )
    repository = f'facebook/dinov2-{size}'
    return fetch(
        ModelCard(f'dinov2-{size}', size, None, repository, 'model.safetensors', licence=APACHE)
    )


def is_bare_encoder(path: Path) -> bool:
    """Tell whether a weights file holds an encoder without a decoder. Raises CheckpointError."""
    names = read_checkpoint(path).tensors
    return not any(name.startswith('depth_head.') for name in names)


def read_encoder(path: Path, size: str) -> dict[str, Tensor]:
    """Return the encoder in a weights file, in float32, under our names (pretrained. ...).

    The file is DINOv2's own (.pth), transformers' (Dinov2Model or a model around it), or any
    checkpoint of Depth Anything V2, of which the encoder is taken. A CheckpointError names what
    does not fit ``size``.
    """
    state = _ours(path, read_checkpoint(path).tensors)
    with torch.device('meta'):
        whole = DepthAnything(config_for(size)).state_dict()
    expected = {name: value.shape for name, value in whole.items() if name.startswith(ENCODER)}
    if MASK not in state:
        state[MASK] = torch.zeros(expected[MASK])
    for name, shape in expected.items():
        if name not in state:
            raise CheckpointError(f'{path} is no encoder of size {size}: it lacks {name}')
        if state[name].shape != shape:
            raise CheckpointError(
                f'{path} is no encoder of size {size}: {name} is {tuple(state[name].shape)} where '
                f'{tuple(shape)} is expected; {_seen(state)}'
            )
        if not bool(torch.isfinite(state[name]).all()):
            raise CheckpointError(f'{path} is damaged: {name} holds NaN or infinite values')
    unknown = [name for name in state if name not in expected]
    if unknown:
        raise CheckpointError(
            f'{path} is no encoder of size {size}: it holds {unknown[0]}, which that has not'
        )
    return {name: state[name].detach().to(torch.float32, copy=True) for name in expected}


def _ours(path: Path, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    if any(name.startswith(ENCODER) for name in state):
        return {name: value for name, value in state.items() if name.startswith(ENCODER)}
    if any('register_token' in name for name in state):
        raise CheckpointError(
            f'{path} is the variant of DINOv2 with register tokens, which this network has not; '
            'take the one without'
        )
    if any(name.endswith('embeddings.cls_token') for name in state):
        return _from_transformers(path, state)
    if 'cls_token' not in state:
        raise CheckpointError(f'{path} is no encoder of DINOv2: it has no cls_token')
    # Trained in chunks, blocks have two numbers: blocks.0.3.attn is blocks.3.attn.
    return {
        ENCODER + re.sub(r'^blocks\.\d+\.(\d+)\.', r'blocks.\1.', name): value
        for name, value in state.items()
    }


def _from_transformers(path: Path, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    prefix = next(n for n in state if n.endswith('embeddings.cls_token'))
    prefix = prefix.removesuffix('embeddings.cls_token')
    inside = {
        f'backbone.{name.removeprefix(prefix)}': value
        for name, value in state.items()
        if name.startswith(prefix) and not name.startswith('classifier.')
    }
    try:
        return official_from_transformers(inside)
    except KeyMappingError as error:
        raise CheckpointError(f'{path} is no encoder of DINOv2: {error}') from error


def _seen(state: Mapping[str, Tensor]) -> str:
    """Say what size a file seems to be."""
    width = state[f'{ENCODER}patch_embed.proj.weight'].shape[0]
    sizes = [size for size in PUBLISHED if config_for(size).embed_dim == width]
    return f'it looks like {sizes[0]}' if sizes else f'it is {width} wide'

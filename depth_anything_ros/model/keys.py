# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tensor names: those of the official checkpoints against those of Hugging Face transformers.

Nothing is transposed or reshaped on the way. The two layouts differ in names and in the attention
projection, which is one tensor officially and three (query, key, value) in transformers.
Transformers 5 renames a few tensors once more inside its modules; files keep the older names, but
both are understood here, because people save state dicts from memory too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

_PARTS = ('query', 'key', 'value')

# Official prefix or part of a name -> the same in transformers; each pair holds in both directions.
_WHOLE = {
    'pretrained.cls_token': 'backbone.embeddings.cls_token',
    'pretrained.mask_token': 'backbone.embeddings.mask_token',
    'pretrained.pos_embed': 'backbone.embeddings.position_embeddings',
}
_PREFIXES = {
    'pretrained.patch_embed.proj.': 'backbone.embeddings.patch_embeddings.projection.',
    'pretrained.norm.': 'backbone.layernorm.',
    'depth_head.scratch.output_conv1.': 'head.conv1.',
    'depth_head.scratch.output_conv2.0.': 'head.conv2.',
    'depth_head.scratch.output_conv2.2.': 'head.conv3.',
}
_IN_BLOCK = {
    'norm1.': 'norm1.',
    'norm2.': 'norm2.',
    'ls1.gamma': 'layer_scale1.lambda1',
    'ls2.gamma': 'layer_scale2.lambda1',
    'attn.proj.': 'attention.output.dense.',
    'mlp.fc1.': 'mlp.fc1.',
    'mlp.fc2.': 'mlp.fc2.',
    'mlp.w12.': 'mlp.weights_in.',
    'mlp.w3.': 'mlp.weights_out.',
}
_IN_FUSION = {
    'out_conv.': 'projection.',
    'resConfUnit1.conv1.': 'residual_layer1.convolution1.',
    'resConfUnit1.conv2.': 'residual_layer1.convolution2.',
    'resConfUnit2.conv1.': 'residual_layer2.convolution1.',
    'resConfUnit2.conv2.': 'residual_layer2.convolution2.',
}
_IN_MEMORY = {
    'attention.q_proj.': 'attention.attention.query.',
    'attention.k_proj.': 'attention.attention.key.',
    'attention.v_proj.': 'attention.attention.value.',
    'attention.o_proj.': 'attention.output.dense.',
    'mlp.down_proj.': 'mlp.weights_out.',
}


class KeyMappingError(ValueError):
    """A tensor name that has no counterpart in the other layout."""


def is_transformers_layout(names: Iterable[str]) -> bool:
    """Tell whether tensor names are those of transformers."""
    return any(name.startswith(('backbone.embeddings.', 'neck.', 'head.conv')) for name in names)


def official_from_transformers(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename a transformers state dict to the official names.

    Query, key and value are stacked along the first axis in that order, as are SwiGLU's gate and
    value where they lie apart. ``KeyMappingError`` names a tensor that belongs to no part of the
    network, or the one that is missing from such a group.
    """
    state = _stack(
        {_rename_part(name, _IN_MEMORY): tensor for name, tensor in state.items()},
        r'(.*\.mlp\.)(gate_proj|up_proj)\.(weight|bias)',
        ('gate_proj', 'up_proj'),
        'weights_in',
    )
    state = _stack(
        state, r'(.*\.attention\.)attention\.(query|key|value)\.(weight|bias)', _PARTS, 'qkv'
    )
    return {_official_name(name): tensor for name, tensor in state.items()}


def transformers_from_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename an official state dict to the names of transformers' checkpoint files.

    The fused attention projection is split into query, key and value. ``KeyMappingError`` names a
    tensor that belongs to no part of the network.
    """
    renamed: dict[str, Tensor] = {}
    for name, tensor in state.items():
        match = re.fullmatch(r'pretrained\.blocks\.(\d+)\.attn\.qkv\.(weight|bias)', name)
        if match is None:
            renamed[_transformers_name(name)] = tensor
            continue
        layer, suffix = match.groups()
        for part, piece in zip(_PARTS, tensor.chunk(3, dim=0), strict=True):
            renamed[f'backbone.encoder.layer.{layer}.attention.attention.{part}.{suffix}'] = piece
    return renamed


def _rename_part(name: str, table: Mapping[str, str]) -> str:
    for old, new in table.items():
        if f'.{old}' in name:
            return name.replace(f'.{old}', f'.{new}')
    return name


def _stack(
    state: Mapping[str, Tensor], pattern: str, parts: tuple[str, ...], joined: str
) -> dict[str, Tensor]:
    """Concatenate each group of tensors that ``pattern`` (prefix, part, suffix) finds."""
    result: dict[str, Tensor] = {}
    groups: dict[str, dict[str, Tensor]] = {}
    for name, tensor in state.items():
        match = re.fullmatch(pattern, name)
        if match is None:
            result[name] = tensor
        else:
            prefix, part, suffix = match.groups()
            groups.setdefault(f'{prefix}{joined}.{suffix}', {})[part] = tensor
    for name, group in groups.items():
        missing = [part for part in parts if part not in group]
        if missing:
            raise KeyMappingError(f'{name} cannot be put together: {", ".join(missing)} is missing')
        result[name] = torch.cat([group[part] for part in parts], dim=0)
    return result


def _swap(name: str, table: Mapping[str, str]) -> str | None:
    """Replace the first prefix of ``table`` that fits; None when none does."""
    for old, new in table.items():
        if name.startswith(old):
            return new + name[len(old) :]
    return None


def _turn(table: Mapping[str, str]) -> dict[str, str]:
    return {new: old for old, new in table.items()}


def _transformers_name(name: str) -> str:
    found = _WHOLE.get(name) or _swap(name, _PREFIXES)
    if found:
        return found
    if match := re.fullmatch(r'pretrained\.blocks\.(\d+)\.(.+)', name):
        rest = _swap(match[2], _IN_BLOCK)
        if rest:
            return f'backbone.encoder.layer.{match[1]}.{rest}'
    if match := re.fullmatch(r'depth_head\.(projects|resize_layers)\.(\d)\.(weight|bias)', name):
        role = 'projection' if match[1] == 'projects' else 'resize'
        return f'neck.reassemble_stage.layers.{match[2]}.{role}.{match[3]}'
    if match := re.fullmatch(r'depth_head\.scratch\.layer([1-4])_rn\.weight', name):
        return f'neck.convs.{int(match[1]) - 1}.weight'
    if match := re.fullmatch(r'depth_head\.scratch\.refinenet([1-4])\.(.+)', name):
        rest = _swap(match[2], _IN_FUSION)
        if rest:
            # transformers counts the fusion layers from the deepest map upwards.
            return f'neck.fusion_stage.layers.{4 - int(match[1])}.{rest}'
    raise KeyMappingError(f'{name} is no tensor of a Depth Anything network')


def _official_name(name: str) -> str:
    found = _turn(_WHOLE).get(name) or _swap(name, _turn(_PREFIXES))
    if found:
        return found
    if match := re.fullmatch(r'backbone\.encoder\.layer\.(\d+)\.(.+)', name):
        rest = _swap(match[2], {'attention.qkv.': 'attn.qkv.', **_turn(_IN_BLOCK)})
        if rest:
            return f'pretrained.blocks.{match[1]}.{rest}'
    if match := re.fullmatch(
        r'neck\.reassemble_stage\.layers\.(\d)\.(projection|resize)\.(weight|bias)', name
    ):
        role = 'projects' if match[2] == 'projection' else 'resize_layers'
        return f'depth_head.{role}.{match[1]}.{match[3]}'
    if match := re.fullmatch(r'neck\.convs\.([0-3])\.weight', name):
        return f'depth_head.scratch.layer{int(match[1]) + 1}_rn.weight'
    if match := re.fullmatch(r'neck\.fusion_stage\.layers\.([0-3])\.(.+)', name):
        rest = _swap(match[2], _turn(_IN_FUSION))
        if rest:
            return f'depth_head.scratch.refinenet{4 - int(match[1])}.{rest}'
    raise KeyMappingError(f'{name} is no tensor of a Depth Anything network')

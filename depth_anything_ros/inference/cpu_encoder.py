# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The DINOv2 encoder as torch's CPU operators run it fastest: one picture, fused layers.

The values are those of ``model.dinov2`` to rounding. What differs is where they are computed:
layer scale is folded into the projection before it, the picture's normalisation into the patch
embedding, and its bias into the position embedding.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from depth_anything_ros.inference.packed import PackedLinear
from depth_anything_ros.inference.preprocessing import IMAGENET_MEAN, IMAGENET_STD
from depth_anything_ros.model.configuration import PATCH_SIZE
from depth_anything_ros.model.dinov2 import (
    LAYER_NORM_EPS,
    Attention,
    Block,
    DinoVisionTransformer,
    Mlp,
    SwiGlu,
    resize_position_embedding,
)

ALIGNMENT = 32
"""Numbers of keys that fill the tiles of the fused bfloat16 attention."""
LEAST_PADDED = 1024
"""Tokens from which on the faster attention is worth its corrections."""
CENTRE = (124.0, 116.0, 104.0)
"""ImageNet's mean in whole 8-bit steps: an 8-bit value minus it is exact in bfloat16."""
MOST_GRIDS = 8
"""Position embeddings that are kept, one for each patch grid."""


class CpuAttention:
    """Self-attention over (1, N + padding, D), whose last rows are no tokens.

    The kernel is faster where the number of keys is a multiple of 32. So the rows are padded, and
    the padding gets keys and values of zero: that adds ``padding`` times exp(0) to the softmax's
    denominator, which the kernel returns, and which is taken out of it again. To keep that
    well-conditioned, the mean of all keys is subtracted from each. A softmax does not notice, as
    it shifts all scores of a query alike, but the mean score is then 0, so that the denominator is
    at least N by Jensen's inequality, and the correction at most padding / N.
    """

    def __init__(self, attention: Attention, scale: Tensor, dtype: torch.dtype) -> None:
        width = attention.qkv.in_features
        self._heads = attention.num_heads
        self._qkv = PackedLinear(attention.qkv.weight, attention.qkv.bias, dtype)
        self._bias = attention.qkv.bias.detach().float()
        self._key_weight = attention.qkv.weight.detach()[width : 2 * width].float()
        self._proj = PackedLinear(
            attention.proj.weight * scale[:, None], attention.proj.bias * scale, dtype
        )

    def onto(self, normed: Tensor, tokens: Tensor, count: int) -> Tensor:
        """Return ``tokens`` plus the attention over the first ``count`` rows of ``normed``."""
        rows, width = normed.shape[1:]
        if rows == count:
            query, key, value = self._split(self._qkv(normed))
            mixed = F.scaled_dot_product_attention(query, key, value).transpose(1, 2)
        else:
            qkv = self._qkv(normed, self._centring_bias(normed[0, :count]))
            qkv[:, count:, width:] = 0
            mixed, logsumexp = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
                *self._split(qkv)
            )
            share = torch.exp(-logsumexp).mul_(rows - count)
            factor = share.neg_().add_(1).reciprocal_().to(mixed.dtype)
            mixed = mixed.transpose(1, 2) * factor.transpose(1, 2).unsqueeze(-1)
        return self._proj.onto(mixed.reshape(1, rows, width), tokens)

    def _split(self, qkv: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values, each (1, heads, N, width of a head)."""
        query, key, value = qkv.unflatten(-1, (3, self._heads, -1)).permute(2, 0, 3, 1, 4)
        return query, key, value

    def _centring_bias(self, normed: Tensor) -> Tensor:
        """Return the bias of query, key and value by which the mean of the keys is zero."""
        width = normed.shape[-1]
        bias = self._bias.clone()
        bias[width : 2 * width] = -(self._key_weight @ normed.mean(0, dtype=torch.float32))
        return bias.to(normed.dtype)


class CpuMlp:
    """Two layers with a GELU between them."""

    def __init__(self, mlp: Mlp, scale: Tensor, dtype: torch.dtype) -> None:
        self._fc1 = PackedLinear(mlp.fc1.weight, mlp.fc1.bias, dtype, gelu=True)
        self._fc2 = PackedLinear(mlp.fc2.weight * scale[:, None], mlp.fc2.bias * scale, dtype)

    def onto(self, normed: Tensor, tokens: Tensor) -> Tensor:
        """Return ``tokens`` plus the feed-forward of ``normed``."""
        return self._fc2.onto(self._fc1(normed), tokens)


class CpuSwiGlu:
    """The gated feed-forward of giant."""

    def __init__(self, mlp: SwiGlu, scale: Tensor, dtype: torch.dtype) -> None:
        self._w12 = PackedLinear(mlp.w12.weight, mlp.w12.bias, dtype)
        self._w3 = PackedLinear(mlp.w3.weight * scale[:, None], mlp.w3.bias * scale, dtype)

    def onto(self, normed: Tensor, tokens: Tensor) -> Tensor:
        """Return ``tokens`` plus the feed-forward of ``normed``."""
        gate, value = self._w12(normed).chunk(2, dim=-1)
        return self._w3.onto(F.silu(gate).mul_(value), tokens)


class CpuBlock:
    """A transformer block, with layer scale folded into its two projections."""

    def __init__(self, block: Block, dtype: torch.dtype) -> None:
        self._norms = [_norm(norm, dtype) for norm in (block.norm1, block.norm2)]
        self._attention = CpuAttention(block.attn, block.ls1.gamma, dtype)
        self._mlp = (
            CpuMlp(block.mlp, block.ls2.gamma, dtype)
            if isinstance(block.mlp, Mlp)
            else CpuSwiGlu(block.mlp, block.ls2.gamma, dtype)
        )

    def __call__(self, tokens: Tensor, count: int) -> Tensor:
        """Map (1, N + padding, D), of which the first ``count`` rows are tokens, to the same."""
        tokens = self._attention.onto(_apply(self._norms[0], tokens), tokens, count)
        return self._mlp.onto(_apply(self._norms[1], tokens), tokens)


class CpuEncoder:
    """Pixels in, the four tapped token maps out.

    The class token stands behind the patches, not before them: attention does not mind, and the
    patches of a tap are then the head of a buffer.
    """

    def __init__(self, encoder: DinoVisionTransformer, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._taps = encoder.taps
        self._blocks = [CpuBlock(cast(Block, block), dtype) for block in encoder.blocks]
        self._norm = _norm(encoder.norm, dtype)
        self._class = encoder.cls_token.detach().float()[0, 0]
        self._position = encoder.pos_embed.detach().float()
        self._positions: dict[tuple[int, int], Tensor] = {}
        conv = encoder.patch_embed.proj
        std, mean = torch.tensor(IMAGENET_STD) * 255, torch.tensor(IMAGENET_MEAN) * 255
        weight = conv.weight.detach().float() / std[:, None, None]
        centre = torch.tensor(CENTRE)
        offset = (weight * (centre - mean)[:, None, None]).sum((1, 2, 3))
        assert conv.bias is not None
        self._bias = conv.bias.detach().float() + offset
        # A patch lies in memory as (14, 14, 3).
        weight = weight.permute(0, 2, 3, 1).flatten(1)
        self._embed = PackedLinear(weight, None, dtype)
        self._centre = centre.repeat(PATCH_SIZE * PATCH_SIZE)

    def __call__(self, pixels: Tensor) -> list[Tensor]:
        """Return four (1, h * w, D) token maps of a picture.

        ``pixels`` is (14 h, 14 w, 3) RGB in 0-255, uint8 or float32.
        """
        grid = (pixels.shape[0] // PATCH_SIZE, pixels.shape[1] // PATCH_SIZE)
        position = self._position_of(grid)
        count = len(position)
        patches = pixels.reshape(grid[0], PATCH_SIZE, grid[1], PATCH_SIZE, 3).transpose(1, 2)
        patches = patches.reshape(count - 1, -1).to(torch.float32, copy=True)
        patches = patches.sub_(self._centre).to(self._dtype)
        rows = count
        if self._dtype == torch.bfloat16 and count >= LEAST_PADDED:
            rows = -(-count // ALIGNMENT) * ALIGNMENT
        tokens = position.new_zeros((1, rows, position.shape[1]))
        tokens[0, : count - 1] = self._embed.onto(patches, position[:-1])
        tokens[0, count - 1] = position[-1]
        tapped = []
        for index, block in enumerate(self._blocks):
            tokens = block(tokens, count)
            if index in self._taps:
                tapped.append(_apply(self._norm, tokens[:, : count - 1]))
        return tapped

    def _position_of(self, grid: tuple[int, int]) -> Tensor:
        """Return what is added to the (h * w + 1, D) tokens of a grid, the class token last."""
        known = self._positions.pop(grid, None)
        if known is None:
            position = resize_position_embedding(self._position, *grid)[0]
            parts = (position[1:] + self._bias, (position[0] + self._class)[None])
            known = torch.cat(parts).to(self._dtype)
        self._positions[grid] = known
        while len(self._positions) > MOST_GRIDS:
            del self._positions[next(iter(self._positions))]
        return known


def _norm(norm: torch.nn.LayerNorm, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    return norm.weight.detach().to(dtype), norm.bias.detach().to(dtype)


def _apply(norm: tuple[Tensor, Tensor], tokens: Tensor) -> Tensor:
    return F.layer_norm(tokens, norm[0].shape, *norm, LAYER_NORM_EPS)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The DINOv2 vision transformer without register tokens (arXiv 2304.07193)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from depth_anything_ros.model.configuration import (
    PATCH_SIZE,
    POSITION_GRID,
    DepthAnythingConfig,
)

LAYER_NORM_EPS = 1e-6
POSITION_OFFSET = 0.1
"""Added to the grid before dividing by 37; DINOv2 was trained with it."""


def resize_position_embedding(position: Tensor, grid_height: int, grid_width: int) -> Tensor:
    """Resample a stored position embedding to another patch grid.

    ``position`` is (1, 1 + 37 * 37, D), class token first; the result is
    (1, 1 + grid_height * grid_width, D) in the same dtype. The grid is resized bicubically in
    float32 by the *scale factor* (grid + 0.1) / 37, so that source coordinates are
    (dst + 0.5) * 37 / (grid + 0.1) - 0.5 and not those of a resize to a target size.
    """
    if grid_height == grid_width == POSITION_GRID:
        return position
    grid = position[:, 1:].float().reshape(1, POSITION_GRID, POSITION_GRID, -1).permute(0, 3, 1, 2)
    scale = tuple((side + POSITION_OFFSET) / POSITION_GRID for side in (grid_height, grid_width))
    grid = F.interpolate(grid, scale_factor=scale, mode='bicubic', antialias=False)
    if grid.shape[-2:] != (grid_height, grid_width):
        raise RuntimeError(f'position embedding came out {tuple(grid.shape[-2:])}')
    patches = grid.permute(0, 2, 3, 1).reshape(1, grid_height * grid_width, -1)
    return torch.cat((position[:, :1], patches.to(position.dtype)), dim=1)


class PatchEmbed(nn.Module):
    """Cut the image into 14 x 14 patches and project each to D channels."""

    def __init__(self, embed_dim: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, embed_dim, kernel_size=PATCH_SIZE, stride=PATCH_SIZE)

    def forward(self, image: Tensor) -> Tensor:
        """Map (B, 3, H, W) to (B, H/14 * W/14, D), row by row."""
        return self.proj(image).flatten(2).transpose(1, 2)


class Attention(nn.Module):
    """Multi-head self-attention with one fused projection for query, key and value."""

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim)
        self.proj = nn.Linear(embed_dim, embed_dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, N, D) to (B, N, D)."""
        batch, count, width = tokens.shape
        qkv = self.qkv(tokens).reshape(batch, count, 3, self.num_heads, width // self.num_heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).reshape(batch, count, width))


class Mlp(nn.Module):
    """Two linear layers with the exact (erf) GELU between them."""

    def __init__(self, embed_dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(embed_dim, hidden)
        self.fc2 = nn.Linear(hidden, embed_dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, N, D) to (B, N, D)."""
        return self.fc2(F.gelu(self.fc1(tokens)))


class SwiGlu(nn.Module):
    """Gated feed-forward: w3(silu(x1) * x2), where w12 yields x1 and x2 side by side."""

    def __init__(self, embed_dim: int, hidden: int) -> None:
        super().__init__()
        self.w12 = nn.Linear(embed_dim, 2 * hidden)
        self.w3 = nn.Linear(hidden, embed_dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, N, D) to (B, N, D)."""
        gate, value = self.w12(tokens).chunk(2, dim=-1)
        return self.w3(F.silu(gate) * value)


class LayerScale(nn.Module):
    """A learned factor per channel on a residual branch, 1 at the start."""

    def __init__(self, embed_dim: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(embed_dim))

    def forward(self, tokens: Tensor) -> Tensor:
        """Scale the last axis."""
        return tokens * self.gamma


class Block(nn.Module):
    """A pre-norm transformer block: attention, then feed-forward, both with layer scale."""

    def __init__(self, config: DepthAnythingConfig) -> None:
        super().__init__()
        width = config.embed_dim
        feed_forward = Mlp if config.ffn == 'mlp' else SwiGlu
        self.norm1 = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.attn = Attention(width, config.num_heads)
        self.ls1 = LayerScale(width)
        self.norm2 = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.mlp = feed_forward(width, config.ffn_hidden)
        self.ls2 = LayerScale(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, N, D) to (B, N, D)."""
        tokens = tokens + self.ls1(self.attn(self.norm1(tokens)))
        return tokens + self.ls2(self.mlp(self.norm2(tokens)))


class DinoVisionTransformer(nn.Module):
    """The encoder: patches and a class token through ``depth`` blocks.

    ``mask_token`` serves masked pre-training only; it stands here because checkpoints hold it.
    """

    def __init__(self, config: DepthAnythingConfig) -> None:
        super().__init__()
        width = config.embed_dim
        self.taps = config.taps
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + POSITION_GRID**2, width))
        self.mask_token = nn.Parameter(torch.zeros(1, width))
        self.patch_embed = PatchEmbed(width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)

    def forward(self, image: Tensor, position: Tensor | None = None) -> list[Tensor]:
        """Return the patch tokens of the four tapped blocks, each through the final norm.

        ``image`` is (B, 3, H, W) with H and W multiples of 14; each result is (B, H/14 * W/14, D).
        ``position`` is the (1, 1 + H/14 * W/14, D) position embedding of that size, for callers
        that keep it; otherwise it is resized here.
        """
        height, width = image.shape[-2:]
        if height % PATCH_SIZE or width % PATCH_SIZE:
            raise ValueError(f'the sides must be multiples of {PATCH_SIZE}, got {height} x {width}')
        if position is None:
            position = resize_position_embedding(
                self.pos_embed, height // PATCH_SIZE, width // PATCH_SIZE
            )
        patches = self.patch_embed(image)
        # Not len(patches), which would fix the batch of a traced network.
        tokens = torch.cat((self.cls_token.expand(patches.shape[0], -1, -1), patches), dim=1)
        tokens = tokens + position
        tapped = []
        for index, block in enumerate(self.blocks):
            tokens = block(tokens)
            if index in self.taps:
                tapped.append(self.norm(tokens)[:, 1:])
        return tapped

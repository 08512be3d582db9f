# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Surface colours: patterns over a bank of noise textures, and light with shadows."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from depth_anything_ros.data.primitives import TEXTURES, Pattern

SIDE = 128
"""Side of a noise texture in texels; it wraps around."""


def noise_bank(generator: torch.Generator) -> Tensor:
    """Draw (TEXTURES, SIDE, SIDE) tiling fractal noise in [0, 1], each with its own roughness."""
    bank = torch.zeros(TEXTURES, SIDE, SIDE)
    roughness = torch.rand(TEXTURES, 1, 1, generator=generator) * 0.6 + 0.3
    for octave in range(6):
        cells = 4 * 2**octave
        lattice = torch.rand(TEXTURES, 1, cells, cells, generator=generator)
        lattice = F.pad(lattice, (2, 2, 2, 2), mode='circular')
        scale = SIDE // cells
        smooth = F.interpolate(lattice, scale_factor=scale, mode='bicubic')
        smooth = smooth[:, 0, 2 * scale : 2 * scale + SIDE, 2 * scale : 2 * scale + SIDE]
        bank = bank + (smooth - 0.5) * roughness**octave
    low, high = bank.amin((1, 2), keepdim=True), bank.amax((1, 2), keepdim=True)
    return (bank - low) / (high - low)


def look_up(bank: Tensor, texture: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Sample noise bilinearly at texel coordinates ``u``, ``v`` (any shape), wrapping around."""
    u0, v0 = u.floor(), v.floor()
    fu, fv = u - u0, v - v0
    column, row = u0.long() % SIDE, v0.long() % SIDE
    right, below = (column + 1) % SIDE, (row + 1) % SIDE
    flat, page = bank.reshape(-1), texture * (SIDE * SIDE)
    top = flat[page + row * SIDE + column] * (1 - fu) + flat[page + row * SIDE + right] * fu
    bottom = flat[page + below * SIDE + column] * (1 - fu) + flat[page + below * SIDE + right] * fu
    return top * (1 - fv) + bottom * fv


def pattern_weight(pattern: Tensor, u: Tensor, v: Tensor, noise: Tensor) -> Tensor:
    """Return the second colour's share in [0, 1] at pattern coordinates in periods."""
    fu, fv = u - u.floor(), v - v.floor()
    stripes = (fu > 0.5).float()
    checker = ((fu > 0.5) ^ (fv > 0.5)).float()
    brick_u = u * 0.5 + 0.5 * (v.floor() % 2)
    bricks = ((brick_u - brick_u.floor() < 0.05) | (fv < 0.1)).float()
    tiles = ((fu < 0.06) | (fv < 0.06)).float()
    weight = noise
    for kind, value in (
        (Pattern.STRIPES, stripes),
        (Pattern.CHECKER, checker),
        (Pattern.BRICKS, bricks),
        (Pattern.TILES, tiles),
    ):
        weight = torch.where(pattern == int(kind), value, weight)
    return weight


def albedo(bank: Tensor, material: Tensor, u: Tensor, v: Tensor, footprint: Tensor) -> Tensor:
    """Return linear RGB (..., 3) of surfaces with ``material`` (..., 13) at (u, v) metres.

    ``footprint`` is a pixel's width on the surface in metres: detail finer than that fades to its
    mean, which is what a lens and a sensor do and what keeps far textures from aliasing.
    """
    first, second = material[..., 0:3], material[..., 3:6]
    pattern, period, grain = material[..., 6].round(), material[..., 7], material[..., 8]
    texture = material[..., 9].long()
    scale = 8 / period.clamp(min=1e-3)
    fine = look_up(bank, texture, u * scale * 4, v * scale * 4)
    coarse = look_up(bank, (texture + 7) % TEXTURES, u * scale * 0.7, v * scale * 0.7)
    cycles = footprint / period.clamp(min=1e-3)
    fade = (1 - 1.5 * cycles).clamp(0, 1)
    weight = pattern_weight(pattern, u / period, v / period, coarse)
    weight = 0.5 + (weight - 0.5) * torch.where(pattern == 0, 1.0, fade)
    color = first + (second - first) * weight.unsqueeze(-1)
    fine = (fine - 0.5) * (1 - 4 * cycles).clamp(0, 1)
    return color * (1 + grain * (1.4 * fine + 0.6 * (coarse - 0.5))).clamp(min=0).unsqueeze(-1)


def sky(bank: Tensor, direction: Tensor, tint: Tensor, cloud: Tensor) -> Tensor:
    """Return the sky's linear RGB (B, P, 3) along world directions, with clouds."""
    up = (direction[..., 2] / direction.norm(dim=-1)).clamp(0.02, 1)
    u, v = direction[..., 0] / up, direction[..., 1] / up
    length = direction.norm(dim=-1)
    page = torch.zeros_like(u, dtype=torch.long)
    noise = look_up(bank, page + 5, 6 * u / length, 6 * v / length)
    cover = ((noise - 0.5 + cloud[:, None]) * 3).clamp(0, 1).unsqueeze(-1)
    clear = tint[:, None] * (1 - 0.5 * up.unsqueeze(-1)) + 0.35 * (1 - up.unsqueeze(-1)) ** 3
    return clear * (1 - cover) + 0.9 * cover

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Starting weights for a network that has no pre-trained encoder to begin with."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from depth_anything_ros.model.configuration import PATCH_SIZE
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.dinov2 import LayerScale

WEIGHT_STD = 0.05
BRANCH_SCALE = 0.1
CHROMA_FREQUENCIES = 32


def initialise_for_scratch(network: DepthAnything) -> DepthAnything:
    """Set weights from which a small network learns within thousands of steps; return it.

    Against the network's own ``initialise``: wider weights for its narrow layers, residual branches
    that start small (CaiT, arXiv 2103.17239), so that what a token shows survives to the taps, and
    patches projected on cosines whose gain rises with frequency as pictures' power falls, so that
    edges weigh as much as brightness.
    """
    network.initialise()
    for module in network.pretrained.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=WEIGHT_STD)
        elif isinstance(module, LayerScale):
            nn.init.constant_(module.gamma, BRANCH_SCALE)
    projection = network.pretrained.patch_embed.proj
    with torch.no_grad():
        projection.weight.copy_(cosine_patches(projection.out_channels))
        nn.init.zeros_(network.get_parameter('pretrained.patch_embed.proj.bias'))
    return network


def cosine_patches(count: int) -> Tensor:
    """Return (count, 3, 14, 14) whitened cosine patterns, lowest frequencies first.

    Every frequency comes in gray; the lowest ones also in two opponent colours.
    """
    place = torch.arange(PATCH_SIZE) + 0.5
    waves = torch.stack([torch.cos(math.pi * place * k / PATCH_SIZE) for k in range(PATCH_SIZE)])
    waves = waves / waves.norm(dim=1, keepdim=True)
    colors = torch.tensor([[1.0, 1, 1], [1, 0, -1], [1, -2, 1]])
    colors = colors / colors.norm(dim=1, keepdim=True)
    frequencies = [(a, b) for a in range(PATCH_SIZE) for b in range(PATCH_SIZE)]
    frequencies.sort(key=lambda f: f[0] ** 2 + f[1] ** 2)
    patterns = []
    for rank, (a, b) in enumerate(frequencies):
        gain = (1 + math.hypot(a, b)) / PATCH_SIZE
        wave = gain * waves[a][:, None] * waves[b][None]
        patterns.append(colors[0][:, None, None] * wave)
        if rank < CHROMA_FREQUENCIES:
            patterns += [2 * color[:, None, None] * wave for color in colors[1:]]
    if count > len(patterns):
        raise ValueError(f'{count} channels are more than the {len(patterns)} cosine patterns')
    return torch.stack(patterns[:count])

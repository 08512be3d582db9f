# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is seen in mirrors and through glass. Depth is that of the mirror and of the glass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from depth_anything_ros.data import raycast
from depth_anything_ros.data.primitives import CLEAR, MIRROR

if TYPE_CHECKING:
    from depth_anything_ros.data.render import Batch

_LIFT = 2e-3
"""Metres from a surface at which the second ray begins."""


@dataclass(frozen=True)
class SecondRays:
    """A second ray a pixel: ``origin``, ``direction`` (B, P, 3), and its ``share`` (B, P)."""

    origin: Tensor
    direction: Tensor
    share: Tensor

    def mix(self, color: Tensor, seen: Tensor, depth: Tensor) -> Tensor:
        """Return colours (B, P, 3) with what the second rays see, except where depth is sky."""
        share = torch.where(depth.isinf(), 0.0, self.share).unsqueeze(-1)
        return torch.where(share > 0, color * (1 - share) + seen * share, color)


def second_rays(batch: Batch, origin: Tensor, rays: Tensor, t: Tensor, index: Tensor) -> SecondRays:
    """Return where light comes from at what the rays hit, besides lamps.

    A surface that mirrors more than it is clear sends the ray back, another lets it through
    unbent: a pane is thin. Where nothing is glossy the share is 0.
    """
    from depth_anything_ros.data.render import find_surface

    shell_t, face = raycast.cast_shell(
        batch.low, batch.high, origin.transpose(1, 2), rays.transpose(1, 2)
    )
    on_shell = shell_t < t
    point = origin + torch.minimum(t, shell_t).unsqueeze(-1) * rays
    surface = find_surface(batch, index, face, on_shell, point)
    mirror, clear = surface.material[..., MIRROR], surface.material[..., CLEAR]
    length = rays.norm(dim=-1, keepdim=True)
    slant = (surface.normal * rays).sum(-1, keepdim=True)
    # Seen at a flat angle everything mirrors more (Schlick's approximation).
    grazing = (1 - (slant.abs() / length).clamp(max=1)).squeeze(-1) ** 5
    reflects = (mirror >= clear).unsqueeze(-1)
    mirrored = rays - 2 * slant * surface.normal
    direction = torch.where(reflects, mirrored, rays)
    lifted = torch.where(reflects, -slant.sign() * surface.normal, rays / length)
    share = torch.where(
        reflects.squeeze(-1), mirror + (1 - mirror) * grazing * (mirror > 0), clear * (1 - grazing)
    )
    return SecondRays(point + _LIFT * lifted, direction, share)

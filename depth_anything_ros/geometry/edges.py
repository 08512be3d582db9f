# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Flying pixels: depth between two surfaces where there is nothing.

Networks and bilinear resizing turn the step of depth at an outline into a ramp of one to several
pixels. As points these hang in the air behind every object.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real

import torch
import torch.nn.functional as F
from torch import Tensor

MAX_RADIUS = 8
MAX_SPACING = 8
NEAREST = 1e-3
"""Metres that stand for -Inf, too close, when disparities are compared."""

BESIDE = 0.25
"""Share of max_jump by which a flying pixel differs from the one before and the one after it."""

STEEPER = 2.0
"""How many times steeper than the surfaces beside it a ramp is; a plane is 1, at any angle."""


class EdgeError(ValueError):
    """Settings that no edge can be found with."""


@dataclass(frozen=True)
class EdgeSettings:
    """What a flying pixel is: ``max_jump`` the relative step of depth, ``radius`` the ramp, pixels.

    A pixel is flying if along its row or its column the depth rises, or falls, all the way from
    one neighbour over it to the other; if within ``radius`` pixels on either side it comes to
    differ by more than half of ``max_jump``, so that both together make the step; and if the
    surface beyond, over as many pixels again, is less than half as steep. Pixels are counted
    ``spacing`` apart: that is how many times a network's output was enlarged, and ramps with it.
    Raises EdgeError.
    """

    max_jump: float = 0.1
    radius: int = 4
    spacing: int = 1

    def __post_init__(self) -> None:
        """Refuse what finds no edges."""
        if not isinstance(self.max_jump, Real) or not 0 < self.max_jump < math.inf:
            raise EdgeError(f'max_jump is {self.max_jump!r}: give a share of depth above 0')
        for name, most in (('radius', MAX_RADIUS), ('spacing', MAX_SPACING)):
            value = getattr(self, name)
            if not 1 <= value <= most or value != int(value):
                raise EdgeError(f'{name} is {value!r}: give 1 to {most} pixels')

    @classmethod
    def enlarged(cls, width: int, network_width: int, max_jump: float = 0.1) -> EdgeSettings:
        """Return the settings for depth ``width`` pixels wide of a network's ``network_width``."""
        spacing = round(width / max(1, network_width))
        return cls(max_jump, spacing=min(max(1, spacing), MAX_SPACING))


@dataclass(frozen=True, eq=False)
class CleanDepth:
    """Depth without flying pixels: they are NaN in ``values`` and True in ``flying`` (H, W)."""

    values: Tensor
    flying: Tensor

    @property
    def removed(self) -> float:
        """Return the share of flying pixels among those of finite depth; waits for the device."""
        count = int(self.flying.sum())
        kept = int((self.values.abs() < torch.inf).sum())
        return count / (count + kept) if count else 0.0


def without_flying_pixels(depth: Tensor, settings: EdgeSettings | None = None) -> CleanDepth:
    """Return depth (H, W), float32 metres, with NaN at its flying pixels."""
    flying = flying_pixels(depth, settings or EdgeSettings())
    return CleanDepth(torch.where(flying, torch.nan, depth), flying)


def flying_pixels(depth: Tensor, settings: EdgeSettings) -> Tensor:
    """Return a mask (H, W) of the pixels of depth, float32 metres, that hang between surfaces.

    Steepness is compared in disparity, 1 / z, which is linear in the pixels of any plane: ground
    is as steep beyond as within, out to the horizon, and is kept. So are both sides of a step
    without a ramp, and objects nearer or farther than what is on both sides of them, however
    thin. A surface that is one pixel wide and between the depths of its two neighbours looks the
    same as a ramp and goes. +Inf counts as a surface at any distance and -Inf as one at the lens;
    no step leads to what is unknown or outside, and beyond a step it counts as flat.
    """
    margin = 2 * settings.radius * settings.spacing
    # Left and right share a margin: what is beyond a row's end is before the next one's beginning.
    framed = F.pad(depth, (0, margin, margin, margin), value=torch.nan)
    flat = framed.view(-1)
    nearer = flat * (1 + settings.max_jump * BESIDE)
    flying = torch.zeros_like(framed, dtype=torch.bool)
    for stride in (settings.spacing, settings.spacing * framed.shape[1]):
        where = _monotone(flat, nearer, stride)
        flying.view(-1)[where[_between(flat, where, stride, settings)]] = True
    return flying[margin:-margin, :-margin]


def _monotone(flat: Tensor, nearer: Tensor, stride: int) -> Tensor:
    """Return the indices of pixels with one neighbour that is nearer and one that is farther."""
    rises = flat[stride:] > nearer[:-stride]
    falls = flat[:-stride] > nearer[stride:]
    found = (rises[:-stride] & rises[stride:]) | (falls[:-stride] & falls[stride:])
    return torch.nonzero(found).squeeze(1).add_(stride)


def _between(flat: Tensor, where: Tensor, stride: int, settings: EdgeSettings) -> Tensor:
    """Return which of the pixels ``where`` (N,) are on a ramp between two surfaces."""
    reach = settings.radius
    offsets = stride * torch.arange(-2 * reach, 2 * reach + 1, device=flat.device)[:, None]
    around = flat.index_select(0, (where + offsets).view(-1)).view(len(offsets), len(where))
    disparity = around.clamp_(min=NEAREST).reciprocal_()
    here = disparity[2 * reach]
    rise = torch.nan_to_num_(disparity - here, nan=0.0)
    # Up from the neighbour before to the one after.
    rise *= torch.sign(rise[2 * reach + 1] - rise[2 * reach - 1])
    after, before = rise[2 * reach + 1 :], -rise[: 2 * reach].flip(0)
    least = here * (settings.max_jump / 2)
    found = torch.ones_like(here, dtype=torch.bool)
    for side in (before, after):
        within, whole = side[:reach].amax(0), side.amax(0)
        found &= (within > least) & (within > STEEPER * (whole - within))
    return found

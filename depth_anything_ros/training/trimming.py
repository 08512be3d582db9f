# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which part of a pseudo-label a student does not listen to (arXiv 2406.09414, section 5)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def keep_smallest(losses: Tensor, valid: Tensor, share: float, block: int = 1) -> Tensor:
    """Return the mask of what is left of ``valid`` when each map's largest losses are dropped.

    ``losses`` are (B, H, W), ``valid`` their mask and ``share`` the part to drop, in [0, 1].
    The paper drops "regions" and does not say what they are: with ``block`` 1 they are pixels,
    otherwise squares of so many pixels a side, from the top left corner, ranked by the mean over
    their valid pixels. Of n regions with a valid pixel floor(share * n) go; among equal losses
    the first go, row by row.
    """
    height, width = losses.shape[1:]
    amounts = torch.where(valid, losses.detach(), 0)
    if block > 1:
        counts = _block_sums(valid.to(amounts.dtype), block)
        known = counts > 0.5
        amounts = _block_sums(amounts, block) / counts.clamp(min=1)
    else:
        known = valid
    flat = amounts.masked_fill(~known, -1).flatten(1)
    order = flat.argsort(dim=1, descending=True, stable=True)
    # In float64, as 0.1 of a number of pixels is not to depend on rounding; 1e-9 undoes the rest.
    gone = (known.flatten(1).sum(1, keepdim=True).double() * share + 1e-9).floor()
    first = torch.arange(flat.shape[1], device=flat.device) < gone
    dropped = torch.zeros_like(first).scatter(1, order, first).reshape(amounts.shape)
    if block > 1:
        dropped = dropped.repeat_interleave(block, 1).repeat_interleave(block, 2)
    return valid & ~dropped[:, :height, :width]


def _block_sums(maps: Tensor, block: int) -> Tensor:
    """Sum (B, H, W) over squares of ``block`` pixels; those at the right and bottom are cut."""
    height, width = maps.shape[1:]
    padded = F.pad(maps, (0, -width % block, 0, -height % block))
    return padded.unflatten(2, (-1, block)).unflatten(1, (-1, block)).sum((2, 4))

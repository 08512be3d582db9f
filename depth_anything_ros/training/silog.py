# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The loss of metric networks: logarithms of depth, scale counted in part (Eigen et al. 2014)."""

from __future__ import annotations

import torch
from torch import Tensor

from depth_anything_ros.training.losses import Over, widen

BALANCE = 0.5
"""How much of a common factor is forgiven: 0 none, 1 all of it."""

SMALLEST_DEPTH = 1e-6
"""Metres below which a prediction has no logarithm to speak of."""

SMALLEST_SQUARE = 1e-12
"""Floor under the root, whose slope at 0 is infinite."""


def silog(
    prediction: Tensor,
    target: Tensor,
    valid: Tensor,
    balance: float = BALANCE,
    over: Over = 'batch',
) -> Tensor:
    """Return sqrt(mean g^2 - balance * (mean g)^2) of g = ln target - ln prediction, a scalar.

    All maps are (B, H, W), in metres above 0 where ``valid``. The root is of the means over all
    valid pixels of the batch, as in the official metric trainer, or one of each picture, which are
    averaged. Without a valid pixel the loss and its gradient are 0, as they are at equality.
    """
    known = torch.where(valid, widen(prediction), 1).clamp(min=SMALLEST_DEPTH)
    wanted = torch.where(valid, widen(target), 1).clamp(min=SMALLEST_DEPTH)
    g = torch.where(valid, wanted.log() - known.log(), 0)
    count = valid.sum((1, 2))
    first, second = g.sum((1, 2)), (g * g).sum((1, 2))
    if over == 'batch':
        count, first, second = count.sum()[None], first.sum()[None], second.sum()[None]
    count = count.clamp(min=1)
    square = second / count - balance * (first / count) ** 2
    # Not a clamp under the root alone: where nothing is left, 0 and not the floor is the loss.
    some = square > SMALLEST_SQUARE
    root = torch.where(some, square, 1).sqrt()
    return torch.where(some, root, 0).mean()

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The two losses of Depth Anything V2 (arXiv 2406.09414, section 4), in disparity space."""

from __future__ import annotations

import torch
from torch import Tensor

GRADIENT_SCALES = 4
"""How many scales the gradient loss looks at; the paper leaves it open, MiDaS uses 4."""

SMALLEST_DEVIATION = 1e-6

SCRATCH_MEDIAN = 2.0
"""The median of a standardised target in ``scratch_loss``: two spreads above the ReLU's end."""


def disparity_from_depth(depth: Tensor) -> tuple[Tensor, Tensor]:
    """Turn planar depth (m) into inverse depth (1/m) and the mask of pixels it is known for.

    +inf, the sky, becomes 0 as in Depth Anything V1; NaN and depths <= 0 are unknown.
    """
    valid = depth > 0
    return torch.where(valid, 1 / depth.clamp(min=1e-3), 0), valid


def location_and_spread(maps: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Return median and mean |d - median| over each map's valid pixels, (B, 1) each.

    ``maps`` is (B, H, W) and ``valid`` its mask. Without a valid pixel both are 0.
    """
    flat, mask = maps.float().flatten(1), valid.flatten(1)
    median = flat.masked_fill(~mask, float('nan')).nanmedian(dim=1, keepdim=True).values
    median = torch.where(mask.any(1, keepdim=True), median, 0)
    # Not a product with the mask: what is not valid may be NaN or infinite.
    deviation = torch.where(mask, flat - median, 0).abs().sum(1, keepdim=True)
    return median, deviation / mask.sum(1, keepdim=True).clamp(min=1)


def standardise(maps: Tensor, valid: Tensor) -> Tensor:
    """Remove shift and scale: (d - median) / mean|d - median| over each map's valid pixels.

    ``maps`` is (B, H, W) and ``valid`` its mask; invalid pixels become 0. A map without a valid
    pixel comes back as zeros; of a constant map the deviation is floored at 1e-6, so the result
    is zero as well.
    """
    median, deviation = location_and_spread(maps, valid)
    centred = torch.where(valid.flatten(1), maps.float().flatten(1) - median, 0)
    return (centred / deviation.clamp(min=SMALLEST_DEVIATION)).reshape(maps.shape)


def gradient_matching(residual: Tensor, valid: Tensor) -> Tensor:
    """Return the multi-scale gradient of a residual (B, H, W), a scalar.

    At scale k every 2**k-th pixel is taken; absolute differences between neighbours that are both
    valid are summed and divided by that scale's number of valid pixels.
    """
    total = residual.new_zeros(())
    for scale in range(GRADIENT_SCALES):
        step = 2**scale
        r, m = residual[:, ::step, ::step], valid[:, ::step, ::step]
        across = (r[:, :, 1:] - r[:, :, :-1]).abs() * (m[:, :, 1:] & m[:, :, :-1])
        down = (r[:, 1:] - r[:, :-1]).abs() * (m[:, 1:] & m[:, :-1])
        total = total + (across.sum() + down.sum()) / m.sum().clamp(min=1)
    return total


def relative_loss(
    prediction: Tensor, disparity: Tensor, valid: Tensor, gradient_weight: float = 2.0
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return L_ssi + ``gradient_weight`` * L_gm, and its parts, detached.

    All maps are (B, H, W). Prediction and target are each standardised over the valid pixels, so
    the two parts know neither scale nor shift; without any valid pixel the loss is 0 with a
    gradient of 0.
    """
    residual = standardise(prediction, valid) - standardise(disparity, valid)
    return _both_parts(residual, valid, gradient_weight)


def scratch_loss(
    prediction: Tensor, disparity: Tensor, valid: Tensor, gradient_weight: float = 2.0
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the same two parts with only the target standardised, to a median of SCRATCH_MEDIAN.

    For networks without pre-trained weights. Where these see little in a picture their output is
    nearly flat, and to standardise it divides by next to nothing: few pictures then make up the
    whole gradient, it grows as training goes, and learning stalls. Nor has the paper's loss
    anything to hold the output's scale. Here both are given, and the gradient is bounded. What
    lies below 0 in the target, beyond the reach of the network's ReLU, counts as 0.
    """
    target = (SCRATCH_MEDIAN + standardise(disparity, valid)).clamp(min=0)
    residual = torch.where(valid, prediction.float() - target, 0)
    return _both_parts(residual, valid, gradient_weight)


def _both_parts(
    residual: Tensor, valid: Tensor, gradient_weight: float
) -> tuple[Tensor, dict[str, Tensor]]:
    shift_scale = (residual.abs() * valid).sum() / valid.sum().clamp(min=1)
    gradient = gradient_matching(residual, valid)
    total = shift_scale + gradient_weight * gradient
    return total, {'ssi': shift_scale.detach(), 'gradient': gradient.detach()}

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The losses of Depth Anything V2 (arXiv 2406.09414, section 4), in disparity space, and ours."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

GRADIENT_SCALES = 4
"""How many scales the gradient loss looks at; the paper leaves it open, MiDaS uses 4."""

Over = Literal['batch', 'picture']
"""Over what a mean is taken: all valid pixels of a batch, or each picture's, then over pictures."""

SMALLEST_DEVIATION = 1e-6

SCRATCH_MEDIAN = 2.0
"""The median of a standardised target in ``scratch_loss``: two spreads above the ReLU's end."""

FARTHEST = 60.0
"""Depth (m) up to which ``aligned_error`` counts."""

RIDGE = 1e-2
"""Added to the variance of a prediction in ``aligned_error``, whose spread is about 1."""


def disparity_from_depth(depth: Tensor) -> tuple[Tensor, Tensor]:
    """Turn planar depth (m) into inverse depth (1/m) and the mask of pixels it is known for.

    +inf, the sky, becomes 0 as in Depth Anything V1; NaN and depths <= 0 are unknown.
    """
    valid = depth > 0
    return torch.where(valid, 1 / depth.clamp(min=1e-3), 0), valid


def widen(maps: Tensor) -> Tensor:
    """Return maps in float32, or in float64 where they are: half precision holds no such sums."""
    return maps if maps.dtype == torch.float64 else maps.float()


def average(sums: Tensor, counts: Tensor, over: Over, shares: Tensor | None = None) -> Tensor:
    """Return the mean of what was summed per picture: ``sums`` and ``counts`` are (B,).

    A picture without anything to count adds nothing, but stands in the mean over pictures: so the
    mean of two halves of a batch is the mean of the batch. There ``shares`` (B,) weigh pictures;
    over a batch each pixel weighs the same.
    """
    if over == 'batch':
        return sums.sum() / counts.sum().clamp(min=1)
    means = sums / counts.clamp(min=1)
    return means.mean() if shares is None else (means * shares).sum() / shares.sum()


def location_and_spread(maps: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Return median and mean |d - median| over each map's valid pixels, (B, 1) each.

    ``maps`` is (B, H, W) and ``valid`` its mask. Without a valid pixel both are 0.
    """
    flat, mask = widen(maps).flatten(1), valid.flatten(1)
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
    centred = torch.where(valid.flatten(1), widen(maps).flatten(1) - median, 0)
    return (centred / deviation.clamp(min=SMALLEST_DEVIATION)).reshape(maps.shape)


def gradient_matching(
    residual: Tensor,
    valid: Tensor,
    scales: int = GRADIENT_SCALES,
    over: Over = 'batch',
    shares: Tensor | None = None,
) -> Tensor:
    """Return the multi-scale gradient of a residual (B, H, W), a scalar.

    At scale k every 2**k-th pixel is taken; absolute differences between neighbours that are both
    valid are summed and divided by that scale's number of valid pixels.
    """
    total = residual.new_zeros(())
    for scale in range(scales):
        step = 2**scale
        r, m = residual[:, ::step, ::step], valid[:, ::step, ::step]
        across = torch.where(m[:, :, 1:] & m[:, :, :-1], r[:, :, 1:] - r[:, :, :-1], 0).abs()
        down = torch.where(m[:, 1:] & m[:, :-1], r[:, 1:] - r[:, :-1], 0).abs()
        summed = across.sum((1, 2)) + down.sum((1, 2))
        total = total + average(summed, m.sum((1, 2)), over, shares)
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


def aligned_error(prediction: Tensor, disparity: Tensor, valid: Tensor) -> Tensor:
    """Return the relative depth error that is left after the best scale and shift, a scalar.

    All maps are (B, H, W). Each prediction is fitted to its disparity by least squares, as the
    affine-invariant evaluation does it; a pixel r times its true disparity then counts |1 / r - 1|,
    its error in depth over its depth. Below r = 1/2 that is continued as a line down to r = 0 and
    constant beyond, so that no pixel outweighs a picture. Beyond FARTHEST, where disparity says
    next to nothing, nothing counts. The mean is over each picture's pixels, then over pictures.
    """
    mask = (valid & (disparity > 1 / FARTHEST)).flatten(1)
    count = mask.sum(1, keepdim=True).clamp(min=1)
    # Masked before any division: a product of 0 and infinity in the backward pass is NaN.
    known = torch.where(mask, widen(prediction).flatten(1), 0)
    target = torch.where(mask, widen(disparity).flatten(1), 1)
    known_mean = known.sum(1, keepdim=True) / count
    target_mean = torch.where(mask, target, 0).sum(1, keepdim=True) / count
    known = torch.where(mask, known - known_mean, 0)
    scale = (known * (target - target_mean)).sum(1, keepdim=True) / count
    scale = scale / ((known * known).sum(1, keepdim=True) / count + RIDGE)
    ratio = (scale * known + target_mean) / target
    error = torch.where(
        ratio < 0.5, 3 - 4 * ratio.clamp(min=0), (1 / ratio.clamp(min=0.5) - 1).abs()
    )
    return (torch.where(mask, error, 0).sum(1, keepdim=True) / count).mean()


def scratch_loss(
    prediction: Tensor,
    disparity: Tensor,
    valid: Tensor,
    gradient_weight: float = 2.0,
    error_weight: float = 0.0,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the same two parts with only the target standardised, and a third.

    For networks without pre-trained weights. Where these see little in a picture their output is
    nearly flat, and to standardise it divides by next to nothing: few pictures then make up the
    whole gradient, it grows as training goes, and learning stalls. Nor has the paper's loss
    anything to hold the output's scale. Here both are given, a median of SCRATCH_MEDIAN and a
    spread of 1, and the gradient is bounded. What lies below 0 in the target, beyond the reach of
    the network's ReLU, counts as 0.

    The third part is ``aligned_error``. A network that cannot be right everywhere spends what it
    has by the loss, and the paper's, an absolute one of disparity, lets it be wrong far away.
    """
    target = (SCRATCH_MEDIAN + standardise(disparity, valid)).clamp(min=0)
    residual = torch.where(valid, widen(prediction) - target, 0)
    total, parts = _both_parts(residual, valid, gradient_weight)
    error = aligned_error(prediction, disparity, valid)
    return total + error_weight * error, {**parts, 'error': error.detach()}


def _both_parts(
    residual: Tensor, valid: Tensor, gradient_weight: float
) -> tuple[Tensor, dict[str, Tensor]]:
    shift_scale = (residual.abs() * valid).sum() / valid.sum().clamp(min=1)
    gradient = gradient_matching(residual, valid)
    total = shift_scale + gradient_weight * gradient
    return total, {'ssi': shift_scale.detach(), 'gradient': gradient.detach()}

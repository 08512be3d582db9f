# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What each stage minimises, from its settings and a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from depth_anything_ros.training.batch import Batch
from depth_anything_ros.training.feature_loss import TOLERANCE, feature_alignment
from depth_anything_ros.training.losses import (
    GRADIENT_SCALES,
    SCRATCH_MEDIAN,
    Over,
    aligned_error,
    average,
    disparity_from_depth,
    gradient_matching,
    standardise,
    widen,
)
from depth_anything_ros.training.silog import BALANCE, silog
from depth_anything_ros.training.trimming import keep_smallest

Parts = dict[str, Tensor]


@dataclass(frozen=True)
class RelativeObjective:
    """L_ssi + gradient_weight L_gm (+ feature_weight L_feat) of inverse depth.

    ``sky`` is learned as inverse depth 0 or ignored. ``drop_share`` of the regions of a
    pseudo-label, those with the largest loss, count for nothing; a region is a pixel or a square
    of ``drop_block`` pixels a side; with ``drop_gradients`` L_gm leaves them out as well.
    ``standardise`` is 'both', as in the paper, or 'target', for networks without pre-trained
    weights (see ``losses.scratch_loss``), where ``error_weight`` adds the aligned error.
    """

    gradient_weight: float = 2.0
    gradient_scales: int = GRADIENT_SCALES
    over: Over = 'picture'
    sky: Literal['zero', 'ignore'] = 'zero'
    drop_share: float = 0.0
    drop_block: int = 1
    drop_gradients: bool = True
    feature_weight: float = 0.0
    feature_tolerance: float = TOLERANCE
    standardise: Literal['both', 'target'] = 'both'
    error_weight: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.drop_share < 1:
            raise ValueError(f'drop_share is {self.drop_share}; it is a share, from 0 to below 1')
        if self.drop_block < 1 or self.gradient_scales < 1:
            raise ValueError(
                f'drop_block is {self.drop_block} and gradient_scales {self.gradient_scales}; '
                'both must be at least 1'
            )

    def __call__(
        self, prediction: Tensor, batch: Batch, features: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Parts]:
        """Return the loss and its parts, detached.

        ``prediction`` is (B, H, W); ``features`` are the network's and the frozen encoder's.
        """
        disparity, valid = disparity_from_depth(widen(batch.depth))
        if self.sky == 'ignore':
            valid = valid & torch.isfinite(batch.depth)
        pseudo, shares = batch.pseudo, None
        if batch.inside is not None:
            # Two pictures in one: each rectangle and its surroundings, weighed by their areas.
            inside = torch.stack((batch.inside, ~batch.inside), 1).flatten(0, 1)
            prediction, disparity, valid, pseudo = (
                each.repeat_interleave(2, 0) for each in (prediction, disparity, valid, pseudo)
            )
            valid, shares = valid & inside, inside.float().mean((1, 2))
        parts = self._of_maps(prediction, disparity, valid, pseudo, shares)
        total = parts['ssi'] + self.gradient_weight * parts['gradient']
        if self.error_weight:
            parts['error'] = aligned_error(prediction, disparity, valid)
            total = total + self.error_weight * parts['error']
        if features is not None and self.feature_weight:
            # True labels need no guard against forgetting; V1 aligns on unlabelled pictures only.
            weights = batch.pseudo.float()
            parts['features'] = feature_alignment(*features, self.feature_tolerance, weights)
            total = total + self.feature_weight * parts['features']
        return total, {name: part.detach() for name, part in parts.items()}

    def _of_maps(
        self,
        prediction: Tensor,
        disparity: Tensor,
        valid: Tensor,
        pseudo: Tensor,
        shares: Tensor | None,
    ) -> Parts:
        wanted = standardise(disparity, valid)
        if self.standardise == 'both':
            residual = standardise(prediction, valid) - wanted
        else:
            wanted = (SCRATCH_MEDIAN + wanted).clamp(min=0)
            residual = torch.where(valid, widen(prediction) - wanted, 0)
        kept = valid
        if self.drop_share:
            smallest = keep_smallest(residual.abs(), valid, self.drop_share, self.drop_block)
            kept = torch.where(pseudo[:, None, None], smallest, valid)
        size = torch.where(kept, residual, 0).abs().sum((1, 2))
        flow = kept if self.drop_gradients else valid
        return {
            'ssi': average(size, kept.sum((1, 2)), self.over, shares),
            'gradient': gradient_matching(residual, flow, self.gradient_scales, self.over, shares),
        }


@dataclass(frozen=True)
class MetricObjective:
    """SiLog of depth in metres between ``min_depth`` and the network's farthest depth."""

    max_depth: float
    min_depth: float = 1e-3
    balance: float = BALANCE
    over: Over = 'batch'

    def __call__(
        self, prediction: Tensor, batch: Batch, features: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Parts]:
        """Return the loss and its parts, detached; sky and what lies beyond count for nothing."""
        valid = (batch.depth >= self.min_depth) & (batch.depth <= self.max_depth)
        loss = silog(prediction, batch.depth, valid, self.balance, self.over)
        return loss, {'silog': loss.detach()}


Objective = RelativeObjective | MetricObjective

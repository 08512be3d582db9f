# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Holding a student's features to those of a frozen encoder (arXiv 2401.10891, section 3.3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from depth_anything_ros.training.losses import widen

TOLERANCE = 0.85
"""Cosine above which a feature is near enough; of Depth Anything V1."""


def feature_alignment(
    features: Tensor, frozen: Tensor, tolerance: float = TOLERANCE, weights: Tensor | None = None
) -> Tensor:
    """Return 1 - the mean cosine between features and frozen ones, a scalar.

    Both are (B, N, D), a feature for each patch. Patches whose cosine is above ``tolerance``
    count for nothing: depth may tell parts of an object apart that the frozen encoder sees as
    one. The mean is over each picture's patches that are left, 0 where none is, then over
    pictures, each times ``weights`` (B,). The frozen features get no gradient.
    """
    cosine = F.cosine_similarity(widen(features), widen(frozen.detach()), dim=-1, eps=1e-6)
    counts = cosine <= tolerance
    lacking = torch.where(counts, 1 - cosine, 0).sum(1) / counts.sum(1).clamp(min=1)
    return (lacking if weights is None else lacking * weights).mean()

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The exponential moving average of weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class MovingAverage:
    """Follows the trainable weights of a model with a decay; 0 follows nothing."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self._weights = (
            {n: p for n, p in model.named_parameters() if p.requires_grad} if decay else {}
        )
        self._means = {name: weight.detach().clone() for name, weight in self._weights.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Follow the weights after a step, faster while there are few steps to average over."""
        if self._means:
            keep = min(self._decay, (1 + step) / (10 + step))
            means: list[Tensor] = list(self._means.values())
            torch._foreach_lerp_(means, list(self._weights.values()), 1 - keep)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the means in the place of the weights for a while."""
        own = {name: weight.detach().clone() for name, weight in self._weights.items()}
        self._put(self._means)
        try:
            yield
        finally:
            self._put(own)

    def restart(self) -> None:
        """Begin with the weights as they are now."""
        for name, weight in self._weights.items():
            self._means[name].copy_(weight.detach())

    @torch.no_grad()
    def _put(self, values: dict[str, Tensor]) -> None:
        for name, weight in self._weights.items():
            weight.copy_(values[name])

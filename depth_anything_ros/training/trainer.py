# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A training loop: mixed precision, a schedule, averaged weights, exact resume and a log."""

from __future__ import annotations

import copy
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from depth_anything_ros.model.depth_anything import DepthAnything

Loss = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, dict[str, Tensor]]]


class BatchSource(Protocol):
    """Where batches come from, able to say and restore how far it has come."""

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yield images (B, 3, H, W), targets (B, H, W) and masks of valid pixels (B, H, W)."""

    def state_dict(self) -> dict[str, Any]:
        """Return what ``load_state_dict`` needs to continue with the next batch."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where ``state`` was taken."""


@dataclass(frozen=True)
class TrainingSettings:
    """The numbers of one run; ``steps`` may change on resume, which re-stretches the schedule."""

    steps: int
    learning_rate: float = 5e-4
    weight_decay: float = 0.05
    warm_up: int = 300
    schedule: Literal['cosine', 'poly'] = 'cosine'
    clip_norm: float = 1.0
    average: float = 0.999
    bfloat16: bool = True
    save_every: int = 200
    log_every: int = 20

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step: linear warm-up, then cosine or (1 - t)^0.9 to 0."""
        if step < self.warm_up:
            return self.learning_rate * (step + 1) / self.warm_up
        t = min(1.0, (step - self.warm_up) / max(1, self.steps - self.warm_up))
        factor = 0.5 * (1 + math.cos(math.pi * t)) if self.schedule == 'cosine' else (1 - t) ** 0.9
        return self.learning_rate * factor


class Trainer:
    """Fit a network to a source of batches, keeping everything in ``folder``.

    ``folder/state.pt`` holds weights, averages, optimiser, source and random states, written
    atomically, so that a run killed at any moment continues from the last save with the same
    numbers; ``folder/log.jsonl`` holds one line per logged step. ``averaged`` is the exponential
    moving average of the weights, the network to ship. ``facts`` say what else this start of the
    run was made with; the state keeps them with the step they begin at, one for every start.
    ``pictures`` counts what was shown, repeats included.
    """

    def __init__(
        self,
        network: DepthAnything,
        source: BatchSource,
        loss: Loss,
        settings: TrainingSettings,
        folder: Path,
        facts: dict[str, Any] | None = None,
    ) -> None:
        self.network, self.source, self.loss, self.settings = network, source, loss, settings
        self.folder, self.step, self.pictures = folder, 0, 0
        self.averaged = copy.deepcopy(network).eval().requires_grad_(False)
        self._device = next(network.parameters()).device
        self._optimiser = torch.optim.AdamW(
            _decay_groups(network),
            lr=settings.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=settings.weight_decay,
            fused=True,
        )
        folder.mkdir(parents=True, exist_ok=True)
        self.stretches: list[dict[str, Any]] = []
        if (folder / 'state.pt').exists():
            self._restore()
        self.stretches.append({'from_step': self.step, **(facts or {})})

    def run(self, on_log: Callable[[dict[str, float]], None] | None = None) -> None:
        """Train until ``settings.steps``, saving now and then and at the end."""
        self.network.train()
        batches, started, seen = iter(self.source), time.monotonic(), 0
        while self.step < self.settings.steps:
            images, targets, valid = next(batches)
            parts = self._update(images, targets, valid)
            self.step += 1
            self.pictures += len(images)
            seen += len(images)
            if self.step % self.settings.log_every == 0:
                row = {name: float(value) for name, value in parts.items()}
                row.update(step=self.step, pictures=self.pictures)
                row['pictures_per_s'] = round(seen / (time.monotonic() - started), 2)
                self._log(row)
                if on_log:
                    on_log(row)
            if self.step % self.settings.save_every == 0:
                self.save()
        self.save()

    def _update(self, images: Tensor, targets: Tensor, valid: Tensor) -> dict[str, Tensor]:
        """Take one optimiser step and return the parts of the loss."""
        rate = self.settings.rate_at(self.step)
        for group in self._optimiser.param_groups:
            group['lr'] = rate
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self.settings.bfloat16):
            prediction = self.network(images.to(self._device))
        total, parts = self.loss(
            prediction.float(), targets.to(self._device), valid.to(self._device)
        )
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip_norm)
        if not torch.isfinite(norm):
            raise FloatingPointError(
                f'gradient norm is {norm.item()} at step {self.step}; the last good state is in '
                f'{self.folder}: resume with a lower learning rate'
            )
        self._optimiser.step()
        self._average()
        return {**parts, 'loss': total.detach(), 'norm': norm.detach()}

    @torch.no_grad()
    def _average(self) -> None:
        """Follow the weights, faster while there are few steps to average over."""
        keep = min(self.settings.average, (1 + self.step) / (10 + self.step))
        means: list[Tensor] = list(self.averaged.parameters())
        weights: list[Tensor] = list(self.network.parameters())
        torch._foreach_lerp_(means, weights, 1 - keep)

    def _log(self, row: dict[str, float]) -> None:
        with open(self.folder / 'log.jsonl', 'a', encoding='utf-8') as log:
            log.write(json.dumps(row) + '\n')

    def save(self) -> None:
        """Write the state beside the old one, then put it in its place."""
        state = {
            'model': self.network.state_dict(),
            'averaged': self.averaged.state_dict(),
            'optimiser': self._optimiser.state_dict(),
            'source': self.source.state_dict(),
            'random': torch.get_rng_state(),
            'step': self.step,
            'pictures': self.pictures,
            'settings': asdict(self.settings),
            'stretches': self.stretches,
        }
        partial = self.folder / 'state.pt.partial'
        torch.save(state, partial)
        os.replace(partial, self.folder / 'state.pt')

    def _restore(self) -> None:
        state = torch.load(self.folder / 'state.pt', map_location='cpu', weights_only=True)
        self.network.load_state_dict(state['model'])
        self.averaged.load_state_dict(state['averaged'])
        self._optimiser.load_state_dict(state['optimiser'])
        self.source.load_state_dict(state['source'])
        torch.set_rng_state(state['random'])
        self.step, self.pictures = state['step'], state['pictures']
        self.stretches = [s for s in state['stretches'] if s['from_step'] < self.step]


def _decay_groups(network: torch.nn.Module) -> list[dict[str, Any]]:
    """Group parameters so that weight decay spares biases, norms, layer scales and embeddings.

    It spares the last projection, too, which like the embeddings has a first dimension of 1. The
    layers before it can grow as it shrinks with nothing changed but its gradient, which then is
    nearly all of the whole and all that clipping sees.
    """
    weights = [p for p in network.parameters() if p.ndim > 1 and len(p) > 1]
    others = [p for p in network.parameters() if p.ndim <= 1 or len(p) == 1]
    return [{'params': weights}, {'params': others, 'weight_decay': 0.0}]

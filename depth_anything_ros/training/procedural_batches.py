# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batches of the procedural world, rendered as training goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.data.procedural import ProceduralWorld
from depth_anything_ros.inference.preprocessing import normalise
from depth_anything_ros.model.configuration import PATCH_SIZE
from depth_anything_ros.training.losses import disparity_from_depth

ASPECTS = ((12, 16), (12, 16), (11, 19), (14, 14), (8, 26), (16, 12))
"""Heights and widths of batches in patches of 14 pixels, drawn evenly: 4:3 the most often."""


def shapes_for(short_side: int) -> tuple[tuple[int, int], ...]:
    """Return the (height, width) in pixels of batches whose 4:3 shape has ``short_side`` rows."""
    factor = short_side / (12 * PATCH_SIZE)
    return tuple(
        (round(rows * factor) * PATCH_SIZE, round(columns * factor) * PATCH_SIZE)
        for rows, columns in ASPECTS
    )


class ProceduralBatches:
    """Yield normalised images, inverse depth and masks, a new seed for every batch.

    With ``replay``, that many batches in a row are shown a second time, mirrored, before the next
    ones are rendered: where rendering costs as much as learning, twice the steps for one picture.
    Batch i depends on the arguments and i alone, so its state is one number.
    """

    def __init__(
        self,
        seed: int,
        batch: int,
        device: torch.device | str = 'cpu',
        short_side: int = 168,
        compiled: bool = False,
        replay: int = 0,
        rich: float = 0.0,
    ) -> None:
        self.seed, self.batch, self.replay = seed, batch, replay
        self.shapes = shapes_for(short_side)
        self.index, self.rendered = 0, 0
        self._world = ProceduralWorld(seed, device, compiled, rich)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yield batches without end."""
        shown: dict[int, tuple[Tensor, Tensor, Tensor]] = {}
        while True:
            number, again = self.index, False
            if self.replay:
                block, place = divmod(self.index, 2 * self.replay)
                number, again = block * self.replay + place % self.replay, place >= self.replay
            # A run that is resumed in the middle of a replay renders what it has not seen.
            known = number in shown
            rgb, disparity, valid = shown.pop(number) if known else self._render(number)
            if self.replay and not again:
                shown[number] = rgb, disparity, valid
            self.index += 1
            mirrored = np.random.default_rng((self.seed, number, 1)).random(self.batch) < 0.5
            flip = torch.from_numpy(mirrored != again).to(disparity.device)[:, None, None]
            rgb = torch.where(flip[:, None], rgb.flip(-1), rgb)
            disparity = torch.where(flip, disparity.flip(-1), disparity)
            valid = torch.where(flip, valid.flip(-1), valid)
            yield normalise(rgb), disparity, valid

    def _render(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return pictures (B, 3, H, W) in 0-1, inverse depth and masks (B, H, W) of a batch."""
        rng = np.random.default_rng((self.seed, number))
        self._world.reseed(int(rng.integers(2**62)))
        height, width = self.shapes[rng.integers(len(self.shapes))]
        pictures = self._world.sample(self.batch, height, width)
        self.rendered += self.batch
        return pictures.rgb, *disparity_from_depth(pictures.depth)

    def state_dict(self) -> dict[str, Any]:
        """Return the number of the next batch, and how many pictures were rendered so far."""
        return {'index': self.index, 'rendered': self.rendered}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with the batch of that number."""
        self.index, self.rendered = int(state['index']), int(state['rendered'])

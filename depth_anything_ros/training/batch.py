# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a network sees in one step."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from depth_anything_ros.inference.preprocessing import normalise


@dataclass(frozen=True)
class Batch:
    """Pictures with the depth that is to be learned.

    ``images`` are (B, 3, H, W), uint8 RGB or float32 and normalised as networks take them;
    ``ready_on`` makes the one of the other. ``depth`` (B, H, W) is planar, in metres or in a unit
    of its own for each picture, +inf for sky and NaN where unknown. ``pseudo`` (B,) tells what a
    teacher said from what is true. ``inside`` (B, H, W) is the rectangle of CutMix, None where
    nothing was mixed; in it and outside of it are two pictures, each with a scale and shift of
    its own.
    """

    images: Tensor
    depth: Tensor
    pseudo: Tensor
    inside: Tensor | None = None

    def pin_memory(self) -> Batch:
        """Return the batch in memory that a GPU can read while it works; torch's loader asks."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{k: v.pin_memory() for k, v in named.items() if v is not None})

    def ready_on(self, device: torch.device) -> Batch:
        """Return the batch on a device, its pictures normalised."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        moved = {k: v.to(device, non_blocking=True) for k, v in named.items() if v is not None}
        if self.images.dtype == torch.uint8:
            moved['images'] = normalise(moved['images'].float() / 255)
        return replace(self, **moved)

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.images)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which pixels' rays are in which beam of a scan."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class BeamMap:
    """The beams of a picture (H, W): ``count`` of them, beam i at angle (first + i) increment.

    A pixel is in the beam that its centre is nearest to, and in all that look through it, so that
    beams finer than the pixels have no gaps. ``right`` and ``left`` (H, W) are the angles of
    its edges, NaN for a pixel without a ray.

    Its beams are covered by two runs of 2^k beams, that begin with its first and end with its last:
    ``pixels`` are indices into H W, and ``slots`` = k ``count`` + the first beam of a run.
    """

    first: int
    count: int
    increment: float
    right: Tensor
    left: Tensor
    pixels: Tensor
    slots: Tensor
    levels: int

    def angles(self) -> Tensor:
        """Return the angles (n,) float32 of the beams, in radians."""
        steps = torch.arange(self.count, device=self.right.device, dtype=torch.float64)
        return ((steps + self.first) * self.increment).float()

    def only(self, chosen: Tensor) -> BeamMap:
        """Return the same beams with the chosen (H, W) of the pixels in them."""
        kept = chosen.reshape(-1).index_select(0, self.pixels).nonzero()[:, 0]
        pixels, slots = (part.index_select(0, kept) for part in (self.pixels, self.slots))
        return replace(self, pixels=pixels, slots=slots)

    def least(self, values: Tensor) -> Tensor:
        """Return (n,): the least of the values (H, W) float32 in each beam, inf without any."""
        table = values.new_full((self.levels * self.count,), torch.inf)
        table.scatter_reduce_(0, self.slots, self._of_pixels(values), 'amin')
        return self._joined(table, torch.minimum)

    def total(self, values: Tensor) -> Tensor:
        """Return (n,): the sum of the values (H, W) in each beam.

        A pixel in several beams may count twice in one of them: good for shares only.
        """
        table = values.new_zeros(self.levels * self.count)
        table.scatter_add_(0, self.slots, self._of_pixels(values))
        return self._joined(table, torch.add)

    def _of_pixels(self, values: Tensor) -> Tensor:
        flat = values.reshape(-1)
        # Where every pixel is in one run, and none without, they are all there, in order.
        if self.levels == 1 and len(self.pixels) == len(flat):
            return flat
        return flat.index_select(0, self.pixels)

    def _joined(self, table: Tensor, join: Callable[..., Tensor]) -> Tensor:
        """Hand what holds for a run of beams down to its two halves, to single beams at last."""
        rows = table.view(self.levels, self.count)
        for level in range(self.levels - 1, 0, -1):
            half = 1 << (level - 1)
            upper, lower = rows[level], rows[level - 1]
            join(lower, upper, out=lower)
            join(lower[half:], upper[:-half], out=lower[half:])
        return rows[0]


def beam_map(ahead: Tensor, left: Tensor, increment: float) -> BeamMap:
    """Lay beams over rays whose horizontal parts (H, W) float32 are given, NaN for no ray."""
    angle = torch.atan2(left, ahead)
    half = half_widths(angle, turn=2 * math.pi)
    last = math.floor(math.pi / increment)
    nearest = torch.round(angle / increment)
    lowest = torch.minimum(nearest, torch.ceil((angle - half) / increment)).clamp_(-last, last)
    highest = torch.maximum(nearest, torch.floor((angle + half) / increment)).clamp_(-last, last)

    known = (~torch.isnan(angle)).reshape(-1).nonzero()[:, 0]
    begins, ends = (edge.reshape(-1).index_select(0, known) for edge in (lowest, highest))
    first, count, levels = 0, 0, 1
    if len(known):
        first = int(begins.min())
        count = int(ends.max()) - first + 1
    slots = (begins - first).long()
    # Most pixels are in one beam: a run of one, k = 0.
    wide = (ends > begins).nonzero()[:, 0]
    pixels = torch.cat((known, known.index_select(0, wide)))
    if len(wide):
        widths = (ends - begins + 1).index_select(0, wide)
        # Twice a number's mantissa is 1 or more, so that its exponent less 1 is the whole log2.
        level = torch.frexp(widths).exponent.long() - 1
        levels = int(level.max()) + 1
        fronts = slots.index_select(0, wide) + level * count
        slots = torch.cat((slots, fronts + widths.long() - (1 << level)))
        slots.index_copy_(0, wide, fronts)
    return BeamMap(first, count, increment, angle - half, angle + half, pixels, slots, levels)


def half_widths(values: Tensor, turn: float = math.inf) -> Tensor:
    """Return (H, W): how far values (H, W) of pixels' centres change up to the pixels' corners.

    The larger of the changes to the two neighbours counts, across and down; those that are NaN or
    beyond the edge of the picture do not. ``turn`` is the period of values that come round.
    """
    total = torch.zeros_like(values)
    for axis in (0, 1):
        length = values.shape[axis] - 1
        step = torch.diff(values, dim=axis).abs().nan_to_num_(nan=0.0)
        if turn < math.inf:
            step = torch.minimum(step, turn - step)
        change = torch.zeros_like(values)
        before, after = change.narrow(axis, 0, length), change.narrow(axis, 1, length)
        before.copy_(step)
        torch.maximum(after, step, out=after)
        total.add_(change, alpha=0.5)
    return total

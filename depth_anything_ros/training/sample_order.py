# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""In which order pictures are learned: a function of the seed and of how far a run has come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from depth_anything_ros.training.plain_settings import SettingsError


class Ticket(NamedTuple):
    """One sample of a run: its place among all that are ever shown, and its number in the data."""

    place: int
    number: int


@dataclass(frozen=True)
class SampleOrder:
    """The order of ``count`` samples in batches of ``batch``, drawn anew for each epoch.

    An epoch has as many whole batches as there are; what is left over comes in another epoch, as
    each has an order of its own. Step s is always the same, whatever came before, so a run goes on
    anywhere; of a batch, process r of n takes the r-th of n equal parts, and its parts in turn,
    so that the batch is the same however it is cut.
    """

    count: int
    batch: int
    seed: int

    def __post_init__(self) -> None:
        if self.count < self.batch:
            raise SettingsError(
                f'the data have {self.count} pictures, and a batch takes {self.batch}: give more '
                'data or a smaller batch'
            )

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in the data."""
        return self.count // self.batch

    def parts(self, step: int, process: int, processes: int, parts: int) -> Iterator[list[Ticket]]:
        """Yield the tickets of each part of each batch, from a step on, without end."""
        share = self.batch // processes // parts
        epoch, order = -1, np.zeros(0, np.int64)
        while True:
            if step // self.steps_per_epoch != epoch:
                epoch = step // self.steps_per_epoch
                order = np.random.default_rng((self.seed, epoch)).permutation(self.count)
            first = step % self.steps_per_epoch * self.batch
            for part in range(parts):
                begin = (process * parts + part) * share
                yield [
                    Ticket(step * self.batch + place, int(order[first + place]))
                    for place in range(begin, begin + share)
                ]
            step += 1

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From samples on disk to the squares that a network learns from."""

from __future__ import annotations

import bisect
import itertools
import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from depth_anything_ros.data.augmentation import training_view
from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.data.sample import Sample, SampleError
from depth_anything_ros.data.strong_augmentation import cutmix, perturb
from depth_anything_ros.training.batch import Batch
from depth_anything_ros.training.sample_order import Ticket
from depth_anything_ros.training.settings import ViewSettings

logger = logging.getLogger(__name__)

MOST_SKIPPED = 20
"""Unreadable samples in a row after which something else must be wrong."""


class Source(NamedTuple):
    """A set, how often an epoch shows it, and whether its depth is a teacher's."""

    dataset: Dataset
    repeat: int
    pseudo: bool


class View(NamedTuple):
    """A square of a picture with its depth."""

    place: int
    sample: Sample
    pseudo: bool


class SampleViews(torch.utils.data.Dataset):
    """The views of the samples of several sets, by ticket.

    A view depends on the seed and its ticket alone, not on the process that makes it. What cannot
    be read is stepped over to the next sample, with a warning, or raises SampleError.
    """

    def __init__(
        self, sources: Sequence[Source], view: ViewSettings, seed: int, skip_unreadable: bool
    ) -> None:
        self._sources, self._view, self._seed = sources, view, seed
        self._skip = skip_unreadable
        counts = (len(source.dataset) * source.repeat for source in sources)
        self._ends = list(itertools.accumulate(counts))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, ticket: Ticket) -> View:
        """Make the view of a ticket. Raises SampleError."""
        sample, pseudo = self._readable(ticket.number)
        rng = np.random.default_rng((self._seed, 1, ticket.place))
        sample = training_view(sample, rng, self._view.side, self._view.mirror)
        if pseudo and self._view.strong:
            rgb = perturb(sample.rgb, rng, self._view.strength)
            sample = Sample(sample.key, rgb, sample.depth, sample.metric)
        return View(ticket.place, sample, pseudo)

    def _readable(self, index: int) -> tuple[Sample, bool]:
        for tried in range(MOST_SKIPPED + 1):
            source, inside = self._locate((index + tried) % len(self))
            try:
                return source.dataset[inside], source.pseudo
            except SampleError as error:
                if not self._skip or tried == MOST_SKIPPED:
                    raise
                logger.warning('stepped over %s', error)
        raise AssertionError('unreachable')

    def _locate(self, index: int) -> tuple[Source, int]:
        number = bisect.bisect_right(self._ends, index)
        source = self._sources[number]
        return source, (index - (self._ends[number - 1] if number else 0)) % len(source.dataset)


class Collate:
    """Make a batch of views, some of them mixed in pairs. It can be pickled."""

    def __init__(self, cutmix: float, seed: int) -> None:
        self._cutmix, self._seed = cutmix, seed

    def __call__(self, views: Sequence[View]) -> Batch:
        """Join views of one size. Pictures without any known depth stay: they count for nothing."""
        rgb = [view.sample.rgb for view in views]
        depth = [_depth(view.sample) for view in views]
        inside = np.zeros((len(views), *depth[0].shape), bool)
        for number, view in enumerate(views):
            # Partners are neighbours in the run and not in the batch, which processes may share.
            other = number + (1 if view.place % 2 == 0 else -1)
            if not 0 <= other < len(views) or not (view.pseudo and views[other].pseudo):
                continue
            rng = np.random.default_rng((self._seed, 2, view.place))
            if rng.random() < self._cutmix:
                mixture = cutmix(view.sample, views[other].sample, rng)
                rgb[number], inside[number] = mixture.rgb, mixture.inside
                there = _depth(views[other].sample)
                depth[number] = np.where(mixture.inside, _depth(view.sample), there)
        images = torch.from_numpy(np.stack(rgb)).permute(0, 3, 1, 2).contiguous()
        return Batch(
            images,
            torch.from_numpy(np.stack(depth)),
            torch.tensor([view.pseudo for view in views]),
            torch.from_numpy(inside) if inside.any() else None,
        )


def _depth(sample: Sample) -> np.ndarray:
    if sample.depth is not None:
        return sample.depth
    return np.full(sample.rgb.shape[:2], np.nan, np.float32)

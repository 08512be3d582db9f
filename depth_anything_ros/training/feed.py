# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where batches come from: sets of pictures, read by workers, or the procedural world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import torch

from depth_anything_ros.data.dataset import Dataset, open_dataset
from depth_anything_ros.data.sample import DataError
from depth_anything_ros.training.batch import Batch
from depth_anything_ros.training.errors import TrainingError
from depth_anything_ros.training.labelled_set import LabelledSet
from depth_anything_ros.training.plain_settings import SettingsError
from depth_anything_ros.training.procedural_batches import ProceduralBatches
from depth_anything_ros.training.sample_order import SampleOrder
from depth_anything_ros.training.sample_views import Collate, SampleViews, Source
from depth_anything_ros.training.settings import DataSettings, RunSettings, StreamSettings

STREAM_STRIDE = 1_000_003
"""Between the seeds of processes that render batches of their own."""


@dataclass(frozen=True)
class Place:
    """One process among several that train together, and into how many parts it cuts its share."""

    process: int = 0
    processes: int = 1
    parts: int = 1


class Feed(Protocol):
    """Yields batches from any step on; ``epoch`` are the steps of one, 0 where there is none."""

    epoch: int

    def batches(self, step: int) -> Iterator[Batch]:
        """Yield the parts of this process's share of each batch, one after the other."""


def feed_for(settings: RunSettings, place: Place, device: torch.device) -> Feed:
    """Open the data of a run. Raises SettingsError and DataError for what cannot serve."""
    if settings.batch % (place.processes * place.parts):
        raise SettingsError(
            f'batch {settings.batch} cannot be shared among {place.processes} processes with '
            f'{place.parts} parts each; it must be a multiple of {place.processes * place.parts}'
        )
    if settings.stream is not None:
        share = settings.batch // place.processes // place.parts
        return StreamFeed(settings.stream, settings.seed, share, place, device)
    return LoaderFeed(settings, [source_for(each, settings) for each in settings.data], place)


def source_for(data: DataSettings, settings: RunSettings) -> Source:
    """Open one set and check that it has what the stage learns from."""
    dataset = opened(data)
    if not len(dataset):
        raise DataError(f'{data.name} at {data.path} has no pictures')
    metric = settings.stage == 'metric'
    if not dataset.labelled:
        raise SettingsError(
            f'{data.name} has pictures without depth: write labels for it with '
            '`depth-anything pseudo-label` and set its labels to their folder'
        )
    if metric and not dataset.metric:
        raise SettingsError(
            f'the depth of {data.name} is in a unit of its own for each scene, and a metric '
            'network learns metres: take another set'
        )
    if isinstance(dataset, LabelledSet) and dataset.labels.facts.input_size < settings.view.side:
        raise SettingsError(
            f'labels in {data.labels} have {dataset.labels.facts.input_size} rows and view.side '
            f'is {settings.view.side}: label with a larger --input-size, or take a smaller side'
        )
    return Source(dataset, data.repeat, data.labels is not None)


def opened(data: DataSettings) -> Dataset:
    """Open a set, with the labels of a teacher where it has some. Raises DataError."""
    if data.path is None and data.name != 'procedural':
        raise SettingsError(
            f'where is {data.name}? set its path, or give --path {data.name}=FOLDER'
        )
    dataset = open_dataset(data.name, data.path, **data.options)
    return dataset if data.labels is None else LabelledSet(dataset, data.labels)


class StreamFeed:
    """The procedural world, rendered on the device; each process renders scenes of its own."""

    epoch = 0

    def __init__(
        self,
        stream: StreamSettings,
        seed: int,
        share: int,
        place: Place,
        device: torch.device,
    ) -> None:
        self._place = place
        self._source = ProceduralBatches(
            seed + STREAM_STRIDE * place.process,
            share,
            device,
            short_side=stream.short_side,
            compiled=stream.compiled,
            replay=stream.replay,
            rich=stream.rich,
        )

    def batches(self, step: int) -> Iterator[Batch]:
        """Yield batches from a step on."""
        state = {'index': step * self._place.parts, 'rendered': 0}
        self._source.load_state_dict(state)
        for images, disparity, valid in self._source:
            depth = torch.where(valid, 1 / disparity, float('nan'))
            pseudo = torch.zeros(len(images), dtype=torch.bool, device=images.device)
            yield Batch(images, depth, pseudo)


class LoaderFeed:
    """Sets of pictures in the order of the seed, read ahead by worker processes."""

    def __init__(self, settings: RunSettings, sources: list[Source], place: Place) -> None:
        skip = settings.unreadable == 'skip'
        self._views = SampleViews(sources, settings.view, settings.seed, skip)
        self._collate = Collate(settings.view.cutmix, settings.seed)
        self._order = SampleOrder(len(self._views), settings.batch, settings.seed)
        self._place, self._workers = place, settings.machine.workers
        self.epoch = self._order.steps_per_epoch

    def batches(self, step: int) -> Iterator[Batch]:
        """Yield batches from a step on."""
        place = self._place
        loader: torch.utils.data.DataLoader[Batch] = torch.utils.data.DataLoader(
            self._views,
            batch_sampler=_Endless(
                lambda: self._order.parts(step, place.process, place.processes, place.parts)
            ),
            num_workers=self._workers,
            collate_fn=self._collate,
            pin_memory=torch.cuda.is_available(),
            worker_init_fn=_one_thread,
            prefetch_factor=4 if self._workers else None,
        )
        return iter(loader)


class _Endless:
    """A sampler of batches that begins anew whenever it is iterated, and never ends."""

    def __init__(self, begin: Callable[[], Iterator[list]]) -> None:
        self._begin = begin

    def __iter__(self) -> Iterator[list]:
        return self._begin()


def _one_thread(_worker: int) -> None:
    cv2.setNumThreads(0)


def check_range(batch: Batch, settings: RunSettings) -> None:
    """Refuse metric data whose depth is nearly all beyond the network's range."""
    if settings.max_depth is None:
        return
    known = batch.depth[torch.isfinite(batch.depth)]
    inside = (known >= settings.metric.min_depth) & (known <= settings.max_depth)
    if known.numel() and inside.float().mean() < 0.05:
        raise TrainingError(
            f'of the first pictures {float(inside.float().mean()):.1%} of the depth is within '
            f'{settings.metric.min_depth:g} to {settings.max_depth:g} m, and the middle is '
            f'{float(known.median()):g}: is it in metres, and is max_depth that of the data?'
        )

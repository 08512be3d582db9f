# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A teacher's depth of many pictures, each exactly once, however often it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch

from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.data.sample import SampleError
from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.inference.conventions import LongPictureError
from depth_anything_ros.media.label_shards import (
    Label,
    LabelFacts,
    begin_labels,
    missing_shards,
    write_shard,
)
from depth_anything_ros.training.labelled_set import digest_of_keys


class Teacher(Protocol):
    """What `DepthEstimator` does."""

    def estimate_batch(
        self, pictures: Sequence[np.ndarray], at_network_size: bool = False
    ) -> list[Depth]:
        """Estimate (H, W, 3) uint8 pictures."""


class Part(NamedTuple):
    """Which of so many processes this is; each makes the shards of its own numbers."""

    number: int = 0
    among: int = 1


@dataclass
class LabelOutcome:
    """What came of a run: shards and labels written now, shards that were there, failures."""

    shards: int = 0
    labels: int = 0
    there: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def facts_of(
    dataset: Dataset, teacher: str, teacher_sha256: str, input_size: int, shard_size: int
) -> LabelFacts:
    """Return what the labels of a set by a teacher will be."""
    return LabelFacts(
        dataset.name,
        len(dataset),
        digest_of_keys(dataset),
        shard_size,
        teacher,
        teacher_sha256,
        input_size,
    )


def write_labels(
    dataset: Dataset,
    teacher: Teacher,
    folder: Path,
    facts: LabelFacts,
    batch: int = 1,
    workers: int = 0,
    part: Part | None = None,
    told: Callable[[str, str | None], None] = lambda key, reason: None,
) -> LabelOutcome:
    """Write the shards that are not in ``folder`` yet.

    Pictures are read by ``workers`` processes and estimated ``batch`` at a time. Those that cannot
    be read, are too long and thin, or have no finite depth are noted in their shard. ``told`` hears
    of each picture, with the reason where it failed. Raises LabelError where the folder has labels
    of something else, and OSError; whatever ends it, shards are whole or not there.
    """
    begin_labels(folder, facts)
    number, count = part or Part()
    mine = [shard for shard in missing_shards(folder, facts) if shard % count == number]
    outcome = LabelOutcome(there=len(range(number, facts.shards, count)) - len(mine))

    def noted(key: str, reason: str | None) -> None:
        if reason is not None:
            outcome.failed[key] = reason
        told(key, reason)

    for shard in mine:
        outcome.labels += label_shard(dataset, teacher, folder, facts, shard, batch, workers, noted)
        outcome.shards += 1
    return outcome


def label_shard(
    dataset: Dataset,
    teacher: Teacher,
    folder: Path,
    facts: LabelFacts,
    shard: int,
    batch: int = 1,
    workers: int = 0,
    told: Callable[[str, str | None], None] = lambda key, reason: None,
) -> int:
    """Write one shard; return how many labels it has. As `write_labels` otherwise."""

    def noted(labels: Iterator[Label]) -> Iterator[Label]:
        for label in labels:
            told(label.key, None if label.disparity is not None else label.failed)
            yield label

    pictures = _read(dataset, facts.range_of(shard), batch, workers)
    return write_shard(folder, shard, noted(_estimated(teacher, pictures)))


class _Picture(NamedTuple):
    key: str
    rgb: np.ndarray | None
    failed: str


class _Pictures(torch.utils.data.Dataset):
    """Pictures without their depth; one that cannot be read says why."""

    def __init__(self, dataset: Dataset, indices: range) -> None:
        self._dataset, self._indices = dataset, indices

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, at: int) -> _Picture:
        index = self._indices[at]
        key = self._dataset.keys[index]
        try:
            return _Picture(key, self._dataset[index].rgb, '')
        except SampleError as error:
            return _Picture(key, None, str(error))


def _read(dataset: Dataset, indices: range, batch: int, workers: int) -> Iterator[list[_Picture]]:
    loader: torch.utils.data.DataLoader[list[_Picture]] = torch.utils.data.DataLoader(
        _Pictures(dataset, indices), batch_size=batch, num_workers=workers, collate_fn=list
    )
    return iter(loader)


def _estimated(teacher: Teacher, batches: Iterator[list[_Picture]]) -> Iterator[Label]:
    for batch in batches:
        seen = [picture.rgb for picture in batch if picture.rgb is not None]
        depths = iter(_depths(teacher, seen))
        for picture in batch:
            if picture.rgb is None:
                yield Label(picture.key, None, picture.failed)
                continue
            depth = next(depths)
            if isinstance(depth, str):
                yield Label(picture.key, None, depth)
                continue
            disparity = _disparity(depth)
            if np.isfinite(disparity).all():
                yield Label(picture.key, disparity)
            else:
                yield Label(picture.key, None, 'the teacher gave depth that is not finite')


def _depths(teacher: Teacher, pictures: list[np.ndarray]) -> list[Depth | str]:
    """Return the depth of each picture, or why it has none; one must not cost the others theirs."""
    try:
        return [*teacher.estimate_batch(pictures, at_network_size=True)] if pictures else []
    except LongPictureError as error:
        if len(pictures) == 1:
            return [str(error)]
    return [depth for picture in pictures for depth in _depths(teacher, [picture])]


def _disparity(depth: Depth) -> np.ndarray:
    if depth.kind is DepthKind.RELATIVE:
        return depth.values
    return (1 / np.maximum(depth.values, 1e-3)).astype(np.float32)

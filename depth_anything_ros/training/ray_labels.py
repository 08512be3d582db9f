# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The shards of `pseudo_labels`, made by actors of a Ray cluster.

Ray Data streams the numbers of the missing shards through a pool of actors, each with a network of
its own. It keeps every actor busy, starts one again whose process or machine died, and runs the
shard that it had once more. Pictures are read and shards written by the actors, so that nothing
larger than an outcome travels. The shard's format does the rest: it is there whole or not at all.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.media.label_shards import (
    LabelError,
    LabelFacts,
    begin_labels,
    is_there,
    missing_shards,
    read_index,
)
from depth_anything_ros.training.pseudo_labels import LabelOutcome, Teacher, label_shard
from depth_anything_ros.training.ray_cluster import ClusterError, Crew, require_ray

TRIES = 3
"""How often a shard is begun again whose actor died, before it is given up."""


@dataclass(frozen=True)
class Work:
    """What every actor is told: ``teacher`` makes the network in the actor's own process."""

    teacher: Callable[[], Teacher]
    folder: Path
    facts: LabelFacts
    batch: int
    workers: int


def write_labels_on(
    crew: Crew,
    dataset: Dataset,
    work: Work,
    told: Callable[[str, str | None], None] = lambda key, reason: None,
) -> LabelOutcome:
    """Write the shards that are not in the folder yet, on the cluster that was joined.

    ``told`` hears of every picture when its shard is whole. Raises LabelError where the folder has
    labels of something else, OSError, and ClusterError; whatever ends it, shards are whole or not
    there.
    """
    begin_labels(work.folder, work.facts)
    missing = missing_shards(work.folder, work.facts)
    outcome = LabelOutcome(there=work.facts.shards - len(missing))
    if not missing:
        return outcome
    for found in _outcomes(crew, dataset, work, missing):
        if found['error']:
            raise ClusterError(f'shard {found["shard"]}: {found["error"]}')
        outcome.shards += 1
        outcome.labels += len(found['labels'])
        outcome.failed.update(found['failed'])
        for key in found['labels']:
            told(key, None)
        for key, reason in found['failed'].items():
            told(key, reason)
    return outcome


def _outcomes(
    crew: Crew, dataset: Dataset, work: Work, shards: list[int]
) -> Iterator[dict[str, Any]]:
    ray = require_ray()
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger('ray.data').setLevel(logging.ERROR)
    # The keys of a set can take much memory, and lie once on each machine this way.
    numbers = ray.data.from_items(
        [{'shard': shard} for shard in shards], override_num_blocks=len(shards)
    )
    with warnings.catch_warnings():
        # Ray 2.64 is to have another way to limit retries.
        warnings.simplefilter('ignore', DeprecationWarning)
        made = numbers.map(
            Labeller,
            fn_constructor_args=(ray.put(dataset), work),
            compute=ray.data.ActorPoolStrategy(
                size=min(crew.actors, len(shards)), max_tasks_in_flight_per_actor=2
            ),
            num_cpus=crew.cpus,
            num_gpus=crew.gpus,
            max_task_retries=TRIES,
        )
    try:
        for row in made.iter_rows():
            yield json.loads(row['outcome'])
    except ray.exceptions.RayError as error:
        raise ClusterError(
            f'an actor died, and so it did when its shard was begun again: {_first_line(error)}'
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition('\n')[0]


class Labeller:
    """What an actor does: it makes shards, with one network for all of them."""

    def __init__(self, reference: Any, work: Work) -> None:
        self._work = work
        self._dataset: Dataset = require_ray().get(reference)
        self._teacher: Teacher | None = None

    def __call__(self, row: dict[str, Any]) -> dict[str, str]:
        """Make a shard. What goes wrong is told, as Ray would only tell where it was raised."""
        shard = int(row['shard'])
        outcome: dict[str, Any] = {'shard': shard, 'labels': [], 'failed': {}, 'error': ''}
        try:
            self._make(shard)
            labels, failed = read_index(self._work.folder, shard)
            outcome.update(labels=list(labels), failed=failed)
        except (OSError, ValueError, RuntimeError) as error:
            outcome['error'] = _first_line(error)
        return {'outcome': json.dumps(outcome)}

    def _make(self, shard: int) -> None:
        work = self._work
        if is_there(work.folder, shard):
            return  # an actor that died had made it, and could not tell
        if self._teacher is None:
            self._teacher = work.teacher()
        label_shard(
            *(self._dataset, self._teacher, work.folder, work.facts, shard),
            *(work.batch, work.workers),
        )


@dataclass(frozen=True)
class Network:
    """A teacher by its name, made where it is called, and nowhere with other weights."""

    model: str
    weights: Path | None
    device: str
    precision: str
    input_size: int
    sha256: str

    def __call__(self) -> Teacher:
        """Load it. Raises LabelError where the weights here are not those of the labels."""
        from depth_anything_ros import DepthEstimator
        from depth_anything_ros.inference.onnx_card import file_sha256
        from depth_anything_ros.model.hub import locate

        path = self.weights or locate(self.model)[1]
        if file_sha256(path) != self.sha256:
            raise LabelError(f'{path} on {os.uname().nodename} has other weights: copy them there')
        return DepthEstimator(
            self.model, self.weights, self.device, self.precision, self.input_size
        )

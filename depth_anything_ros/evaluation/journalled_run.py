# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures that are read, asked for and scored at the same time, with a line for each in a journal.

What the pictures and their scores are belongs to the benchmarks: see ``benchmark_run`` and
``da2k_benchmark``.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import numpy as np

from depth_anything_ros.data.sample import Problem, SampleError
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.answers import Answer, Answers, Picture
from depth_anything_ros.media.picture_list import PictureEntry
from depth_anything_ros.media.run_journal import RunJournal, read_journal

BENCHMARK = 'evaluation'
"""What the journals of benchmarks with measured depth are called."""

Outcome = TypeVar('Outcome')


def journal_name(process: int, kind: str = BENCHMARK) -> str:
    """Return the name of a process's journal."""
    return f'{kind}{process or ""}.jsonl'


def journals(folder: Path, kind: str = BENCHMARK) -> list[Path]:
    """Return the journals of all processes in a folder, whatever else lies there."""
    name = re.compile(rf'{re.escape(kind)}\d*\.jsonl')
    return sorted(path for path in folder.glob('*.jsonl') if name.fullmatch(path.name))


@dataclass(frozen=True)
class Share:
    """Which part of the work is this process's."""

    process: int = 0
    processes: int = 1


@dataclass(frozen=True)
class Question:
    """A picture as it is shown to the network, and what comes of its depth.

    ``score`` is called in a thread with depth (h, w) and its kind, and returns what the journal
    holds of the picture. It may raise SampleError.
    """

    picture: Picture
    score: Callable[[np.ndarray, DepthKind], Mapping[str, Any]]


class JournalledRun:
    """Reads ahead, asks for the depth of some pictures together, scores while the next are asked.

    Where the answers take all cores, nothing is read and scored beside them: a network's threads
    wait for the slowest, so that what holds one of them up costs all of them that time.

    ``read`` is called in threads with the indices of ``keys`` and may raise SampleError. ``batch``
    neighbours of the set are asked for together, always the same ones, and are done again together
    where one is missing: a network may differ in the last bit with the company a picture has, so
    that a run that was stopped ends as one that was not. ``told`` is called in the calling thread
    after each picture with the reason where it failed.
    """

    def __init__(
        self,
        keys: Sequence[str],
        read: Callable[[int], Question],
        answers: Answers,
        journal: RunJournal,
        batch: int = 1,
        jobs: int = 2,
        told: Callable[[object, str | None], None] = lambda entry, reason: None,
    ) -> None:
        self._keys, self._question, self._answers, self._journal = keys, read, answers, journal
        self._batch, self._jobs, self._told = batch, jobs, told
        self._asked: deque[tuple[list[Question], Callable[[], list[Answer]]]] = deque()
        self._scoring: deque[tuple[str, Future[Mapping[str, Any]]]] = deque()
        self._reading: deque[list[tuple[str, Future[Question]]]] = deque()

    def __call__(self, done: set[str], share: Share | None = None) -> None:
        """Score this share of the pictures but those that are done; a broken one stops nothing.

        Whatever ends it, also KeyboardInterrupt, what is noted is whole.
        """
        share = share or Share()
        readers = ThreadPoolExecutor(self._jobs, 'picture-reader')
        scorers = ThreadPoolExecutor(self._jobs, 'picture-scorer')
        try:
            for asked in self._read(self._chunks(done, share), readers):
                if asked:
                    if self._answers.alone:
                        wait([future for chunk in self._reading for _, future in chunk])
                        self._settle(0)
                    pictures = [question.picture for question in asked]
                    self._asked.append((asked, self._answers.start(pictures)))
                while len(self._asked) >= self._answers.in_flight:
                    self._score(scorers)
            while self._asked:
                self._score(scorers)
            self._settle(0)
        finally:
            readers.shutdown(wait=False, cancel_futures=True)
            scorers.shutdown(wait=True, cancel_futures=True)
            while self._scoring:  # after a break: what is scored is noted, what is not is left
                key, future = self._scoring.popleft()
                if not future.cancelled() and future.exception() is None:
                    self._journal.finish(_entry(key), (), future.result())

    def _chunks(self, done: set[str], share: Share) -> list[range]:
        """Return the batches of this share of which something is left to do."""
        count, keys = len(self._keys), self._keys
        chunks = [
            range(start, min(start + self._batch, count)) for start in range(0, count, self._batch)
        ]
        mine = chunks[share.process :: share.processes]
        return [chunk for chunk in mine if not all(keys[index] in done for index in chunk)]

    def _read(
        self, chunks: Sequence[range], readers: ThreadPoolExecutor
    ) -> Iterator[list[Question]]:
        """Yield batches in order, with some read ahead; broken pictures are left out."""
        rest = iter(chunks)
        while True:
            while len(self._reading) * self._batch < self._batch + 2 * self._jobs and (
                chunk := next(rest, None)
            ):
                self._reading.append(
                    [(self._keys[index], readers.submit(self._question, index)) for index in chunk]
                )
            if not self._reading:
                return
            asked = []
            for key, future in self._reading.popleft():
                try:
                    asked.append(future.result())
                except SampleError as error:
                    self._fail(key, error.reason)
            yield asked

    def _score(self, scorers: ThreadPoolExecutor) -> None:
        """Wait for the oldest batch and hand its depth to the scorers."""
        asked, depths = self._asked.popleft()
        for question, answer in zip(asked, depths(), strict=True):
            key = question.picture.key
            if isinstance(answer, SampleError):
                self._fail(key, answer.reason)
            else:
                self._scoring.append((key, scorers.submit(question.score, *answer)))
        self._settle(2 * self._jobs + self._batch)

    def _settle(self, most: int) -> None:
        """Wait until no more than ``most`` pictures are being scored, and note those that are."""
        while self._scoring and (len(self._scoring) > most or self._scoring[0][1].done()):
            key, future = self._scoring.popleft()
            try:
                line = future.result()
            except SampleError as error:
                self._fail(key, error.reason)
                continue
            self._journal.finish(_entry(key), (), line)
            self._told(key, None)

    def _fail(self, key: str, reason: str) -> None:
        self._journal.fail(_entry(key), reason)
        self._told(key, reason)


def _entry(key: str) -> PictureEntry:
    # The source is no file, so that its line does not hang on one.
    return PictureEntry(f'pair:{key}', PurePosixPath(key))


def noted(
    folder: Path,
    settings: str,
    keys: Sequence[str],
    of_line: Callable[[str, dict[str, Any]], Outcome],
    kind: str = BENCHMARK,
) -> tuple[dict[str, Outcome], list[Problem]]:
    """Return what is noted by key, in the order of ``keys``, and why others are not there.

    All journals of the folder count, those of other processes too, as far as their lines were
    written with ``settings``, the digest of this run's. ``of_line`` makes an outcome of the key
    and its line, and raises KeyError, TypeError or ValueError for a line of another version.
    """
    found: dict[str, Outcome] = {}
    failed: dict[str, str] = {}
    for path in journals(folder, kind):
        content = read_journal(folder, path.name)
        for key, line in content.finished.items():
            if line['settings'] == settings:
                try:
                    found[key] = of_line(key, line)
                except (KeyError, TypeError, ValueError):
                    continue  # done again
        for source, reason in content.failed.items():
            failed[source.removeprefix('pair:')] = reason
    stems = {key: str(PurePosixPath(key)) for key in keys}
    problems = [
        Problem(key, failed.get(key, 'was not reached')) for key in keys if stems[key] not in found
    ]
    return {key: found[stem] for key, stem in stems.items() if stem in found}, problems

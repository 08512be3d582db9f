# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A benchmark from one end to the other: reading, inference and scoring at the same time."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from depth_anything_ros.data.sample import Problem, SampleError
from depth_anything_ros.evaluation.answers import Answer, Answers
from depth_anything_ros.evaluation.benchmark_set import BenchmarkPair, BenchmarkSet
from depth_anything_ros.evaluation.pair_scoring import (
    Compared,
    PairScore,
    compare,
    score_pair,
    windowed,
)
from depth_anything_ros.evaluation.protocols import Protocol
from depth_anything_ros.media.picture_list import PictureEntry
from depth_anything_ros.media.run_journal import RunJournal, read_journal

_JOURNAL = re.compile(r'evaluation\d*\.jsonl')


def journal_name(process: int) -> str:
    """Return the name of a process's journal."""
    return f'evaluation{process or ""}.jsonl'


def journals(folder: Path) -> list[Path]:
    """Return the journals of all processes in a folder, whatever else lies there."""
    return sorted(path for path in folder.glob('*.jsonl') if _JOURNAL.fullmatch(path.name))


@dataclass(frozen=True)
class Share:
    """Which part of the work is this process's."""

    process: int = 0
    processes: int = 1


@dataclass(frozen=True)
class Read:
    """A pair as it is shown to the network, and its (height, width) before it was cut."""

    pair: BenchmarkPair
    whole: tuple[int, int]


class BenchmarkRun:
    """Reads pairs ahead, asks for the depth of some together, and scores while the next are asked.

    ``batch`` neighbours of the set are asked for together, always the same ones, and are done
    again together where one is missing: a network may differ in the last bit with the company a
    picture has, so that a run that was stopped ends as one that was not. ``told`` is called in the
    calling thread after each pair with the reason where it failed, ``seen`` in the thread that
    scores with what was compared.
    """

    def __init__(
        self,
        benchmark: BenchmarkSet,
        answers: Answers,
        protocol: Protocol,
        journal: RunJournal,
        batch: int = 1,
        jobs: int = 2,
        told: Callable[[object, str | None], None] = lambda entry, reason: None,
        seen: Callable[[BenchmarkPair, Compared], None] = lambda pair, compared: None,
    ) -> None:
        self._seen = seen
        self._benchmark, self._answers, self._protocol = benchmark, answers, protocol
        self._journal, self._batch, self._jobs, self._told = journal, batch, jobs, told
        self._asked: deque[tuple[list[Read], Callable[[], list[Answer]]]] = deque()
        self._scoring: deque[tuple[str, Future[PairScore]]] = deque()

    def __call__(self, done: set[str], share: Share | None = None) -> None:
        """Score this share of the pairs but those that are done; a broken one stops nothing.

        Whatever ends it, also KeyboardInterrupt, what is noted is whole.
        """
        share = share or Share()
        readers = ThreadPoolExecutor(self._jobs, 'pair-reader')
        scorers = ThreadPoolExecutor(self._jobs, 'pair-scorer')
        try:
            for reads in self._read(self._chunks(done, share), readers):
                if reads:
                    self._asked.append((reads, self._answers.start([read.pair for read in reads])))
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
                    self._journal.finish(_entry(key), (), future.result().line())

    def _chunks(self, done: set[str], share: Share) -> list[range]:
        """Return the batches of this share of which something is left to do."""
        count, keys = len(self._benchmark), self._benchmark.keys
        chunks = [
            range(start, min(start + self._batch, count)) for start in range(0, count, self._batch)
        ]
        mine = chunks[share.process :: share.processes]
        return [chunk for chunk in mine if not all(keys[index] in done for index in chunk)]

    def _read(self, chunks: Sequence[range], readers: ThreadPoolExecutor) -> Iterator[list[Read]]:
        """Yield batches of pairs in order, with some read ahead; broken ones are left out."""
        waiting: deque[list[tuple[str, Future[Read]]]] = deque()
        rest = iter(chunks)
        while True:
            while len(waiting) * self._batch < self._batch + 2 * self._jobs and (
                chunk := next(rest, None)
            ):
                waiting.append(
                    [
                        (self._benchmark.keys[index], readers.submit(self._pair, index))
                        for index in chunk
                    ]
                )
            if not waiting:
                return
            reads = []
            for key, future in waiting.popleft():
                try:
                    reads.append(future.result())
                except SampleError as error:
                    self._fail(key, error.reason)
            yield reads

    def _pair(self, index: int) -> Read:
        """Read a pair, in a thread."""
        pair = self._benchmark.read(index)
        height, width = pair.rgb.shape[:2]
        return Read(windowed(pair, self._protocol), (height, width))

    def _score(self, scorers: ThreadPoolExecutor) -> None:
        """Wait for the oldest batch and hand its depth to the scorers."""
        reads, wait = self._asked.popleft()
        for read, answer in zip(reads, wait(), strict=True):
            key = read.pair.key
            if isinstance(answer, SampleError):
                self._fail(key, answer.reason)
            else:
                self._scoring.append((key, scorers.submit(self._scored, read, answer)))
        self._settle(2 * self._jobs + self._batch)

    def _scored(self, read: Read, answer: Answer) -> PairScore:
        """Score one pair, in a thread."""
        assert not isinstance(answer, SampleError)
        values, kind = answer
        metric = self._benchmark.metric
        compared = compare(read.pair, read.whole, values, kind, self._protocol, metric)
        self._seen(read.pair, compared)
        return score_pair(read.pair, compared)

    def _settle(self, most: int) -> None:
        """Wait until no more than ``most`` pairs are being scored, and note those that are."""
        while self._scoring and (len(self._scoring) > most or self._scoring[0][1].done()):
            key, future = self._scoring.popleft()
            try:
                score = future.result()
            except SampleError as error:
                self._fail(key, error.reason)
                continue
            self._journal.finish(_entry(key), (), score.line())
            self._told(key, None)

    def _fail(self, key: str, reason: str) -> None:
        self._journal.fail(_entry(key), reason)
        self._told(key, reason)


def _entry(key: str) -> PictureEntry:
    # The source is no file, so that its line does not hang on one.
    return PictureEntry(f'pair:{key}', PurePosixPath(key))


def collect(
    folder: Path, settings: str, benchmark: BenchmarkSet
) -> tuple[list[PairScore], list[Problem]]:
    """Return the scores of pairs in the order of the set, and what has none with the reason.

    All journals of the folder count, those of other processes too, as far as their lines were
    written with ``settings``, the digest of this run's.
    """
    found: dict[str, PairScore] = {}
    failed: dict[str, str] = {}
    for path in journals(folder):
        content = read_journal(folder, path.name)
        for key, line in content.finished.items():
            if line['settings'] == settings:
                try:
                    found[key] = PairScore.of_line(key, line)
                except (KeyError, TypeError):
                    continue  # a line of another version: the pair is done again
        for source, reason in content.failed.items():
            failed[source.removeprefix('pair:')] = reason
    missing = [
        Problem(key, failed.get(key, 'was not reached'))
        for key in benchmark.keys
        if key not in found
    ]
    scores = [found[key] for key in benchmark.keys if key in found]
    return scores, [*benchmark.problems, *missing]

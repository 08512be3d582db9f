# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Many pictures through one network: reading, computing and writing at the same time."""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.inference.free_memory import available_bytes
from depth_anything_ros.media.depth_files import FORMATS, DepthPicture, Style, bounds, output_path
from depth_anything_ros.media.picture_depth import DepthOptions, Lens, finished
from depth_anything_ros.media.picture_list import PictureEntry
from depth_anything_ros.media.picture_reader import Picture, read
from depth_anything_ros.media.run_journal import RunJournal

PIXELS_IN_HAND = 200_000_000
"""Most pixels that are read and not yet written, about: 10 bytes each, and more for points."""

BYTES_OF_PIXEL, SHARE_IN_HAND = 10, 0.25
"""Of the memory that is left a fourth is for them: with 8 GB there are as many as may be."""

FATAL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""What no other picture can be written after: a full disk, a full quota, a read-only disk."""


class OutputError(RuntimeError):
    """The output folder takes no more files."""


@dataclass(frozen=True)
class Job:
    """What is made of every picture."""

    output: Path
    formats: Sequence[str]
    style: Style = field(default_factory=Style)
    options: DepthOptions = field(default_factory=DepthOptions)


@dataclass
class Outcome:
    """What came of a run: how many pictures, and those that failed with the reason."""

    written: int = 0
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    guessed_cameras: int = 0


class PictureRun:
    """Reads pictures ahead, estimates those of one network size together, and writes behind.

    ``told`` is called in the calling thread after each picture with the entry and, where it
    failed, the reason. ``jobs`` threads read and as many write: OpenCV releases the interpreter
    while it decodes and encodes.
    """

    def __init__(
        self,
        estimator: DepthEstimator,
        job: Job,
        journal: RunJournal,
        batch: int = 1,
        jobs: int = 2,
        told: Callable[[PictureEntry, str | None], None] = lambda entry, reason: None,
    ) -> None:
        self._estimator, self._job, self._journal = estimator, job, journal
        self._batch, self._jobs, self._told = batch, jobs, told
        self._writing: deque[tuple[PictureEntry, Future[_Written]]] = deque()
        self.outcome = Outcome()

    def __call__(self, entries: Sequence[PictureEntry]) -> Outcome:
        """Do all that is not done yet; a picture that fails does not stop the others.

        Raises OutputError when the disk is full. Whatever ends it, also KeyboardInterrupt, what was
        begun is either written whole and noted, or not there.
        """
        todo = [entry for entry in entries if not self._journal.is_done(entry)]
        self.outcome.skipped = len(entries) - len(todo)
        readers = ThreadPoolExecutor(self._jobs, 'picture-reader')
        writers = ThreadPoolExecutor(self._jobs, 'picture-writer')
        try:
            for batch in self._batches(self._pictures(todo, readers)):
                self._estimate(batch, writers)
            self._settle(0)
        finally:
            readers.shutdown(wait=False, cancel_futures=True)
            writers.shutdown(wait=True, cancel_futures=True)
            self._note_the_rest()
        return self.outcome

    def _pictures(
        self, entries: Sequence[PictureEntry], readers: ThreadPoolExecutor
    ) -> Iterator[tuple[PictureEntry, Picture]]:
        """Yield the pictures in order, with some read ahead, fewer where they are large."""
        waiting: deque[tuple[PictureEntry, Future[Picture]]] = deque()
        rest, ahead = iter(entries), self._batch + 2 * self._jobs
        while True:
            while len(waiting) < ahead and (entry := next(rest, None)) is not None:
                waiting.append((entry, readers.submit(read, entry.source)))
            if not waiting:
                return
            entry, future = waiting.popleft()
            try:
                picture = future.result()
            except Exception as error:  # one bad picture must not end the run
                self._fail(entry, error)
                continue
            pixels = picture.rgb.shape[0] * picture.rgb.shape[1]
            ahead = max(1, min(self._batch + 2 * self._jobs, pixels_in_hand() // max(1, pixels)))
            yield entry, picture

    def _batches(
        self, pictures: Iterator[tuple[PictureEntry, Picture]]
    ) -> Iterator[list[tuple[PictureEntry, Picture]]]:
        """Gather neighbours of one network size and picture size, ``batch`` at most."""
        batch: list[tuple[PictureEntry, Picture]] = []
        for entry, picture in pictures:
            if batch and batch[0][1].rgb.shape != picture.rgb.shape:
                yield batch
                batch = []
            batch.append((entry, picture))
            if len(batch) == self._batch:
                yield batch
                batch = []
        if batch:
            yield batch

    def _estimate(
        self, batch: list[tuple[PictureEntry, Picture]], writers: ThreadPoolExecutor
    ) -> None:
        try:
            depths = self._estimator.estimate_batch([picture.rgb for _, picture in batch])
        except Exception as error:  # such as a picture too large for the memory there is
            for entry, _ in batch:
                self._fail(entry, error)
            return
        for (entry, picture), depth in zip(batch, depths, strict=True):
            self._writing.append((entry, writers.submit(self._write, entry, picture, depth)))
        pixels = batch[-1][1].rgb.shape[0] * batch[-1][1].rgb.shape[1]
        self._settle(max(1, min(2 * self._jobs, pixels_in_hand() // max(1, pixels))))

    def _write(self, entry: PictureEntry, picture: Picture, depth: Depth) -> _Written:
        """Write all files of a picture, in a thread."""
        limit, job = self._estimator.max_depth, self._job
        made, lens = finished(picture, depth, limit, job.options)
        paths = []
        for name in job.formats:
            path = output_path(job.output, entry.stem, name)
            FORMATS[name].write(path, made, job.style)
            paths.append(path)
        guessed = job.options.points and lens.origin == 'guess'
        return _Written(paths, _facts(made, depth, lens), guessed)

    def _settle(self, most: int) -> None:
        """Wait until no more than ``most`` pictures are being written, and note those that are."""
        while len(self._writing) > most:
            entry, future = self._writing.popleft()
            try:
                written = future.result()
            except Exception as error:
                self._fail(entry, error)
                if _is_fatal(error):
                    reason = getattr(error, 'strerror', None)
                    raise OutputError(
                        f'{self._job.output} takes no more files: {reason}; make room, then go on '
                        'with --resume'
                    ) from error
                continue
            self._finish(entry, written)

    def _note_the_rest(self) -> None:
        """After a break: note what writers have finished; what was cancelled is not there."""
        while self._writing:
            entry, future = self._writing.popleft()
            if not future.cancelled() and future.done() and future.exception() is None:
                self._finish(entry, future.result())

    def _finish(self, entry: PictureEntry, written: _Written) -> None:
        self._journal.finish(entry, written.paths, written.facts)
        self.outcome.written += 1
        self.outcome.guessed_cameras += written.guessed
        self._told(entry, None)

    def _fail(self, entry: PictureEntry, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        self.outcome.failed[entry.source] = reason
        if not _is_fatal(error):  # the journal is on that disk too
            self._journal.fail(entry, reason)
        self._told(entry, reason)


def pixels_in_hand() -> int:
    """Return how many pixels may be read and not yet written, by the memory that is left now."""
    left = available_bytes()
    if left is None:
        return PIXELS_IN_HAND
    return min(PIXELS_IN_HAND, int(left * SHARE_IN_HAND / BYTES_OF_PIXEL))


def _is_fatal(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in FATAL


@dataclass(frozen=True)
class _Written:
    paths: list[Path]
    facts: dict[str, Any]
    guessed: bool


def _facts(made: DepthPicture, depth: Depth, lens: Lens) -> dict[str, Any]:
    """Return what the journal tells of a picture beside its files."""
    low, high = bounds(made.values)
    height, width = made.values.shape
    camera = lens.intrinsics
    return {
        'kind': made.kind.value,
        'unit': 'm' if made.kind is DepthKind.METRIC else None,
        'size': [width, height],
        'network_size': [depth.network_size[1], depth.network_size[0]],
        'least': low,
        'greatest': high,
        'camera': [camera.fx, camera.fy, camera.cx, camera.cy],
        'camera_from': lens.origin,
    }

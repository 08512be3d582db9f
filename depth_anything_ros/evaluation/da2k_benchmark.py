# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DA-2K as a run that can be stopped: read ahead, asked for in batches, with a journal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from depth_anything_ros.data.sample import Problem
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.answers import Answers
from depth_anything_ros.evaluation.da2k import ANNOTATIONS, Da2k
from depth_anything_ros.evaluation.da2k_run import right_pairs
from depth_anything_ros.evaluation.journalled_run import JournalledRun, Question, noted
from depth_anything_ros.media.run_journal import RunJournal

JOURNALS = 'da-2k'
"""What the journals are called, so that no other benchmark in the folder takes them for its own."""


class Da2kBenchmark(Da2k):
    """DA-2K that tells which files it is of, and by which names predictions of it are found."""

    def stamp(self) -> str:
        """Return a digest of the sizes and times of change of all files that are read.

        Raises OSError for files that have gone.
        """
        files = [self.path]
        if self.path.is_dir():
            files = [self.path / (self._base + name) for name in (ANNOTATIONS, *self.keys)]
        facts = [(found.st_size, found.st_mtime_ns) for found in map(Path.stat, files)]
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]

    def prediction_name(self, key: str, folder: Path) -> PurePosixPath:
        """Return the path of a picture's prediction below a folder of them, without a suffix."""
        name = PurePosixPath(key).with_suffix('')
        # A run of `image` on the folder images/ has names below that folder.
        if name.parts[0] == 'images' and not (folder / 'images').is_dir():
            return PurePosixPath(*name.parts[1:])
        return name


class Da2kRun(JournalledRun):
    """A run over the pictures of DA-2K, see ``JournalledRun``; lines tell which pairs are right."""

    def __init__(
        self,
        pictures: Da2k,
        answers: Answers,
        journal: RunJournal,
        batch: int = 1,
        jobs: int = 2,
        told: Callable[[object, str | None], None] = lambda entry, reason: None,
    ) -> None:
        super().__init__(pictures.keys, self._picture, answers, journal, batch, jobs, told)
        self._pictures = pictures

    def _picture(self, index: int) -> Question:
        """Read a picture, in a thread."""
        picture = self._pictures.read(index)

        def score(values: np.ndarray, kind: DepthKind) -> dict[str, Any]:
            return {'right': right_pairs(picture, values, kind).tolist()}

        return Question(picture, score)


def collect_da2k(
    folder: Path, settings: str, pictures: Da2k
) -> tuple[dict[str, np.ndarray], list[Problem]]:
    """Return which pairs are right by picture, in the order of the set, and what was not scored.

    All journals of the folder count, as far as their lines were written with ``settings``, the
    digest of this run's.
    """

    def right(key: str, line: dict[str, Any]) -> np.ndarray:
        found = line['right']
        if len(found) != len(pictures.pairs(key)) or not all(type(each) is bool for each in found):
            raise ValueError(f'{found} is not of the pairs of {key}')
        return np.array(found, bool)

    found, missing = noted(folder, settings, pictures.keys, right, JOURNALS)
    return found, [*pictures.problems, *missing]

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Some samples of a set."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np

from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.data.names import NameTable
from depth_anything_ros.data.sample import Problem, Sample


class Selection(Dataset):
    """The samples of a set whose keys are wanted, in their order; ``wanted`` must be picklable."""

    def __init__(self, base: Dataset, wanted: Callable[[str], bool]) -> None:
        self.base, self.wanted = base, wanted
        self.name, self.metric, self.labelled = base.name, base.metric, base.labelled
        self._select()

    def exclude(self, problems: Sequence[Problem]) -> None:
        """Take the samples that these problems name out, also when the set is opened next."""
        self.base.exclude(problems)
        self._select()

    def _select(self) -> None:
        found = [(row, key) for row, key in enumerate(self.base.keys) if self.wanted(key)]
        self._rows = np.array([row for row, _ in found], np.int64)
        self.keys = NameTable.of(key for _, key in found)
        self.problems = tuple(
            problem for problem in self.base.problems if self.wanted(problem.name)
        )

    def _read(self, index: int) -> Sample:
        return self.base[int(self._rows[index])]


class Listed:
    """Whether a key is in a list."""

    def __init__(self, keys: Collection[str]) -> None:
        self.keys = frozenset(keys)

    def __call__(self, key: str) -> bool:
        """Tell whether a key is wanted."""
        return key in self.keys


class KeyFilter:
    """Whether a key fits one of the patterns ``only``, if any, and none of ``without``.

    Patterns are those of a shell, in which * also takes slashes: 'Scene20/*', '*/clone/*'.
    """

    def __init__(self, only: Iterable[str], without: Iterable[str]) -> None:
        self.only, self.without = tuple(only), tuple(without)

    def __call__(self, key: str) -> bool:
        """Tell whether a key is wanted."""
        return (
            not self.only or any(fnmatch.fnmatchcase(key, pattern) for pattern in self.only)
        ) and not any(fnmatch.fnmatchcase(key, pattern) for pattern in self.without)

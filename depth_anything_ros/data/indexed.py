# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What sets on disk have in common: an index that is kept."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.data.index import Index, IndexCache
from depth_anything_ros.data.sample import Problem


class IndexedDataset(Dataset):
    """A set below a folder, whose samples are known from an index.

    ``kind`` and ``options`` are what the index depends on beside the files; ``fresh`` builds it
    anew.
    """

    def __init__(self, kind: str, root: Path, options: dict[str, Any], fresh: bool) -> None:
        self.root = root
        self._cache = IndexCache(kind, root, options)
        self._use(self._cache.load_or_build(self._build, fresh))

    @abstractmethod
    def _build(self) -> Index:
        """Find the samples. Raises DataError where there are none."""

    def exclude(self, problems: Sequence[Problem]) -> None:
        """Take the samples that these problems name out of the set, also when it is opened next."""
        if problems:
            self._use(self._index.without(problems))
            self._cache.keep(self._index)

    def _use(self, index: Index) -> None:
        self._index, self.keys, self.problems = index, index.names, index.problems

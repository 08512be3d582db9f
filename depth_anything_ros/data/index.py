# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is in a set, found once and kept in the cache folder until the set's files change."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from depth_anything_ros.data.listing import digest, walk
from depth_anything_ros.data.names import NameTable
from depth_anything_ros.data.sample import Problem

CACHE_VARIABLE = 'DEPTH_ANYTHING_CACHE'
"""Environment variable with the folder for indices; else depth_anything_ros in the user's cache."""

_FORMAT = 1  # of the file, and of what is looked at when an index is built
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Index:
    """The samples of a set by key, with some whole numbers of each, and what was found wrong.

    ``numbers`` is (N, K) int64; each kind of set has its own.
    """

    names: NameTable
    numbers: np.ndarray
    problems: tuple[Problem, ...] = ()

    def without(self, problems: Sequence[Problem]) -> Index:
        """Return the index without the samples that these problems name."""
        bad = {problem.name for problem in problems}
        rows = np.array([row for row, name in enumerate(self.names) if name not in bad], np.int64)
        return Index(self.names.take(rows), self.numbers[rows], (*self.problems, *problems))


class IndexCache:
    """Where the index of one set is kept: the set is a kind, a folder and some options."""

    def __init__(self, kind: str, root: Path, options: dict[str, Any]) -> None:
        self.root, self._listing = root, ''
        self._what = json.dumps([_FORMAT, kind, str(root.resolve()), options], sort_keys=True)
        name = hashlib.sha256(self._what.encode('utf-8', 'surrogateescape')).hexdigest()[:24]
        self.path = cache_folder() / 'data' / f'{kind}-{name}.npz'

    def load_or_build(self, build: Callable[[], Index], fresh: bool = False) -> Index:
        """Return the kept index, or build and keep it where the listing is another or ``fresh``.

        A cache folder that cannot be written to costs the time to build it again, nothing else.
        """
        self._listing = digest(walk(self.root))
        index = None if fresh else self._load()
        if index is None:
            index = build()
            self.keep(index)
        return index

    def keep(self, index: Index) -> None:
        """Replace the kept index, for the files as they were when it was loaded or built."""
        problems = [(problem.name, problem.reason) for problem in index.problems]
        about = json.dumps({'what': self._what, 'listing': self._listing, 'problems': problems})
        try:
            self._write(index, about)
        except OSError as error:
            _log.warning('the index of %s is not kept: %s', self.root, error)

    def _load(self) -> Index | None:
        try:
            with np.load(self.path, allow_pickle=False) as kept:
                about = json.loads(kept['about'].tobytes())
                if about['what'] != self._what or about['listing'] != self._listing:
                    return None
                names = NameTable(kept['text'], kept['ends'])
                problems = tuple(Problem(*problem) for problem in about['problems'])
                return Index(names, kept['numbers'], problems)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            _log.warning('%s is damaged and made anew: %s', self.path, error)
            return None

    def _write(self, index: Index, about: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Several processes of one training may do this at once: each has a file of its own.
        handle, unfinished = tempfile.mkstemp(suffix='.npz', dir=self.path.parent)
        try:
            with os.fdopen(handle, 'wb') as file:
                np.savez(
                    file,
                    about=np.frombuffer(about.encode(), np.uint8),
                    text=index.names.text,
                    ends=index.names.ends,
                    numbers=index.numbers,
                )
            os.replace(unfinished, self.path)
        finally:
            Path(unfinished).unlink(missing_ok=True)


def cache_folder() -> Path:
    """Return the folder for what can be made again."""
    told = os.environ.get(CACHE_VARIABLE)
    if told:
        return Path(told).expanduser()
    user = os.environ.get('XDG_CACHE_HOME')
    return (Path(user) if user else Path.home() / '.cache') / 'depth_anything_ros'

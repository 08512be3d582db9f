# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What benchmarks of separate files have in common: found by name, looked at, read when asked."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from depth_anything_ros.data.listing import walk
from depth_anything_ros.data.picture_file import picture_size, read_picture
from depth_anything_ros.data.sample import DataError, FormatError, Problem, SampleError, printable
from depth_anything_ros.evaluation.benchmark_set import BenchmarkPair
from depth_anything_ros.geometry.intrinsics import Intrinsics

Files = Mapping[str, Path]
"""The files of one pair by what they are: 'picture', 'depth', and others a set may have."""

_THREADS = 8
_MAX_LIST = 2**24


class FileBenchmark(ABC):
    """A benchmark whose pairs are files below a folder; see ``BenchmarkSet`` for what it gives.

    ``forms`` are expressions for what the paths end in, whose named groups make the key; ``needed``
    are the files without which a pair is a problem. Files may lie at any depth below the folder,
    so that the archives can be unpacked beside or into each other. Where a ``list`` is given its
    lines are the pairs, in its order. Raises DataError where nothing fits or the list does not.
    """

    name: str
    metric: bool = True
    forms: Mapping[str, str]
    needed: tuple[str, ...] = ('picture', 'depth')
    lonely_are_problems: bool = True
    """Whether a picture without depth, or the other way round, is worth telling of."""

    def __init__(self, path: Path, split: str, list: str | Path | None = None) -> None:
        self.root, self.split = path, split
        problems: Problems = []
        found = self._find(problems)
        if list is None:
            keys = [
                key
                for key, files in found.items()
                if self.lonely_are_problems or all(role in files for role in self.needed)
            ]
        else:
            keys = self._listed(Path(list))
        if not any(key in found for key in keys):
            forms = ', '.join(self.layout())
            told = f': give the folder of {forms}' if list is None else f', which {list} wants'
            raise DataError(f'{path}: nothing here is laid out as {self.name} has it{told}')
        with ThreadPoolExecutor(_THREADS) as pool:
            reasons = [*pool.map(lambda key: self._look(found.get(key, {})), keys)]
        problems += [
            Problem(key, reason) for key, reason in zip(keys, reasons, strict=True) if reason
        ]
        self.keys: Sequence[str] = tuple(
            key for key, reason in zip(keys, reasons, strict=True) if not reason
        )
        self.problems: Sequence[Problem] = tuple(problems)
        self._files = {key: found[key] for key in self.keys}

    def __len__(self) -> int:
        return len(self.keys)

    def read(self, index: int) -> BenchmarkPair:
        """Read a pair. Raises IndexError, and SampleError."""
        key = self.keys[index]
        files = self._files[key]
        rgb = self._reading(key, files['picture'], read_picture)
        size = (rgb.shape[0], rgb.shape[1])
        depth = self._reading(key, files['depth'], lambda _: self.depth(files, size))
        if depth.shape != size:
            raise self._error(key, _mismatch(size, depth.shape))
        known = np.isfinite(depth) & (depth > 0)
        if not known.any():
            raise self._error(key, f'{files["depth"].name} has no pixel of known depth')
        depth = np.where(known, depth, np.float32(np.nan)).astype(np.float32, copy=False)
        return BenchmarkPair(key, rgb, depth, self.scene(key), self._lens(key, files, size))

    def picture_path(self, index: int) -> Path:
        """Return the file of a pair's picture."""
        return self._files[self.keys[index]]['picture']

    @abstractmethod
    def layout(self) -> Sequence[str]:
        """Return what the paths of the files look like, for people."""

    @abstractmethod
    def key(self, fields: Mapping[str, str]) -> str | None:
        """Return the key of a file from the groups of its form, None for another split's."""

    @abstractmethod
    def key_of_line(self, line: str) -> str | None:
        """Return the key that a line of a list names, None for a pair without measured depth.

        Raises ValueError for a line of another form.
        """

    @abstractmethod
    def depth_size(self, files: Files, size: tuple[int, int]) -> tuple[int, int]:
        """Return the (height, width) that the depth claims. Raises FormatError and OSError."""

    @abstractmethod
    def depth(self, files: Files, size: tuple[int, int]) -> np.ndarray:
        """Return depth (H, W) in metres of a picture of that (height, width).

        What is not finite or not above 0 is unknown. Raises FormatError and OSError.
        """

    @abstractmethod
    def scene(self, key: str) -> str:
        """Return the group of a pair."""

    def intrinsics(self, files: Files, size: tuple[int, int]) -> Intrinsics | None:
        """Return the pinhole, None where it is not given. Raises FormatError and OSError."""
        return None

    def _find(self, problems: Problems) -> dict[str, dict[str, Path]]:
        """Return the files of each key, in the order of the keys."""
        forms = {role: re.compile(rf'(?:.*/)?{form}') for role, form in self.forms.items()}
        found: dict[str, dict[str, Path]] = {}
        twice: set[str] = set()
        for entry in walk(self.root, problems):
            for role, form in forms.items():
                match = form.fullmatch(entry.path)
                key = self.key(match.groupdict()) if match else None
                if key is None:
                    continue
                files = found.setdefault(key, {})
                if role in files:
                    twice.add(key)
                    first = files[role].relative_to(self.root).as_posix()
                    both = f'{printable(first)} and {printable(entry.path)}'
                    problems.append(Problem(key, f'is there twice: {both}'))
                files[role] = self.root / entry.path
        return {key: found[key] for key in sorted(found) if key not in twice}

    def _listed(self, path: Path) -> Keys:
        """Return the keys that a list names. Raises DataError."""
        try:
            if path.stat().st_size > _MAX_LIST:
                raise DataError(f'{path} is {path.stat().st_size} bytes: give a list of pairs')
            lines = path.read_text('utf-8').splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f'{path} cannot be read as a list: {error}') from error
        keys: dict[str, None] = {}
        for number, line in enumerate(lines, 1):
            try:
                key = self.key_of_line(line.strip()) if line.strip() else None
            except ValueError as error:
                raise DataError(
                    f'{path}, line {number}: {printable(line[:100])!r} names no pair of '
                    f'{self.name}: {error}'
                ) from error
            if key is not None:
                keys[key] = None
        return [*keys]

    def _look(self, files: Files) -> str:
        """Return what is wrong with the files of a pair, nothing where they fit."""
        missing = [role for role in self.needed if role not in files]
        if missing:
            return f'has no {" and no ".join(missing)}'
        path = files['picture']
        try:
            for path in (files[role] for role in self.needed):
                if path.stat().st_size == 0:
                    return f'{printable(path.name)} is empty'
            path = files['picture']
            size = picture_size(path)
            path = files['depth']
            other = self.depth_size(files, size)
        except FormatError as error:
            return f'{printable(path.name)} {error}'
        except OSError as error:
            return f'{printable(path.name)} cannot be read: {error.strerror or error}'
        return _mismatch(size, other) if size != other else ''

    def _lens(self, key: str, files: Files, size: tuple[int, int]) -> Intrinsics | None:
        try:
            return self.intrinsics(files, size)
        except (FormatError, OSError) as error:
            raise self._error(key, f'its camera file {error}') from error

    def _reading(self, key: str, path: Path, read: Callable[[Path], np.ndarray]) -> np.ndarray:
        try:
            return read(path)
        except FormatError as error:
            raise self._error(key, f'{path} {error}') from error
        except OSError as error:
            reason = f'{path} cannot be read: {error.strerror or error}'
            raise self._error(key, reason) from error

    def _error(self, key: str, reason: str) -> SampleError:
        return SampleError(f'{self.name} {key!r}: {reason}', reason)


Problems = list[Problem]  # the argument `list` hides the type inside of the class
Keys = list[str]


def _mismatch(picture: Sequence[int], depth: Sequence[int]) -> str:
    return f'the picture is {picture[1]}x{picture[0]} and the depth is {depth[1]}x{depth[0]}'

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sets of pictures with a file of depth each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from depth_anything_ros.data.index import Index
from depth_anything_ros.data.indexed import IndexedDataset
from depth_anything_ros.data.listing import walk
from depth_anything_ros.data.names import NameTable
from depth_anything_ros.data.path_template import PathTemplate
from depth_anything_ros.data.picture_file import picture_size, read_picture
from depth_anything_ros.data.sample import DataError, FormatError, Problem, Sample, SampleError

_THREADS = 8
"""Files that are looked at at a time: disks and networks answer late, and do so side by side."""


@dataclass(frozen=True)
class Layout:
    """Where a set has its files, and how they become depth.

    The three forms have the same fields. ``size`` returns the (height, width) that a file of depth
    claims, ``depth`` its (H, W) float32 depth, +inf for sky and NaN for unknown; both raise
    FormatError and OSError. ``options`` are what else the set depends on.
    """

    name: str
    metric: bool
    key: PathTemplate
    picture: PathTemplate
    map: PathTemplate
    size: Callable[[Path], tuple[int, int]]
    depth: Callable[[Path], np.ndarray]
    options: dict[str, Any]


class PairedDataset(IndexedDataset):
    """The samples of a layout below a folder.

    Samples whose partner is missing, whose files are empty or cut off, or whose sizes differ are
    ``problems``. Raises DataError where no file has the layout's form.
    """

    labelled = True

    def __init__(self, layout: Layout, root: Path, fresh: bool = False) -> None:
        self.layout, self.name, self.metric = layout, layout.name, layout.metric
        super().__init__(layout.name, root, layout.options, fresh)

    def sizes(self) -> np.ndarray:
        """Return the (height, width) of all samples, (N, 2) int64."""
        return self._index.numbers

    def _build(self) -> Index:
        return build_index(self.layout, self.root)

    def _read(self, index: int) -> Sample:
        key = self.keys[index]
        picture, depth = self.paths(key)
        rgb = _reading(self.name, key, picture, read_picture)
        values = _reading(self.name, key, depth, self.layout.depth)
        if values.shape != rgb.shape[:2]:
            reason = _mismatch(rgb.shape, values.shape)
            raise SampleError(f'{self.name} {key!r}: {reason}', reason)
        return Sample(key, rgb, values, self.metric)

    def paths(self, key: str) -> tuple[Path, Path]:
        """Return where the picture and the depth of a key are."""
        fields = self.layout.key.fields(key)
        if fields is None:
            raise DataError(f'{key!r} is no key of {self.name}')
        return (
            self.root / self.layout.picture.path(fields),
            self.root / self.layout.map.path(fields),
        )


def build_index(layout: Layout, root: Path) -> Index:
    """List a folder and look at both ends of the files of a layout. Raises DataError for none."""
    problems: list[Problem] = []
    pictures: set[str] = set()
    maps: set[str] = set()
    for entry in walk(root, problems):
        for form, keys in ((layout.picture, pictures), (layout.map, maps)):
            fields = form.fields(entry.path)
            if fields is not None:
                keys.add(layout.key.path(fields))
    if not pictures and not maps:
        raise DataError(
            f'{root}: nothing here is laid out as {layout.name}: {layout.picture.form} and '
            f'{layout.map.form}'
        )
    for key in sorted(pictures ^ maps):
        fields = layout.key.fields(key) or {}
        form = layout.map if key in pictures else layout.picture
        problems.append(Problem(key, f'has no {form.path(fields)}'))
    both = sorted(pictures & maps)
    with ThreadPoolExecutor(_THREADS) as pool:
        looked = pool.map(partial(_look, layout, root), both, chunksize=64)
        found = dict(_sound(zip(both, looked, strict=True), problems))
    sizes = np.array(list(found.values()), np.int64).reshape(-1, 2)
    return Index(NameTable.of(found), sizes, tuple(problems))


def _sound(
    looked: Iterator[tuple[str, tuple[int, int] | str]], problems: list[Problem]
) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the samples whose files are sound; the others become problems."""
    for key, found in looked:
        if isinstance(found, str):
            problems.append(Problem(key, found))
        else:
            yield key, found


def _look(layout: Layout, root: Path, key: str) -> tuple[int, int] | str:
    """Return the (height, width) of a sample, or what is wrong with it."""
    fields = layout.key.fields(key) or {}
    sizes = []
    for form, size in ((layout.picture, picture_size), (layout.map, layout.size)):
        path = form.path(fields)
        try:
            if os.path.getsize(root / path) == 0:
                return f'{path} is empty'
            sizes.append(size(root / path))
        except FormatError as error:
            return f'{path} {error}'
        except OSError as error:
            return f'{path} cannot be read: {error.strerror or error}'
    if sizes[0] != sizes[1]:
        return _mismatch(*sizes)
    return sizes[0]


def _mismatch(picture: Sequence[int], depth: Sequence[int]) -> str:
    return f'the picture is {picture[1]}x{picture[0]} and the depth is {depth[1]}x{depth[0]}'


def _reading(name: str, key: str, path: Path, read: Callable[[Path], np.ndarray]) -> np.ndarray:
    """Read a file of a sample. Raises SampleError."""
    try:
        return read(path)
    except FormatError as error:
        reason = f'{path} {error}'
        raise SampleError(f'{name} {key!r}: {reason}', reason) from error
    except OSError as error:
        reason = f'{path} cannot be read: {error.strerror or error}'
        raise SampleError(f'{name} {key!r}: {reason}', reason) from error

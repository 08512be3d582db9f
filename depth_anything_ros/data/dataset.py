# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What all sets of pictures have in common, and how one is opened by its name."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from depth_anything_ros.data.sample import DataError, EmptyError, Problem, Sample, printable


class Dataset(ABC):
    """A set of samples that are read when they are asked for.

    It is map-style as torch's DataLoader wants it, without importing torch: ``len``, an index from
    0 (or from the end, negative), and iteration. It can be pickled, and copies in workers open
    their own files. ``keys`` name the samples in their order, which depends on the data alone.
    ``problems`` are what was found wrong with the set; these samples are not among the others.
    """

    name: str
    metric: bool
    labelled: bool
    keys: Sequence[str]
    problems: Sequence[Problem] = ()

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> Sample:
        """Read a sample. Raises IndexError, and SampleError where its files cannot be read."""
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f'sample {index} of {self.name}, which has {count}')
        return self._read(index % count)

    def exclude(self, problems: Sequence[Problem]) -> None:
        """Take the samples that these problems name out. Raises DataError where that cannot be."""
        if problems:
            raise DataError(f'{self.name} cannot leave samples out')

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    @abstractmethod
    def _read(self, index: int) -> Sample:
        """Read the sample of an index from 0 to len - 1."""


def open_dataset(
    name: str,
    path: str | Path | None = None,
    only: str | Sequence[str] = (),
    without: str | Sequence[str] = (),
    **options: Any,
) -> Dataset:
    """Open a set by its name, such as 'hypersim', and the folder it lies in.

    The names and the options of each are in docs/data.md; 'procedural' takes no path. ``only`` and
    ``without`` are patterns of keys, such as 'Scene20/*', in which * also takes slashes: samples
    that fit one of the first, if any, and none of the second are in the set.

    The first time the folder is listed and the files' headers are looked at; what was found is
    kept in the cache folder until the listing changes; ``fresh=True`` looks anew. Raises DataError
    for an unknown name or option and a folder that does not have the set's layout, EmptyError
    where no sample is left, and MissingPackageError.
    """
    dataset = _open(name, path, options)
    if only or without:
        from depth_anything_ros.data.selection import KeyFilter, Selection

        dataset = Selection(dataset, KeyFilter(_several(only), _several(without)))
    if not len(dataset):
        known = [f'{printable(found.name)} {found.reason}' for found in dataset.problems[:3]]
        reasons = f', such as: {"; ".join(known)}' if known else ''
        if not reasons and (only or without):
            reasons = ': no key fits only and without'
        raise EmptyError(f'{name}: no sample is left of {path}{reasons}', dataset.problems)
    return dataset


def _several(patterns: str | Sequence[str]) -> Sequence[str]:
    return [patterns] if isinstance(patterns, str) else patterns


def _open(name: str, path: str | Path | None, options: dict[str, Any]) -> Dataset:
    """Call the opener of a set after a look at its arguments."""
    from depth_anything_ros.data.catalog import OPENERS

    if name not in OPENERS:
        raise DataError(f'no set is called {name!r}: use one of {", ".join(OPENERS)}')
    opener = OPENERS[name]
    known = [key for key in inspect.signature(opener).parameters if key != 'path']
    for option in options:
        if option not in known:
            raise DataError(f'{name} has no option {option!r}: it takes {", ".join(known)}')
    if name == 'procedural':
        if path is not None:
            raise DataError(f'procedural is made, not read: leave the path {str(path)!r} out')
        return opener(**options)
    if path is None:
        raise DataError(f'{name} needs the path of the folder it lies in')
    if not Path(path).exists():
        raise DataError(f'{path}: there is no such file or folder')
    return opener(Path(path), **options)

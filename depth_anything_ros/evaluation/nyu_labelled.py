# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The official file of NYUv2, ``nyu_depth_v2_labeled.mat``: 1449 pictures in MATLAB's HDF5.

MATLAB stores arrays with their axes turned round: ``images`` is (N, 3, W, H) uint8, ``depths``
(filled) and ``rawDepths`` (0 unknown) are (N, W, H) float32 metres, and ``scenes`` refers to the
name of each picture's room, a row of character codes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from depth_anything_ros.data.hdf5 import own_array, require_h5py
from depth_anything_ros.data.sample import DataError, FormatError, Problem, SampleError
from depth_anything_ros.evaluation.benchmark_set import BenchmarkPair
from depth_anything_ros.evaluation.nyu_split import nyu_test_numbers
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media.decoding import MAX_PIXELS

FILE = 'nyu_depth_v2_labeled.mat'
ARRAYS = {'raw': 'rawDepths', 'filled': 'depths'}

LENS = (518.85790117450188, 519.46961112127485, 325.58244941119034, 253.73616633400465)
"""fx, fy, cx, cy in pixels of the colour camera, from the set's toolbox."""

_BROKEN = (FormatError, OSError, RuntimeError, ValueError, KeyError)
_LINE = re.compile(r'(?:.*/)?(?:rgb_)?0*(?P<number>\d{1,4})(?:\.(?:png|jpg))?(?:\s.*)?')


class NyuLabelled:
    """The test pictures in the official file; the scene of each is its kind of room.

    A ``list`` has a line for each picture: its number from 1, or a path that ends in rgb_0001.png.
    Raises DataError where the file is not what its name says, and MissingPackageError without
    h5py.
    """

    name = 'nyu'
    metric = True

    def __init__(self, path: Path, split: str, list: str | Path | None = None) -> None:
        self.path, self._depth = path, ARRAYS[split]
        numbers = nyu_test_numbers() if list is None else _listed(Path(list))
        h5py = require_h5py()
        try:
            with h5py.File(path, 'r') as file:
                count = _checked(file, self._depth)
                rooms = _rooms(h5py, file, count)
        except _BROKEN as error:
            raise DataError(
                f'{path} is not NYUv2 as it is published, or cut off: {error}'
            ) from error
        there = [number for number in numbers if 1 <= number <= count]
        self._numbers = there
        self.keys: Sequence[str] = tuple(f'{rooms[at - 1]}/{at:04d}' for at in there)
        self.problems: Sequence[Problem] = tuple(
            Problem(f'{number:04d}', f'is not among the {count} pictures of {path.name}')
            for number in numbers
            if not 1 <= number <= count
        )

    def __len__(self) -> int:
        return len(self.keys)

    def read(self, index: int) -> BenchmarkPair:
        """Read a pair. Raises IndexError, and SampleError."""
        key, row = self.keys[index], self._numbers[index] - 1
        try:
            with require_h5py().File(self.path, 'r') as file:
                rgb = np.ascontiguousarray(own_array(file, 'images')[row].transpose(2, 1, 0))
                depth = own_array(file, self._depth)[row].T.astype(np.float32)
        except _BROKEN as error:
            raise SampleError(
                f'nyu {key!r}: {self.path} is damaged: {error}', str(error)
            ) from error
        known = np.isfinite(depth) & (depth > 0)
        if not known.any():
            reason = f'{self._depth} has no pixel of known depth'
            raise SampleError(f'nyu {key!r}: {reason}', reason)
        depth = np.where(known, depth, np.float32(np.nan))
        lens = Intrinsics(640, 480, *LENS) if depth.shape == (480, 640) else None
        return BenchmarkPair(key, rgb, depth, room_kind(key.partition('/')[0]), lens)


def room_kind(room: str) -> str:
    """Return the kind of a room, such as 'kitchen' of 'kitchen_0004'."""
    return re.sub(r'_\d+[a-z]?$', '', room)


def _checked(file: Any, depth: str) -> int:
    """Return how many pictures there are. Raises FormatError."""
    images, maps = own_array(file, 'images'), own_array(file, depth)
    if images.ndim != 4 or images.shape[1] != 3 or images.dtype != np.uint8:
        raise FormatError(f'holds images of {images.dtype} and {images.shape}')
    if maps.shape != (images.shape[0], *images.shape[2:]) or maps.dtype.kind != 'f':
        raise FormatError(f'holds {depth} of {maps.dtype} and {maps.shape} for {images.shape}')
    if not 0 < images.shape[2] * images.shape[3] <= MAX_PIXELS:
        raise FormatError(f'claims pictures of {images.shape[2]}x{images.shape[3]}')
    return int(images.shape[0])


def _rooms(h5py: Any, file: Any, count: int) -> list[str]:
    """Return the room of each picture, 'nyu' for all in a copy without these names."""
    if 'scenes' not in file:
        return ['nyu'] * count
    references = own_array(file, 'scenes')[...].ravel()
    if references.size != count or not all(isinstance(each, h5py.Reference) for each in references):
        raise FormatError('has scenes that are no references, or not one a picture')
    names = [''.join(map(chr, file[each][...].ravel()[:64])) for each in references]
    return [re.sub(r'\W', '_', name) for name in names]


def _listed(path: Path) -> list[int]:
    """Return the numbers in a list. Raises DataError."""
    try:
        lines = path.read_text('utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f'{path} cannot be read as a list: {error}') from error
    numbers = []
    for at, line in enumerate(lines, 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if not match:
            raise DataError(f'{path}, line {at}: {line[:100]!r} is no number and no rgb_0001.png')
        numbers.append(int(match['number']))
    return numbers

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DA-2K: pictures with pairs of points of which people said which is nearer.

The released archive, or the folder it unpacks to, has ``annotations.json``: by the path of a
picture, such as 'images/indoor/1009402064_7c74b0b819_k.jpg', its pairs as ``point1`` and
``point2``, [row, column] in pixels of the picture, and ``closer_point``, 'point1' throughout. The
folder above a picture is its scene. What ``depth-anything annotate`` releases has the same form.
"""

from __future__ import annotations

import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from depth_anything_ros.data.picture_file import MAX_BYTES, bounded_bytes, picture_from
from depth_anything_ros.data.sample import (
    DataError,
    EmptyError,
    FormatError,
    Problem,
    SampleError,
    printable,
)
from depth_anything_ros.evaluation.point_pairs import PointPair

ANNOTATIONS = 'annotations.json'

SCENES = {
    'indoor': 420,
    'outdoor': 344,
    'non_real': 303,
    'transparent_reflective': 214,
    'adverse_style': 328,
    'aerial': 194,
    'underwater': 117,
    'object': 148,
}
"""The scenes of the released file in the order of the paper, and how many pairs each has."""

_MAX_ANNOTATIONS = 2**26
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError,
    NotImplementedError, RuntimeError, KeyError, ValueError,
)  # fmt: skip


@dataclass(frozen=True)
class AnnotatedPicture:
    """A picture (H, W, 3) uint8 RGB, the scene it is of, and its pairs of points."""

    key: str
    scene: str
    rgb: np.ndarray
    pairs: tuple[PointPair, ...]


class Da2k:
    """The pictures of the released archive, or of its folder, or of the folder around that.

    ``problems`` are pictures that are annotated and not there, and annotations that cannot be
    used. Raises DataError where there are no annotations, and EmptyError for no picture.
    """

    name = 'da-2k'

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise DataError(f'{path} does not exist: give DA-2K.zip, or the folder it unpacks to')
        try:
            names = _names(path)
        except (OSError, *_BROKEN) as error:
            raise DataError(f'{path} cannot be read: {error}') from error
        self._base = _base(path, names)
        annotations = self._annotations()
        self._pairs: dict[str, tuple[PointPair, ...]] = {}
        problems: list[Problem] = []
        for key, found in annotations.items():
            try:
                pairs = _pairs(found)
            except (ValueError, TypeError, KeyError) as error:
                problems.append(Problem(printable(key), f'has no pairs of points: {error}'))
                continue
            # Names of results are made of keys: none may lead anywhere else.
            if key.startswith('/') or '..' in key.split('/') or '\\' in key:
                problems.append(Problem(printable(key), 'is no path below the folder'))
            elif self._base + key not in names:
                problems.append(Problem(printable(key), 'is annotated, but its picture is missing'))
            elif pairs:
                self._pairs[key] = pairs
        self.keys: Sequence[str] = tuple(self._pairs)
        self.problems: Sequence[Problem] = tuple(problems)
        if not self.keys:
            told = f', such as {problems[0].name}: {problems[0].reason}' if problems else ''
            raise EmptyError(f'{path} has no annotated picture{told}', problems)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def pair_count(self) -> int:
        """How many pairs the pictures have together."""
        return sum(map(len, self._pairs.values()))

    def pairs(self, key: str) -> tuple[PointPair, ...]:
        """Return the pairs of a picture without reading it."""
        return self._pairs[key]

    def read(self, index: int) -> AnnotatedPicture:
        """Read a picture. Raises IndexError, and SampleError; also for points outside of it."""
        key = self.keys[index]
        pairs = self._pairs[key]
        try:
            rgb = picture_from(self._content(key), turned=True)
        except (FormatError, OSError, *_BROKEN) as error:
            reason = f'its picture {error}' if isinstance(error, FormatError) else str(error)
            raise SampleError(f'da-2k {key!r}: {reason}', reason) from error
        height, width = rgb.shape[:2]
        for pair in pairs:
            for row, column in (pair.near, pair.far):
                if not (0 <= row < height and 0 <= column < width):
                    reason = (
                        f'the point of row {row} and column {column} is outside of its '
                        f'{width}x{height} pixels: take the pictures at their full size'
                    )
                    raise SampleError(f'da-2k {key!r}: {reason}', reason)
        return AnnotatedPicture(key, scene_of(key), rgb, pairs)

    def _annotations(self) -> dict[str, Any]:
        try:
            content = self._content(ANNOTATIONS, _MAX_ANNOTATIONS)
            found = json.loads(content)
        except (FormatError, OSError, RecursionError, *_BROKEN) as error:
            raise DataError(f'{self.path}: {ANNOTATIONS} cannot be read: {error}') from error
        if not isinstance(found, dict):
            raise DataError(f'{self.path}: {ANNOTATIONS} is no object of pictures by their paths')
        return found

    def _content(self, key: str, most: int = MAX_BYTES) -> bytes:
        """Return what a file holds. Raises FormatError, OSError and errors of archives."""
        if self.path.is_dir():
            return bounded_bytes(self.path / (self._base + key))
        # Opened anew each time, so that several threads may read.
        with zipfile.ZipFile(self.path) as archive:
            claimed = archive.getinfo(self._base + key).file_size
            if claimed > most:
                raise FormatError(f'has {claimed} bytes, at most {most} are read')
            return archive.read(self._base + key)


def scene_of(key: str) -> str:
    """Return the scene of a path: the last folder that is one of DA-2K, or the last at all."""
    folders = PurePosixPath(key).parts[:-1]
    known = [folder for folder in folders if folder in SCENES]
    return (known or folders or ('unknown',))[-1]


def _names(path: Path) -> set[str]:
    """Return the files of an archive or a folder, with forward slashes."""
    if path.is_dir():
        return {file.relative_to(path).as_posix() for file in path.rglob('*') if file.is_file()}
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def _base(path: Path, names: set[str]) -> str:
    """Return what the names of the set begin with: the folder of its annotations, '' for none."""
    found = [
        PurePosixPath(name)
        for name in names
        if PurePosixPath(name).name == ANNOTATIONS and not name.startswith('__MACOSX/')
    ]
    if not found:
        raise DataError(f'{path} has no {ANNOTATIONS}: give DA-2K.zip, or the folder it unpacks to')
    parent = min(found, key=lambda each: (len(each.parts), str(each))).parent.as_posix()
    return '' if parent == '.' else f'{parent}/'


def _pairs(found: Any) -> tuple[PointPair, ...]:
    """Return the pairs of a picture. Raises ValueError, TypeError and KeyError."""
    if not isinstance(found, list):
        raise TypeError('no list')
    pairs = []
    for pair in found:
        first, second = _point(pair['point1']), _point(pair['point2'])
        closer = pair['closer_point']
        if closer not in ('point1', 'point2'):
            raise ValueError(f'closer_point is {closer!r}')
        pairs.append(PointPair(first, second) if closer == 'point1' else PointPair(second, first))
    return tuple(pairs)


def _point(found: Any) -> tuple[int, int]:
    row, column = found
    if not all(isinstance(each, int) and not isinstance(each, bool) for each in (row, column)):
        raise ValueError(f'{found!r} is no row and column')
    return row, column

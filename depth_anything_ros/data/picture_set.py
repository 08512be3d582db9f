# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sets of pictures without depth, and those that are plain files in folders."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

import numpy as np

from depth_anything_ros.data.index import Index
from depth_anything_ros.data.indexed import IndexedDataset
from depth_anything_ros.data.listing import walk
from depth_anything_ros.data.names import NameTable
from depth_anything_ros.data.picture_file import PICTURE_SUFFIXES, bounded_bytes, picture_from
from depth_anything_ros.data.sample import DataError, FormatError, Problem, Sample, SampleError


def is_picture_name(name: str) -> bool:
    """Tell by its suffix whether a file or a member of an archive is a picture."""
    return name.lower().endswith(PICTURE_SUFFIXES)


class PictureSet(IndexedDataset):
    """A set of encoded pictures, upright by EXIF when they are read."""

    metric = False
    labelled = False
    shape: str

    def __init__(self, name: str, root: Path, fresh: bool) -> None:
        self.name = name
        super().__init__(self.shape, root, {}, fresh)

    @abstractmethod
    def _content(self, index: int, key: str) -> bytes:
        """Return an encoded picture. Raises FormatError and OSError."""

    def _read(self, index: int) -> Sample:
        key = self.keys[index]
        try:
            return Sample(key, picture_from(self._content(index, key), True), None, False)
        except FormatError as error:
            raise SampleError(f'{self.name} {key!r} {error}', str(error)) from error
        except OSError as error:
            reason = f'cannot be read: {error.strerror or error}'
            raise SampleError(f'{self.name} {key!r} {reason}', reason) from error


class FolderSet(PictureSet):
    """All pictures below a folder; the key is the path."""

    shape = 'folder'

    def _build(self) -> Index:
        names = []
        problems: list[Problem] = []
        for entry in walk(self.root, problems):
            if not is_picture_name(entry.path):
                continue
            if entry.size:
                names.append(entry.path)
            else:
                problems.append(Problem(entry.path, 'is empty'))
        if not names and not problems:
            raise DataError(f'{self.root}: no picture here: {", ".join(PICTURE_SUFFIXES)}')
        return Index(NameTable.of(names), np.zeros((len(names), 0), np.int64), tuple(problems))

    def _content(self, index: int, key: str) -> bytes:
        return bounded_bytes(self.root / key if self.root.is_dir() else self.root)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures in tar files, as they are shipped or as WebDataset shards: nothing is unpacked."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from depth_anything_ros.data.index import Index
from depth_anything_ros.data.listing import walk
from depth_anything_ros.data.names import NameTable
from depth_anything_ros.data.picture_file import MAX_BYTES
from depth_anything_ros.data.picture_set import PictureSet, is_picture_name
from depth_anything_ros.data.sample import DataError, FormatError, Problem

TAR = '.tar'
COMPRESSED = ('.tar.gz', '.tgz', '.tar.bz2', '.tar.xz', '.tar.zst')
_BLOCK = tarfile.BLOCKSIZE


class TarSet(PictureSet):
    """The pictures in all tar files below a folder, or in one; other members are passed over.

    A key is the path of the tar file and the name of the member. The index knows where each
    picture begins, so that any one is read without the others.
    """

    shape = 'tar'

    def _build(self) -> Index:
        problems: list[Problem] = []
        names, rows = [], []
        found = False
        for entry in walk(self.root, problems):
            lower = entry.path.lower()
            if lower.endswith(COMPRESSED):
                found = True
                problems.append(
                    Problem(entry.path, 'is compressed: decompress it, keep it as a tar file')
                )
            if not lower.endswith(TAR):
                continue
            found = True
            for member in members(self._file(entry.path), entry.path, problems):
                names.append(f'{entry.path}/{member.name.removeprefix("./")}')
                rows.append((len(entry.path), member.offset_data, member.size))
        if not found:
            raise DataError(f'{self.root}: no tar file here')
        return Index(NameTable.of(names), np.array(rows, np.int64).reshape(-1, 3), tuple(problems))

    def _file(self, path: str) -> Path:
        return self.root / path if self.root.is_dir() else self.root

    def _content(self, index: int, key: str) -> bytes:
        length, start, size = (int(value) for value in self._index.numbers[index])
        with self._file(key[:length]).open('rb') as file:
            file.seek(start)
            content = file.read(size)
        if len(content) != size:
            raise FormatError('is cut off')
        return content


def members(path: Path, name: str, problems: list[Problem]) -> Iterator[tarfile.TarInfo]:
    """Yield the members of a tar file that are pictures; what is wrong is added to the problems.

    A file that is cut off or damaged gives what comes before.
    """
    pictures = others = 0
    try:
        size = path.stat().st_size
        with tarfile.open(path, 'r:') as archive:
            while (member := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined] # tarfile would keep them all
                if not member.isfile():
                    continue
                if not is_picture_name(member.name):
                    others += 1
                    continue
                pictures += 1
                wrong = _fault(member, size)
                if wrong:
                    problems.append(Problem(f'{name}/{member.name.removeprefix("./")}', wrong))
                else:
                    yield member
            end = archive.offset
        _check_end(path, end)
    except (tarfile.TarError, FormatError, ValueError, EOFError, OverflowError) as error:
        problems.append(Problem(name, f'is damaged or cut off, {pictures} pictures in: {error}'))
    except OSError as error:
        problems.append(Problem(name, f'cannot be read: {error.strerror or error}'))
    else:
        if not pictures:
            problems.append(Problem(name, f'holds no picture, and {others} other files'))


def _fault(member: tarfile.TarInfo, size: int) -> str:
    """Return what is wrong with a member, by its header, of a file of so many bytes."""
    if not member.size:
        return 'is empty'
    if member.size > MAX_BYTES:
        return f'has {member.size} bytes, at most {MAX_BYTES} are read'
    if member.issparse():
        return 'is stored as a sparse file'
    return 'is cut off' if member.offset_data + member.size > size else ''


def _check_end(path: Path, end: int) -> None:
    """Look at what comes behind the last member: tarfile takes a broken header for the end."""
    with path.open('rb') as file:
        file.seek(max(0, end - _BLOCK))
        rest = file.read(3 * _BLOCK)
    if rest.strip(b'\0') and any(rest[-_BLOCK:]):
        raise FormatError(f'no header at byte {end}')

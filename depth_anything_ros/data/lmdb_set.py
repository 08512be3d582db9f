# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures in LMDB databases, as LSUN is shipped: one for each category."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from depth_anything_ros.data.index import Index
from depth_anything_ros.data.listing import walk
from depth_anything_ros.data.names import NameTable
from depth_anything_ros.data.picture_file import MAX_BYTES
from depth_anything_ros.data.picture_set import PictureSet
from depth_anything_ros.data.sample import DataError, FormatError, MissingPackageError, Problem

DATABASE = 'data.mdb'

_open: dict[str, tuple[int, Any]] = {}
"""Databases by path, with the process that opened them: LMDB allows a process one handle each."""


def require_lmdb() -> Any:
    """Return the module lmdb. Raises MissingPackageError."""
    try:
        import lmdb
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            "LMDB databases need lmdb: pip install 'depth_anything_ros[data]'"
        ) from error
    return lmdb


class LmdbSet(PictureSet):
    """The values of all databases below a folder, or of one; each is an encoded picture.

    A key is the path of the database's folder and the database's own key. LMDB maps the file into
    memory and trusts it: one that is cut off is refused, one that was forged may end the process.
    """

    shape = 'lmdb'

    def __init__(self, name: str, root: Path, fresh: bool) -> None:
        require_lmdb()
        super().__init__(name, root, fresh)

    def _build(self) -> Index:
        problems: list[Problem] = []
        names: list[str] = []
        rows: list[list[int]] = []
        found = False
        for entry in walk(self.root, problems):
            folder, _, file = entry.path.rpartition('/')
            if file != DATABASE:
                continue
            found = True
            try:
                keys = self._keys(folder)
            except FormatError as error:
                problems.append(Problem(entry.path, str(error)))
                continue
            prefix = f'{folder}/' if folder else ''
            names.extend(prefix + key for key in keys)
            rows.extend([[len(prefix)]] * len(keys))
        if not found:
            raise DataError(f'{self.root}: no {DATABASE} here')
        return Index(NameTable.of(names), np.array(rows, np.int64).reshape(-1, 1), tuple(problems))

    def _keys(self, folder: str) -> list[str]:
        lmdb = require_lmdb()
        with database(self._folder(folder)).begin(buffers=True) as transaction:
            try:
                keys = [
                    bytes(key).decode('utf-8', 'surrogateescape')
                    for key in transaction.cursor().iternext(values=False)
                ]
            except lmdb.Error as error:
                raise FormatError(f'is damaged: {error}') from error
        if not keys:
            raise FormatError('holds nothing')
        return keys

    def _folder(self, folder: str) -> Path:
        above = self.root if self.root.is_dir() else self.root.parent
        return above / folder

    def _content(self, index: int, key: str) -> bytes:
        length = int(self._index.numbers[index, 0])
        lmdb = require_lmdb()
        try:
            with database(self._folder(key[:length])).begin(buffers=True) as transaction:
                value = transaction.get(key[length:].encode('utf-8', 'surrogateescape'))
                if value is None:
                    raise FormatError('is not there any more')
                if len(value) > MAX_BYTES:
                    raise FormatError(f'has {len(value)} bytes, at most {MAX_BYTES} are read')
                return bytes(value)
        except lmdb.Error as error:
            raise FormatError(f'is damaged: {error}') from error


def database(folder: Path) -> Any:
    """Return the database in a folder, opened for reading in this process. Raises FormatError."""
    lmdb = require_lmdb()
    at, process = str(folder.resolve()), os.getpid()
    if at in _open:
        opener, opened = _open[at]
        if opener == process:
            return opened
        opened.close()  # of the process that this one was forked from, where it stays open
        del _open[at]
    try:
        opened = lmdb.open(
            str(folder), readonly=True, lock=False, readahead=False, create=False, max_readers=1
        )
        # Pages that the file lacks are mapped all the same, and reading one ends the process.
        pages = opened.info()['last_pgno'] + 1
        if (folder / DATABASE).stat().st_size < pages * opened.stat()['psize']:
            opened.close()
            raise FormatError('is cut off')
    except lmdb.Error as error:
        raise FormatError(f'is no LMDB, or cut off: {error}') from error
    _open[at] = process, opened
    return opened

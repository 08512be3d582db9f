# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Encoded pictures in a column of Parquet files, as data sets are shipped on hubs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from depth_anything_ros.data.index import Index
from depth_anything_ros.data.indexed import IndexedDataset
from depth_anything_ros.data.listing import walk
from depth_anything_ros.data.names import NameTable
from depth_anything_ros.data.picture_file import MAX_BYTES
from depth_anything_ros.data.picture_set import PictureSet
from depth_anything_ros.data.sample import DataError, FormatError, MissingPackageError, Problem

PARQUET = '.parquet'
_ROWS = 16
"""Rows that are in memory at once."""


def require_parquet() -> Any:
    """Return the module pyarrow.parquet. Raises MissingPackageError."""
    try:
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            "Parquet files need pyarrow: pip install 'depth_anything_ros[distributed]'"
        ) from error
    return pyarrow.parquet


class ParquetSet(PictureSet):
    """The rows of all Parquet files below a folder, or of one.

    ``column`` holds the encoded pictures, as bytes or as a struct with a field ``bytes``; it may be
    left out where there is one such column. A key is the path of the file and the value of the
    column ``key``, or the row's number. Row groups are read on demand, a few rows at a time: rows
    in their order cost one pass, any others the rows of the group before them.
    """

    shape = 'parquet'

    def __init__(
        self, name: str, root: Path, fresh: bool, column: str | None = None, key: str | None = None
    ) -> None:
        require_parquet()
        self.name, self._column, self._key = name, column, key
        self._rows: _Rows | None = None
        options = {'column': column, 'key': key}
        IndexedDataset.__init__(self, self.shape, root, options, fresh)

    def __getstate__(self) -> dict[str, Any]:
        """Leave open files out: copies open their own."""
        return {**self.__dict__, '_rows': None}

    def _build(self) -> Index:
        problems: list[Problem] = []
        names: list[str] = []
        rows: list[tuple[int, int, int]] = []
        found = False
        for entry in walk(self.root, problems):
            if not entry.path.lower().endswith(PARQUET):
                continue
            found = True
            try:
                groups = list(self._groups(entry.path))
            except FormatError as error:
                problems.append(Problem(entry.path, str(error)))
                continue
            seen: set[str] = set()
            for group, row, key in groups:
                name = f'{entry.path}/{key}'
                if key is None:
                    problems.append(Problem(entry.path, f'row {row} of group {group} has no key'))
                    continue
                if name in seen:
                    problems.append(Problem(name, 'is in the file twice: its first row is taken'))
                    continue
                seen.add(name)
                names.append(name)
                rows.append((len(entry.path), group, row))
        if not found:
            raise DataError(f'{self.root}: no Parquet file here')
        return Index(NameTable.of(names), np.array(rows, np.int64).reshape(-1, 3), tuple(problems))

    def _groups(self, path: str) -> Iterator[tuple[int, int, str | None]]:
        """Yield row group, row in it, and key. Raises FormatError."""
        with _opened(self._file(path)) as file:
            picture_column(file.schema_arrow, self._column)
            number = 0
            for group in range(file.num_row_groups):
                count = file.metadata.row_group(group).num_rows
                for row, key in enumerate(self._keys(file, group, count, number)):
                    yield group, row, key
                number += count

    def _keys(self, file: Any, group: int, count: int, first: int) -> list[str | None]:
        if self._key is None:
            return [f'{number:09d}' for number in range(first, first + count)]
        if self._key not in file.schema_arrow.names:
            raise FormatError(f'has no column {self._key!r}: {", ".join(file.schema_arrow.names)}')
        with _arrow_errors():
            found = file.read_row_group(group, columns=[self._key])[0].to_pylist()
        return [None if key is None else str(key) for key in found]

    def _file(self, path: str) -> Path:
        return self.root / path if self.root.is_dir() else self.root

    def _content(self, index: int, key: str) -> bytes:
        length, group, row = (int(value) for value in self._index.numbers[index])
        path = self._file(key[:length])
        if self._rows is None or not self._rows.leads_to(path, group, row):
            if self._rows is not None:
                self._rows.close()
                self._rows = None
            self._rows = _Rows(path, group, self._column)
        return self._rows.at(row)


class _Rows:
    """The pictures of a row group, read forward. Raises FormatError, and OSError."""

    def __init__(self, path: Path, group: int, column: str | None) -> None:
        self._path, self._group = path, group
        self._first, self._after = 0, 0
        self._pictures: Any = None
        with _arrow_errors():
            self._file = require_parquet().ParquetFile(path)
            # The numbers are of when the index was made; the file may have changed meanwhile.
            if group >= self._file.num_row_groups:
                raise FormatError('is not there any more')
            chosen = picture_column(self._file.schema_arrow, column)
            self._batches = self._file.iter_batches(
                _ROWS, row_groups=[group], columns=[chosen], use_threads=False
            )

    def leads_to(self, path: Path, group: int, row: int) -> bool:
        """Tell whether a row is at hand or comes later."""
        return (path, group) == (self._path, self._group) and row >= self._first

    def at(self, row: int) -> bytes:
        """Return the picture of a row that this leads to."""
        with _arrow_errors():
            while row >= self._after:
                batch = next(self._batches, None)
                if batch is None:
                    raise FormatError('is not there any more')
                self._first, self._after = self._after, self._after + batch.num_rows
                self._pictures = batch.column(0)
            value = self._pictures[row - self._first]
            if hasattr(value, 'keys'):
                value = value['bytes'] if value.is_valid else value
            content = value.as_py() if value.is_valid else b''
        if len(content) > MAX_BYTES:
            raise FormatError(f'has {len(content)} bytes, at most {MAX_BYTES} are read')
        return bytes(content)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def picture_column(schema: Any, column: str | None) -> str:
    """Return the column of a file's Arrow schema that holds pictures. Raises FormatError."""
    import pyarrow.types as types

    def binary(kind: Any) -> bool:
        return bool(types.is_binary(kind) or types.is_large_binary(kind))

    able = [
        field.name
        for field in schema
        if binary(field.type)
        or (
            types.is_struct(field.type)
            and field.type.get_field_index('bytes') >= 0
            and binary(field.type.field('bytes').type)
        )
    ]
    if column is not None:
        if column not in able:
            raise FormatError(f'has no column {column!r} of bytes, but {", ".join(able) or "none"}')
        return column
    if len(able) != 1:
        raise FormatError(
            f'has {len(able)} columns of bytes ({", ".join(able)}): choose one by column'
        )
    return str(able[0])


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with _arrow_errors(), require_parquet().ParquetFile(path) as file:
        yield file


@contextmanager
def _arrow_errors() -> Iterator[None]:
    """Turn what pyarrow says of a file into a FormatError."""
    import pyarrow

    try:
        yield
    except FormatError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise FormatError(f'cannot be read: {str(error).partition(chr(10))[0]}') from error

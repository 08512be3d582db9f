# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Millions of names in little memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import overload

import numpy as np


class NameTable(Sequence[str]):
    """Names as one run of UTF-8 and their ends, so that copies in workers cost next to nothing.

    Bytes that are no UTF-8 come and go as surrogates, as Python's os functions have them.
    """

    def __init__(self, text: np.ndarray, ends: np.ndarray) -> None:
        self.text, self.ends = text, ends

    @classmethod
    def of(cls, names: Iterable[str]) -> NameTable:
        """Store names in their order."""
        encoded = [name.encode('utf-8', 'surrogateescape') for name in names]
        ends = np.cumsum([len(name) for name in encoded], dtype=np.int64)
        return cls(np.frombuffer(b''.join(encoded), np.uint8), ends)

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> NameTable: ...

    def __getitem__(self, index: int | slice) -> str | NameTable:
        """Return one name, or some as another table."""
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f'name {index} of {count}')
        index %= count
        start = self.ends[index - 1] if index else 0
        return self.text[start : self.ends[index]].tobytes().decode('utf-8', 'surrogateescape')

    def take(self, rows: np.ndarray) -> NameTable:
        """Return the names of these indices, from 0, as another table."""
        return NameTable.of(self[int(row)] for row in rows)

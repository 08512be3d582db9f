# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NumPy's own files, one map of floats each."""

from __future__ import annotations

import tokenize
from pathlib import Path

import numpy as np

from depth_anything_ros.data.sample import FormatError
from depth_anything_ros.media.decoding import MAX_PIXELS

# The header is an expression of Python, and these are what NumPy's reading of a broken one raises.
_BROKEN = (
    ValueError, TypeError, EOFError, OverflowError, SyntaxError, RecursionError,
    tokenize.TokenError,
)  # fmt: skip


def npy_size(path: Path) -> tuple[int, int]:
    """Return the (height, width) of a map that is whole. Raises FormatError, and OSError."""
    height, width = _mapped(path).shape
    return height, width


def read_npy(path: Path) -> np.ndarray:
    """Return the values (H, W) as float32. Raises FormatError, and OSError."""
    return np.array(_mapped(path), np.float32)


def mapped_npy(path: Path) -> np.ndarray:
    """Return an array whose values are read when they are used. Raises FormatError, and OSError."""
    # Mapped, so that a header that claims more than the file has allocates nothing.
    try:
        values = np.load(path, mmap_mode='r', allow_pickle=False)
    except _BROKEN as error:
        raise FormatError(f'is no NPY, or cut off: {error}') from error
    if not isinstance(values, np.ndarray):
        raise FormatError('is an archive of arrays, not one')
    if not 0 < values.size <= MAX_PIXELS:
        raise FormatError(f'holds {values.dtype} of {values.shape}, not one map')
    return values


def _mapped(path: Path) -> np.ndarray:
    values = mapped_npy(path)
    if values.ndim != 2 or values.dtype.kind != 'f':
        raise FormatError(f'holds {values.dtype} of {values.shape}, not one map of floats')
    return values

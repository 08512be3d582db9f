# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Portable float maps: a header of text, then float32 from the lowest row to the highest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import numpy as np

from depth_anything_ros.data.sample import FormatError
from depth_anything_ros.media.decoding import MAX_PIXELS

# A negative scale says that the lowest byte comes first. One blank ends the header.
_HEADER = re.compile(rb'(P[Ff])\s+(\d{1,9})\s+(\d{1,9})\s+([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s')
_LONGEST_HEADER = 128


def pfm_size(path: Path) -> tuple[int, int]:
    """Return the (height, width) of a map of one channel, whole to the byte.

    Raises FormatError, and OSError.
    """
    height, width, _, _ = _header(path)
    return height, width


def read_pfm(path: Path) -> np.ndarray:
    """Return the values (H, W) float32 of a map of one channel, the highest row first.

    Raises FormatError, and OSError.
    """
    height, width, start, order = _header(path)
    values = np.fromfile(path, np.dtype(np.float32).newbyteorder(order), offset=start)
    return np.ascontiguousarray(values.reshape(height, width)[::-1], np.float32)


def write_pfm(path: Path, values: np.ndarray) -> None:
    """Write values (H, W) as float32, lowest byte first. Raises OSError."""
    height, width = values.shape
    rows = np.ascontiguousarray(values[::-1], '<f4')
    path.write_bytes(b'Pf\n%d %d\n-1.000000\n' % (width, height) + rows.tobytes())


def _header(path: Path) -> tuple[int, int, int, Literal['<', '>']]:
    """Return height, width, where the values begin, and their byte order."""
    with path.open('rb') as file:
        found = _HEADER.match(file.read(_LONGEST_HEADER))
        size = file.seek(0, 2)
    if found is None:
        raise FormatError('is no PFM, or cut off in its header')
    if found[1] != b'Pf':
        raise FormatError('has three channels, and depth has one')
    width, height, start = int(found[2]), int(found[3]), found.end()
    if not 0 < width * height <= MAX_PIXELS:
        raise FormatError(f'claims {width}x{height} pixels')
    if size != start + 4 * width * height:
        raise FormatError(
            f'has {size} bytes, and {width}x{height} pixels take {start + 4 * width * height}'
        )
    return height, width, start, '<' if found[4].startswith(b'-') else '>'

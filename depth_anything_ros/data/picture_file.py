# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures and 16-bit maps that OpenCV decodes; and their sizes, from a look at both ends."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import cv2
import numpy as np

from depth_anything_ros.data.sample import FormatError
from depth_anything_ros.media.decoding import DecodingError, decode_picture, decode_values
from depth_anything_ros.media.picture_header import HeaderError, claimed_size, kind_of

PICTURE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.webp', '.bmp')
MAX_BYTES = 2**28
"""Largest picture that is read."""

_HEAD, _TAIL = 2**16, 2**10


def picture_size(path: Path) -> tuple[int, int]:
    """Return the (height, width) that a picture claims, whose end is there.

    What is between is not looked at: a few of a large set's files are wrong, and most of those are
    cut off. Raises FormatError, and OSError.
    """
    with path.open('rb') as file:
        head = file.read(_HEAD)
        size = file.seek(0, 2)
        file.seek(max(len(head), size - _TAIL))
        tail = file.read()
    if not head:
        raise FormatError('is empty')
    kind = kind_of(head)
    if not kind:
        raise FormatError(f'is no picture: it begins with {head[:8]!r}')
    try:
        if kind != 'png':
            return claimed_size(head + tail)
        name, width, height = struct.unpack_from('>4sII', head, 12)
        if name != b'IHDR' or b'IEND' not in (head + tail)[-_TAIL:]:
            raise FormatError('is cut off')
        return height, width
    except HeaderError as error:
        raise FormatError(str(error)) from error
    except struct.error as error:
        raise FormatError('is cut off') from error


def picture_from(content: bytes, turned: bool) -> np.ndarray:
    """Return an encoded picture as (H, W, 3) uint8 RGB, upright by EXIF where ``turned``.

    Raises FormatError.
    """
    if not content:
        raise FormatError('is empty')
    try:
        return cv2.cvtColor(decode_picture(content, turned=turned), cv2.COLOR_BGR2RGB)
    except DecodingError as error:
        raise FormatError(str(error)) from error


def read_picture(path: Path, turned: bool = False) -> np.ndarray:
    """Return a picture as (H, W, 3) uint8 RGB; by default as stored, as depth beside it is.

    Raises FormatError, and OSError.
    """
    return picture_from(bounded_bytes(path), turned)


def read_png16(path: Path) -> np.ndarray:
    """Return the values (H, W) uint16 of a PNG of one channel. Raises FormatError, and OSError."""
    content = bounded_bytes(path)
    try:
        values = decode_values(content)
    except DecodingError as error:
        raise FormatError(str(error)) from error
    if values.dtype != np.uint16 or kind_of(content) != 'png':
        raise FormatError(f'holds {values.dtype}, not a PNG of 16 bits')
    return values


def bounded_bytes(path: Path) -> bytes:
    """Return what a file holds. Raises FormatError above MAX_BYTES, and OSError."""
    with path.open('rb') as file:
        # Not read(MAX_BYTES + 1): Python takes the memory for all of that first.
        size = os.fstat(file.fileno()).st_size
        if size > MAX_BYTES:
            raise FormatError(f'has {size} bytes, at most {MAX_BYTES} are read')
        return file.read(size)

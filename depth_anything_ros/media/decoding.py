# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the bytes of an encoded picture to its pixels, within bounds."""

from __future__ import annotations

from collections.abc import Collection

import cv2
import numpy as np

from depth_anything_ros.media.picture_header import HeaderError, claimed_size, kind_of

MAX_PIXELS = 100_000_000
"""Most pixels of a picture that is decoded: 300 MB of colours. Large sensors have half of that."""

KINDS = ('png', 'jpeg', 'bmp', 'pnm', 'tiff', 'webp')
"""Formats that can be read from a file."""


class DecodingError(ValueError):
    """Bytes that are no picture that may be decoded; the message continues 'the picture ...'."""


def decode_picture(
    content: bytes, kinds: Collection[str] = KINDS, turned: bool = True
) -> np.ndarray:
    """Return the pixels (H, W, 3) uint8 BGR of an encoded picture.

    Grey becomes three equal channels, alpha is left out, 16 bits become 8. ``kinds`` are the
    formats that are wanted; they are recognised by content. The EXIF orientation is applied where
    ``turned``. Raises DecodingError, before anything is allocated, for another format and for a
    header that claims more than MAX_PIXELS; and for what is cut off or damaged.
    """
    height, width = _checked(content, kinds)
    flags = cv2.IMREAD_COLOR | (0 if turned else cv2.IMREAD_IGNORE_ORIENTATION)
    picture = _decoded(content, flags)
    sizes = ((height, width, 3), (width, height, 3))[: 2 if turned else 1]
    if picture is None or picture.shape not in sizes:
        raise DecodingError('is damaged: OpenCV cannot decode it')
    return picture


def decode_values(content: bytes) -> np.ndarray:
    """Return the values (H, W) uint16 or float32 of a PNG or TIFF of one channel, as they are.

    Raises DecodingError as ``decode_picture`` does, and for another number or depth of channels.
    """
    size = _checked(content, ('png', 'tiff'))
    values = _decoded(content, cv2.IMREAD_UNCHANGED)
    if values is None:
        raise DecodingError('is damaged: OpenCV cannot decode it')
    if values.shape != size or values.dtype not in (np.uint16, np.float32):
        raise DecodingError(f'is {values.dtype} of {values.shape}, not 16 bits or float32')
    return values


def _checked(content: bytes, kinds: Collection[str]) -> tuple[int, int]:
    """Return the (height, width) of a picture that may be decoded. Raises DecodingError."""
    if kind_of(content) not in kinds:
        wanted = ', '.join(kind.upper() for kind in kinds)
        raise DecodingError(f'is none of {wanted} (it begins with {bytes(content[:8])!r})')
    try:
        height, width = claimed_size(content)
    except HeaderError as error:
        raise DecodingError(str(error)) from error
    if height * width > MAX_PIXELS:
        raise DecodingError(
            f'is {width}x{height}, above the limit of {MAX_PIXELS} pixels: take a smaller picture'
        )
    return height, width


def _decoded(content: bytes, flags: int) -> np.ndarray | None:
    try:
        return cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        raise DecodingError(f'cannot be decoded: {error}') from error

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One picture from a file, an address or standard input, with what it says of its lens."""

from __future__ import annotations

import io
import math
import os
import stat
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media.decoding import KINDS, MAX_PIXELS, DecodingError, decode_picture
from depth_anything_ros.media.picture_header import kind_of
from depth_anything_ros.media.pictures import MAX_BYTES, PICTURE_SUFFIXES

STDIN = '-'
URL_SCHEMES = ('http://', 'https://')
PILLOW_SUFFIXES = ('.avif', '.gif', '.heic', '.heif', '.jp2')
"""Formats that Pillow reads here, as not every OpenCV does; HEIC with the package pillow-heif."""

PILLOW_FORMATS = ('AVIF', 'GIF', 'HEIF', 'JPEG2000')
"""What Pillow may decode. It knows some forty more, and runs Ghostscript for one of them."""

URL_TIMEOUT = 30.0
"""Seconds without an answer after which an address is given up."""

DIAGONAL_35MM = math.hypot(36.0, 24.0)
_EXIF_IFD = 0x8769
_FOCAL_35MM, _FOCAL, _WIDTH = 0xA405, 0x920A, 0xA002
_PLANE_RESOLUTION, _PLANE_UNIT = 0xA20E, 0xA210
_UNIT_MM = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
"""Millimetres of EXIF's units of the focal plane's resolution; 2, inches, is the default."""


class PictureError(ValueError):
    """A picture cannot be read; the message says why."""


@dataclass(frozen=True)
class Picture:
    """``rgb`` (H, W, 3) uint8, upright, and the camera that its EXIF block tells, if any."""

    rgb: np.ndarray
    intrinsics: Intrinsics | None


def is_readable(path: Path) -> bool:
    """Tell by its name whether a file is a picture that ``read`` may be able to read."""
    return path.suffix.lower() in PICTURE_SUFFIXES + PILLOW_SUFFIXES


def read(source: str) -> Picture:
    """Read a picture from a path, an http(s) address, or '-', standard input.

    Grey pictures get three equal channels, 16-bit ones their upper 8 bits, alpha is left out, of
    animated ones it is the first, and the EXIF orientation is applied. The format is told by
    content. Raises PictureError, also for more than MAX_BYTES or MAX_PIXELS, before decoding.
    """
    content = _content(source)
    if not content:
        raise PictureError('it is empty')
    try:
        if kind_of(content) in KINDS:
            rgb = cv2.cvtColor(decode_picture(content), cv2.COLOR_BGR2RGB)
        else:
            rgb = _by_pillow(content)
    except DecodingError as error:
        raise PictureError(f'it {error}') from error
    return Picture(rgb, camera_of(content, rgb.shape[1], rgb.shape[0]))


def camera_of(content: bytes, width: int, height: int) -> Intrinsics | None:
    """Return the camera that the EXIF block of an encoded picture tells; None without one.

    The focal length comes from its 35 mm equivalent, which is one of equal diagonals (CIPA
    DCG-001), or else from the focal length in mm and the pixels per mm of the sensor. ``width``
    and ``height`` are those of the upright picture. The principal point is taken to be central.
    """
    try:
        from PIL import Image

        # Only the header is read here, of whatever format has such a block.
        with Image.open(io.BytesIO(content)) as picture:
            tags = picture.getexif().get_ifd(_EXIF_IFD)
        focal = _focal_pixels(tags, width, height)
        if not 0 < focal < math.inf:
            return None
        return Intrinsics(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)
    except Exception:  # what cameras write there is beyond any list, and the picture is fine
        return None


def _focal_pixels(tags: Any, width: int, height: int) -> float:
    """Return the focal length in pixels of the picture, 0 where the tags do not tell."""
    equivalent = float(tags.get(_FOCAL_35MM) or 0)
    if equivalent > 0:
        return equivalent / DIAGONAL_35MM * math.hypot(width, height)
    resolution = float(tags.get(_PLANE_RESOLUTION) or 0)
    unit = _UNIT_MM.get(int(tags.get(_PLANE_UNIT) or 2), 0.0)
    if resolution <= 0 or unit <= 0:
        return 0.0
    # Resized since it was taken: the resolution is that of the pixels there were.
    taken = float(tags.get(_WIDTH) or 0)
    shrunk = max(width, height) / taken if taken > 0 else 1.0
    return float(tags.get(_FOCAL) or 0) * resolution / unit * shrunk


def _content(source: str) -> bytes:
    try:
        if source == STDIN:
            return _bounded(sys.stdin.buffer)
        if source.startswith(URL_SCHEMES):
            request = urllib.request.Request(source, headers={'User-Agent': 'depth-anything'})
            with urllib.request.urlopen(request, timeout=URL_TIMEOUT) as answer:
                return _bounded(answer)
        if not stat.S_ISREG(os.stat(source).st_mode):  # a pipe would be waited for without end
            raise PictureError('no file but a folder, a pipe or a device; - is what is piped in')
        with Path(source).open('rb') as file:
            return _bounded(file)
    except urllib.error.HTTPError as error:
        raise PictureError(f'the server answers {error.code} {error.reason}') from error
    except urllib.error.URLError as error:
        raise PictureError(f'no connection: {error.reason}') from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise PictureError(f'it cannot be read: {reason or error}') from error


def _bounded(file: IO[bytes]) -> bytes:
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise PictureError(f'it has more than {MAX_BYTES} bytes')
    return content


def _by_pillow(content: bytes) -> np.ndarray:
    """Decode PILLOW_FORMATS: (H, W, 3) uint8 RGB, upright. Raises DecodingError."""
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ModuleNotFoundError as error:
        raise DecodingError(
            f'begins with {content[:12]!r}: OpenCV does not read that, Pillow may (pip install '
            'pillow pillow-heif)'
        ) from error
    _register_heif()
    try:
        Image.init()
        formats = [name for name in PILLOW_FORMATS if name in Image.OPEN]
        with Image.open(io.BytesIO(content), formats=formats) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise DecodingError(
                    f'is {width}x{height}, above the limit of {MAX_PIXELS} pixels: take a smaller '
                    'picture'
                )
            return np.asarray(ImageOps.exif_transpose(picture).convert('RGB'))
    except UnidentifiedImageError as error:
        hint = ': HEIC needs pip install pillow-heif' if content[4:8] == b'ftyp' else ''
        raise DecodingError(f'is no picture (it begins with {content[:8]!r}){hint}') from error
    except DecodingError:
        raise
    except Exception as error:  # Pillow's decoders raise what they like on damaged files
        raise DecodingError(f'cannot be decoded: {error}') from error


def _register_heif() -> None:
    """Teach Pillow HEIC where the package is there."""
    try:
        import pillow_heif
    except ModuleNotFoundError:
        return
    pillow_heif.register_heif_opener()

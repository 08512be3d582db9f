# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The size that an encoded picture claims, read from its header before anything is allocated.

OpenCV allocates what a header asks for, up to 2^30 pixels, and then looks for data: 100 bytes can
cost 3 GB. So the header is read here first, for each format that is let through to OpenCV.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable

_PNG = b'\x89PNG\r\n\x1a\n'
_JPEG = b'\xff\xd8\xff'
# Start-of-frame markers: 0xC0-0xCF without DHT (C4), JPG (C8) and DAC (CC).
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN = frozenset({0xDA})
_JPEG_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
MOST_SCANS = 100
"""Scans of a JPEG: progressive ones have about ten, and each is a pass over the whole picture."""
USUAL_SCANS = 12
MOST_SCANNED = 10**9
"""Pixels of all scans together, where there are more than usual: some seconds of work."""

MOST_PARTS = 100_000
"""Chunks of a PNG, or segments and fill bytes of a JPEG: a PNG of 300 MB has 40,000."""

# Numbers of a PNM header, with comments between them as OpenCV reads them.
_PNM = re.compile(rb'P[1-6](?:\s|#[^\r\n]*[\r\n])+(\d{1,10})(?:\s|#[^\r\n]*[\r\n])+(\d{1,10})\b')
_PNM_HEADER = 4096

_TIFF_SIZES = {256: 'width', 257: 'height', 322: 'tile width', 323: 'tile height', 277: 'samples'}
_TIFF_MOST_SAMPLES = 4

Size = tuple[int, int]
"""Height and width in pixels."""


class HeaderError(ValueError):
    """A header that is cut short, broken, or of a kind that is not read."""


def kind_of(content: bytes) -> str:
    """Return 'png', 'jpeg', 'bmp', 'pnm', 'tiff' or 'webp' by the first bytes, '' for others."""
    if content.startswith(_PNG):
        return 'png'
    if content.startswith(_JPEG):
        return 'jpeg'
    if content.startswith(b'BM'):
        return 'bmp'
    if re.match(rb'P[1-6]\s', content):
        return 'pnm'
    if content.startswith((b'II*\0', b'MM\0*')):
        return 'tiff'
    return 'webp' if content.startswith(b'RIFF') and content[8:12] == b'WEBP' else ''


def claimed_size(content: bytes) -> Size:
    """Return the (height, width) in pixels that an encoded picture claims to have.

    PNG and JPEG must be whole: a PNG to its last chunk, checksums included, a JPEG to its end
    marker, for a cut-off picture may be decoded with a grey rest. Raises HeaderError.
    """
    read = _READERS.get(kind_of(content))
    if read is None:
        raise HeaderError(f'begins with {content[:8]!r}, which is no picture that is read here')
    try:
        height, width = read(content)
    except (struct.error, IndexError) as error:
        raise HeaderError('is cut short or has a broken header') from error
    if height <= 0 or width <= 0:
        raise HeaderError(f'has a broken header: it claims {width}x{height} pixels')
    return height, width


def _png(content: bytes) -> Size:
    at, size = len(_PNG), (0, 0)
    for _ in range(MOST_PARTS):
        length, name = struct.unpack_from('>I4s', content, at)
        end = at + 8 + length
        (checksum,) = struct.unpack_from('>I', content, end)
        if zlib.crc32(memoryview(content)[at + 4 : end]) != checksum:
            raise HeaderError(f'is damaged: the checksum of its chunk {name!r} is wrong')
        if (at == len(_PNG)) != (name == b'IHDR'):
            raise HeaderError('has a broken header: IHDR must be its first chunk, and only that')
        if name == b'IHDR':
            width, height = struct.unpack_from('>II', content, at + 8)
            size = height, width
        if name == b'IEND':
            return size
        at = end + 4
    raise HeaderError(f'has more than {MOST_PARTS} chunks')


def _jpeg(content: bytes) -> Size:
    position, marker = _jpeg_segment(content, 2, _JPEG_FRAMES)
    size: Size = struct.unpack_from('>HH', content, position + 5)
    if content.rfind(b'\xff\xd9') < position:
        raise HeaderError('is cut short: it has no end marker')
    # Within coded data 0xFF is never followed by 0xDA. To count takes a twentieth of the decoding,
    # and the usual JPEG has all colours in its first scan, and no other is looked at.
    if marker in _JPEG_PROGRESSIVE or not _has_one_scan(content, position):
        scans = content.count(b'\xff\xda', position)
        most = min(MOST_SCANS, max(USUAL_SCANS, MOST_SCANNED // max(1, size[0] * size[1])))
        if scans > most:
            raise HeaderError(
                f'has {scans} scans, at most {most} of {size[1]}x{size[0]} pixels are decoded'
            )
    return size


def _has_one_scan(content: bytes, frame: int) -> bool:
    """Tell whether the first scan behind a frame header has all components of the frame."""
    try:
        scan, _ = _jpeg_segment(content, frame, _JPEG_SCAN)
        return content[scan + 4] == content[frame + 9]
    except (HeaderError, IndexError, struct.error):
        return False


def _jpeg_segment(content: bytes, position: int, wanted: frozenset[int]) -> tuple[int, int]:
    """Return the position and the marker of the first segment of a wanted kind."""
    for _ in range(MOST_PARTS):
        if content[position] != 0xFF:
            break
        marker = content[position + 1]
        if marker in wanted:
            return position, marker
        if marker == 0xFF:  # fill byte
            position += 1
        elif marker in _JPEG_BARE:
            position += 2
        else:
            position += 2 + struct.unpack_from('>H', content, position + 2)[0]
    raise HeaderError('is cut short or has a broken header: no frame was found')


def _bmp(content: bytes) -> Size:
    (header,) = struct.unpack_from('<I', content, 14)
    width, height = struct.unpack_from('<HH' if header == 12 else '<ii', content, 18)
    return abs(height), width  # rows from the top have a negative height


def _pnm(content: bytes) -> Size:
    found = _PNM.match(content[:_PNM_HEADER])
    if found is None:
        raise HeaderError('is cut short or has a broken header: no size was found')
    return int(found[2]), int(found[1])


def _tiff(content: bytes) -> Size:
    order = '<' if content.startswith(b'II') else '>'
    (at,) = struct.unpack_from(order + 'I', content, 4)
    (count,) = struct.unpack_from(order + 'H', content, at)
    found: dict[str, int] = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(order + 'HH', content, entry)
        if tag in _TIFF_SIZES:
            (value,) = struct.unpack_from(order + ('H' if kind == 3 else 'I'), content, entry + 8)
            name = _TIFF_SIZES[tag]
            # Which of two a decoder believes is its own affair.
            found[name] = max(value, found.get(name, 0))
    if found.get('samples', 1) > _TIFF_MOST_SAMPLES:
        raise HeaderError(f'has {found["samples"]} samples a pixel, at most 4 are read')
    # A tile is allocated as a whole, however small the picture.
    return (
        max(found.get('height', 0), found.get('tile height', 0)),
        max(found.get('width', 0), found.get('tile width', 0)),
    )


def _webp(content: bytes) -> Size:
    kind = content[12:16]
    if kind == b'VP8X':
        width, height = (int.from_bytes(content[i : i + 3], 'little') for i in (24, 27))
        struct.unpack_from('3x3x', content, 24)
        return height + 1, width + 1
    if kind == b'VP8L':
        (packed,) = struct.unpack_from('<I', content, 21)
        return (packed >> 14 & 0x3FFF) + 1, (packed & 0x3FFF) + 1
    if kind == b'VP8 ' and content[23:26] == b'\x9d\x01\x2a':
        width, height = struct.unpack_from('<HH', content, 26)
        return height & 0x3FFF, width & 0x3FFF
    raise HeaderError('is cut short or has a broken header: no frame was found')


_READERS: dict[str, Callable[[bytes], Size]] = {
    'png': _png,
    'jpeg': _jpeg,
    'bmp': _bmp,
    'pnm': _pnm,
    'tiff': _tiff,
    'webp': _webp,
}

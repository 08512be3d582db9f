# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of media/decoding.py and of media/picture_header.py, which it reads sizes with."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from zlib import crc32

import bombs
import cv2
import numpy as np
import pytest

from depth_anything_ros.media import decoding, picture_header
from depth_anything_ros.media.decoding import KINDS, DecodingError, decode_picture
from depth_anything_ros.media.picture_header import (
    MOST_SCANS,
    HeaderError,
    claimed_size,
    kind_of,
)

EXTENSIONS = {
    'png': '.png', 'jpeg': '.jpg', 'bmp': '.bmp', 'pnm': '.ppm', 'tiff': '.tiff', 'webp': '.webp'
}  # fmt: skip
# 32000 x 32000 are just below OpenCV's own limit, so that it would allocate them.
SIZES = [(60_000, 60_000), (32_000, 32_000), (8, 16_000_000)]


def picture(height: int = 24, width: int = 40) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8)


def encoded(kind: str, pixels: np.ndarray | None = None, *options: int) -> bytes:
    pixels = picture() if pixels is None else pixels
    return cv2.imencode(EXTENSIONS[kind], pixels, options)[1].tobytes()


@pytest.mark.parametrize('kind', KINDS)
def test_each_format_is_recognised_measured_and_decoded_as_opencv_does(kind: str) -> None:
    for size in ((24, 40), (1, 1), (7, 300)):
        content = encoded(kind, picture(*size))
        assert kind_of(content) == kind
        assert claimed_size(content) == size
        expected = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        np.testing.assert_array_equal(decode_picture(content), expected)


def test_lossless_webp_and_grey_pictures_are_measured() -> None:
    assert claimed_size(encoded('webp', None, cv2.IMWRITE_WEBP_QUALITY, 101)) == (24, 40)
    grey = cv2.imencode('.pgm', picture()[..., 0])[1].tobytes()
    assert claimed_size(grey) == (24, 40)
    assert decode_picture(grey).shape == (24, 40, 3)


def test_a_progressive_jpeg_is_decoded_and_one_of_endless_scans_is_not() -> None:
    content = encoded('jpeg', None, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    assert 1 < content.count(b'\xff\xda') < MOST_SCANS
    assert decode_picture(content).shape == (24, 40, 3)
    scan = content[content.rindex(b'\xff\xda') : -2]
    with pytest.raises(DecodingError, match='scans, at most 100 of 40x24'):
        decode_picture(content[:-2] + scan * MOST_SCANS + b'\xff\xd9')


def test_a_large_jpeg_may_have_fewer_scans() -> None:
    content = bytearray(encoded('jpeg', None, cv2.IMWRITE_JPEG_PROGRESSIVE, 1))
    scan = bytes(content[content.rindex(b'\xff\xda') : -2])
    content[-2:-2] = scan * 30
    assert claimed_size(bytes(content)) == (24, 40)
    frame = content.index(b'\xff\xc2')
    content[frame + 5 : frame + 9] = struct.pack('>HH', 9000, 10000)
    with pytest.raises(HeaderError, match='at most 12 of 10000x9000 pixels'):
        claimed_size(bytes(content))


def test_scans_of_single_colours_are_counted_in_a_plain_jpeg_too() -> None:
    content = bytearray(encoded('jpeg'))
    scan = content.index(b'\xff\xda')
    plain = bytes(content[:-2]) + bytes(content[scan:-2]) * MOST_SCANS + b'\xff\xd9'
    assert claimed_size(plain) == (24, 40)  # all colours in the first: the others are not looked at
    content[scan + 4] = 1
    with pytest.raises(HeaderError, match='101 scans'):
        claimed_size(bytes(content[:-2]) + bytes(content[scan:-2]) * MOST_SCANS + b'\xff\xd9')


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (bombs.png(8, 8)[:33] + bombs.chunk(b'tEXt', b'') * 10**6, 'more than 100000 chunks'),
        (b'\xff\xd8' + b'\xff' * 10**7, 'no frame was found'),
        (b'\xff\xd8' + b'\xff\xe0\x00\x02' * 10**6, 'no frame was found'),
    ],
    ids=['chunks', 'fill bytes', 'segments'],
)
def test_headers_of_endless_parts_are_given_up(content: bytes, message: str, monkeypatch) -> None:
    steps = []
    monkeypatch.setattr(picture_header.zlib, 'crc32', lambda part: steps.append(0) or crc32(part))
    with pytest.raises(HeaderError, match=message):
        claimed_size(content)
    assert len(steps) <= picture_header.MOST_PARTS


@pytest.mark.parametrize(('width', 'height'), SIZES)
@pytest.mark.parametrize('kind', KINDS)
def test_a_bomb_is_refused_before_it_is_decoded(kind, width, height, monkeypatch) -> None:
    if kind == 'jpeg' and height > 65535:
        width, height = 65535, 65535
    content = bombs.ALL[kind](width, height)
    assert len(content) < 1000
    monkeypatch.setattr(decoding.cv2, 'imdecode', lambda *_: pytest.fail('decoded'))
    with pytest.raises(DecodingError, match=f'is {width}x{height}, above the limit of 100000000'):
        decode_picture(content)


def test_the_bombs_cost_no_memory() -> None:
    """A process of its own, whose peak of address space nothing else has raised."""
    program = """
import sys
sys.path.insert(0, sys.argv[1])
import bombs
from depth_anything_ros.media.decoding import DecodingError, decode_picture
def peak():
    return int(open('/proc/self/status').read().split('VmPeak:')[1].split()[0])
contents = [make(s, s) for make in bombs.ALL.values() for s in (60_000, 32_000)]
before = peak()
for content in contents:
    try:
        decode_picture(content)
    except DecodingError:
        continue
    raise SystemExit('decoded')
print(peak() - before)
"""
    if not Path('/proc/self/status').is_file():
        pytest.skip('this system does not tell the memory of a process')
    result = subprocess.run(
        [sys.executable, '-c', program, str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) < 64 * 1024


def test_a_tiff_of_one_huge_tile_is_refused() -> None:
    content = bytearray(bombs.tiff(16, 16))
    entry = content.index(struct.pack('<HH', 278, 4))
    content[entry : entry + 12] = struct.pack('<HHII', 322, 4, 1, 2**24)
    content[entry + 12 : entry + 24] = struct.pack('<HHII', 323, 4, 1, 64)
    with pytest.raises(DecodingError, match=f'is {2**24}x64, above the limit'):
        decode_picture(bytes(content))


def test_a_damaged_png_is_refused_by_its_checksums() -> None:
    content = encoded('png')
    for place in range(8, len(content), 5):
        damaged = bytearray(content)
        damaged[place] ^= 0x10
        with pytest.raises(DecodingError):
            decode_picture(bytes(damaged))


@pytest.mark.parametrize('kind', KINDS)
def test_a_header_cut_off_anywhere_is_an_error_of_the_header(kind: str) -> None:
    content = encoded(kind)
    for length in range(12, 40):
        try:
            assert claimed_size(content[:length]) == (24, 40)
        except HeaderError:
            continue


@pytest.mark.parametrize(
    'content',
    [
        b'', b'hello', b'GIF89a\x10\0\x10\0', b'#?RADIANCE\n', b'v/1\x01', b'\0\0\0\x0cjP  ',
        b'II+\0\x08\0\0\0', b'P7\nWIDTH 1', b'Pf\n1 1\n', b'BM', b'RIFF\0\0\0\0WEBPVP8 ', b'P6 1',
        b'MM\0*\xff\xff\xff\xff', b'\xff\xd8\xff\xe0\0\0', b'\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR',
    ],
)  # fmt: skip
def test_other_formats_and_mere_beginnings_are_refused(content: bytes) -> None:
    with pytest.raises(DecodingError):
        decode_picture(content)


def test_only_the_wanted_formats_are_decoded() -> None:
    with pytest.raises(DecodingError, match="is none of JPEG, PNG .it begins with b'BM"):
        decode_picture(encoded('bmp'), ('jpeg', 'png'))


def test_size_zero_is_refused() -> None:
    for kind in ('bmp', 'pnm', 'tiff'):
        with pytest.raises(DecodingError, match='broken header'):
            decode_picture(bombs.ALL[kind](0, 10))

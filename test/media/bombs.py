# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small pictures that claim to be huge, one of each format, sound but for their size."""

from __future__ import annotations

import struct
import zlib


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG, with its checksum."""
    return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))


def png(width: int, height: int) -> bytes:
    header = struct.pack('>II', width, height) + b'\x08\x02\0\0\0'
    rows = zlib.compress(bytes(100_000), 9)
    signature = b'\x89PNG\r\n\x1a\n'
    return signature + chunk(b'IHDR', header) + chunk(b'IDAT', rows) + chunk(b'IEND', b'')


def jpeg(width: int, height: int) -> bytes:
    import cv2
    import numpy as np

    sound = bytearray(cv2.imencode('.jpg', np.zeros((16, 16, 3), np.uint8))[1].tobytes())
    frame = sound.index(b'\xff\xc0')
    sound[frame + 5 : frame + 9] = struct.pack('>HH', height, width)
    return bytes(sound)


def bmp(width: int, height: int) -> bytes:
    info = struct.pack('<IiiHHIIiiII', 40, width, -height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b'BM' + struct.pack('<IHHI', 154, 0, 0, 54) + info + bytes(100)


def pnm(width: int, height: int) -> bytes:
    return b'P6 # a comment\n%d %d\n255\n' % (width, height) + bytes(100)


def tiff(width: int, height: int) -> bytes:
    entries = [
        (256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 200),
        (277, 3, 1), (278, 4, height), (279, 4, 100),
    ]  # fmt: skip
    table = b''.join(struct.pack('<HHII', tag, kind, 1, value) for tag, kind, value in entries)
    content = b'II*\0' + struct.pack('<IH', 8, len(entries)) + table + bytes(4)
    return content.ljust(200, b'\0') + bytes(100)


def webp(width: int, height: int) -> bytes:
    """Return one whose canvas is that large; a frame of its own cannot be above 16384."""
    canvas = bytes(4) + (width - 1).to_bytes(3, 'little') + (height - 1).to_bytes(3, 'little')
    body = b'WEBPVP8X' + struct.pack('<I', 10) + canvas
    return b'RIFF' + struct.pack('<I', len(body)) + body


ALL = {'png': png, 'jpeg': jpeg, 'bmp': bmp, 'pnm': pnm, 'tiff': tiff, 'webp': webp}

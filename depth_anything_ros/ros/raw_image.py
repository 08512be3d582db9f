# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""sensor_msgs/Image and CompressedImage between fields and serialized bytes, pixels untouched.

rclpy turns every pixel into a Python array and back, some 10 ms each way for 1920x1080. The pixels
are the last field of both messages, so the bytes in front can be read and written alone.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass

from builtin_interfaces.msg import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

ENCAPSULATION = 4
"""Bytes in front of the fields: what representation they have, and options (DDS-XTypes 7.6.2)."""

_LITTLE_ENDIAN_CDR = b'\x00\x01\x00\x00'
# XCDR1 and XCDR2 without delimiters align fields of up to 4 bytes alike.
_BYTE_ORDERS = {0x0000: '>', 0x0001: '<', 0x0006: '>', 0x0007: '<'}


class RawImageError(ValueError):
    """Bytes that are no serialized image message."""


@dataclass
class RawImage:
    """A sensor_msgs/Image by the names of its fields; ``data`` is any buffer of bytes."""

    header: Header
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: memoryview | array[int]

    @classmethod
    def parse(cls, serialized: bytes) -> RawImage:
        """Read a serialized Image; ``data`` is a read-only view. Raises RawImageError."""
        fields = _Fields(serialized, 'Image')
        header = fields.header()
        height, width = fields.number(), fields.number()
        encoding, is_bigendian = fields.text(), fields.byte()
        return cls(header, height, width, encoding, is_bigendian, fields.number(), fields.rest())

    def serialize(self) -> bytes:
        """Return the bytes of the Image as CDR, little-endian; the pixels are copied once."""
        head = bytearray(_LITTLE_ENDIAN_CDR)
        head += struct.pack('<iI', self.header.stamp.sec, self.header.stamp.nanosec)
        _append_text(head, self.header.frame_id)
        head += struct.pack('<II', self.height, self.width)
        _append_text(head, self.encoding, aligned=False)
        head.append(self.is_bigendian)
        _align(head)
        head += struct.pack('<II', self.step, len(self.data))
        return b''.join((head, self.data))

    def message(self) -> Image:
        """Return the message for who needs one, its pixels copied."""
        return Image(
            header=self.header,
            height=self.height,
            width=self.width,
            encoding=self.encoding,
            is_bigendian=self.is_bigendian,
            step=self.step,
            data=array('B', bytes(self.data)),
        )


@dataclass
class RawCompressedImage:
    """A sensor_msgs/CompressedImage by the names of its fields; ``data`` is a buffer of bytes."""

    header: Header
    format: str
    data: memoryview | array[int]

    @classmethod
    def parse(cls, serialized: bytes) -> RawCompressedImage:
        """Read a serialized CompressedImage; ``data`` is a read-only view. Raises RawImageError."""
        fields = _Fields(serialized, 'CompressedImage')
        return cls(fields.header(), fields.text(), fields.rest())


class _Fields:
    """Reads the fields of a serialized message one after the other."""

    def __init__(self, serialized: bytes, kind: str) -> None:
        self._buffer, self._kind = memoryview(serialized), kind
        self._at = ENCAPSULATION
        representation = int.from_bytes(self._buffer[:2], 'big')
        if len(self._buffer) < ENCAPSULATION or representation not in _BYTE_ORDERS:
            raise self._refusal(f'representation 0x{representation:04x}')
        self._order = _BYTE_ORDERS[representation]

    def header(self) -> Header:
        (seconds,) = self._unpack('i', 4)
        stamp = Time(sec=seconds, nanosec=self.number())
        return Header(stamp=stamp, frame_id=self.text())

    def number(self) -> int:
        self._at = -(-self._at // 4) * 4
        (value,) = self._unpack('I', 4)
        return int(value)

    def byte(self) -> int:
        (value,) = self._unpack('B', 1)
        return int(value)

    def text(self) -> str:
        raw = bytes(self._take(self.number()))
        return raw.removesuffix(b'\0').decode('utf-8', 'replace')

    def rest(self) -> memoryview:
        return self._take(self.number())

    def _unpack(self, code: str, size: int) -> tuple[int, ...]:
        return struct.unpack(self._order + code, self._take(size))

    def _take(self, size: int) -> memoryview:
        start, self._at = self._at, self._at + size
        if self._at > len(self._buffer):
            raise self._refusal(f'byte {start} begins a field of {size}')
        return self._buffer[start : self._at]

    def _refusal(self, reason: str) -> RawImageError:
        return RawImageError(
            f'{len(self._buffer)} bytes are no serialized {self._kind} ({reason}): check that '
            'the publisher has this message type and the same ROS distribution'
        )


def _append_text(head: bytearray, text: str, aligned: bool = True) -> None:
    """Append a string: its length with the final zero, its bytes, the zero, and padding to 4."""
    raw = text.encode()
    head += struct.pack('<I', len(raw) + 1) + raw + b'\0'
    if aligned:
        _align(head)


def _align(head: bytearray) -> None:
    head += bytes(-len(head) % 4)

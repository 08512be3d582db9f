# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Serialized ROS messages, field by field: the Common Data Representation (CDR) of DDS-XTypes."""

from __future__ import annotations

import struct

import numpy as np

from depth_anything_ros.ros.stamps import Header, Stamp

ENCAPSULATION = 4
"""Bytes in front of the fields: what representation they have, and options (DDS-XTypes 7.6.2)."""

MOST_TEXT = 1024
"""Bytes of the longest text that is read: frames, encodings and fields have far shorter names."""

_LITTLE_ENDIAN_CDR = b'\x00\x01\x00\x00'
# XCDR1 and XCDR2 without delimiters align fields of up to 4 bytes alike.
_BYTE_ORDERS = {0x0000: '>', 0x0001: '<', 0x0006: '>', 0x0007: '<'}


class CdrError(ValueError):
    """Bytes that are no serialized message of the type they should be."""


class CdrReader:
    """Reads the fields of a serialized message, of type ``kind``, one after the other.

    Every method raises CdrError where the bytes end too early, and for what no message has.
    """

    def __init__(self, serialized: bytes, kind: str) -> None:
        self._buffer, self._kind = memoryview(serialized), kind
        self._at = ENCAPSULATION
        representation = int.from_bytes(self._buffer[:2], 'big')
        if len(self._buffer) < ENCAPSULATION or representation not in _BYTE_ORDERS:
            raise self._refusal(f'representation 0x{representation:04x}')
        self._order = _BYTE_ORDERS[representation]

    def header(self) -> Header:
        """Read a std_msgs/Header."""
        (seconds,) = self._unpack('i', 4)
        stamp = Stamp(seconds, self.number())
        return Header(stamp, self.text())

    def number(self) -> int:
        """Read a uint32."""
        self._at = -(-self._at // 4) * 4
        (value,) = self._unpack('I', 4)
        return int(value)

    def byte(self) -> int:
        """Read a uint8 or bool."""
        (value,) = self._unpack('B', 1)
        return int(value)

    def text(self) -> str:
        """Read a string, up to its first zero, as C and rclpy do."""
        start, size = self._at, self.number()
        raw = bytes(self._take(size))
        # A text goes into what is published and into error messages, again and again.
        if size > MOST_TEXT:
            raise self._refusal(f'a text of {size} bytes at byte {start}')
        return raw.partition(b'\0')[0].decode('utf-8', 'replace')

    def data(self) -> memoryview:
        """Read a sequence of uint8 as a view."""
        return self._take(self.number())

    def _unpack(self, code: str, size: int) -> tuple[int, ...]:
        return struct.unpack(self._order + code, self._take(size))

    def _take(self, size: int) -> memoryview:
        start, self._at = self._at, self._at + size
        if self._at > len(self._buffer):
            raise self._refusal(f'byte {start} begins a field of {size}')
        return self._buffer[start : self._at]

    def _refusal(self, reason: str) -> CdrError:
        return CdrError(
            f'{len(self._buffer)} bytes are no serialized {self._kind} ({reason}): check that '
            'the publisher has this message type and the same ROS distribution'
        )


class CdrWriter:
    """Writes the fields of a message one after the other, little-endian."""

    def __init__(self) -> None:
        self._head = bytearray(_LITTLE_ENDIAN_CDR)

    def header(self, header: Header) -> None:
        """Write a std_msgs/Header."""
        self._head += struct.pack('<iI', header.stamp.sec, header.stamp.nanosec)
        self.text(header.frame_id)

    def number(self, *values: int) -> None:
        """Write uint32 values."""
        # The encapsulation does not count for alignment, and has the length of one step of it.
        self._head += bytes(-len(self._head) % 4)
        self._head += struct.pack(f'<{len(values)}I', *values)

    def byte(self, value: int) -> None:
        """Write a uint8 or bool."""
        self._head.append(value)

    def floats(self, *values: float) -> None:
        """Write float32 values."""
        self._head += bytes(-len(self._head) % 4)
        self._head += struct.pack(f'<{len(values)}f', *values)

    def sequence(self, values: np.ndarray) -> None:
        """Write a sequence of numbers of 4 bytes: how many they are, and they."""
        self.number(len(values))
        self._head += values.tobytes()

    def text(self, text: str) -> None:
        """Write a string: its length with the final zero, its bytes, the zero."""
        raw = text.encode()
        self.number(len(raw) + 1)
        self._head += raw + b'\0'

    def done(self) -> bytes:
        """Return the message of the fields so far."""
        return bytes(self._head)

    def message(self, data: memoryview | bytes, last: bytes = b'') -> bytes:
        """Return the message: the fields so far, a sequence of uint8, and the bytes of the rest.

        ``data`` is copied once, here.
        """
        self.number(len(data))
        return b''.join((self._head, data, last))

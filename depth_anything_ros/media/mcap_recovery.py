# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be read of an MCAP file that was cut off: no index, perhaps half a chunk at the end.

Records are those of https://mcap.dev/spec. A recording that was killed has all of its chunks but
the last, and no summary, without which readers refuse it.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Collection, Iterator
from importlib import import_module
from pathlib import Path
from sys import version_info
from typing import BinaryIO

from rosbags.interfaces import (
    Connection,
    ConnectionExtRosbag2,
    MessageDefinition,
    MessageDefinitionFormat,
)
from rosbags.rosbag2.metadata import parse_qos

MAGIC = b'\x89MCAP0\r\n'
SCHEMA, CHANNEL, MESSAGE, CHUNK, DATA_END = 0x03, 0x04, 0x05, 0x06, 0x0F
MOST_BYTES = 2**30
"""Of one record, also when decompressed; what claims more is noise."""
_FORMATS = {'ros2msg': MessageDefinitionFormat.MSG, 'ros2idl': MessageDefinitionFormat.IDL}


class McapRecovery:
    """Reads the records of a file one after the other, to the first that is not whole.

    ``connections`` are known after ``open``, with the number of messages of each, and
    ``encodings`` of their messages; ``broken`` says where reading ended and why, '' for a file that
    is whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connections: list[Connection] = []
        self.start_time, self.end_time, self.message_count = 2**63 - 1, 0, 0
        self.broken = ''
        self.encodings: set[str] = set()
        self._schemas: dict[int, tuple[str, str, str]] = {}
        self._channels: dict[int, Connection] = {}

    def open(self) -> None:
        """Look through the whole file once. Raises ValueError where it is no MCAP at all."""
        counts: dict[int, int] = {}
        for channel, at, _ in self._walk():
            counts[channel] = counts.get(channel, 0) + 1
            self.start_time = min(self.start_time, at)
            self.end_time = max(self.end_time, at + 1)
            self.message_count += 1
        self.connections = [
            each._replace(msgcount=counts.get(each.id, 0)) for each in self._channels.values()
        ]

    def close(self) -> None:
        """Nothing is kept open."""

    def messages(
        self,
        connections: Collection[Connection] = (),
        start: int | None = None,
        stop: int | None = None,
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """Yield connection, receive time in nanoseconds and bytes, in the order of the file."""
        wanted = {each.id: each for each in connections or self.connections}
        for channel, at, data in self._walk():
            if channel not in wanted:
                continue
            if (start is None or at >= start) and (stop is None or at < stop):
                yield wanted[channel], at, bytes(data)

    def _walk(self) -> Iterator[tuple[int, int, memoryview]]:
        with open(self.path, 'rb') as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise ValueError('it does not begin as an MCAP file does')
            yield from self._records(file)

    def _records(self, file: BinaryIO) -> Iterator[tuple[int, int, memoryview]]:
        while True:
            at = file.tell()
            head = file.read(9)
            if not head:
                self.broken = f'the file ends at byte {at} without an index'
                return
            size = int.from_bytes(head[1:], 'little') if len(head) == 9 else MOST_BYTES
            body = file.read(size) if size < MOST_BYTES else b''
            if len(head) == 9 and head[0] == DATA_END:
                return
            if head[0] == CHUNK and len(body) > 32:
                whole = len(body) == size
                try:
                    yield from self._chunk(body, whole)
                except Exception as error:  # decompressors raise what they like
                    self.broken = f'the chunk at byte {at} cannot be read: {error}'
                    if not whole:
                        return
                    continue
            if len(body) < size:
                self.broken = f'the file was cut off in the record at byte {at}'
                return
            try:
                found = self._record(head[0], memoryview(body))
            except (struct.error, UnicodeDecodeError, KeyError, IndexError) as error:
                self.broken = f'the record at byte {at} cannot be read: {error!r}'
                continue
            if found is not None:
                yield found

    def _chunk(self, body: bytes, whole: bool) -> Iterator[tuple[int, int, memoryview]]:
        """Yield the messages of a chunk; of one that was cut off those that are whole."""
        reader = io.BytesIO(body)
        (size,) = struct.unpack_from('<Q', body, 16)
        reader.seek(28)
        compression = _text(reader)
        reader.seek(8, io.SEEK_CUR)
        data = _decompressed(reader.read(), compression, min(size, MOST_BYTES))
        at = 0
        while at + 9 <= len(data):
            kind, size = data[at], int.from_bytes(data[at + 1 : at + 9], 'little')
            at += 9
            if at + size > len(data):
                if whole:
                    raise ValueError('its last record is longer than it')
                return
            found = self._record(kind, data[at : at + size])
            at += size
            if found is not None:
                yield found

    def _record(self, kind: int, body: memoryview) -> tuple[int, int, memoryview] | None:
        """Return channel, time and bytes of a message; keep what a schema or channel says."""
        if kind == MESSAGE:
            channel, _, at, _ = struct.unpack_from('<HIQQ', body)
            return (channel, at, body[22:]) if channel in self._channels else None
        if kind not in (SCHEMA, CHANNEL):
            return None
        reader = io.BytesIO(body)
        (number,) = struct.unpack('<H', reader.read(2))
        if kind == SCHEMA:
            self._schemas[number] = _text(reader), _text(reader), _text(reader)
        elif number not in self._channels:
            self._channels[number] = self._connection(number, reader)
        return None

    def _connection(self, number: int, reader: io.BytesIO) -> Connection:
        (schema,) = struct.unpack('<H', reader.read(2))
        name, encoding, definition = self._schemas.get(schema, ('', '', ''))
        topic, serialization = _text(reader), _text(reader)
        self.encodings.add(serialization)
        (size,) = struct.unpack('<I', reader.read(4))
        metadata, end = {}, reader.tell() + size
        while reader.tell() < end:
            key = _text(reader)
            metadata[key] = _text(reader)
        qos = metadata.get('offered_qos_profiles', '')
        return Connection(
            number,
            topic,
            name,
            MessageDefinition(_FORMATS.get(encoding, MessageDefinitionFormat.NONE), definition),
            '',
            0,
            ConnectionExtRosbag2(serialization, parse_qos(qos) if qos else []),
            self,
        )


def _text(reader: io.BytesIO) -> str:
    (size,) = struct.unpack('<I', reader.read(4))
    raw = reader.read(size)
    if len(raw) < size:
        raise struct.error('a text ends too early')
    return raw.decode()


def _decompressed(data: bytes, compression: str, size: int) -> memoryview:
    """Return at most ``size`` bytes of records; of data that was cut off as far as it goes."""
    if not compression:
        return memoryview(data)
    if compression == 'lz4':
        lz4 = import_module('lz4.frame')
        return memoryview(lz4.LZ4FrameDecompressor().decompress(data, size))
    if compression == 'zstd':
        # Python has it from 3.14 on, before rosbags brings it.
        zstd = import_module('compression.zstd' if version_info >= (3, 14) else 'backports.zstd')
        return memoryview(zstd.ZstdDecompressor().decompress(data, size))
    raise ValueError(f'compression {compression!r} is not known')

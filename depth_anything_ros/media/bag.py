# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags: recordings of ROS 2 topics as MCAP, read and written without ROS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

_FOREVER = QosTime(2147483647, 4294967295)  # how rosbag2 writes "no deadline"


class BagError(RuntimeError):
    """A bag cannot be written or read."""


@dataclass(frozen=True)
class TopicQos:
    """The part of a topic's quality of service that a player needs to publish it again."""

    reliable: bool = True
    depth: int = 10

    def to_rosbags(self) -> Qos:
        """Return the full profile, everything else at its default."""
        return Qos(
            history=QosHistory.KEEP_LAST,
            depth=self.depth,
            reliability=QosReliability.RELIABLE if self.reliable else QosReliability.BEST_EFFORT,
            durability=QosDurability.VOLATILE,
            deadline=_FOREVER,
            lifespan=_FOREVER,
            liveliness=QosLiveliness.AUTOMATIC,
            liveliness_lease_duration=_FOREVER,
            avoid_ros_namespace_conventions=False,
        )


class BagWriter:
    """Writes already serialized messages into a new bag: a folder with one MCAP file and metadata.

    An existing ``path`` is refused, or with ``overwrite`` replaced when it holds the files of such
    a bag and nothing else; those of ``ros2 bag record`` have other names. Use it as a context
    manager: the bag is finished, and so readable, also when the block raises. Message types are
    those of ROS 2 Jazzy. Raises BagError.
    """

    def __init__(self, path: str | Path, *, overwrite: bool = False) -> None:
        self.path = Path(path)
        if self.path.exists():
            if not overwrite:
                raise BagError(f'{self.path} exists already: remove it or write somewhere else')
            _remove_own(self.path)
        self._types = get_typestore(Stores.ROS2_JAZZY)
        self._connections: dict[str, Connection] = {}
        self._writer: Writer | None = Writer(
            self.path, version=9, storage_plugin=StoragePlugin.MCAP
        )
        try:
            self._writer.open()
        except OSError as error:
            raise BagError(f'cannot create bag {self.path}: {error}') from error

    def add_topic(self, name: str, msgtype: str, qos: TopicQos | None = None) -> None:
        """Announce a topic, with its type as 'package/msg/Name', before the first write to it."""
        if name in self._connections:
            raise BagError(f'topic {name} is in the bag already')
        if msgtype not in self._types.types:
            raise BagError(f'topic {name}: message type {msgtype} is not known')
        self._connections[name] = self._open_writer().add_connection(
            name,
            msgtype,
            typestore=self._types,
            offered_qos_profiles=[(qos or TopicQos()).to_rosbags()],
        )

    def write(self, topic: str, cdr: bytes, timestamp_ns: int) -> None:
        """Append one serialized message (CDR bytes with their encapsulation) received at a time."""
        if topic not in self._connections:
            raise BagError(f'topic {topic} was not added to the bag')
        self._open_writer().write(self._connections[topic], timestamp_ns, cdr)

    def close(self) -> None:
        """Write the index and the metadata; a closed bag takes no more messages."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def _open_writer(self) -> Writer:
        if self._writer is None:
            raise BagError(f'bag {self.path} is closed')
        return self._writer

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _remove_own(path: Path) -> None:
    """Remove a bag that BagWriter wrote; one that was cut off has no metadata."""
    mcap = f'{path.name}.mcap'
    names = {entry.name for entry in path.iterdir()} if path.is_dir() else set()
    if path.is_symlink() or names not in ({mcap}, {mcap, 'metadata.yaml'}):
        raise BagError(
            f'{path} holds something else than {mcap} and metadata.yaml, so it is not overwritten: '
            'move it away or write somewhere else'
        )
    try:
        for name in names:
            (path / name).unlink()
        path.rmdir()
    except OSError as error:
        raise BagError(f'cannot replace bag {path}: {error}') from error


def is_bag(path: str | Path) -> bool:
    """Whether a path is that of a bag, by what is in the folder."""
    return (Path(path) / 'metadata.yaml').is_file()


class BagReader:
    """Reads the messages of a bag (MCAP or SQLite), decoded, in the order they were recorded.

    Use it as a context manager. Raises BagError for a path that is no bag.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._reader = AnyReader(
                [self.path], default_typestore=get_typestore(Stores.ROS2_JAZZY)
            )
            self._reader.open()
        except (AnyReaderError, OSError) as error:
            raise BagError(f'{self.path} is not a readable bag: {error}') from error

    @property
    def topics(self) -> dict[str, tuple[str, int]]:
        """The topics: name -> (message type, number of messages)."""
        return {c.topic: (c.msgtype, c.msgcount) for c in self._reader.connections}

    def messages(
        self,
        topics: Iterable[str] | None = None,
        start: int | None = None,
        stop: int | None = None,
    ) -> Iterator[tuple[str, Any, int]]:
        """Yield (topic, message, receive time in nanoseconds), of the given topics or of all.

        Receive times are from ``start`` on and before ``stop``, where these are given.
        """
        for connection, stamp, cdr in self._read(topics, start, stop):
            yield connection.topic, self._reader.deserialize(cdr, connection.msgtype), stamp

    def receive_times(self, topic: str) -> list[int]:
        """Return the receive times of a topic's messages in nanoseconds, as recorded."""
        return [stamp for _, stamp, _ in self._read((topic,))]

    def serialized(self, topics: Iterable[str] | None = None) -> Iterator[tuple[str, bytes, int]]:
        """Yield as ``messages`` does, with the bytes of the messages."""
        for connection, stamp, cdr in self._read(topics):
            yield connection.topic, bytes(cdr), stamp

    def _read(
        self, topics: Iterable[str] | None, start: int | None = None, stop: int | None = None
    ) -> Iterator[tuple[Connection, int, bytes]]:
        wanted = None if topics is None else set(topics)
        chosen = [c for c in self._reader.connections if wanted is None or c.topic in wanted]
        if chosen:  # rosbags takes an empty choice for "all"
            yield from self._reader.messages(connections=chosen, start=start, stop=stop)

    def close(self) -> None:
        """Close the files."""
        self._reader.close()

    def __enter__(self) -> BagReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

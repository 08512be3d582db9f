# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag of ROS 1 or ROS 2 as it lies on the disk: serialized messages, nothing is decoded."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from rosbags.interfaces import Connection
from rosbags.rosbag1 import Reader as Reader1
from rosbags.rosbag2 import Reader as Reader2

from depth_anything_ros.media.bag import BagError
from depth_anything_ros.media.mcap_recovery import McapRecovery

STORAGES = ('.mcap', '.db3')
REMEDIES = {'not indexed': '; `rosbag reindex` mends it'}
"""What to do about some errors, by a part of their text."""


class BagInput:
    """Reads a bag: a .bag file, a folder of `ros2 bag`, or one of its .mcap or .db3 files.

    Use it as a context manager. What was cut off, an MCAP without its end or a folder without its
    metadata, is read as far as it goes, and ``trouble`` says what is missing, '' for a whole bag.
    Raises BagError for what is no bag.
    """

    def __init__(self, path: str | Path) -> None:
        self.path, self.trouble = Path(path), ''
        self._parts: list[Any] = []
        if not os.path.exists(self.path):  # that of Path raises where a folder is closed
            raise BagError(f'{self.path} does not exist, or its folder may not be read')
        self.ros1 = self.path.suffix == '.bag' and self.path.is_file()

    def __enter__(self) -> BagInput:
        """Open the files."""
        try:
            self._parts = self._readers()
        except OSError as error:  # such as a folder that may not be listed
            raise BagError(f'{self.path} cannot be read: {error.strerror or error}') from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the files."""
        for part in self._parts:
            part.close()

    @property
    def connections(self) -> list[Connection]:
        """What was recorded: topic, type, definition, quality of service, number of messages."""
        return [connection for part in self._parts for connection in part.connections]

    @property
    def span(self) -> tuple[int, int]:
        """Receive time of the first message, and that after the last, in nanoseconds; or 0, 0."""
        filled = [part for part in self._parts if part.message_count]
        if not filled:
            return 0, 0
        return min(int(p.start_time) for p in filled), max(int(p.end_time) for p in filled)

    def messages(
        self,
        connections: Collection[Connection] = (),
        start: int | None = None,
        stop: int | None = None,
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """Yield connection, receive time in nanoseconds and bytes, by time within each file.

        Of all connections where none are given. Where a file cannot be read any further the next
        one follows, and ``trouble`` says so.
        """
        for part in self._parts:
            own = list(part.connections)
            wanted = [each for each in own if each in connections] if connections else own
            if not wanted or not part.message_count:
                continue
            try:
                yield from part.messages(wanted, start, stop)
            except Exception as error:  # damaged files take readers by surprise
                self._miss(f'the bag could not be read to its end: {error}')
            if isinstance(part, McapRecovery):
                self._miss(part.broken)

    def _readers(self) -> list[Any]:
        if self.ros1:
            return [_opened(Reader1, self.path)]
        return [self._file(self.path)] if self.path.is_file() else self._folder()

    def _folder(self) -> list[Any]:
        """Return the reader of a folder, or those of its files where that cannot be."""
        files = sorted(
            (file for file in self.path.iterdir() if file.suffix in STORAGES), key=_in_order
        )
        if (self.path / 'metadata.yaml').is_file() or not files:
            try:
                return [_opened(Reader2, self.path)]
            except BagError:
                if not any(file.suffix == '.mcap' for file in files):
                    raise
        parts = []
        for file in files:
            try:
                parts.append(self._file(file))
            except BagError as error:
                self._miss(str(error))
        if not parts:
            raise BagError(self.trouble)
        return parts

    def _file(self, path: Path) -> Any:
        """Return the reader of one file of ROS 2; an MCAP is read without its index, too."""
        try:
            reader = _opened(Reader2, path)
            # Without chunks rosbags wants messages by time, and nothing says they are.
            if path.suffix != '.mcap' or reader.storage.chunks or not reader.message_count:
                return reader
            reader.close()
        except BagError:
            if path.suffix != '.mcap':
                raise
        recovery = _opened(McapRecovery, path)
        if not recovery.connections:
            raise BagError(f'{path} is not a readable bag: {recovery.broken or "it has no topics"}')
        if recovery.encodings != {'cdr'}:
            encodings = ', '.join(sorted(recovery.encodings))
            raise BagError(f'{path} is no bag of ROS 2: it has messages in {encodings}')
        self._miss(recovery.broken)
        return recovery

    def _miss(self, what: str) -> None:
        """Keep the first trouble."""
        if what and not self.trouble:
            self.trouble = what if what.startswith('the bag') else f'the bag is not whole: {what}'


def _opened(kind: Any, path: Path) -> Any:
    """Return an open reader of a kind. Raises BagError."""
    try:
        reader = kind(path)
        reader.open()
    except Exception as error:  # damaged files take readers by surprise
        remedy = next((r for part, r in REMEDIES.items() if part in str(error)), '')
        text = str(error) or repr(error)
        raise BagError(f'{path} is not a readable bag: {text}{remedy}') from error
    return reader


def _in_order(path: Path) -> list[tuple[int, str]]:
    """Return by what files are in order: x_2.mcap comes before x_10.mcap."""
    return [(int(p) if p.isdigit() else -1, p) for p in re.split(r'(\d+)', path.name)]

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag that appears when it is whole, with connections copied as they are and topics beside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from rosbags.interfaces import (
    Connection,
    ConnectionExtRosbag1,
    ConnectionExtRosbag2,
    MessageDefinition,
    MessageDefinitionFormat,
    Qos,
    QosDurability,
)
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2 import Writer as Writer2
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from depth_anything_ros.media.bag import BagError, TopicQos
from depth_anything_ros.media.bag_conversion import Converted

FORMATS = ('mcap', 'sqlite3', 'ros1')
SUFFIXES = {'.mcap': 'mcap', '.db3': 'sqlite3', '.bag': 'ros1'}
UNKNOWN_HASH = 'RIHS01_' + '0' * 64
"""Stands for the hash of a type whose definition nobody knows."""


class BagOutput:
    """Writes serialized messages into a bag of a format: 'mcap', 'sqlite3' or 'ros1'.

    ``path`` is the folder of a ROS 2 bag, or with its suffix the single file; for ROS 1 a .bag
    file. Use it as a context manager: what was written takes its name at the end of the block,
    when it is on the disk, and when the block raises nothing of it stays. The metadata of ROS 2
    bags are of version 8. Raises BagError and OSError.
    """

    def __init__(self, path: str | Path, form: str) -> None:
        self.path, self.form = Path(path), form
        if os.path.lexists(self.path):
            raise BagError(f'{self.path} exists already: remove it or write somewhere else')
        self._types = get_typestore(Stores.ROS2_JAZZY)
        self._types1 = get_typestore(Stores.ROS1_NOETIC)
        self._unfinished = self.path.with_name(f'.{self.path.name}.part{os.getpid()}')
        self._inner = self._unfinished / self.path.name
        self._writer: Any = None
        self._copied: dict[tuple[int, int], Connection] = {}

    def __enter__(self) -> BagOutput:
        """Begin to write, beside the path."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._unfinished, ignore_errors=True)
        self._unfinished.mkdir()
        try:
            if self.form == 'ros1':
                self._writer = Writer1(self._inner)
            else:
                # The storage plug-in calls its file by the name of the folder.
                self._inner = self._inner.with_suffix('') if self._is_file else self._inner
                plugin = StoragePlugin.MCAP if self.form == 'mcap' else StoragePlugin.SQLITE3
                self._writer = Writer2(self._inner, version=8, storage_plugin=plugin)
            self._writer.open()
        except BaseException:
            shutil.rmtree(self._unfinished, ignore_errors=True)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the bag appear, or leave nothing of it."""
        try:
            if error is None:
                self._writer.close()
                self._appear()
            else:
                with suppress(Exception):  # what went wrong is told already
                    self._writer.abort()
        finally:
            shutil.rmtree(self._unfinished, ignore_errors=True)

    def add_topic(self, name: str, msgtype: str, qos: Sequence[Qos] = ()) -> Connection:
        """Announce a topic with a type that ROS itself has."""
        if self.form == 'ros1':
            if msgtype not in self._types1.fielddefs:  # rosbags' ROS 1 is without tf2_msgs
                self._types1.register({msgtype: self._types.fielddefs[msgtype]})
            definition, digest = self._types1.generate_msgdef(msgtype)
            latching = int(any(_lasts(each) for each in qos))
            return self._writer.add_connection(
                name, msgtype, msgdef=definition, md5sum=digest, latching=latching
            )
        return self._writer.add_connection(
            name, msgtype, typestore=self._types, offered_qos_profiles=qos
        )

    def convert(self, connection: Connection, to: Converted) -> Connection:
        """Return the connection for what a connection of the other generation becomes.

        What is latched in ROS 1 is transient local in ROS 2.
        """
        key = id(connection.owner), connection.id
        if key not in self._copied:
            extension = connection.ext
            if isinstance(extension, ConnectionExtRosbag1):
                durability = QosDurability.TRANSIENT_LOCAL if extension.latching else None
                qos = TopicQos().to_rosbags()
                other: Any = ConnectionExtRosbag2(
                    'cdr', [qos._replace(durability=durability) if durability else qos]
                )
            else:
                latching = int(any(_lasts(qos) for qos in extension.offered_qos_profiles))
                other = ConnectionExtRosbag1(None, latching)
            self._copied[key] = self._copy(
                connection._replace(
                    msgtype=to.msgtype,
                    msgdef=MessageDefinition(MessageDefinitionFormat.MSG, to.definition),
                    digest=to.digest,
                    ext=other,
                )
            )
        return self._copied[key]

    def copy_of(self, connection: Connection) -> Connection:
        """Return the connection that a connection of the same generation is copied to.

        It has its definition, its hash and its quality of service.
        """
        key = id(connection.owner), connection.id
        if key not in self._copied:
            self._copied[key] = self._copy(connection)
        return self._copied[key]

    def write(self, connection: Connection, at: int, data: bytes | memoryview) -> None:
        """Append a message received at a time in nanoseconds."""
        self._writer.write(connection, at, data)

    @property
    def _is_file(self) -> bool:
        return self.path.suffix in SUFFIXES

    def _copy(self, connection: Connection) -> Connection:
        extension = connection.ext
        for there in self._writer.connections:
            same = there.topic == connection.topic and there.msgtype == connection.msgtype
            if same and there.ext == extension:
                return there
        if isinstance(extension, ConnectionExtRosbag1):
            return self._writer.add_connection(
                connection.topic,
                connection.msgtype,
                msgdef=connection.msgdef.data,
                md5sum=connection.digest,
                callerid=extension.callerid,
                latching=extension.latching,
            )
        assert isinstance(extension, ConnectionExtRosbag2)
        return self._writer.add_connection(
            connection.topic,
            connection.msgtype,
            msgdef=connection.msgdef.data or self._definition(connection.msgtype),
            rihs01=connection.digest or self._hash(connection),
            serialization_format=extension.serialization_format,
            offered_qos_profiles=extension.offered_qos_profiles,
        )

    def _definition(self, msgtype: str) -> str:
        """Return the definition of a type that a bag does not tell, '' where nobody knows it."""
        if msgtype not in self._types.fielddefs:
            return ''
        return self._types.generate_msgdef(msgtype, ros_version=2)[0]

    def _hash(self, connection: Connection) -> str:
        """Return the hash of a type by its definition; older bags have none."""
        types = get_typestore(Stores.ROS2_JAZZY)
        try:
            if connection.msgdef.format is MessageDefinitionFormat.MSG:
                told = get_types_from_msg(connection.msgdef.data, connection.msgtype)
                types = get_typestore(Stores.EMPTY)
                types.register(told)
            return types.hash_rihs01(connection.msgtype)
        except Exception:  # a definition that cannot be read is copied all the same
            return UNKNOWN_HASH

    def _appear(self) -> None:
        """Bring the bag onto the disk and under its name."""
        made = self._inner
        if self._is_file and self.form != 'ros1':
            made = next(file for file in made.iterdir() if file.suffix == self.path.suffix)
        for file in [made] if made.is_file() else sorted(made.iterdir()):
            with open(file, 'rb+') as opened:
                os.fsync(opened.fileno())
        if os.path.lexists(self.path):
            raise BagError(f'{self.path} has appeared meanwhile: it is not overwritten')
        os.rename(made, self.path)


def _lasts(qos: Qos) -> bool:
    return qos.durability is QosDurability.TRANSIENT_LOCAL

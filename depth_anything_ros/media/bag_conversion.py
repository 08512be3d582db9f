# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of one generation of ROS as the other has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

from rosbags.interfaces import Connection, MessageDefinitionFormat
from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore

RENAMED = {'tf/msg/tfMessage': 'tf2_msgs/msg/TFMessage'}
TF2 = 'tf2_msgs/msg/TFMessage'
HEADER = 'std_msgs/msg/Header'


class ConversionError(ValueError):
    """A message or type that the other generation cannot have."""


@dataclass(frozen=True)
class Converted:
    """A type of the other generation, and what makes bytes of it; ``digest`` is its hash there."""

    msgtype: str
    definition: str
    digest: str
    convert: Callable[[bytes], bytes | memoryview]


class Conversion:
    """Converts what connections of a bag carry; ``ros1`` says that the bag is of ROS 1."""

    def __init__(self, connections: Iterable[Connection], ros1: bool) -> None:
        self._ros1 = ros1
        ros2_types = get_typestore(Stores.ROS2_JAZZY)
        self._target = ros2_types if ros1 else get_typestore(Stores.ROS1_NOETIC)
        if TF2 not in self._target.fielddefs:  # rosbags' ROS 1 is without
            self._target.register({TF2: ros2_types.fielddefs[TF2]})
        self._source = get_typestore(Stores.EMPTY)
        for connection in connections:
            try:
                self._source.register(_types_of(connection))
            except Exception:  # a definition that cannot be read is told when it is asked for
                continue
        if not ros1:  # older bags have no definitions
            missing = set(ros2_types.fielddefs) - set(self._source.fielddefs)
            self._source.register({name: ros2_types.fielddefs[name] for name in missing})
        self._known: dict[str, Converted | ConversionError] = {}
        self._cache: dict[str, object] = {}

    def of(self, msgtype: str) -> Converted:
        """Return what a type becomes. Raises ConversionError."""
        if msgtype not in self._known:
            try:
                self._known[msgtype] = self._make(msgtype)
            except Exception as error:  # types come from the bag, the parser raises what it likes
                self._known[msgtype] = ConversionError(f'{msgtype}: {error}')
        found = self._known[msgtype]
        if isinstance(found, ConversionError):
            raise found
        return found

    def _make(self, msgtype: str) -> Converted:
        from rosbags.convert.converter import generate_message_converter

        name = RENAMED.get(msgtype, msgtype)
        if msgtype not in self._source.fielddefs:
            raise ConversionError('the bag does not tell its definition')
        version: Any = 2 if self._ros1 else 1
        if name not in self._target.fielddefs:
            text, _ = self._source.generate_msgdef(msgtype, ros_version=version)
            types = get_types_from_msg(text, name)
            types.pop(HEADER, None)
            self._target.register(types)
        with redirect_stdout(StringIO()):  # it prints what it does
            convert = generate_message_converter(
                self._source,
                self._target,
                msgtype,
                name,
                self._cache,
                src_is2=not self._ros1,
                dst_is2=self._ros1,
            )
        definition, digest = self._target.generate_msgdef(name, ros_version=version)
        return Converted(
            name,
            definition,
            self._target.hash_rihs01(name) if self._ros1 else digest,
            lambda data: _tried(convert, data, msgtype),
        )


def _tried(convert: Callable[[bytes], memoryview], data: bytes, msgtype: str) -> bytes | memoryview:
    try:
        return convert(data)
    except Exception as error:  # damaged bytes take the converter by surprise
        raise ConversionError(f'a message is no {msgtype}: {error}') from error


def _types_of(connection: Connection) -> Any:
    """Return the types that a connection defines."""
    text = connection.msgdef.data
    if connection.msgdef.format is MessageDefinitionFormat.NONE:
        return {}
    if connection.msgdef.format is MessageDefinitionFormat.MSG:
        return get_types_from_msg(text, connection.msgtype)
    line = '=' * 80 + '\n'
    found: dict[str, Any] = {}
    for part in text.split(line)[1:] if text.startswith(f'{line}IDL: ') else [text]:
        found |= get_types_from_idl(part.partition('\n')[2] if part.startswith('IDL: ') else part)
    return found

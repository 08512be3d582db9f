# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The metadata of an ONNX file, read without the onnx package and without its weights.

A runtime tells the metadata too, but only after it has loaded and compiled the whole model.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

_METADATA = 14
"""The field number of ModelProto.metadata_props in onnx.proto."""

MOST_FIELDS = 100_000
"""Fields of a model outside of its graph, which is one field: there are about twenty."""
MOST_METADATA = 2**24
"""Bytes of metadata that are read, of all properties together; a card has about ten thousand."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WIDTHS = {_FIXED64: 8, _FIXED32: 4}


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata properties of an ONNX file.

    Raises OSError, and ValueError for a file that is no protocol buffer or is cut off.
    """
    properties: dict[str, str] = {}
    left, fields = MOST_METADATA, 0
    if path.exists() and not path.is_file():
        raise ValueError('no file but a folder, a device or a pipe')
    with path.open('rb') as file:
        end = os.fstat(file.fileno()).st_size
        while file.tell() < end:
            fields += 1
            if fields > MOST_FIELDS:
                raise ValueError(f'a model of more than {MOST_FIELDS} fields')
            number, kind = divmod(_varint(file), 8)
            if kind not in (_VARINT, _BYTES, *_WIDTHS) or not number:
                raise ValueError(f'field {number} of kind {kind} is in no ONNX file')
            if kind == _VARINT:
                _varint(file)
                continue
            length = _varint(file) if kind == _BYTES else _WIDTHS[kind]
            start = file.tell()
            if start + length > end:
                raise ValueError('the file is cut off')
            if (number, kind) == (_METADATA, _BYTES):
                left -= length
                if left < 0:
                    raise ValueError(f'metadata of more than {MOST_METADATA} bytes')
                key, value = _entry(file, start + length)
                properties[key] = value
            file.seek(start + length)
    return properties


def _entry(file: BinaryIO, end: int) -> tuple[str, str]:
    """Read a StringStringEntryProto: field 1 is the key, field 2 the value."""
    parts = {1: '', 2: ''}
    while file.tell() < end:
        number, kind = divmod(_varint(file), 8)
        length = _varint(file)
        if kind != _BYTES or number not in parts or file.tell() + length > end:
            raise ValueError(f'a metadata property holds a field {number} of kind {kind}')
        parts[number] = file.read(length).decode()
    return parts[1], parts[2]


def _varint(file: BinaryIO) -> int:
    """Read a number of 7 bits a byte, lowest first."""
    value = 0
    for shift in range(0, 64, 7):
        byte = file.read(1)
        if not byte:
            raise ValueError('the file is cut off')
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError('a number has more than 64 bits')

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From what a file of settings says to frozen dataclasses, and back; everything is checked."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar('T')


class SettingsError(ValueError):
    """Settings that cannot be; the message names the setting, its value and what it may be."""


def read_settings(cls: type[T], given: Any, where: str = '') -> T:
    """Make a dataclass of a mapping, and dataclasses of the mappings in it.

    Unknown keys, missing ones and values of another type are a SettingsError that names them as
    ``where.key``. Whole numbers serve as numbers, and so do texts like 5e-6, which YAML 1.1 does
    not take for a number.
    """
    if not isinstance(given, Mapping):
        raise SettingsError(f'{where or "the settings"}: expected keys with values, got {given!r}')
    fields = {field.name: field for field in dataclasses.fields(typing.cast(Any, cls))}
    for key in given:
        if key not in fields:
            near = difflib.get_close_matches(str(key), fields, 1)
            hint = f'; did you mean {near[0]}?' if near else f'; known are {", ".join(fields)}'
            raise SettingsError(f'there is no setting {_path(where, key)}{hint}')
    hints = typing.get_type_hints(cls)
    values = {key: _value(hints[key], v, _path(where, key)) for key, v in given.items()}
    for name, field in fields.items():
        required = field.default is field.default_factory is dataclasses.MISSING
        if required and name not in values:
            raise SettingsError(f'{_path(where, name)} must be set')
    try:
        return cls(**values)
    except ValueError as error:
        raise SettingsError(f'{where}: {error}' if where else str(error)) from error


def plain(settings: Any) -> Any:
    """Return settings as mappings, lists and plain values, such as YAML and JSON hold."""
    if dataclasses.is_dataclass(settings):
        return {f.name: plain(getattr(settings, f.name)) for f in dataclasses.fields(settings)}
    if isinstance(settings, tuple | list):
        return [plain(value) for value in settings]
    if isinstance(settings, Mapping):
        return {key: plain(value) for key, value in settings.items()}
    return str(settings) if isinstance(settings, Path) else settings


def overridden(given: Any, path: str, value: Any) -> Any:
    """Return a copy of nested mappings and lists with one value replaced or added.

    ``path`` is like optimiser.warm_up or data.0.path. Raises SettingsError for a list without
    such an index and for what lies below a plain value.
    """
    key, _, rest = path.partition('.')
    if isinstance(given, list):
        if not key.isdecimal() or int(key) >= len(given):
            raise SettingsError(f'{path}: the list has {len(given)} entries, counted from 0')
        copy: Any = list(given)
        copy[int(key)] = overridden(copy[int(key)], rest, value) if rest else value
        return copy
    if not isinstance(given, Mapping | None):
        raise SettingsError(f'{path}: there is nothing below {given!r}')
    copy = dict(given or {})
    copy[key] = overridden(copy.get(key), rest, value) if rest else value
    return copy


def _path(where: str, key: Any) -> str:
    return f'{where}.{key}' if where else str(key)


def _value(kind: Any, value: Any, where: str) -> Any:
    """Return a value as a type wants it, or raise SettingsError."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return _value(next(a for a in arguments if a is not type(None)), value, where)
    if origin is typing.Literal:
        if value not in arguments:
            raise SettingsError(f'{where} is {value!r}; it may be {", ".join(map(str, arguments))}')
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise SettingsError(f'{where} is {value!r}; it must be a list')
        many = len(arguments) == 2 and arguments[1] is Ellipsis
        if not many and len(value) != len(arguments):
            raise SettingsError(f'{where} has {len(value)} values; it must have {len(arguments)}')
        each = [arguments[0]] * len(value) if many else arguments
        return tuple(
            _value(a, v, f'{where}.{i}') for i, (a, v) in enumerate(zip(each, value, strict=True))
        )
    if dataclasses.is_dataclass(kind):
        return read_settings(typing.cast(type, kind), value, where)
    if origin is dict:
        return dict(value) if isinstance(value, Mapping) else _refuse(where, value, 'keys, values')
    return _scalar(kind, value, where)


def _scalar(kind: Any, value: Any, where: str) -> Any:
    if kind is bool:
        return value if isinstance(value, bool) else _refuse(where, value, 'true or false')
    if kind is int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return value if whole else _refuse(where, value, 'a whole number')
    if kind is float:
        try:
            number = float(value) if not isinstance(value, bool) else None
        except (TypeError, ValueError):
            number = None
        finite = number is not None and abs(number) < float('inf')
        return number if finite else _refuse(where, value, 'a number')
    return value if isinstance(value, str) else _refuse(where, value, 'a text')


def _refuse(where: str, value: Any, wanted: str) -> typing.NoReturn:
    raise SettingsError(f'{where} is {value!r}; it must be {wanted}')

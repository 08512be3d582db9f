# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters as tables: declaration, descriptors and validation all come from one row each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rcl_interfaces.msg import ParameterDescriptor
    from rclpy.node import Node

Value = bool | int | float | str | tuple[str, ...]

KINDS: dict[type, str] = {
    bool: 'true or false',
    int: 'a whole number',
    float: 'a number',
    str: 'text',
    tuple: 'a list of texts such as [a, b]',
}
"""What a value must be, by the type of its default."""


class ParameterError(ValueError):
    """A parameter has a value it cannot have."""


@dataclass(frozen=True)
class Parameter:
    """One row: the type is that of the default; only ``live`` ones can change after the start.

    A default of ``()`` stands for a list of texts. A ``per_camera`` parameter can be set for a
    single camera too, see ``for_camera``; an ``optional`` one may be left unset.
    """

    name: str
    default: Value
    description: str
    limits: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()
    live: bool = False
    per_camera: bool = False
    optional: bool = False

    def for_camera(self, camera: str) -> Parameter:
        """Return the row of one camera's own value, which may be left unset."""
        description = f'{self.description}; for {camera} alone: unset it is as {self.name}'
        return replace(self, name=f'{camera}.{self.name}', description=description, optional=True)

    def descriptor(self) -> ParameterDescriptor:
        """Return what ``ros2 param describe`` shows.

        The typing is dynamic so that ``rate:=10`` and ``source:=0``, which ROS reads as integers,
        are taken for what they mean.
        """
        from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

        descriptor = ParameterDescriptor(
            description=self.description, read_only=not self.live, dynamic_typing=True
        )
        if self.choices:
            descriptor.additional_constraints = f'one of {", ".join(self.choices)}'
        if self.limits is not None and isinstance(self.default, float):
            low, high = self.limits
            descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
        elif self.limits is not None:
            low, high = (int(limit) for limit in self.limits)
            descriptor.integer_range = [IntegerRange(from_value=low, to_value=high)]
        return descriptor

    def check(self, value: Any) -> Value:
        """Return the value in the type of the default, or raise ParameterError."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if isinstance(self.default, float) and number and abs(value) < 2**63:
            value = float(value)
        elif isinstance(self.default, str) and isinstance(value, int) and number:
            value = str(value)
        elif isinstance(self.default, tuple) and isinstance(value, list):
            value = tuple(value) if all(isinstance(item, str) for item in value) else value
        wanted = type(self.default)
        if not isinstance(value, wanted) or (wanted is int and not number):
            kind = KINDS[wanted]
            raise ParameterError(f'parameter {self.name} must be {kind}, got {value!r}')
        if self.limits is not None and isinstance(value, (int, float)):
            low, high = self.limits
            if not low <= value <= high:
                raise ParameterError(
                    f'parameter {self.name} must be between {low:g} and {high:g}, got {value!r}'
                )
        if self.choices and value not in self.choices:
            raise ParameterError(
                f'parameter {self.name} must be one of {", ".join(self.choices)}, got {value!r}'
            )
        return value


def declare(node: Node, table: Iterable[Parameter]) -> dict[str, Value]:
    """Declare a table on a node; return the checked values, without the optional ones left unset.

    Raises ParameterError.
    """
    from rclpy.exceptions import ParameterException

    values: dict[str, Value] = {}
    for parameter in table:
        default = None if parameter.optional else parameter.default
        try:
            declared = node.declare_parameter(parameter.name, default, parameter.descriptor())
        except ParameterException as error:
            raise ParameterError(f'parameter {parameter.name}: {error}') from error
        if declared.value is None and parameter.optional:
            continue
        value = declared.value
        if value is None and isinstance(default, tuple):
            value = ()  # ROS takes the empty list of a command line or file for no value
        values[parameter.name] = parameter.check(value)
    return values


def check_all(table: Iterable[Parameter], values: Mapping[str, Any]) -> dict[str, Value]:
    """Check those of ``values`` that are in the table; return them. Raises ParameterError."""
    rows = {parameter.name: parameter for parameter in table}
    return {name: rows[name].check(value) for name, value in values.items() if name in rows}


def markdown(table: Iterable[Parameter]) -> str:
    """Return a table as Markdown, a line for each parameter: name, default, live, description."""
    written = {True: 'true', False: 'false', '': "''", (): '[]'}
    lines = ['| name | default | live | |', '|---|---|---|---|']
    for row in table:
        default = row.default
        if isinstance(default, (bool, str, tuple)):  # 0.0 would be found under False
            default = written.get(default, default)
        live = ' yes ' if row.live else '  '
        lines.append(f'| `{row.name}` | `{default}` |{live}| {row.description} |')
    return '\n'.join(lines) + '\n'

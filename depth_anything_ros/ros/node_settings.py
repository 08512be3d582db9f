# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of the whole node and of each of its cameras."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rclpy.node import Node

from depth_anything_ros.ros.parameter_table import Parameter, ParameterError, check_all, declare
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS, DepthSettings

UNNAMED = ''
"""The one camera of a node whose parameter cameras is empty."""


@dataclass(frozen=True)
class NodeSettings:
    """The node's settings, ``shared``, and what is set for single cameras beside.

    ``own`` has those parameters by their full names, ``front.rate_limit``; ``of`` tells what holds
    for a camera: its own value where it has one, else the shared one. Replaced as a whole, so that
    a frame sees one set.
    """

    shared: DepthSettings
    own: Mapping[str, Any]
    _by_camera: dict[str, DepthSettings] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out what holds for each camera; raises ParameterError for what cannot be."""
        by_camera = {}
        for camera in self.cameras:
            values = {
                row.name.partition('.')[2]: self.own[row.name]
                for row in rows_of(camera)
                if row.name in self.own
            }
            try:
                by_camera[camera] = self.shared.changed(values)
            except ParameterError as error:
                raise ParameterError(f'camera {camera}: {error}') from error
        object.__setattr__(self, '_by_camera', by_camera)

    @property
    def cameras(self) -> tuple[str, ...]:
        """The names of the cameras; a single one without a name is UNNAMED."""
        return self.shared.cameras or (UNNAMED,)

    def of(self, camera: str) -> DepthSettings:
        """Return what holds for a camera."""
        return self._by_camera[camera]

    def changed(self, values: Mapping[str, Any]) -> NodeSettings:
        """Return the settings with new values for some names; raises ParameterError."""
        own = check_all(_all_rows(self.shared.cameras), values)
        return NodeSettings(self.shared.changed(values), {**self.own, **own})


def rows_of(camera: str) -> tuple[Parameter, ...]:
    """Return the parameters that a camera can have of its own; none for UNNAMED."""
    if camera == UNNAMED:
        return ()
    return tuple(row.for_camera(camera) for row in DEPTH_PARAMETERS if row.per_camera)


def declare_depth_parameters(node: Node) -> NodeSettings:
    """Declare the parameters on a node and return their values; raises ParameterError."""
    values: dict[str, Any] = declare(node, DEPTH_PARAMETERS)
    shared = DepthSettings.of(values)
    return NodeSettings(shared, declare(node, _all_rows(shared.cameras)))


def _all_rows(cameras: tuple[str, ...]) -> Iterator[Parameter]:
    for camera in cameras:
        yield from rows_of(camera)

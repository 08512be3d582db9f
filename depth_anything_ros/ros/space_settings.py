# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The values of the parameters of space_parameters.py, an object for each group."""

from __future__ import annotations

from dataclasses import dataclass

from depth_anything_ros.ros.parameter_table import ParameterError

LEAST_VOXEL = 0.001
"""Metres; the same as in geometry/obstacles.py, which needs torch."""


@dataclass(frozen=True)
class EdgeGroup:
    """The group edges."""

    max_jump: float


@dataclass(frozen=True)
class PointGroup:
    """The group points."""

    rows: int
    columns: int
    reduce: str
    height: bool
    max_range: float


@dataclass(frozen=True)
class ObstacleGroup:
    """The group obstacles."""

    ground: str
    min_height: float
    max_height: float
    ground_slope: float
    min_range: float
    max_range: float
    voxel: float
    min_points: int
    max_points: int

    def __post_init__(self) -> None:
        """Refuse bands that are empty, and cubes too small to be counted."""
        _require_band('obstacles.min_height', self.min_height, self.max_height)
        _require_band('obstacles.min_range', self.min_range, self.max_range)
        if 0 < self.voxel < LEAST_VOXEL:
            raise ParameterError(
                f'parameter obstacles.voxel must be 0 or at least {LEAST_VOXEL:g}, '
                f'got {self.voxel:g}'
            )


@dataclass(frozen=True)
class ScanGroup:
    """The group scan."""

    min_height: float
    max_height: float
    angle_increment: float
    range_min: float
    range_max: float

    def __post_init__(self) -> None:
        """Refuse bands that are empty."""
        _require_band('scan.min_height', self.min_height, self.max_height)
        _require_band('scan.range_min', self.range_min, self.range_max)


@dataclass(frozen=True)
class FilterGroup:
    """The group filter."""

    temporal: float
    refine: bool
    sky: float


@dataclass(frozen=True)
class ScaleGroup:
    """The group scale."""

    source: str
    a: float
    b: float
    extrinsics: str
    max_gap: float
    hold: float
    min_points: int
    max_depth: float


@dataclass(frozen=True)
class FocalGroup:
    """The group focal."""

    canonical: float


def _require_band(name: str, low: float, high: float) -> None:
    if low >= high:
        other = name.replace('min', 'max')
        raise ParameterError(f'parameter {other} must be above {name} {low:g}, got {high:g}')

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What stands on the ground or hangs above it within a robot's reach, as few points.

Only what is above the ground is an obstacle here. Holes, steps down and the edges of platforms are
not found: that needs another sensor, or a map that takes what was not seen for a danger.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.geometry.ground import GroundPlane
from depth_anything_ros.geometry.transform import Transform

FACING_SHARE = 0.5
"""Of the points that a surface across the view gives a cube, how many one must have at least."""


MOST_CUBES = 10**6
"""Most cubes in a row: 8 times its cube is about the largest number of 64 bits."""

LARGEST_VOXEL = 1000.0
LEAST_VOXEL = 0.001
"""Metres of the side of the smallest cube: depth is not known better, and cubes are counted."""


class ObstacleError(ValueError):
    """Settings or points of which no obstacles can be told."""


@dataclass(frozen=True)
class ObstacleSettings:
    """What is an obstacle, all in metres.

    Heights above the ground are from ``min_height`` + ``ground_slope`` times the distance, for what
    errors of pitch and depth lift the ground by, to ``max_height``; distances from the lens, along
    the ground, from ``min_range`` to ``max_range``. Of each cube of side ``voxel`` that holds
    ``min_points`` or more one point stays, of all together the nearest ``max_points``. With
    ``voxel`` 0 every point stays. Raises ObstacleError for what cannot be.
    """

    min_height: float = 0.1
    max_height: float = 2.0
    ground_slope: float = 0.05
    min_range: float = 0.1
    max_range: float = 8.0
    voxel: float = 0.05
    min_points: int = 2
    max_points: int = 10000

    def __post_init__(self) -> None:
        """Refuse numbers that leave nothing, or mean nothing."""
        for name in ('min_height', 'max_height', 'ground_slope', 'min_range', 'max_range', 'voxel'):
            value = getattr(self, name)
            if not math.isfinite(value):
                raise ObstacleError(f'{name} is {value!r}: give a finite number of metres')
        for name in ('ground_slope', 'min_range', 'voxel'):
            if getattr(self, name) < 0:
                raise ObstacleError(f'{name} is {getattr(self, name)!r}: give 0 or more')
        if self.voxel and not LEAST_VOXEL <= self.voxel <= LARGEST_VOXEL:
            raise ObstacleError(
                f'voxel is {self.voxel!r}: give 0, for every point, or {LEAST_VOXEL} to '
                f'{LARGEST_VOXEL:g} m'
            )
        for name in ('height', 'range'):
            low, high = getattr(self, f'min_{name}'), getattr(self, f'max_{name}')
            if low >= high:
                raise ObstacleError(f'max_{name} is {high!r}: give more than min_{name}, {low!r}')
        for name in ('min_points', 'max_points'):
            if getattr(self, name) < 1:
                raise ObstacleError(f'{name} is {getattr(self, name)!r}: give 1 or more')
        reach = max(self.max_range, abs(self.min_height), abs(self.max_height))
        if self.voxel and reach / self.voxel > MOST_CUBES:
            raise ObstacleError(
                f'voxel is {self.voxel!r} for a reach of {reach!r} m: give cubes of which '
                f'{MOST_CUBES:,} reach as far'
            )


@dataclass(frozen=True)
class Obstacles:
    """Points (N, 3) float32 of the optical frame, and their heights (N,) above the ground, m."""

    points: Tensor
    heights: Tensor


def find_obstacles(
    points: Tensor,
    camera: Transform,
    settings: ObstacleSettings,
    ground: GroundPlane | None = None,
    pitch: float = 0.0,
) -> Obstacles:
    """Return the points of obstacles among points (H, W, 3) or (N, 3) float32, metres, optical.

    ``camera`` takes the optical frame into a level one whose plane z = 0 is the ground, unless
    ``ground`` is given. Cubes are laid out along that frame's x and y and up from the ground; the
    point nearest to the lens stays of each, and is not moved. Points that are not finite are no
    obstacles.

    A cube with fewer than ``min_points`` is speckle. Far away a whole wall gives it fewer: with
    ``pitch``, the angle between neighbouring points in radians (1 / fx), less is asked of cubes
    so far that half of a wall's points are fewer. 0 asks for ``min_points`` everywhere.

    The order of the points is the same for the same input. Raises ObstacleError.
    """
    if points.shape[-1:] != (3,) or points.dtype != torch.float32:
        raise ObstacleError(
            f'points are {tuple(points.shape)} of {points.dtype}: give (..., 3) of float32'
        )
    flat = points.reshape(-1, 3)
    # Coordinates one after the other: whole vectors of each are several times as fast to read.
    planes = flat.T.contiguous()
    heights = _along(planes, *(ground or GroundPlane.level()).seen_from(camera))
    # The ground and what is above the band is most of a picture, so heights alone come first. A
    # comparison with NaN is false, so that unknown points go here.
    rows = ((heights >= settings.min_height) & (heights <= settings.max_height)).nonzero()[:, 0]
    # On the CPU index_select takes a quarter of the time of an index in brackets.
    planes, heights = planes.index_select(1, rows), heights.index_select(0, rows)
    x, y = (_along(planes, camera.rotation[axis]) for axis in (0, 1))
    distance = torch.hypot(x, y)
    found = heights >= distance * settings.ground_slope + settings.min_height
    found &= (distance >= settings.min_range) & (distance <= settings.max_range)
    kept = found.nonzero()[:, 0]
    rows, heights, x, y = (each.index_select(0, kept) for each in (rows, heights, x, y))
    nearness = sum(axis * axis for axis in planes).index_select(0, kept)
    if settings.voxel > 0 and len(rows):
        cubes = _cubes([x, y, heights], settings)
        chosen, counts = _nearest_of_each(cubes, nearness)
        enough = counts >= _needed(nearness.index_select(0, chosen), settings, pitch)
        chosen = chosen[enough]
        rows, heights, nearness = (
            each.index_select(0, chosen) for each in (rows, heights, nearness)
        )
    if len(rows) > settings.max_points:
        nearest = torch.sort(nearness, stable=True).indices[: settings.max_points]
        rows, heights = rows.index_select(0, nearest), heights.index_select(0, nearest)
    return Obstacles(flat.index_select(0, rows), heights)


def _along(planes: Tensor, direction: np.ndarray, start: float = 0.0) -> Tensor:
    """Return (N,): how far points, given as (3, N), are along a direction.

    Not a matrix product, which may be less exact than float32 on a GPU (TF32).
    """
    a, b, c = (float(part) for part in direction)
    return (planes[0] * a).add_(planes[1], alpha=b).add_(planes[2], alpha=c).add_(start)


def _cubes(places: list[Tensor], settings: ObstacleSettings) -> Tensor:
    """Return (N,): a number for the cube that each point is in, by level x and y and its height."""
    across = math.ceil(settings.max_range / settings.voxel) + 1
    bottom = math.floor(settings.min_height / settings.voxel)
    high = math.ceil((settings.max_height - settings.min_height) / settings.voxel) + 2
    # Half as wide numbers are sorted in half the time.
    dtype = torch.int32 if 4 * across**2 * high < 2**31 else torch.int64
    x, y, z = ((axis * (1 / settings.voxel)).floor_().to(dtype) for axis in places)
    return ((z - bottom) * (2 * across) + (x + across)) * (2 * across) + (y + across)


def _nearest_of_each(cubes: Tensor, nearness: Tensor) -> tuple[Tensor, Tensor]:
    """Return the row of the nearest point in each cube, and how many points it holds."""
    ordered, order = torch.sort(cubes)
    first = torch.ones_like(ordered, dtype=torch.bool)
    torch.ne(ordered[1:], ordered[:-1], out=first[1:])
    starts = first.nonzero()[:, 0]
    group = first.cumsum(0, dtype=torch.int64) - 1
    # The bits of floats from 0 on are in the order of the floats; the row decides between equals.
    ranked = (nearness.index_select(0, order).view(torch.int32).long() << 32) | order
    best = ranked.new_full((len(starts),), torch.iinfo(torch.int64).max)
    best.scatter_reduce_(0, group, ranked, 'amin')
    ends = starts.new_full((1,), len(ordered))
    return best & 0xFFFFFFFF, torch.diff(starts, append=ends)


def _needed(nearness: Tensor, settings: ObstacleSettings, pitch: float) -> Tensor | int:
    """Return how many points a cube must hold, whose nearest is so far away, squared."""
    if pitch <= 0 or settings.min_points == 1:
        return settings.min_points
    facing = (settings.voxel / pitch) ** 2 / nearness
    return (FACING_SHARE * facing).floor_().clamp_(1, settings.min_points)

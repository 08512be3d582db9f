# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A small obstacle map that follows the rules of nav2's obstacle layer, to test outputs against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from depth_anything_ros.geometry.transform import Transform

RANGE_EPSILON = 1e-4
"""nav2 turns a scan's +Inf into this much less than range_max, metres."""


@dataclass(frozen=True)
class ObservationSource:
    """What nav2's obstacle layer is told about one topic; metres, its parameters' names.

    Heights are those of the global frame and hold for marking and for clearing.
    """

    min_obstacle_height: float = 0.0
    max_obstacle_height: float = 2.0
    obstacle_min_range: float = 0.0
    obstacle_max_range: float = 2.5
    raytrace_max_range: float = 3.0
    inf_is_valid: bool = False

    def at_height(self, points: np.ndarray) -> np.ndarray:
        """Return the points (N, 3) of the global frame within the height limits."""
        z = points[:, 2]
        return points[(z <= self.max_obstacle_height) & (z >= self.min_obstacle_height)]


@dataclass(frozen=True)
class Scan:
    """The fields of a sensor_msgs/LaserScan that matter in space; metres and radians."""

    ranges: np.ndarray
    angle_min: float
    angle_increment: float
    range_min: float
    range_max: float

    def points(self, inf_is_valid: bool) -> np.ndarray:
        """Return the scan's points (N, 3) in its own frame, x ahead, y left, as nav2 takes them.

        +Inf counts as a point just below range_max if ``inf_is_valid``. What is then outside
        [range_min, range_max), NaN and -Inf give no point.
        """
        ranges = self.ranges.astype(np.float64)
        if inf_is_valid:
            ranges[np.isposinf(ranges)] = self.range_max - RANGE_EPSILON
        angles = self.angle_min + self.angle_increment * np.arange(len(ranges))
        kept = (ranges >= self.range_min) & (ranges < self.range_max)
        near, angles = ranges[kept], angles[kept]
        return np.stack((near * np.cos(angles), near * np.sin(angles), np.zeros(len(near))), -1)


def finite_points(points: np.ndarray) -> np.ndarray:
    """Return the points (N, 3) whose coordinates are all finite, float64.

    nav2 compares heights and ranges, which what is not finite fails; the result is the same.
    """
    rows = np.asarray(points, np.float64).reshape(-1, 3)
    return rows[np.isfinite(rows).all(1)]


class Costmap:
    """A square rolling grid of cells that are free or hold an obstacle.

    ``size`` and ``resolution`` are in metres. It follows nav2_costmap_2d's ObstacleLayer: a cell
    is marked by any one point within the source's heights and ranges, and freed by every ray that
    passes through it or ends in it. Per update nav2 clears first, then marks.
    """

    def __init__(self, size: float = 6.0, resolution: float = 0.05) -> None:
        self.resolution = resolution
        self._cells = np.zeros((round(size / resolution),) * 2, bool)
        self._corner = np.zeros(2, int)
        """The grid's lower corner in the global frame, in cells."""

    def centre_on(self, x: float, y: float) -> None:
        """Move the window to a place in the global frame; what it leaves is forgotten."""
        side = len(self._cells)
        corner = self._cell(np.array([x, y])) - side // 2
        shift = corner - self._corner
        moved = np.zeros_like(self._cells)
        if (np.abs(shift) < side).all():
            to = tuple(slice(max(0, -s), side - max(0, s)) for s in shift)
            kept = tuple(slice(max(0, s), side - max(0, -s)) for s in shift)
            moved[to] = self._cells[kept]
        self._cells, self._corner = moved, corner

    def mark(self, points: np.ndarray, sensor: Transform, source: ObservationSource) -> None:
        """Mark the cells that points (N, 3) of the sensor's frame fall into.

        ``sensor`` is where that frame is in the global one. Ranges are from its origin, in three
        dimensions. Points that are not finite mark nothing.
        """
        world = source.at_height(sensor.apply(finite_points(points)))
        distance = np.linalg.norm(world - sensor.translation, axis=1)
        near = (distance < source.obstacle_max_range) & (distance >= source.obstacle_min_range)
        cells = self._cell(world[near, :2]) - self._corner
        inside = ((cells >= 0) & (cells < len(self._cells))).all(1)
        self._cells[tuple(cells[inside].T)] = True

    def clear(self, scan: Scan, sensor: Transform, source: ObservationSource) -> None:
        """Free the cells along a scan's rays, as far as the source's raytrace_max_range.

        ``sensor`` is where the scan's frame is in the global one.
        """
        start = self._cell(sensor.translation[:2])
        ends = source.at_height(sensor.apply(scan.points(source.inf_is_valid)))
        reach = source.raytrace_max_range / self.resolution
        for end in np.unique(self._cell(ends[:, :2]), axis=0):
            self._free(start, end, reach)

    def occupied(self) -> np.ndarray:
        """Return the centres (N, 2) of the cells that hold an obstacle, in the global frame."""
        return (np.argwhere(self._cells) + self._corner + 0.5) * self.resolution

    def _free(self, start: np.ndarray, end: np.ndarray, reach: float) -> None:
        """Free the cells of one ray, the last one too unless ``reach`` (cells) ends it earlier."""
        way = end - start
        length = np.hypot(*way)
        count = int(np.abs(way).max() * min(1.0, reach / length)) if length else 0
        along = np.arange(count + 1) / max(1, np.abs(way).max())
        cells = np.rint(start + along[:, None] * way).astype(int) - self._corner
        inside = ((cells >= 0) & (cells < len(self._cells))).all(1)
        self._cells[tuple(cells[inside].T)] = False

    def _cell(self, places: np.ndarray) -> np.ndarray:
        return np.floor(places / self.resolution).astype(int)

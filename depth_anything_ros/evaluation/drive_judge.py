# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Judge what a robot would have done with obstacle clouds and scans on a procedural drive."""

from __future__ import annotations

import numpy as np

from depth_anything_ros.data.drive import Drive, Obstacle
from depth_anything_ros.evaluation.collision_monitor import (
    CollisionMonitor,
    DriveFigures,
    Moment,
    StopZone,
    drive_figures,
)
from depth_anything_ros.evaluation.costmap import Costmap, ObservationSource, Scan
from depth_anything_ros.geometry.transform import Transform

MARKING = ObservationSource(min_obstacle_height=0.05, max_obstacle_height=1.0)
"""Of the obstacle cloud; nav2's default ranges."""

CLEARING = ObservationSource(inf_is_valid=True)
"""Of the scan."""

FACE = (-0.15, 0.6)
"""Where a costmap may hold an obstacle, metres from its face along the lane."""


class DriveJudge:
    """Feed a drive's outputs in order, then read ``figures``.

    The costmap is marked from obstacle clouds and cleared by scans, each of them optional per
    frame; the stop zone takes the obstacle clouds. An obstacle is in the way of a robot as high
    as the zone.
    """

    def __init__(
        self,
        drive: Drive,
        zone: StopZone,
        marking: ObservationSource = MARKING,
        clearing: ObservationSource = CLEARING,
    ) -> None:
        self.drive, self.zone = drive, zone
        self.marking, self.clearing = marking, clearing
        self.costmap = Costmap()
        self.moments: list[Moment] = []
        self._monitor = CollisionMonitor(zone)

    @property
    def in_the_way(self) -> bool:
        """Whether the drive's obstacle is one that the robot must stop for."""
        plan = self.drive.plan
        if plan.obstacle is Obstacle.NONE:
            return False
        if plan.obstacle is Obstacle.OVERHANG:
            return plan.size < self.zone.max_height
        return plan.size > self.zone.min_height

    def observe(
        self,
        index: int,
        obstacles: np.ndarray | None,
        scan: Scan | None = None,
    ) -> Moment:
        """Take the outputs of a frame and return what they lead to.

        ``obstacles`` (N, 3) are in the optical frame, the ``scan`` in the gravity-aligned frame at
        the lens, x in the direction of view; each None where none came.
        """
        drive, now = self.drive, self.drive.time(index)
        robot = drive.robot(index)
        self.costmap.centre_on(*robot.translation[:2])
        if scan is not None:
            lens = Transform(np.eye(3), drive.camera.translation)
            self.costmap.clear(scan, robot @ lens, self.clearing)
        if obstacles is not None:
            self.costmap.mark(obstacles, drive.pose(index), self.marking)
            self._monitor.receive(obstacles, drive.camera, now)
        moment = Moment(
            now,
            drive.distance(index),
            drive.phase(index),
            self._monitor.stops(now),
            self._holds_obstacle(index),
        )
        self.moments.append(moment)
        return moment

    def figures(self) -> DriveFigures:
        """Return how the drive went so far."""
        return drive_figures(self.moments, self.zone, self.in_the_way)

    def _holds_obstacle(self, index: int) -> bool:
        """Return whether the costmap has an obstacle where the drive's one stands."""
        distance = self.drive.distance(index)
        if distance is None:
            return False
        x, y = (self.costmap.occupied() - self.drive.robot(index).translation[:2]).T
        face = x - distance
        inside = (face >= FACE[0]) & (face <= FACE[1]) & (np.abs(y) <= self.zone.half_width)
        return bool(inside.any())

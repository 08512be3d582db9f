# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A stop zone that follows the rules of nav2's collision monitor, and what a drive made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from depth_anything_ros.data.drive import Phase
from depth_anything_ros.evaluation.costmap import finite_points
from depth_anything_ros.geometry.transform import Transform


@dataclass(frozen=True)
class StopZone:
    """A rectangle ahead of the robot, and what makes it stop; nav2_collision_monitor's defaults.

    ``ahead`` and ``half_width`` (m) bound it in the robot's frame, from its origin on. Points from
    ``min_height`` to ``max_height`` (m) count, ``min_points`` of them stop. Without a cloud for
    ``source_timeout`` seconds the robot stops too.
    """

    ahead: float = 1.0
    half_width: float = 0.3
    min_height: float = 0.05
    max_height: float = 0.5
    min_points: int = 4
    source_timeout: float = 2.0


class CollisionMonitor:
    """Say whether the robot must stop, by the newest cloud of one source."""

    def __init__(self, zone: StopZone) -> None:
        self.zone = zone
        self._stamp: float | None = None
        self._inside = 0

    def receive(self, points: np.ndarray, sensor: Transform, stamp: float) -> None:
        """Take a cloud (N, 3) of the sensor's frame, which ``sensor`` places in the robot's.

        ``stamp`` is in seconds. Points that are not finite do not count.
        """
        zone, body = self.zone, sensor.apply(finite_points(points))
        x, y, z = body.T
        inside = (x >= 0) & (x <= zone.ahead) & (np.abs(y) <= zone.half_width)
        inside &= (z >= zone.min_height) & (z <= zone.max_height)
        self._inside, self._stamp = int(inside.sum()), stamp

    def stops(self, now: float) -> bool:
        """Return whether the robot must stand at a time in seconds."""
        if self._stamp is None or now - self._stamp > self.zone.source_timeout:
            return True
        return self._inside >= self.zone.min_points


@dataclass(frozen=True)
class Moment:
    """What was true and what was decided at one frame of a drive.

    ``time`` is in seconds, ``distance`` that to the obstacle's face in metres, None where there is
    none. ``mapped`` says whether the costmap holds the obstacle.
    """

    time: float
    distance: float | None
    phase: Phase
    stopped: bool
    mapped: bool

    def within(self, distance: float) -> bool:
        """Return whether the obstacle is there and at most so many metres away."""
        return self.distance is not None and self.distance <= distance


@dataclass(frozen=True)
class DriveFigures:
    """How a drive went. None is what did not happen, or what the drive has no occasion for.

    ``mapped_at``: distance (m) at which the costmap first held the obstacle; ``kept_share``: share
    of the frames from then on, while it stood there, in which it did. ``stopped_at``: distance
    (m) of the first stop that had a reason. ``time_to_stop``: seconds from the obstacle's entry
    into the zone to the stop. ``hold_share``: share of the frames from that stop on, with the
    obstacle there, that were stopped. ``time_to_resume``: seconds from its removal to the last
    stop's end. ``false_stop_share``: share of the frames without reason that were stopped.
    """

    mapped_at: float | None
    kept_share: float | None
    stopped_at: float | None
    time_to_stop: float | None
    hold_share: float | None
    time_to_resume: float | None
    false_stop_share: float


def drive_figures(
    moments: Sequence[Moment], zone: StopZone, must_stop: bool = True, slack: float = 0.1
) -> DriveFigures:
    """Sum up a drive. A stop has a reason within ``slack`` metres of the zone's far edge.

    ``must_stop`` is False for an obstacle that the robot fits under: then no stop has a reason.
    After the obstacle is gone the seconds to resume are counted, and no false stops.
    """
    there = [m for m in moments if m.distance is not None]
    reason = [m for m in there if must_stop and m.within(zone.ahead + slack)]
    entered = next((m for m in reason if m.within(zone.ahead)), None)
    stop = next((m for m in reason if m.stopped), None)
    mapped = next((m for m in there if m.mapped), None)
    gone = [m for m in moments if m.phase is Phase.GONE]
    calm = [m for m in moments if m not in reason and m.phase is not Phase.GONE]
    return DriveFigures(
        mapped_at=mapped.distance if mapped else None,
        kept_share=_share([m.mapped for m in there if mapped and m.time >= mapped.time]),
        stopped_at=stop.distance if stop else None,
        time_to_stop=max(0.0, stop.time - entered.time) if stop and entered else None,
        hold_share=_share([m.stopped for m in reason if stop and m.time >= stop.time]),
        time_to_resume=_time_to_resume(gone) if stop else None,
        false_stop_share=_share([m.stopped for m in calm]) or 0.0,
    )


def _share(flags: Sequence[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None


def _time_to_resume(gone: Sequence[Moment]) -> float | None:
    """Return the seconds until no frame stops any more, None where the last one still does."""
    if not gone or gone[-1].stopped:
        return None
    last = max((i for i, m in enumerate(gone) if m.stopped), default=-1)
    return gone[last + 1].time - gone[0].time

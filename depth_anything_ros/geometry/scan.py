# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A horizontal scan from a tilted camera's depth, as sensor_msgs/LaserScan and REP 117 mean it.

Each pixel's ray crosses the height band between two depths, ``enter`` and ``leave``, which the
camera's pose says; ``leave`` is no farther than range_max. So a pixel tells one of three things:
a surface between the two is an obstacle, one behind ``leave`` shows that the band is free along
this ray, and one before ``enter`` hides it, as a pixel without depth does.

A beam without obstacle is free, +Inf, only if all of the band's height at range_max is in the
picture there, and nearly all rays in it that cross the band have been seen to do so; the rays that
do so at range_max count once more for themselves. All else is NaN. So a camera that looks down so
far that it sees less of the band at range_max claims nothing free: choose a lower max_height or a
shorter range_max for it. Below the picture, near the robot, a beam says nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from depth_anything_ros.geometry.beams import BeamMap, beam_map, half_widths
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.rays import Rays, rays_of
from depth_anything_ros.geometry.transform import Transform

UNSEEN_SHARE = 0.1
"""Of the rays that a free beam needs, how many may be unknown: single pixels, thin edges."""

CACHED = 8
"""Poses and cameras, with their settings, whose beams are kept."""

FAR = 32
"""Bits of the count of all rays; that of the rays seen at range_max stands above them."""

LEVEL_RAY = 1e-12


class ScanError(ValueError):
    """Settings or depth of which no scan can be made."""


@dataclass(frozen=True)
class ScanSettings:
    """What a scan sees: heights above the ground and ranges in metres, the angle in radians.

    Raises ScanError for what cannot be.
    """

    min_height: float = 0.1
    max_height: float = 1.0
    angle_increment: float = 0.0087
    range_min: float = 0.1
    range_max: float = 8.0

    def __post_init__(self) -> None:
        """Refuse numbers that leave nothing, or mean nothing."""
        for name, value in vars(self).items():
            if not math.isfinite(value):
                raise ScanError(f'{name} is {value!r}: give a finite number')
        if self.min_height >= self.max_height:
            raise ScanError(
                f'max_height is {self.max_height!r}: give more than min_height, {self.min_height!r}'
            )
        if not 0 <= self.range_min < self.range_max:
            raise ScanError(
                f'range_min is {self.range_min!r}, range_max is {self.range_max!r}: give 0 or '
                'more, and more than that'
            )
        if not 0 < self.angle_increment <= math.pi / 2:
            raise ScanError(f'angle_increment is {self.angle_increment!r}: give radians above 0')


@dataclass(frozen=True)
class Scan:
    """Beams from right to left, at ``angle_min`` + i ``angle_increment`` radians about up.

    Angle 0 is the direction of view. ``ranges`` (n,) float32 are metres along the ground from the
    lens to the nearest obstacle; -Inf: one nearer than range_min; +Inf: seen to be free up to
    range_max; NaN: unknown (REP 117).
    """

    ranges: Tensor
    angle_min: float
    angle_increment: float


def scan_angles(
    intrinsics: Intrinsics, camera: Transform, settings: ScanSettings
) -> tuple[float, int]:
    """Return angle_min in radians and the number of beams of a rectified camera's scans.

    They span all that the picture shows, for a tilted camera its lower corners too. Angles are
    whole multiples of the increment, so that one beam looks straight ahead.
    """
    way = _way(rays_of(intrinsics), _key(camera), float(camera.translation[2]), settings)
    return way.beams.first * settings.angle_increment, way.beams.count


def make_scan(
    points: Tensor,
    far: Tensor,
    rays: Rays,
    camera: Transform,
    settings: ScanSettings,
    close: Tensor | None = None,
) -> Scan:
    """Return the scan of points (H, W, 3) float32, metres in the optical frame, NaN unknown.

    ``far`` (H, W) bool are the pixels that see nothing within reach, depth +Inf, and ``rays`` are
    those the points were made with. ``camera`` takes the optical frame into a level one whose
    plane z = 0 is the ground (``camera_on_ground``). The scan's own frame is level too, x forward,
    y left, z up, with its origin at the lens.

    ``close`` (H, W) bool are the pixels too close to tell how near, depth -Inf. What they see is
    about as high as the lens: a beam with one of them is -Inf where the lens is in the band, else
    they are unknown. Raises ScanError for sizes that do not agree.
    """
    size = rays.slopes.shape[1:]
    if points.shape != (*size, 3) or far.shape != size or close is not None and close.shape != size:
        raise ScanError(
            f'points are {tuple(points.shape)}, far is {tuple(far.shape)}, the rays are for '
            f'{tuple(size)}: give those of one picture'
        )
    lens = float(camera.translation[2])
    way = _way(rays, _key(camera), lens, settings)
    depth = points[..., 2].contiguous()
    passed = (depth > way.leave) | far
    # A comparison with NaN is false.
    inside = (depth >= way.enter) & (depth <= way.leave)
    near = torch.where(inside, depth * way.reach, torch.inf)
    if close is not None and settings.min_height <= lens <= settings.max_height:
        near.masked_fill_(close, -torch.inf)
    nearest = way.beams.least(near)
    unseen = way.beams.total(way.needed * ~passed)
    ranges = torch.where(_few(unseen, way.allowed), torch.inf, torch.nan)
    ranges = torch.where(nearest < torch.inf, nearest, ranges)
    ranges.masked_fill_(nearest < settings.range_min, -torch.inf)
    return Scan(ranges, way.beams.first * settings.angle_increment, settings.angle_increment)


@dataclass(frozen=True, eq=False)
class _Way:
    """What the rays of a picture (H, W) do in the height band.

    ``enter`` and ``leave`` are depths, ``reach`` is the distance along the ground of a surface at
    depth 1. ``needed``, int64, is what a ray counts for a free beam (see FAR), and ``allowed`` (n,)
    are how many of all rays and of those at range_max may be unseen, -1 where a beam can never be
    free.
    """

    beams: BeamMap
    enter: Tensor
    leave: Tensor
    reach: Tensor
    needed: Tensor
    allowed: tuple[Tensor, Tensor]


def _key(camera: Transform) -> tuple[float, ...]:
    return tuple(camera.rotation.ravel().tolist())


@lru_cache(maxsize=CACHED)
def _way(rays: Rays, rotation: tuple[float, ...], lens: float, settings: ScanSettings) -> _Way:
    """Return what depends on the pose of the camera, whose lens is that high, and not on depth."""
    x, y = rays.slopes
    ahead, left, up = (
        a * x + b * y + c for a, b, c in (rotation[0:3], rotation[3:6], rotation[6:9])
    )
    reach = torch.hypot(ahead, left)
    up = torch.where(up == 0, LEVEL_RAY, up)
    bottom, top = (settings.min_height - lens) / up, (settings.max_height - lens) / up
    enter = torch.minimum(bottom, top).clamp_(min=0)
    leave = torch.minimum(torch.maximum(bottom, top), settings.range_max / reach)
    crosses = enter < leave
    beams = beam_map(ahead, left, settings.angle_increment)

    rise = up / reach
    half = half_widths(rise)
    lowest, highest = (
        (height - lens) / settings.range_max
        for height in (settings.min_height, settings.max_height)
    )
    at_end = (rise + half >= lowest) & (rise - half <= highest)
    there = beams.only(at_end)
    ends = [there.least(values) for values in (rise - half, -rise - half, beams.right, -beams.left)]
    centres = beams.angles()
    whole = (ends[0] <= lowest) & (-ends[1] >= highest)
    whole &= (ends[2] <= centres) & (-ends[3] >= centres)
    needed = crosses.long() + (crosses & at_end).long() * (1 << FAR)
    every, far = _parts(beams.total(needed))
    whole &= far > 0
    allowed = [torch.where(whole, count * UNSEEN_SHARE, -1.0) for count in (every, far)]
    return _Way(beams, enter, leave, reach, needed, (allowed[0], allowed[1]))


def _parts(counts: Tensor) -> tuple[Tensor, Tensor]:
    """Return the counts of all rays and of those seen at range_max."""
    return counts & ((1 << FAR) - 1), counts >> FAR


def _few(unseen: Tensor, allowed: tuple[Tensor, Tensor]) -> Tensor:
    """Return which beams are free as far as rays were seen."""
    every, far = _parts(unseen)
    return (every <= allowed[0]) & (far <= allowed[1])

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The plane of the ground, where it is not the one that the camera's pose says."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from depth_anything_ros.geometry.transform import Transform

LEAST_POINTS = 30
"""Points below the lens without which no plane is looked for."""

ROUNDS = 3
"""Least-squares fits, each on the points that the last one has near it."""

LEVELS = 3
"""Planes, each below the last, that are tried: a table, a bench under it, the floor."""


class GroundError(ValueError):
    """A plane, or settings to look for one, that cannot be."""


@dataclass(frozen=True)
class GroundPlane:
    """A plane of the level frame: a point p is normal . p + offset metres above it.

    ``normal`` (3,) float64 has length 1 and points up. Raises GroundError for one of another
    length.
    """

    normal: np.ndarray
    offset: float

    def __post_init__(self) -> None:
        """Refuse what is no plane."""
        normal = np.asarray(self.normal, np.float64)
        if normal.shape != (3,) or not abs(np.linalg.norm(normal) - 1) < 1e-4:
            raise GroundError(f'normal is {normal.tolist()}: give a vector of length 1')
        if not math.isfinite(self.offset):
            raise GroundError(f'offset is {self.offset!r}: give metres')
        object.__setattr__(self, 'normal', normal)

    @classmethod
    def level(cls) -> GroundPlane:
        """Return z = 0, the ground that a camera's pose says."""
        return cls(np.array([0.0, 0.0, 1.0]), 0.0)

    def seen_from(self, camera: Transform) -> tuple[np.ndarray, float]:
        """Return normal and offset in the optical frame that ``camera`` takes into the level one.

        The offset is how high the lens is above the plane.
        """
        normal = camera.rotation.T @ self.normal
        return normal, float(self.normal @ camera.translation + self.offset)


@dataclass(frozen=True)
class GroundSearch:
    """What counts as the ground.

    A point within ``tolerance`` metres of a plane, and ``tolerance_per_metre`` more for every metre
    from the lens, lies on it. The plane leans at most ``max_angle`` radians, is at the lens at most
    ``max_offset`` metres off the ground that the pose says, and holds at least ``min_share`` of the
    points that are below the lens and within ``max_range`` metres. About ``points`` of them are
    looked at, and ``trials`` planes through three, drawn from ``seed``.
    """

    tolerance: float = 0.02
    tolerance_per_metre: float = 0.02
    max_angle: float = 0.26
    max_offset: float = 0.25
    min_share: float = 0.2
    max_range: float = 10.0
    points: int = 600
    trials: int = 128
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what finds nothing or all."""
        for name in ('tolerance', 'max_offset', 'max_range'):
            if not 0 < getattr(self, name) < math.inf:
                raise GroundError(f'{name} is {getattr(self, name)!r}: give metres above 0')
        if not 0 <= self.tolerance_per_metre < math.inf:
            raise GroundError(
                f'tolerance_per_metre is {self.tolerance_per_metre!r}: give 0 or more'
            )
        if not 0 < self.max_angle < math.pi / 2:
            raise GroundError(f'max_angle is {self.max_angle!r}: give radians in (0, pi/2)')
        if not 0 < self.min_share <= 1:
            raise GroundError(f'min_share is {self.min_share!r}: give a share in (0, 1]')
        if self.points < LEAST_POINTS or self.trials < 1:
            raise GroundError(
                f'{self.points} points and {self.trials} trials are too few: give at least '
                f'{LEAST_POINTS} and 1'
            )


@dataclass(frozen=True)
class GroundFit:
    """The ground that was found, or None and the reason.

    ``inlier_share`` is the share of the points looked at, those below the lens and within range,
    that lie on the plane; without a plane, on the best there was.
    """

    plane: GroundPlane | None
    inlier_share: float
    reason: str = ''


def fit_ground_plane(
    points: Tensor | np.ndarray, camera: Transform, search: GroundSearch | None = None
) -> GroundFit:
    """Find the ground in points (N, 3) or (H, W, 3) of the optical frame, in metres.

    ``camera`` takes them into the level frame; its height may be wrong by ``max_offset``. A table
    that hides the floor is farther off, so that it is not taken for the ground but an obstacle.
    What is not finite is passed over. Consensus of planes through three points (Fischler
    and Bolles, 1981), then least squares, weighted by tolerance. Of several large planes the lowest
    is the ground: no table top, where ``min_share`` of what is seen is floor, but also no landing
    with so much of a lower floor in view. Points on a GPU are waited for.
    """
    search = search or GroundSearch()
    up, lens = camera.rotation[2].astype(np.float32), float(camera.translation[2])
    seen = _sample(points, up, search)
    if len(seen) < LEAST_POINTS:
        return GroundFit(None, 0.0, f'{len(seen)} points are below the lens and within range')
    tolerance = search.tolerance + search.tolerance_per_metre * np.linalg.norm(seen, axis=1)
    rng = np.random.default_rng(search.seed)
    least = max(LEAST_POINTS, search.min_share * len(seen))
    ground, share, left = None, 0.0, np.arange(len(seen))
    for _ in range(LEVELS):
        plane = _consensus(seen[left], tolerance[left], up, lens, search, rng)
        if plane is None:
            break
        plane, heights = _refined(plane, seen, tolerance, up, search)
        if abs(plane[3] - lens) > search.max_offset:
            break
        held = np.count_nonzero(np.abs(heights) <= tolerance)
        if ground is None or held >= least:
            share = float(held / len(seen))
        if held < least:
            break
        ground = plane
        # What lies clearly below may be a plane as well.
        left = np.flatnonzero(heights < -2 * tolerance)
        if len(left) < least:
            break
    if ground is None:
        return GroundFit(
            None,
            share,
            f'no level plane within {search.max_offset:g} m of the ground by the pose holds '
            f'{search.min_share:.0%} of what is below the lens',
        )
    normal = camera.rotation @ ground[:3]
    offset = float(ground[3] - normal @ camera.translation)
    return GroundFit(GroundPlane(normal, offset), share)


def _sample(points: Tensor | np.ndarray, up: np.ndarray, search: GroundSearch) -> np.ndarray:
    """Return the points (N, 3) float32 that may be ground, at most as many as asked for."""
    # Twice as many as wanted are drawn, as about half of a picture is above the lens.
    total, wanted = math.prod(points.shape[:-1]), 2 * search.points
    if points.ndim == 3:
        step = max(1, int(math.sqrt(total / wanted)))
        points = points[step // 2 :: step, step // 2 :: step]
    else:
        points = points[:: max(1, total // wanted)]
    seen = points.cpu().numpy() if isinstance(points, Tensor) else points
    seen = seen.reshape(-1, 3).astype(np.float32, copy=False)
    # Comparisons with what is not finite are false, or leave it to the other one.
    with np.errstate(invalid='ignore'):
        likely = (seen @ up < 0) & (np.einsum('ij,ij->i', seen, seen) <= search.max_range**2)
    seen = seen[likely]
    if len(seen) > search.points:
        seen = seen[np.linspace(0, len(seen) - 1, search.points).astype(np.intp)]
    return seen


def _consensus(
    points: np.ndarray,
    tolerance: np.ndarray,
    up: np.ndarray,
    lens: float,
    search: GroundSearch,
    rng: np.random.Generator,
) -> np.ndarray | None:
    """Return the plane through three points (normal, offset) that most of the points are on.

    ``lens`` is how high the lens is by the pose, which the offset is by the plane.
    """
    corners = points[rng.integers(0, len(points), (search.trials, 3))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    rises = normals @ up
    level = np.abs(rises) > math.cos(search.max_angle) * np.maximum(lengths, 1e-6)
    normals = normals[level] / np.copysign(lengths, rises)[level, None]
    offsets = -np.einsum('ij,ij->i', normals, corners[level, 0])
    near = np.abs(offsets - lens) <= search.max_offset
    if not near.any():
        return None
    normals, offsets = normals[near], offsets[near]
    heights = normals @ points.T + offsets[:, None]
    counts = np.count_nonzero(np.abs(heights, out=heights) <= tolerance, axis=1)
    best = int(np.argmax(counts))
    return np.append(normals[best], offsets[best]).astype(np.float64)


def _refined(
    plane: np.ndarray,
    points: np.ndarray,
    tolerance: np.ndarray,
    up: np.ndarray,
    search: GroundSearch,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the least-squares plane of the points near a plane, and all heights above it."""
    heights = points @ plane[:3] + plane[3]
    for _ in range(ROUNDS):
        near = np.abs(heights) <= tolerance
        if np.count_nonzero(near) < LEAST_POINTS:
            break
        weights = 1 / np.square(tolerance[near], dtype=np.float64)
        centre = weights @ points[near] / weights.sum()
        spread = points[near] - centre
        # The normal is the direction in which the points vary least.
        _, axes = np.linalg.eigh((spread * weights[:, None]).T @ spread)
        normal = axes[:, 0] * np.sign(axes[:, 0] @ up)
        if normal @ up < math.cos(search.max_angle):
            break
        plane = np.append(normal, -normal @ centre)
        heights = points @ normal + plane[3]
    return plane / np.linalg.norm(plane[:3]), heights

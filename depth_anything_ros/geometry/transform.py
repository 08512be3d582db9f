# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rigid transforms between the frames of REP 103: body (x forward, y left, z up) and optical."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

OPTICAL_TO_BODY = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""Rotation of optical axes (x right, y down, z forward) into body axes, REP 103."""

SHORTEST = 1e-6
STRAIGHT_DOWN = 1e-3
"""Horizontal share of the view below which a camera has no forward direction."""


class TransformError(ValueError):
    """Numbers that describe no rigid transform."""


@dataclass(frozen=True)
class Transform:
    """Where a child frame is in its parent: p_parent = rotation @ p_child + translation.

    ``rotation`` is (3, 3) and ``translation`` (3,), in metres, both float64. Raises TransformError
    for other shapes, numbers that are not finite, and a matrix that is no rotation.
    """

    rotation: np.ndarray
    translation: np.ndarray

    def __post_init__(self) -> None:
        """Refuse what is no rigid transform."""
        rotation = np.asarray(self.rotation, np.float64)
        translation = np.asarray(self.translation, np.float64)
        if rotation.shape != (3, 3) or translation.shape != (3,):
            raise TransformError(
                f'a transform has a rotation (3, 3) and a translation (3,), not {rotation.shape} '
                f'and {translation.shape}'
            )
        if not (np.isfinite(rotation).all() and np.isfinite(translation).all()):
            raise TransformError(f'{rotation.tolist()}, {translation.tolist()} is not finite')
        straight = np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6)
        if not straight or np.linalg.det(rotation) < 0:
            raise TransformError(f'{rotation.tolist()} is no rotation: its axes must be at right '
                                 'angles, of length 1 and right-handed')  # fmt: skip
        object.__setattr__(self, 'rotation', rotation)
        object.__setattr__(self, 'translation', translation)

    @classmethod
    def identity(cls) -> Transform:
        """Return the transform that changes nothing."""
        return cls(np.eye(3), np.zeros(3))

    @classmethod
    def from_quaternion(cls, xyzw: Sequence[float], translation: Sequence[float]) -> Transform:
        """Make a transform of a quaternion (x, y, z, w), as geometry_msgs has it, normalised here.

        Raises TransformError for a quaternion without length, as an unset message has.
        """
        quaternion = np.asarray(xyzw, np.float64)
        length = np.linalg.norm(quaternion) if quaternion.shape == (4,) else 0.0
        if not SHORTEST < length < np.inf:
            raise TransformError(f'quaternion {list(xyzw)} is no rotation: give x, y, z, w')
        x, y, z, w = quaternion / length
        rotation = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
        return cls(rotation, np.asarray(translation, np.float64))

    @classmethod
    def from_euler(
        cls, roll: float, pitch: float, yaw: float, translation: Sequence[float] = (0.0, 0.0, 0.0)
    ) -> Transform:
        """Make a transform of rotations about the fixed axes x, y, z, in radians (REP 103).

        A positive pitch turns the x axis of a body frame down.
        """
        cr, sr = math.cos(roll), math.sin(roll)
        cp, sp = math.cos(pitch), math.sin(pitch)
        cy, sy = math.cos(yaw), math.sin(yaw)
        about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
        about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
        about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
        return cls(about_z @ about_y @ about_x, np.asarray(translation, np.float64))

    def __matmul__(self, inner: Transform) -> Transform:
        """Return the transform of ``inner``'s child into this one's parent."""
        return Transform(
            self.rotation @ inner.rotation, self.rotation @ inner.translation + self.translation
        )

    def inverse(self) -> Transform:
        """Return where the parent is in the child."""
        return Transform(self.rotation.T, -self.rotation.T @ self.translation)

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Return (..., 3) points of the child frame in the parent frame, in their own dtype."""
        rotation, translation = (a.astype(points.dtype) for a in (self.rotation, self.translation))
        return points @ rotation.T + translation


def quaternion_of(rotation: np.ndarray) -> tuple[float, float, float, float]:
    """Return a rotation (3, 3) as a quaternion (x, y, z, w) of length 1 with w >= 0.

    The eigenvector of Bar-Itzhack's matrix (J. Guidance 23(6), 2000): sound for every rotation.
    """
    r = rotation
    k = np.array(
        [
            [r[0, 0] - r[1, 1] - r[2, 2], 0, 0, 0],
            [r[1, 0] + r[0, 1], r[1, 1] - r[0, 0] - r[2, 2], 0, 0],
            [r[2, 0] + r[0, 2], r[2, 1] + r[1, 2], r[2, 2] - r[0, 0] - r[1, 1], 0],
            [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], np.trace(r)],
        ]
    )
    _, vectors = np.linalg.eigh(k)  # reads the lower triangle alone
    x, y, z, w = (float(v) for v in vectors[:, -1])
    return (x, y, z, w) if w >= 0 else (-x, -y, -z, -w)


def camera_on_ground(height: float, roll: float = 0.0, pitch: float = 0.0) -> Transform:
    """Return where a camera's optical frame is in a level frame on the ground below it.

    ``height`` is that of the lens in metres; a positive ``pitch`` looks down and a positive
    ``roll`` leans to the right, in radians. The level frame is gravity-aligned: x horizontal in
    the direction of view, y left, z up, its origin on the ground.
    """
    body = Transform.from_euler(roll, pitch, 0.0, (0.0, 0.0, height))
    return body @ Transform(OPTICAL_TO_BODY, np.zeros(3))


def camera_under(up: np.ndarray, height: float) -> Transform:
    """Return the same as ``camera_on_ground`` from where up is, (3,) in the optical frame.

    A camera that looks straight down or up has its forward direction from the top or bottom edge
    of the picture. Raises TransformError for an ``up`` without length.
    """
    length = np.linalg.norm(up)
    if not SHORTEST < length < np.inf:
        raise TransformError(f'up is {np.asarray(up).tolist()}: give a direction')
    z = np.asarray(up, np.float64) / length
    view = np.array([0.0, 0.0, 1.0])
    forward = view - (view @ z) * z
    if np.linalg.norm(forward) < STRAIGHT_DOWN:
        # Looking down, what is ahead is at the top of the picture; looking up, at the bottom.
        forward = np.array([0.0, np.sign(view @ z), 0.0])
        forward = forward - (forward @ z) * z
    x = forward / np.linalg.norm(forward)
    return Transform(np.stack((x, np.cross(z, x), z)), np.array([0.0, 0.0, height]))


def levelled(camera: Transform) -> Transform:
    """Return a camera's pose in the level frame below it from its pose in a level base frame.

    ``camera`` takes the optical frame into a frame whose z axis is up and whose plane z = 0 is the
    ground, such as base_footprint (REP 120).
    """
    return camera_under(camera.rotation[2], float(camera.translation[2]))

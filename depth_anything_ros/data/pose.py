# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a camera stands and how it looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pose:
    """A camera in the world: position (m), then yaw, pitch (down is positive) and roll in radians.

    ``fov`` is the field of view along the picture's diagonal in radians.
    """

    position: np.ndarray
    yaw: float
    pitch: float
    roll: float
    fov: float

    def rotation(self) -> np.ndarray:
        """Return the 3 x 3 matrix whose columns are the optical axes x, y, z in the world."""
        cy, sy, cp, sp = np.cos(self.yaw), np.sin(self.yaw), np.cos(self.pitch), np.sin(self.pitch)
        forward = np.array([cp * cy, cp * sy, -sp])
        right = np.array([sy, -cy, 0.0])
        down = np.cross(forward, right)
        cr, sr = np.cos(self.roll), np.sin(self.roll)
        return np.stack((cr * right + sr * down, cr * down - sr * right, forward), axis=1)


def random_lens(rng: np.random.Generator, low: float = 50, high: float = 95) -> float:
    """Draw a diagonal field of view in radians between two in degrees."""
    return float(np.deg2rad(rng.uniform(low, high)))


def random_roll(rng: np.random.Generator) -> float:
    """Draw a roll in radians: mostly nearly level."""
    return float(rng.normal(0, 0.03 if rng.random() < 0.7 else 0.15))

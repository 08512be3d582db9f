# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The plane of the ground, where it is not the one that the camera's pose says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class GroundPlane:
    """A plane of the level frame: a point p is normal . p + offset metres above it.

    ``normal`` (3,) float64 has length 1 and points up.
    """

    normal: np.ndarray
    offset: float

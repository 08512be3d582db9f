# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a reference sensor is, as parameter scale.extrinsics tells it."""

from __future__ import annotations

import numpy as np

from depth_anything_ros.geometry.transform import OPTICAL_TO_BODY, Transform, TransformError


def extrinsics_from(text: str) -> Transform | None:
    """Read parameter scale.extrinsics, 'x y z roll pitch yaw'; None for an empty one.

    The numbers (m, rad) place the sensor's frame in the camera's body axes (x forward, y left, z
    up); the result places it in the optical frame. Raises TransformError.
    """
    if not text.strip():
        return None
    try:
        x, y, z, roll, pitch, yaw = numbers = [float(p) for p in text.replace(',', ' ').split()]
        if not np.isfinite(numbers).all():
            raise ValueError('not finite')
    except ValueError as error:
        raise TransformError(
            f"scale.extrinsics is {text[:100]!r}: give six numbers, 'x y z roll pitch yaw'"
        ) from error
    in_body = Transform.from_euler(roll, pitch, yaw, (x, y, z))
    return Transform(OPTICAL_TO_BODY.T, np.zeros(3)) @ in_body

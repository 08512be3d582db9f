# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pinhole intrinsics of one picture size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real


class IntrinsicsError(ValueError):
    """Intrinsics that describe no pinhole camera."""


@dataclass(frozen=True)
class Intrinsics:
    """A pinhole camera: picture size, focal lengths and principal point, all in pixels.

    A point (X, Y, Z) of the optical frame (REP 103: x right, y down, z forward) is seen at
    (fx X/Z + cx, fy Y/Z + cy), where (0, 0) is the centre of the upper left pixel, as
    image_geometry and depth_image_proc count. Raises IntrinsicsError for a size that is no
    positive integer, a focal length that is not finite and above 0, or a principal point that is
    not finite.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        """Refuse what describes no camera."""
        for name in ('width', 'height'):
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value <= 0:
                raise IntrinsicsError(f'{name} is {value!r}: give a positive number of pixels')
        for name in ('fx', 'fy', 'cx', 'cy'):
            value = getattr(self, name)
            if not isinstance(value, Real) or not math.isfinite(value):
                raise IntrinsicsError(f'{name} is {value!r}: give a finite number of pixels')
            if name.startswith('f') and value <= 0:
                raise IntrinsicsError(
                    f'{name} is {value!r}: a focal length is above 0 (0 means uncalibrated)'
                )

    @classmethod
    def from_fov(cls, width: int, height: int, horizontal_fov_rad: float) -> Intrinsics:
        """Make the intrinsics of square pixels from a horizontal field of view in radians.

        The principal point is (width/2, height/2), as simulators and most drivers without a
        calibration give it; it stays the middle under ``scaled``. Raises IntrinsicsError for a
        field of view outside (0, pi).
        """
        if not 0.0 < horizontal_fov_rad < math.pi:
            raise IntrinsicsError(
                f'the horizontal field of view is {horizontal_fov_rad!r} rad: '
                'give radians between 0 and pi (60 degrees are 1.047)'
            )
        focal = width / 2 / math.tan(horizontal_fov_rad / 2)
        return cls(width, height, focal, focal, width / 2, height / 2)

    def scaled(self, width: int, height: int) -> Intrinsics:
        """Return the intrinsics of the same picture resized to width x height.

        Plain ratios, fx and cx by width, fy and cy by height, as image_proc's resize node does.
        """
        x, y = width / self.width, height / self.height
        return Intrinsics(width, height, self.fx * x, self.fy * y, self.cx * x, self.cy * y)

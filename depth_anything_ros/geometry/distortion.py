# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a lens does to straight lines: the distortion models of sensor_msgs/CameraInfo.

All work on normalised coordinates, x / z and y / z of the optical frame, in float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from numbers import Real

import numpy as np

COUNTS = {'plumb_bob': (4, 5), 'rational_polynomial': (8, 12, 14), 'equidistant': (4,)}
"""How many coefficients each model of sensor_msgs/distortion_models.hpp takes."""

WIDEST = math.radians(85.0)
"""Angle off the optical axis from which a ray is unknown: x / z grows without bound there."""

TOLERANCE = 1e-9
"""Largest error of an undistorted ray, distorted again; 1e-6 pixels and less for any camera."""

ITERATIONS = 30
STEP = 1e-6
SAMPLES = 4096


class DistortionError(ValueError):
    """A distortion model that is not known, or coefficients that it cannot have."""


@dataclass(frozen=True)
class Distortion:
    """A lens: the name of its model and the coefficients, in CameraInfo's (OpenCV's) order.

    plumb_bob: k1 k2 p1 p2 [k3]; rational_polynomial: k1 k2 p1 p2 k3 k4 k5 k6, then the thin prism
    s1 s2 s3 s4 and the tilt of the sensor tx ty where there are 12 or 14; equidistant: k1 k2 k3 k4
    of a fisheye (Kannala and Brandt 2006). No coefficients, whatever the model but equidistant,
    are no distortion. Raises DistortionError.
    """

    model: str = ''
    coefficients: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what describes no lens."""
        values = tuple(self.coefficients)
        for value in values:
            if not isinstance(value, Real) or not math.isfinite(value):
                raise DistortionError(f'D holds {value!r}: give finite coefficients')
        object.__setattr__(self, 'coefficients', tuple(float(value) for value in values))
        if self.model not in ('', *COUNTS):
            raise DistortionError(
                f'distortion_model is {self.model!r}: {", ".join(COUNTS)} are known; rectify the '
                'image with its own driver'
            )
        if not values and self.model != 'equidistant':
            return
        if len(values) not in COUNTS.get(self.model, (0,)):
            wanted = ' or '.join(str(count) for count in COUNTS.get(self.model, (0,)))
            raise DistortionError(
                f'D has {len(values)} coefficients, distortion_model {self.model!r} takes {wanted}'
            )

    @property
    def is_none(self) -> bool:
        """Whether rays stay as they are: a polynomial with zeros only, or no coefficients."""
        return self.model != 'equidistant' and not any(self.coefficients)

    def distort(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where the lens puts rays (x, y), of any shape; NaN where it cannot see them.

        That is 85 degrees and more off the axis, and from where the model folds back: the
        polynomials of a calibration turn round somewhere outside the picture, and would bring
        what is beside the camera back into it.
        """
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        seen = np.hypot(x, y) < _reach(self)
        x, y = np.where(seen, x, np.nan), np.where(seen, y, np.nan)
        return (x, y) if self.is_none else _distorted(self, x, y)

    def undistort(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the rays that the lens puts at (x, y), of any shape; NaN where there is none.

        Newton's method, on the angle for equidistant and on x and y for the others. The result,
        distorted, is within 1e-9 of the given.
        """
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        if self.model == 'equidistant':
            return self._undistorted_fisheye(x, y)
        reach = _reach(self)
        with np.errstate(invalid='ignore', divide='ignore', over='ignore'):
            shrink = np.minimum(1.0, 0.999 * reach / np.maximum(np.hypot(x, y), 1e-300))
            u, v = x * shrink, y * shrink
            if self.is_none:
                u, v = x, y
            else:
                for _ in range(ITERATIONS):
                    u, v, change = self._newton_step(u, v, x, y)
                    if not change > TOLERANCE / 100:
                        break
            a, b = _distorted(self, u, v)
            good = (np.hypot(a - x, b - y) <= TOLERANCE) & (np.hypot(u, v) < reach)
        return np.where(good, u, np.nan), np.where(good, v, np.nan)

    def _newton_step(
        self, u: np.ndarray, v: np.ndarray, x: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Return better rays (u, v) for (x, y), and the largest change."""
        a, b = _distorted(self, u, v)
        a_right, b_right = _distorted(self, u + STEP, v)
        a_left, b_left = _distorted(self, u - STEP, v)
        a_down, b_down = _distorted(self, u, v + STEP)
        a_up, b_up = _distorted(self, u, v - STEP)
        au, bu = (a_right - a_left) / (2 * STEP), (b_right - b_left) / (2 * STEP)
        av, bv = (a_down - a_up) / (2 * STEP), (b_down - b_up) / (2 * STEP)
        determinant = au * bv - av * bu
        du = ((x - a) * bv - (y - b) * av) / determinant
        dv = ((y - b) * au - (x - a) * bu) / determinant
        length = np.hypot(du, dv)
        known = length[np.isfinite(length)]
        return u + du, v + dv, float(known.max()) if known.size else 0.0

    def _undistorted_fisheye(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find the angle off the axis whose distorted angle is the length of (x, y)."""
        length = np.hypot(x, y)
        widest = math.atan(_reach(self))
        theta = np.clip(length, 0.0, widest)
        for _ in range(ITERATIONS):
            value, slope = _fisheye_angle(self.coefficients, theta)
            step = (value - length) / np.where(slope > 0, slope, np.nan)
            theta = np.clip(theta - step, 0.0, widest)
            # NumPy 1.21, which Humble's Ubuntu has, knows no nanmax of nothing.
            if not np.fmax.reduce(np.abs(step), axis=None, initial=0.0) > TOLERANCE / 100:
                break
        miss = np.abs(_fisheye_angle(self.coefficients, theta)[0] - length)
        good = (miss <= TOLERANCE) & (theta < widest)
        stretch = np.where(length > 0, np.tan(theta) / np.where(length > 0, length, 1.0), 1.0)
        stretch = np.where(good, stretch, np.nan)
        return x * stretch, y * stretch


def _fisheye_angle(
    coefficients: tuple[float, ...], theta: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the distorted angle off the axis and its derivative."""
    k1, k2, k3, k4 = coefficients
    t = theta * theta
    value = theta * (1 + t * (k1 + t * (k2 + t * (k3 + t * k4))))
    return value, 1 + t * (3 * k1 + t * (5 * k2 + t * (7 * k3 + t * 9 * k4)))


def _distorted(lens: Distortion, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the model's value, also where it has folded back."""
    if lens.model == 'equidistant':
        r = np.hypot(x, y)
        angle = _fisheye_angle(lens.coefficients, np.arctan(r))[0]
        scale = np.where(r > 0, angle / np.where(r > 0, r, 1.0), 1.0)
        return x * scale, y * scale
    k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4, tx, ty = _padded(lens)
    r2 = x * x + y * y
    top = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    scale = top / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
    xy = 2 * x * y
    a = x * scale + p1 * xy + p2 * (r2 + 2 * x * x) + r2 * (s1 + r2 * s2)
    b = y * scale + p1 * (r2 + 2 * y * y) + p2 * xy + r2 * (s3 + r2 * s4)
    if tx == 0 and ty == 0:
        return a, b
    tilt = _tilt(tx, ty)
    a, b, c = (row[0] * a + row[1] * b + row[2] for row in tilt)
    return a / c, b / c


def _padded(lens: Distortion) -> tuple[float, ...]:
    return lens.coefficients + (0.0,) * (14 - len(lens.coefficients))


def _tilt(tx: float, ty: float) -> np.ndarray:
    """Return the homography (3, 3) of a sensor tilted about x by tx and about y by ty, radians.

    The ideal image plane seen from the tilted one, along the optical axis (OpenCV's calib3d
    documentation, the model of Louhichi et al. 2007).
    """
    cx, sx, cy, sy = math.cos(tx), math.sin(tx), math.cos(ty), math.sin(ty)
    about_x = np.array([[1, 0, 0], [0, cx, sx], [0, -sx, cx]])
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    turn = about_y @ about_x
    projection = np.array([[turn[2, 2], 0, -turn[0, 2]], [0, turn[2, 2], -turn[1, 2]], [0, 0, 1]])
    return projection @ turn


@lru_cache(maxsize=64)
def _reach(lens: Distortion) -> float:
    """Return the distance from the axis, of x and y, up to which the model sees rays.

    The least of that of 85 degrees and where the radial part stops to grow.
    """
    if lens.is_none:
        return math.tan(WIDEST)
    theta = np.linspace(0.0, WIDEST, SAMPLES)
    r = np.tan(theta)
    with np.errstate(all='ignore'):
        if lens.model == 'equidistant':
            grown = _fisheye_angle(lens.coefficients, theta)[0]
        else:
            radial = Distortion(lens.model, _radial_only(lens))
            grown = _distorted(radial, r, np.zeros_like(r))[0]
    bad = np.flatnonzero(~(np.diff(grown) > 0))
    return float(r[bad[0]]) if bad.size else math.tan(WIDEST)


def _radial_only(lens: Distortion) -> tuple[float, ...]:
    k = list(lens.coefficients)
    k[2] = k[3] = 0.0
    return (*k[:8], *(0.0 for _ in k[8:]))

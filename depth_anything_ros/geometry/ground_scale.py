# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A network's scale from the floor, for a camera whose height above it is known.

A pixel with ray r = (x, y, 1) sees a floor h metres below the lens, with the unit vector n down,
at 1 / z = (n . r) / h. So on the floor a d + b = (n . r) / h, and every pixel that may show floor
is a reference for the same fit that measured points get; what is not floor is an outlier.

A wrong pitch cannot be found this way: to first order it adds a constant to n . r, as b does, so a
floor fits as well and b is wrong by the error of the pitch over h. Give pitch and roll from a
calibration, TF or an IMU; what they leave uncertain goes into the covariance. For the same
reason a table top that hides the floor is taken for it: keep the camera's view on the floor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from torch import Tensor

from depth_anything_ros.geometry.affine import (
    AffineFit,
    AffineSettings,
    NoFitError,
    fit_affine_disparity,
)
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.transform import Transform

GRID = 2400
"""Pixels looked at, about."""


@dataclass(frozen=True)
class GroundSettings:
    """What counts as floor.

    ``fit`` are the settings of the fit over likely floor pixels; ``max_range`` is how far away, in
    heights of the camera, floor is looked for. The connected floor must cover ``min_area`` of the
    picture and span the factor ``min_span`` in depth, and its root mean square relative deviation
    be at most ``max_residual``: what is no floor but within the gate is spread all over it. Of
    what is seen where floor could be, at most ``max_below`` may lie below it. ``pitch_deviation``
    is that of the given pitch, radians.
    """

    fit: AffineSettings = field(
        default_factory=lambda: AffineSettings(
            min_points=60, min_inlier_share=0.4, noise=0.05, noise_per_metre=0.0, gate=2.5
        )
    )
    max_range: float = 12.0
    min_area: float = 0.08
    min_span: float = 2.2
    max_residual: float = 0.06
    max_below: float = 0.03
    pitch_deviation: float = 0.01


def fit_ground(
    disparity: Tensor | np.ndarray,
    camera: Transform,
    intrinsics: Intrinsics,
    settings: GroundSettings | None = None,
) -> AffineFit:
    """Fit 1 / z = a d + b to the floor in a disparity (H, W).

    ``camera`` is where the optical frame is in a level frame on the ground below the lens (see
    ``camera_on_ground``), ``intrinsics`` are those of the disparity. The fit's ``inlier_share`` is
    the share of likely floor pixels that are floor. Raises NoFitError saying why there is none.
    """
    settings = settings or GroundSettings()
    height, down = float(camera.translation[2]), -camera.rotation[2]
    if not height > 0:
        raise NoFitError(f'the camera is {height:.2f} m above the ground: give a height above 0')
    if tuple(disparity.shape) != (intrinsics.height, intrinsics.width):
        raise NoFitError(
            f'disparity is {tuple(disparity.shape)}, '
            f'intrinsics are for {intrinsics.height} x {intrinsics.width}'
        )
    step = max(1, round(math.sqrt(intrinsics.width * intrinsics.height / GRID)))
    grid = disparity[step // 2 :: step, step // 2 :: step]
    values = grid.cpu().numpy() if isinstance(grid, Tensor) else grid
    values = values.astype(np.float64)
    x = (np.arange(values.shape[1]) * step + step // 2 - intrinsics.cx) / intrinsics.fx
    y = (np.arange(values.shape[0]) * step + step // 2 - intrinsics.cy) / intrinsics.fy
    floor = (down[0] * x + down[1] * y[:, None] + down[2]) / height
    likely = np.isfinite(values) & (floor > 1 / (settings.max_range * height))
    if np.count_nonzero(likely) < settings.fit.min_points:
        raise NoFitError('the camera does not look at the ground')
    try:
        fit = fit_affine_disparity(values[likely], 1 / floor[likely], settings.fit)
    except NoFitError as error:
        # Without a floor there is no reference, so nothing contradicts the scale there was.
        raise NoFitError(f'no floor is seen: {error}') from None
    _check_floor(fit, values, floor, likely, settings)
    doubt = (settings.pitch_deviation / height) ** 2
    return replace(fit, covariance=fit.covariance + np.diag([0.0, doubt]))


def _check_floor(
    fit: AffineFit,
    values: np.ndarray,
    floor: np.ndarray,
    likely: np.ndarray,
    settings: GroundSettings,
) -> None:
    """Raise NoFitError unless the inliers look like a floor: large, connected, deep, lowest."""
    # How high what is seen stands over the floor, as a share of the camera's height: 0 is floor.
    excess = np.where(likely, (fit.a * values + fit.b) / np.where(likely, floor, 1.0) - 1, np.inf)
    gate = settings.fit.gate * settings.fit.noise
    inlier = (np.abs(excess) <= gate).astype(np.uint8)
    _, labels, figures, _ = cv2.connectedComponentsWithStats(inlier, connectivity=4)
    areas = figures[1:, cv2.CC_STAT_AREA]
    share = float(areas.max()) / inlier.size if areas.size else 0.0
    if share < settings.min_area:
        raise NoFitError(
            f'the floor covers {share:.0%} of the picture, {settings.min_area:.0%} are needed'
        )
    region = labels == 1 + int(np.argmax(areas))
    near, far = np.percentile(floor[region], (98, 2))
    if near < settings.min_span * far:
        raise NoFitError(
            f'the floor spans the factor {near / far:.2f} in depth, '
            f'{settings.min_span:.2f} is needed'
        )
    if fit.residual > settings.max_residual:
        raise NoFitError(
            f'the floor is rough: {fit.residual:.3f} relative deviation, '
            f'{settings.max_residual:.3f} is allowed'
        )
    below = float(np.count_nonzero(likely & (excess < -gate)) / np.count_nonzero(likely))
    if below > settings.max_below:
        raise NoFitError(f'{below:.0%} of what is seen lies below this floor')

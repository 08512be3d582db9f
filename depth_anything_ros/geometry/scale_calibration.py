# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A fixed scale from measurements made once: typed distances, a checkerboard, other sensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from depth_anything_ros.geometry.affine import (
    AffineFit,
    AffineSettings,
    NoFitError,
    fit_affine_disparity,
)
from depth_anything_ros.geometry.reference import Reference

POINTS_OF_A_FRAME = 400
FRAMES_FOR_A_SPREAD = 3


class NoBoardError(ValueError):
    """A picture shows no checkerboard of the given size."""


@dataclass(frozen=True)
class FixedScale:
    """1 / z = a d + b and the standard deviations of a and b, over ``frames`` pictures.

    With FRAMES_FOR_A_SPREAD frames or more the deviations are those among the frames' own fits:
    how much the network's scale changes from picture to picture. ``fit`` is that of all points.
    """

    a: float
    b: float
    deviation_a: float
    deviation_b: float
    frames: int
    fit: AffineFit


def calibrate_distances(d: np.ndarray, z: np.ndarray) -> FixedScale:
    """Fit disparities (N,) at typed distances ``z`` (N,) in metres, at least two of them.

    Distances are measured along the optical axis, as all depth is. One in three may be mistyped
    where there are six or more. Raises NoFitError.
    """
    settings = AffineSettings(min_points=2, min_inlier_share=0.6, noise=0.05, noise_per_metre=0.0)
    if np.size(z) < 2 or np.ptp(d) == 0:
        raise NoFitError('scale and shift need two distances at places of different disparity')
    return _fixed(fit_affine_disparity(d, z, settings), [])


def calibrate_frames(
    frames: Sequence[tuple[np.ndarray, np.ndarray]], settings: AffineSettings | None = None
) -> FixedScale:
    """Fit the disparities and depths in metres, (N,) each, of several frames together.

    Each frame counts alike. One whose own fit fails still counts among the points. Raises
    NoFitError.
    """
    settings = settings or AffineSettings()
    fits, kept = [], []
    for number, (d, z) in enumerate(frames):
        if d.size > POINTS_OF_A_FRAME:
            rng = np.random.default_rng((settings.seed, number))
            some = rng.choice(d.size, POINTS_OF_A_FRAME, replace=False)
            d, z = d[some], z[some]
        kept.append((d, z))
        try:
            fits.append(fit_affine_disparity(d, z, settings))
        except NoFitError:
            continue
    if not kept:
        raise NoFitError('no frame has references')
    all_d, all_z = (np.concatenate(values) for values in zip(*kept, strict=True))
    return replace(_fixed(fit_affine_disparity(all_d, all_z, settings), fits), frames=len(kept))


def _fixed(fit: AffineFit, fits: Sequence[AffineFit]) -> FixedScale:
    if len(fits) >= FRAMES_FOR_A_SPREAD:
        spread = np.std([(each.a, each.b) for each in fits], axis=0, ddof=1)
    else:
        spread = np.sqrt(np.diag(fit.covariance))
    return FixedScale(fit.a, fit.b, float(spread[0]), float(spread[1]), 1, fit)


def checkerboard_reference(
    picture: np.ndarray,
    corners: tuple[int, int],
    square: float,
    camera_matrix: np.ndarray,
    distortion: np.ndarray,
    fisheye: bool = False,
) -> Reference:
    """Return the inner corners of a checkerboard in a picture with their depth.

    ``picture`` is (H, W, 3) uint8 RGB as the camera gives it, ``corners`` the number of inner
    corners (columns, rows), ``square`` the side of a square in metres. ``camera_matrix`` (3, 3)
    and ``distortion`` are OpenCV's, those of its fisheye module with ``fisheye``. The depth
    follows from the board's pose. Raises NoBoardError.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    found, pixels = cv2.findChessboardCorners(grey, corners)
    if not found:
        raise NoBoardError(f'no checkerboard with {corners[0]} x {corners[1]} inner corners')
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.01)
    pixels = cv2.cornerSubPix(grey, pixels, (5, 5), (-1, -1), stop).astype(np.float64)
    undistort = cv2.fisheye.undistortPoints if fisheye else cv2.undistortPoints
    pixels = pixels.reshape(-1, 1, 2)  # the shape differs between versions of OpenCV
    rays = undistort(pixels, camera_matrix, distortion)
    board = np.zeros((corners[0] * corners[1], 3))
    board[:, :2] = np.indices(corners).T.reshape(-1, 2) * square
    solved, rotation, translation = cv2.solvePnP(board, rays, np.eye(3), None)
    if not solved:
        raise NoBoardError('the pose of the checkerboard cannot be found')
    z = board @ cv2.Rodrigues(rotation)[0][2] + translation[2]
    columns, rows = np.rint(pixels[:, 0]).astype(np.int64).T
    return Reference(rows, columns, z, (grey.shape[0], grey.shape[1]))

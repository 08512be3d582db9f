# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From what the network says of a picture to what is written: filters, metres, points."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.geometry.distortion import Distortion
from depth_anything_ros.geometry.edges import EdgeSettings, without_flying_pixels
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.points import back_project
from depth_anything_ros.geometry.rays import rays_of
from depth_anything_ros.geometry.refine import refine
from depth_anything_ros.geometry.scale import ScaleEstimate, apply_scale, disparity_of_metric
from depth_anything_ros.geometry.sky import far_disparity, mark_far
from depth_anything_ros.geometry.temporal import TemporalFilter
from depth_anything_ros.inference.threads import one_thread
from depth_anything_ros.media.calibration import Calibration
from depth_anything_ros.media.depth_files import DepthPicture
from depth_anything_ros.media.picture_reader import Picture

GUESSED_FOV = math.radians(60.0)
"""What camera_node takes for a camera that nothing is known of."""


@dataclass(frozen=True)
class Lens:
    """The camera of a picture, and who told: 'calibration', 'fov', 'exif' or 'guess'."""

    intrinsics: Intrinsics
    distortion: Distortion
    origin: str


@dataclass(frozen=True)
class LensChoice:
    """Where the camera comes from: a calibration, a horizontal field of view in rad, or EXIF."""

    calibration: Calibration | None = None
    fov: float | None = None

    def of(self, picture: Picture) -> Lens:
        """Return the camera of a picture. Raises CalibrationError for one of another aspect."""
        height, width = picture.rgb.shape[:2]
        if self.calibration is not None:
            scaled = self.calibration.scaled(width, height)
            fx, _, cx, _, fy, cy = scaled.k[:6]
            camera = Intrinsics(width, height, fx, fy, cx, cy)
            return Lens(camera, Distortion(scaled.distortion_model, scaled.d), 'calibration')
        if self.fov is not None:
            return Lens(Intrinsics.from_fov(width, height, self.fov), Distortion(), 'fov')
        if picture.intrinsics is not None:
            return Lens(picture.intrinsics, Distortion(), 'exif')
        return Lens(Intrinsics.from_fov(width, height, GUESSED_FOV), Distortion(), 'guess')


@dataclass(frozen=True)
class DepthOptions:
    """What is done to depth, as the node's parameters of like names.

    ``scale`` is (a, b) of 1 / z = a d + b, which makes metres of relative depth and corrects
    metric one; metres beyond ``farthest`` are +Inf then. ``sky`` is the share of a metric network's
    limit from which depth is +Inf, 0 for none; ``max_jump`` is the relative jump from which
    flying pixels are left out of points, 0 keeps them; with ``clean`` they are NaN in metric depth,
    too, whatever it is written as.
    """

    refine: bool = False
    scale: tuple[float, float] | None = None
    farthest: float = 80.0
    sky: float = 0.99
    max_jump: float = 0.1
    clean: bool = False
    points: bool = False
    lens: LensChoice = field(default_factory=LensChoice)


def finished(
    picture: Picture, depth: Depth, limit: float | None, options: DepthOptions
) -> tuple[DepthPicture, Lens]:
    """Return what is written of a picture, and the camera it was taken to be.

    ``limit`` is the metric head's greatest depth, None for a relative one. The order of the steps
    is that of the node. Raises ScaleError, CalibrationError.
    """
    lens = options.lens.of(picture)
    with one_thread(), torch.inference_mode():
        values, kind = finished_values(picture.rgb, depth, limit, options)
        points = None
        if options.points and kind is DepthKind.METRIC:
            kept = values
            if not options.clean:
                kept = _without_ramps(values, depth.network_size[1], options.max_jump)
            points = back_project(kept, rays_of(lens.intrinsics, lens.distortion)).numpy()
    made = DepthPicture(picture.rgb, values.numpy(), kind, lens.intrinsics, points)
    return made, lens


def finished_values(
    rgb: np.ndarray,
    depth: Depth,
    limit: float | None,
    options: DepthOptions,
    smooth: TemporalFilter | None = None,
) -> tuple[Tensor, DepthKind]:
    """Return depth (H, W) and what it is after the steps of ``options``.

    ``smooth`` is the filter of a moving picture. The values of ``depth`` may be changed. Raises
    ScaleError.
    """
    values, metric = torch.from_numpy(depth.values), depth.kind is DepthKind.METRIC
    if metric and limit is not None and options.sky > 0:
        values = mark_far(values, limit, options.sky)
    if smooth is not None:
        values = smooth(values, rgb)
    if options.refine:
        spacing = max(1, round(values.shape[1] / max(1, depth.network_size[1])))
        values = refine(values, rgb, depth.kind, spacing=spacing)
    if options.scale is not None:
        values, metric = _scaled(values, metric, options), True
    if metric and options.clean:
        values = _without_ramps(values, depth.network_size[1], options.max_jump)
    return values, DepthKind.METRIC if metric else DepthKind.RELATIVE


def _scaled(values: Tensor, metric: bool, options: DepthOptions) -> Tensor:
    """Return metres from depth by the options' scale. Raises ScaleError."""
    assert options.scale is not None
    disparity = disparity_of_metric(values) if metric else values
    metres = apply_scale(disparity, ScaleEstimate.fixed(*options.scale), options.farthest)
    if not metric:
        metres = metres.masked_fill(far_disparity(disparity), math.inf)
    return metres


def _without_ramps(values: Tensor, network_width: int, max_jump: float) -> Tensor:
    if max_jump <= 0:
        return values
    settings = EdgeSettings.enlarged(values.shape[1], network_width, max_jump)
    return without_flying_pixels(values, settings).values

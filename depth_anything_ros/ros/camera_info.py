# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Check, scale and make sensor_msgs/CameraInfo.

A CameraInfo describes the whole sensor: ``width`` x ``height``, K and P count in its full
resolution. Its image is the region of interest (the whole sensor where that is zero), divided by
the binning. All functions here keep to that (CameraInfo.msg; image_geometry reads it the same
way), and none of them changes the message it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from depth_anything_ros.ros.stamps import Header, header_like

if TYPE_CHECKING:
    from sensor_msgs.msg import CameraInfo, RegionOfInterest

ASPECT_TOLERANCE = 0.01
"""Largest relative difference of two aspects that still count as the same picture resized.

Drivers and scalers round each side to a whole (often even) number of pixels, which stays below
this from 200 rows on; 4:3 and 16:9 differ by a third. Within it the focal lengths are wrong by at
most as much.
"""
FOCAL_SHARES = (1e-3, 1e5)
"""Focal lengths that a camera can have, as shares of the longer side of its sensor.

The least is a view of 179.9 degrees. Beyond, rays in float32 and scaled values have no end.
"""
LARGEST = 1e12
"""Largest value of K, R, P and D: far above any camera's, far below where products overflow."""
MOST_COEFFICIENTS = 64
MAX_SIDE = 2**31 - 1
"""Most pixels of a side of the sensor, or of its scaled image; the message holds twice as many."""
Window = tuple[int, int, int, int]
"""x offset, y offset, width and height on the sensor, in unbinned pixels."""


class CameraInfoError(ValueError):
    """A CameraInfo that gives no usable camera, or belongs to another image."""


class CameraInfoMismatchError(CameraInfoError):
    """A CameraInfo of another image: its size has another aspect."""


def check_camera_info(
    message: CameraInfo, image_width: int, image_height: int
) -> tuple[CameraInfo, str | None]:
    """Return a CameraInfo that can be relied on for an image of this size, and a warning or None.

    The message itself comes back when there is nothing to mend. Otherwise a copy does, with the
    warning that says why: P all zero becomes [K | 0] with R the identity, R all zero becomes
    the identity. An image may have the size the CameraInfo gives its image, or the same aspect
    within ASPECT_TOLERANCE. A region of interest that the image does not follow is told of, too;
    ``scale_camera_info`` leaves it out.

    Raises CameraInfoError for a zero size (drivers without a calibration leave it), an
    uncalibrated K, values that are not finite, a P without focal lengths, a region of interest
    outside the sensor, and an image of another aspect.
    """
    if message.width == 0 or message.height == 0:
        raise CameraInfoError(
            f'camera_info is {message.width}x{message.height}: the driver gives no calibrated '
            'size; set image_width and image_height in its calibration file'
        )
    if len(message.d) > MOST_COEFFICIENTS:
        raise CameraInfoError(
            f'camera_info has {len(message.d)} coefficients in D, no distortion model has more '
            f'than {MOST_COEFFICIENTS}; correct the calibration file'
        )
    for name, values in (('K', message.k), ('D', message.d), ('R', message.r), ('P', message.p)):
        # A comparison with NaN is false.
        if not (np.abs(values) <= LARGEST).all():
            raise CameraInfoError(
                f'camera_info has {name} = {_listed(values)}: every value must be finite and at '
                f'most {LARGEST:g}; calibrate the camera again'
            )
    if message.k[0] <= 0 or message.k[4] <= 0:
        raise CameraInfoError(
            f'camera_info has fx = {message.k[0]:g}, fy = {message.k[4]:g} in K: the camera is '
            'uncalibrated; give its driver a calibration file'
        )
    _check_focal_lengths(message, 'K', message.k[0], message.k[4])
    window = sensor_window(message, image_width, image_height)
    mended, warnings = _mended(message)
    if window != sensor_window(message):
        warnings.append(
            f'camera_info has the region of interest {_said(sensor_window(message))}, but the '
            f'image of {image_width}x{image_height} is the whole sensor: depth/camera_info goes '
            'out without the region; set roi to 0 in the driver'
        )
    return mended, '; '.join(warnings) or None


def sensor_window(
    message: CameraInfo, image_width: int | None = None, image_height: int | None = None
) -> Window:
    """Return the part of the sensor that an image of this size shows.

    That is the region of interest, unless the image has the size or, failing that, only the
    aspect of the whole sensor: some drivers publish the whole image with a region of interest
    that was meant for another consumer. Without an image size it is the region of interest. 0 as
    its width or height reaches to the edge of the sensor.

    Raises CameraInfoError for a region outside the sensor or an image of another aspect.
    """
    sensor = (0, 0, message.width, message.height)
    x, y = message.roi.x_offset, message.roi.y_offset
    region = (
        x,
        y,
        message.roi.width or message.width - x,
        message.roi.height or message.height - y,
    )
    if region[2] <= 0 or region[3] <= 0 or x + region[2] > sensor[2] or y + region[3] > sensor[3]:
        raise CameraInfoError(
            f'camera_info has the region of interest {_said(region)} on a sensor of '
            f'{message.width}x{message.height}: it must lie inside; correct the driver'
        )
    if image_width is None or image_height is None:
        return region
    size = (image_width, image_height)
    # Unbinned too: some drivers tell the binning and already count in binned pixels.
    candidates = [(w, b) for b in (_binning(message), (1, 1)) for w in (region, sensor)]
    for window, binning in candidates:
        if size == (window[2] // binning[0], window[3] // binning[1]):
            return window
    for window, binning in candidates:
        if _same_aspect(size, (window[2] / binning[0], window[3] / binning[1])):
            return window
    raise CameraInfoMismatchError(
        f'camera_info is for {message.width}x{message.height}, region of interest '
        f'{_said(region)}, but the image is {image_width}x{image_height}, of another aspect: '
        'remap camera_info to the topic of this camera, or calibrate at this aspect'
    )


def scale_camera_info(
    message: CameraInfo,
    width: int,
    height: int,
    header: Header,
    image_size: tuple[int, int] | None = None,
) -> CameraInfo:
    """Return a new CameraInfo for the image of ``message`` resized to width x height.

    K, P (with Tx and Ty) and the region of interest are multiplied by the plain ratios of the
    sizes, as image_proc's resize node does; D, R, the distortion model and the binning stay. The
    result's own image is width x height; without binning and region of interest that is also its
    size. The aspect may change, as a network's input size changes it. ``image_size`` is the
    (width, height) of the image that ``message`` came with: give it when that may be the whole
    sensor in spite of a region of interest (see ``sensor_window``), which the result then has not.

    Raises CameraInfoError for a size of 0 and as ``sensor_window`` does.
    """
    if width <= 0 or height <= 0:
        raise CameraInfoError(f'cannot scale camera_info to {width}x{height}: give a size above 0')
    window = sensor_window(message, *(image_size or (None, None)))
    binning_x, binning_y = _binning(message)
    x, y = width * binning_x / window[2], height * binning_y / window[3]
    scaled = _copied(message)
    scaled.header = header_like(message.header, header)
    scaled.width = max(1, round(message.width * x))
    scaled.height = max(1, round(message.height * y))
    if max(scaled.width, scaled.height) > MAX_SIDE:
        raise CameraInfoError(
            f'camera_info of {message.width}x{message.height}, region of interest '
            f'{_said(window)}, binning {binning_x}x{binning_y}, has no place for an image of '
            f'{width}x{height}: correct binning and roi in the driver'
        )
    scaled.k = message.k * np.repeat((x, y, 1.0), 3)
    scaled.p = message.p * np.repeat((x, y, 1.0), 4)
    if window == sensor_window(message):
        scaled.roi = _scaled_region(message.roi, x, y, scaled.width, scaled.height)
    else:
        scaled.roi = type(message.roi)(x_offset=0, y_offset=0, width=0, height=0, do_rectify=False)
    return scaled


def _mended(message: CameraInfo) -> tuple[CameraInfo, list[str]]:
    """Return a copy with an empty P or R filled in, and what was done; or the message itself."""
    if message.p.any() and not _has_focal_lengths(message.p):
        raise CameraInfoError(
            f'camera_info has fx = {message.p[0]:g}, fy = {message.p[5]:g} in P: both must be '
            'above 0 (or P all zero to take K); correct the calibration file'
        )
    if message.p.any():
        _check_focal_lengths(message, 'P', message.p[0], message.p[5])
    if message.p.any() and message.r.any():
        return message, []
    mended = _copied(message)
    mended.r = np.eye(3).ravel()
    if message.p.any():
        return mended, ['camera_info has R all zero: took no rotation instead']
    mended.p = projection_of(message.k)
    distorted = ' (D is not zero, so depth will be bent)' if any(message.d) else ''
    return mended, [f'camera_info has P all zero: took K and no rotation instead{distorted}']


def _check_focal_lengths(message: CameraInfo, name: str, fx: float, fy: float) -> None:
    side = max(message.width, message.height)
    least, most = (share * side for share in FOCAL_SHARES)
    if not (least <= fx <= most and least <= fy <= most):
        raise CameraInfoError(
            f'camera_info has fx = {fx:g}, fy = {fy:g} in {name}, which no camera of '
            f'{message.width}x{message.height} pixels has; calibrate the camera again'
        )


def _copied(message: CameraInfo) -> CameraInfo:
    """Return a CameraInfo that shares no array and no region with ``message``."""
    # Where rclpy checks fields (always before Jazzy), its setters keep K, R and P as they are.
    return type(message)(
        header=message.header,
        height=message.height,
        width=message.width,
        distortion_model=message.distortion_model,
        d=message.d,
        k=message.k.copy(),
        r=message.r.copy(),
        p=message.p.copy(),
        binning_x=message.binning_x,
        binning_y=message.binning_y,
        roi=_scaled_region(message.roi, 1.0, 1.0, message.width, message.height),
    )


def _scaled_region(
    roi: RegionOfInterest, x: float, y: float, width: int, height: int
) -> RegionOfInterest:
    """Scale a region to whole pixels, inside width x height and never empty."""
    x_offset, region_width = _scaled_span(roi.x_offset, roi.width, x, width)
    y_offset, region_height = _scaled_span(roi.y_offset, roi.height, y, height)
    return type(roi)(
        x_offset=x_offset,
        y_offset=y_offset,
        width=region_width,
        height=region_height,
        do_rectify=roi.do_rectify,
    )


def _scaled_span(offset: int, length: int, scale: float, limit: int) -> tuple[int, int]:
    """Return the scaled (offset, length) along one side; length 0, to the edge, stays 0."""
    scaled = min(max(1, round(length * scale)), limit) if length else 0
    # Where rounding pushes the far edge out, the offset gives way: the image keeps its size.
    return min(round(offset * scale), limit - max(1, scaled)), scaled


def projection_of(k: np.ndarray) -> np.ndarray:
    """Return P of K, nine numbers: the twelve of [K | 0]."""
    return np.hstack([k.reshape(3, 3), np.zeros((3, 1))]).ravel()


def _has_focal_lengths(p: np.ndarray) -> bool:
    return bool(np.isfinite(p).all() and p[0] > 0 and p[5] > 0)


def _binning(message: CameraInfo) -> tuple[int, int]:
    return max(1, message.binning_x), max(1, message.binning_y)


def _same_aspect(size: tuple[int, int], other: tuple[float, float]) -> bool:
    if min(size) <= 0:
        return False
    return abs(size[0] * other[1] / (size[1] * other[0]) - 1) <= ASPECT_TOLERANCE


def _said(window: Window) -> str:
    return f'{window[2]}x{window[3]} at ({window[0]}, {window[1]})'


def _listed(values: Sequence[float]) -> str:
    return '[' + ', '.join(f'{value:g}' for value in values) + ']'

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a CameraInfo to the camera that geometry computes with."""

from __future__ import annotations

from sensor_msgs.msg import CameraInfo

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.ros.camera_info import sensor_window


def pinhole_of(message: CameraInfo, size: tuple[int, int], rectified: bool = True) -> Intrinsics:
    """Return the intrinsics of an image of ``size`` (width, height) that comes with a CameraInfo.

    Those of P where the image is ``rectified``, of K where it is raw (CameraInfo.msg). The
    principal point is counted from the corner of the image, so that of a region of interest is
    moved by its offset. The message is one that ``check_camera_info`` or ``scale_camera_info``
    returned. Raises CameraInfoError for an image of another aspect.
    """
    x, y, width, height = sensor_window(message, *size)
    p, k = message.p, message.k
    fx, fy, cx, cy = (p[0], p[5], p[2], p[6]) if rectified else (k[0], k[4], k[2], k[5])
    across, down = size[0] / width, size[1] / height
    return Intrinsics(
        *size,
        float(fx * across),
        float(fy * down),
        float((cx - x) * across),
        float((cy - y) * down),
    )

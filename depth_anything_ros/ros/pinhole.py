# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Between a CameraInfo and the camera that geometry computes with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.ros.camera_info import projection_of, sensor_window
from depth_anything_ros.ros.stamps import Header, header_like

if TYPE_CHECKING:
    from sensor_msgs.msg import CameraInfo


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


def camera_info_from(
    intrinsics: Intrinsics,
    header: Header,
    distortion: Sequence[float] = (0.0, 0.0, 0.0, 0.0, 0.0),
    distortion_model: str = 'plumb_bob',
) -> CameraInfo:
    """Return the CameraInfo of a single camera: P = [K | 0], R the identity, no binning."""
    from sensor_msgs.msg import CameraInfo
    from std_msgs.msg import Header as RosHeader

    k = np.array(
        [intrinsics.fx, 0, intrinsics.cx, 0, intrinsics.fy, intrinsics.cy, 0, 0, 1], np.float64
    )
    return CameraInfo(
        header=header_like(RosHeader(), header),
        width=intrinsics.width,
        height=intrinsics.height,
        distortion_model=distortion_model,
        d=distortion,
        k=k,
        r=np.eye(3).ravel(),
        p=projection_of(k),
    )

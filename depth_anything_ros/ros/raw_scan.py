# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""sensor_msgs/LaserScan as serialized bytes."""

from __future__ import annotations

import numpy as np

from depth_anything_ros.ros.cdr import CdrWriter
from depth_anything_ros.ros.stamps import Header


def serialize_scan(
    ranges: np.ndarray,
    header: Header,
    *,
    angle_min: float,
    angle_increment: float,
    scan_time: float,
    range_min: float,
    range_max: float,
) -> bytes:
    """Return a LaserScan of (N,) float32 ranges in metres as CDR; it has no intensities.

    Angles are in radians, ``scan_time`` is in seconds; the beams are all of one time.
    """
    writer = CdrWriter()
    writer.header(header)
    angle_max = angle_min + angle_increment * (len(ranges) - 1)
    writer.floats(angle_min, angle_max, angle_increment, 0.0, scan_time, range_min, range_max)
    writer.sequence(ranges.astype('<f4', copy=False))
    writer.number(0)
    return writer.done()

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The quality of service of every image topic."""

from __future__ import annotations

from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy


def newest_only(reliability: ReliabilityPolicy) -> QoSProfile:
    """Return a profile that keeps the newest message only.

    It is a new object each time: rclpy writes QoS overrides into the profile it is given, so a
    shared one would carry one topic's overrides to the next.
    """
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=1, reliability=reliability)

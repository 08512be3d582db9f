# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of /diagnostics: from which values on a camera is in trouble."""

from __future__ import annotations

from dataclasses import dataclass

from depth_anything_ros.ros.parameter_table import Parameter


def _row(name: str, default: float, description: str, limits: tuple[float, float]) -> Parameter:
    return Parameter(name, default, description, limits, live=True, per_camera=True)


DIAGNOSTICS_PARAMETERS = (
    _row(
        'diagnostics.window',
        10.0,
        'Time that rates, shares and ages in /diagnostics are of, s',
        limits=(2.0, 600.0),
    ),
    _row(
        'diagnostics.silence',
        5.0,
        'STALE when an active node has had no image for longer than this, s; 0 is off',
        limits=(0.0, 3600.0),
    ),
    _row(
        'diagnostics.min_rate',
        0.0,
        'WARN when less depth is published, Hz; 0 is off',
        limits=(0.0, 1000.0),
    ),
    _row(
        'diagnostics.max_age_p99',
        2.0,
        'WARN when the 99th percentile of the age of depth, from the stamp of the image to '
        'publishing, is above this, s; 0 is off',
        limits=(0.0, 3600.0),
    ),
    _row(
        'diagnostics.max_stamp_ahead',
        0.1,
        'WARN when stamps of images are farther ahead of the node clock, s; 0 is off',
        limits=(0.0, 3600.0),
    ),
    _row(
        'diagnostics.max_failed_share',
        0.01,
        'WARN when a larger share of the frames that were to become depth failed; 0 is off',
        limits=(0.0, 1.0),
    ),
    _row(
        'diagnostics.max_rejected_share',
        0.1,
        'WARN when a larger share of the frames that were to become depth was rejected; 0 is off',
        limits=(0.0, 1.0),
    ),
    _row(
        'diagnostics.max_dropped_share',
        0.0,
        'WARN when newer images replaced a larger share of those received; 0 is off, as that is '
        'normal where the camera is faster than the network',
        limits=(0.0, 1.0),
    ),
    _row(
        'diagnostics.max_scale_lost',
        10.0,
        'ERROR when a scale that is wanted has given no metres for longer than this, s; 0 is off',
        limits=(0.0, 3600.0),
    ),
)


@dataclass(frozen=True)
class DiagnosticsGroup:
    """The group diagnostics; 0 switches a limit off."""

    window: float
    silence: float
    min_rate: float
    max_age_p99: float
    max_stamp_ahead: float
    max_failed_share: float
    max_rejected_share: float
    max_dropped_share: float
    max_scale_lost: float

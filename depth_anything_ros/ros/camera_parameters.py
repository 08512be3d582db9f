# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of camera_node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rclpy.node import Node

from depth_anything_ros.ros.parameter_table import Parameter, declare

ENCODINGS = ('rgb8', 'bgr8', 'mono8', 'jpeg')


CAMERA_PARAMETERS = (
    Parameter(
        'source',
        'procedural',
        'What to show: procedural (a rendered world whose depth is known), a folder of pictures, '
        'a picture, a video file, or a webcam (/dev/video0 or its index)',
    ),
    Parameter(
        'rate',
        0.0,
        "Frames per second; 0 is the source's own rate (10 for pictures and the procedural world)",
        limits=(0.0, 1000.0),
    ),
    Parameter('loop', True, 'Start over at the end of the source instead of exiting'),
    Parameter(
        'width',
        0,
        "Width of the published image in pixels; 0 is the source's own, or follows height",
        limits=(0, 16384),
    ),
    Parameter(
        'height',
        0,
        "Height of the published image in pixels; 0 is the source's own, or follows width",
        limits=(0, 16384),
    ),
    Parameter(
        'frame_id', 'camera_optical_frame', 'Frame of the messages: an optical frame (REP 103)'
    ),
    Parameter(
        'calibration_file',
        '',
        "ROS camera calibration (YAML) for camera_info; empty takes the source's intrinsics, or "
        'guesses a horizontal field of view of 60 degrees',
    ),
    Parameter(
        'seed', 0, 'Which procedural world: the same seed is the same world', limits=(0, 2**31 - 1)
    ),
    Parameter(
        'prerender',
        60,
        'Frames of the procedural world: rendered before publishing starts, then shown forward '
        'and backward; fewer where they would take more than 512 MiB',
        limits=(1, 100_000),
    ),
    Parameter(
        'wait_for',
        0,
        'Subscribers of the image to wait for before the first frame, so that none misses it',
        limits=(0, 100),
    ),
    Parameter(
        'encoding',
        'rgb8',
        'Encoding of image; jpeg publishes image/compressed instead',
        choices=ENCODINGS,
    ),
)


@dataclass(frozen=True)
class CameraSettings:
    """The checked values of CAMERA_PARAMETERS."""

    source: str
    rate: float
    loop: bool
    width: int
    height: int
    frame_id: str
    calibration_file: str
    seed: int
    prerender: int
    wait_for: int
    encoding: str


def declare_camera_parameters(node: Node) -> CameraSettings:
    """Declare the parameters on a node and return their values; raises ParameterError."""
    values: dict[str, Any] = declare(node, CAMERA_PARAMETERS)
    return CameraSettings(**values)

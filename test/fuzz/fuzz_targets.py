# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All targets that can be fuzzed here: those of messages need rclpy and its message packages."""

from __future__ import annotations

import importlib

from fuzzing import Target

ROS_MODULES = (
    'fuzz_images',
    'fuzz_cameras',
    'fuzz_references',
    'fuzz_parameters',
    'fuzz_saving',
)
PLAIN_MODULES = ('fuzz_files', 'fuzz_weights', 'fuzz_geometry', 'fuzz_filters')


def targets() -> list[Target]:
    """Return the targets of all modules whose packages are installed."""
    names = [*PLAIN_MODULES]
    try:
        importlib.import_module('rclpy')
        importlib.import_module('sensor_msgs.msg')
        names += ROS_MODULES
    except ImportError:
        pass
    return [target for name in names for target in importlib.import_module(name).TARGETS]

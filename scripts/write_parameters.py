#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Write docs/parameters.md from the tables of both nodes; a test holds them equal."""

from __future__ import annotations

from pathlib import Path

from depth_anything_ros.ros.camera_parameters import CAMERA_PARAMETERS
from depth_anything_ros.ros.parameter_table import markdown
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS

PAGE = Path(__file__).resolve().parents[1] / 'docs/parameters.md'
HEAD = """# Parameters

`ros2 param describe /depth_node NAME` tells ranges and choices. Those marked live can change while
the node runs; a set with one bad value changes nothing. Angles are in rad, lengths in m, times in
s. This page is written by `scripts/write_parameters.py`.

"""
PER_CAMERA = 'Those from `compressed` on can be set for one camera of several: `front.rate_limit`.'


def page() -> str:
    """Return the page."""
    return (
        f'{HEAD}## depth_node\n\n{PER_CAMERA}\n\n{markdown(DEPTH_PARAMETERS)}\n'
        f'## camera_node\n\n{markdown(CAMERA_PARAMETERS)}'
    )


if __name__ == '__main__':
    PAGE.write_text(page())

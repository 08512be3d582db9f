# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How commands end on an error that the user can mend."""

from __future__ import annotations

from typing import NoReturn

import typer


def fail(error: Exception | str) -> NoReturn:
    """Print an error in one line on stderr and exit with 1."""
    typer.echo(f'error: {error}', err=True)
    raise typer.Exit(1)


def fail_without_ros(error: ModuleNotFoundError) -> NoReturn:
    """Say how to get ROS when a module of it is missing; raise the error for any other module."""
    package = (error.name or '').partition('.')[0]
    if not package.startswith(('rcl', 'rosidl_')) and not package.endswith('_msgs'):
        raise error
    fail(f"no {error.name}: source a ROS 2 or pip install 'depth_anything_ros[ros]'")

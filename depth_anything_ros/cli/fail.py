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

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The entry point of `depth-anything`."""

from __future__ import annotations

import sys

EXTRA = ('typer', 'rich', 'rosbags', 'av', 'PIL')
"""What the extra [cli] installs."""


def main() -> int:
    """Run the command line; return its exit code."""
    try:
        from depth_anything_ros.cli.app import app
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition('.')[0] not in EXTRA:
            raise
        print(
            f"depth-anything needs {error.name}: pip install 'depth_anything_ros[cli]'",
            file=sys.stderr,
        )
        return 1
    app()
    return 0

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
        # The doctor must come where the other commands cannot even be imported.
        if sys.argv[1:2] == ['doctor']:
            return _doctor()
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


def _doctor() -> int:
    import typer

    from depth_anything_ros.cli.doctor import doctor

    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(doctor)
    app(args=sys.argv[2:], prog_name='depth-anything doctor')
    return 0

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The entry point of `depth-anything`."""

from __future__ import annotations

import os
import sys
import threading
import time

EXTRA = ('typer', 'rich', 'rosbags', 'av', 'PIL')
"""What the extra [cli] installs."""


INTERRUPTED = 130

PATIENCE = 1.0
"""Seconds that threads have to end in, after Ctrl-C."""


def main() -> int:
    """Run the command line; return its exit code."""
    try:
        return _run()
    except KeyboardInterrupt:  # in the first second, while commands are imported
        print('interrupted', file=sys.stderr)
        return INTERRUPTED
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _leave_what_waits()
        raise


def _leave_what_waits() -> None:
    """End the process where threads do not: Python would wait for them, without end.

    They read standard input that nobody writes to, or an address that does not answer. What
    writes has ended before, as the commands wait for that.
    """
    limit = time.monotonic() + PATIENCE
    others = [each for each in threading.enumerate() if each is not threading.current_thread()]
    for thread in others:
        if not thread.daemon:
            thread.join(max(0.0, limit - time.monotonic()))
    if any(thread.is_alive() and not thread.daemon for thread in others):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)


def _run() -> int:
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

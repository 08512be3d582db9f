# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The viewer of Rerun on a recording, reachable from this machine alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from depth_anything_ros.media.rerun_log import RerunError

LOOPBACK = '127.0.0.1'


def command(recording: Path, web: bool) -> list[str]:
    """Return the command that shows a recording in a window, or ``web`` in the browser.

    Rerun's own functions for that listen on all interfaces, and so would its window; its program
    can be told not to.
    """
    shown = ['--serve-web'] if web else []
    return [sys.executable, '-m', 'rerun', '--bind', LOOPBACK, *shown, str(recording)]


def show(recording: Path, web: bool = False) -> None:
    """Show a recording until the window is closed, or the command is interrupted.

    Raises RerunError where the viewer fails, such as without a display.
    """
    try:
        code = subprocess.run(command(recording, web), check=False).returncode
    except KeyboardInterrupt:  # how the viewer in a browser is ended
        return
    if code:
        raise RerunError(
            f'the viewer ended with {code}: without a display take --web, --save or --html'
        )

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The files beside the package: where colcon, pip or the clone has put them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = 'depth_anything_ros'


def shared_file(name: str) -> Path | None:
    """Return a file of the share folder, such as 'config/depth.yaml'; None where it is missing."""
    return next((folder / name for folder in _folders() if (folder / name).is_file()), None)


def _folders() -> Iterator[Path]:
    yield Path(__file__).resolve().parents[2]
    # Of several overlaid workspaces the first counts, as in ament.
    for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep):
        if prefix:
            yield Path(prefix) / 'share' / PACKAGE
    yield Path(sys.prefix) / 'share' / PACKAGE

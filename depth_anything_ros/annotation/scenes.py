# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The scenarios of DA-2K (Depth Anything V2, section 6 and table 15)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from depth_anything_ros.evaluation.da2k import SCENES as PAIRS_OF_DA2K

SCENES = tuple(PAIRS_OF_DA2K)

MANUAL_SCENES = ('transparent_reflective', 'object')
"""Scenarios whose pairs people found alone: models may all be wrong there together."""

FOLDER = 'images'
"""The folder of the pictures in the released layout; the one below it is the scenario."""


class SceneError(ValueError):
    """A picture whose scenario is not known."""


def scene_of(path: PurePosixPath, default: str | None = None) -> str:
    """Return the scenario of a picture: the last folder of its path that is one, else ``default``.

    Raises SceneError where neither is there.
    """
    found = scene_in(path.parts[:-1]) or default
    if found is None:
        raise SceneError(
            f'{path}: its scenario is not known; put it into a folder named after one of '
            f'{", ".join(SCENES)}, or give --scene'
        )
    return found


def scene_in(parts: Sequence[str]) -> str | None:
    """Return the last of the folders that is a scenario; None without one."""
    return next((part for part in reversed(parts) if part in SCENES), None)

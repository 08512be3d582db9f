# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run needs to go on where it stopped, in one file that is always whole."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import torch

from depth_anything_ros.media.whole_file import whole_file
from depth_anything_ros.training.errors import TrainingError
from depth_anything_ros.training.plain_settings import plain
from depth_anything_ros.training.settings import RunSettings

logger = logging.getLogger(__name__)

STATE, LOCK = 'state.pt', '.lock'

FIXED = (
    *('stage', 'model', 'batch', 'initial', 'initial_part', 'max_depth', 'seed'),
    *('data', 'stream', 'view'),
)
"""Settings that a run which goes on must share with its beginning."""


def hold(folder: Path) -> TextIO:
    """Keep other trainings out of a folder until the file that is returned is closed.

    A process that is killed keeps nobody out. Raises TrainingError where another one is at work,
    and OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / LOCK).open('w')
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise TrainingError(
            f'another training is at work in {folder}: wait for it, or give another output folder'
        ) from error
    except OSError as error:
        logger.debug('%s cannot be locked on this file system: %s', folder, error)
    return file


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write a state; the old one stays until the new one is on the disk. Raises TrainingError."""
    try:
        with whole_file(path) as unfinished, unfinished.open('wb') as file:
            torch.save(dict(state), file)
            file.flush()
            os.fsync(file.fileno())
    # torch raises a RuntimeError of its own where a file takes no more.
    except (OSError, RuntimeError) as error:
        raise TrainingError(
            f'the state could not be written to {path} ({_reason(error)}): is the disk full? '
            'what was written before is whole; make room and run the same command again'
        ) from error


def read_state(path: Path, settings: RunSettings) -> dict[str, Any] | None:
    """Return the state of a run that was begun, None of a new one.

    Raises TrainingError for a file that is no state, and for settings that the run was not begun
    with and that would make another run of it.
    """
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location='cpu', weights_only=True)
        before = state['settings']
    except Exception as error:
        raise TrainingError(
            f'{path} is no state of a training ({_reason(error)}); give another output folder, or '
            'remove the file to begin anew'
        ) from error
    now = plain(settings)
    other = [key for key in FIXED if before.get(key) != now[key]]
    if other:
        key = other[0]
        raise TrainingError(
            f'{path.parent} holds a run with {key} {before.get(key)!r}, and now it is '
            f'{now[key]!r}; give another output folder, or the settings that it was begun with'
        )
    return state


def _reason(error: BaseException) -> str:
    cause = error.__context__ if isinstance(error.__context__, OSError) else error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]

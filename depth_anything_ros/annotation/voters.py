# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The depth models that vote: networks that run here, and predictions that others left in files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Protocol

import cv2
import numpy as np

from depth_anything_ros.annotation.voting import DepthOf
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.inference.conventions import LongPictureError
from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.media.album import Entry
from depth_anything_ros.media.depth_reading import (
    DEPTH_SUFFIXES,
    ENDINGS,
    METRES_ENDING,
    read_depth,
)
from depth_anything_ros.media.run_journal import JOURNAL

KINDS = {'metres': DepthKind.METRIC, 'disparity': DepthKind.RELATIVE}


class VoterError(ValueError):
    """A model cannot vote; the message says why and what to do."""


class Voter(Protocol):
    """A depth model. ``name`` stands in the project with its votes."""

    name: str

    def depth(self, rgb: np.ndarray, stem: PurePosixPath) -> DepthOf:
        """Return the depth of a picture (H, W, 3) uint8 at its size.

        ``stem`` is its path below the folder of pictures, without a suffix. Raises VoterError.
        """


class NetworkVoter:
    """A network of ours or an official one."""

    def __init__(self, name: str, estimator: DepthEstimator) -> None:
        self.name = name
        self._estimator = estimator

    def depth(self, rgb: np.ndarray, stem: PurePosixPath) -> DepthOf:
        """Estimate the depth of a picture."""
        try:
            found = self._estimator.estimate(rgb)
        except LongPictureError as error:
            raise VoterError(f'{self.name} cannot see {stem}: {error}') from error
        return DepthOf(found.values, found.kind)


class StoredVoter:
    """Predictions in a folder, of any model.

    The folder is the output of `depth-anything image`, whose journal tells what its files hold, or
    has a file for each picture under its path: ``stem.npy``, ``stem_depth.npy``,
    ``stem_depth16.png`` and so on. ``kind`` is what those hold that do not say it. Raises
    VoterError for a folder that is not there.
    """

    def __init__(self, name: str, folder: Path, kind: DepthKind | None = None) -> None:
        if not folder.is_dir():
            raise VoterError(f'{folder}, the predictions of {name}, is no folder')
        self.name = name
        self._folder, self._kind = folder, kind
        self._entries: dict[str, Entry] | None = None
        if (folder / JOURNAL).is_file():
            from depth_anything_ros.media.album_folder import run_album  # which takes torch

            self._entries = {entry.name: entry for entry in run_album(folder).entries}

    def depth(self, rgb: np.ndarray, stem: PurePosixPath) -> DepthOf:
        """Read the depth of a picture, and bring it to the picture's size."""
        found = self._of_run(stem) if self._entries is not None else self._of_file(stem)
        height, width = rgb.shape[:2]
        if found.values.shape == (height, width):
            return found
        resized = cv2.resize(found.values, (width, height), interpolation=cv2.INTER_LINEAR)
        return DepthOf(resized, found.kind)

    def _of_run(self, stem: PurePosixPath) -> DepthOf:
        assert self._entries is not None
        entry = self._entries.get(str(stem))
        if entry is None:
            raise VoterError(f'{self._folder / JOURNAL} tells of no picture {stem}')
        shot = entry.load()
        if shot.values is None or shot.kind is None:
            raise VoterError(
                f'{self._folder} kept no values of {stem}: add npy to the --format of that run'
            )
        return DepthOf(shot.values, shot.kind)

    def _of_file(self, stem: PurePosixPath) -> DepthOf:
        path = next(filter(Path.is_file, self._candidates(stem)), None)
        if path is None:
            raise VoterError(
                f'{self._folder} has no depth of {stem} ({stem.name}.npy, {stem.name}_depth16.png '
                '...)'
            )
        found = read_depth(path)
        told = DepthKind.METRIC if path.stem.endswith(METRES_ENDING) else None
        kind = found.kind or told or self._kind
        if kind is None:
            raise VoterError(
                f'{path} does not say what it holds: add :metres or :disparity to --predictions '
                f'{self.name}={self._folder}'
            )
        return DepthOf(found.values, kind)

    def _candidates(self, stem: PurePosixPath) -> list[Path]:
        here = self._folder / stem.parent
        return [
            here / f'{stem.name}{ending}{suffix}' for ending in ENDINGS for suffix in DEPTH_SUFFIXES
        ]


def network_voter(text: str, load: Callable[[str, int | None], DepthEstimator]) -> NetworkVoter:
    """Return the voter of MODEL or MODEL@SIZE; ``load`` gets the model and its input size."""
    model, at, size = text.rpartition('@')
    if at and size.isdecimal():
        return NetworkVoter(text, load(model, int(size)))
    return NetworkVoter(text, load(text, None))


def stored_voter(text: str) -> StoredVoter:
    """Return the voter of NAME=FOLDER, NAME=FOLDER:metres or NAME=FOLDER:disparity."""
    name, equals, folder = text.partition('=')
    if not (name and equals and folder):
        raise VoterError(
            f'--predictions {text}: give NAME=FOLDER, NAME=FOLDER:metres or :disparity'
        )
    path, colon, kind = folder.rpartition(':')
    if colon and kind in KINDS:
        return StoredVoter(name, Path(path), KINDS[kind])
    return StoredVoter(name, Path(folder))

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth of pictures that some network left in a folder: one of ours, or any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.album import AlbumError, Entry
from depth_anything_ros.media.depth_reading import (
    DEPTH_SUFFIXES,
    ENDINGS,
    METRES_ENDING,
    DepthReadingError,
    Steps,
    read_depth,
)
from depth_anything_ros.media.run_journal import JOURNAL, read_journal


class StoredDepthError(ValueError):
    """There is no depth of a picture; the message says why and what to do."""


class StoredDepth:
    """The predictions in a folder.

    The folder is the output of `depth-anything image`, whose journal tells what its files hold and
    of which pictures, or has a file for each picture under its path: ``stem.npy``,
    ``stem_depth.npy``, ``stem_depth16.png`` and so on. ``kind`` is what those hold that do not say
    it, and ``scale16`` the steps of their whole numbers to the metre. Raises StoredDepthError for
    a folder that is not there.
    """

    def __init__(
        self, folder: Path, kind: DepthKind | None = None, scale16: float = 1000.0
    ) -> None:
        if not folder.is_dir():
            raise StoredDepthError(f'{folder}, where predictions should be, is no folder')
        self.folder = folder
        self._kind, self._steps = kind, Steps(scale16)
        self._entries: dict[str, Entry] = {}
        self._sources: dict[Path, str] = {}
        self.has_journal = (folder / JOURNAL).is_file()
        if self.has_journal:
            from depth_anything_ros.media.album_folder import run_album  # which takes torch

            try:
                self._entries = {entry.name: entry for entry in run_album(folder).entries}
            except AlbumError as error:
                raise StoredDepthError(str(error)) from error
            content = read_journal(folder)
            for stem, line in content.finished.items():
                source = Path(content.folder, str(line['source'][0]))
                self._sources[source.resolve()] = stem

    def read(
        self, stem: PurePosixPath, picture: Path | None = None
    ) -> tuple[np.ndarray, DepthKind]:
        """Return the depth (h, w) float32 of a picture, and what it is.

        ``stem`` is its path below the folder without a suffix, ``picture`` the file it was made
        of, by which a journal knows it as well. Raises StoredDepthError.
        """
        entry = self._entries.get(str(stem))
        if entry is None and picture is not None:
            entry = self._entries.get(self._sources.get(picture.resolve(), ''))
        if entry is not None:
            return self._of_run(entry)
        return self._of_file(stem)

    def _of_run(self, entry: Entry) -> tuple[np.ndarray, DepthKind]:
        try:
            shot = entry.load()
        except (OSError, ValueError) as error:
            raise StoredDepthError(f'{self.folder}, {entry.name}: {error}') from error
        if shot.values is None or shot.kind is None:
            raise StoredDepthError(
                f'{self.folder} kept no values of {entry.name}: add npy to the --format of that run'
            )
        return shot.values, shot.kind

    def _of_file(self, stem: PurePosixPath) -> tuple[np.ndarray, DepthKind]:
        path = next(filter(Path.is_file, self._candidates(stem)), None)
        if path is None:
            raise StoredDepthError(
                f'{self.folder} has no depth of {stem} ({stem.name}.npy, {stem.name}_depth16.png '
                '...)'
            )
        try:
            found = read_depth(path, self._steps)
        except (DepthReadingError, OSError) as error:
            raise StoredDepthError(f'{path}: {error}') from error
        told = DepthKind.METRIC if path.stem.endswith(METRES_ENDING) else None
        kind = found.kind or told or self._kind
        if kind is None:
            raise StoredDepthError(
                f'{path} does not say what it holds, metres or disparity: it has to be told'
            )
        return found.values, kind

    def _candidates(self, stem: PurePosixPath) -> Sequence[Path]:
        here = self.folder / stem.parent
        return [
            here / f'{stem.name}{ending}{suffix}' for ending in ENDINGS for suffix in DEPTH_SUFFIXES
        ]

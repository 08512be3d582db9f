# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures with their depth, one by one, as a report or a viewer shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics


class AlbumError(ValueError):
    """There is nothing to show, or a picture of it cannot be read; the message says why."""


@dataclass(frozen=True)
class Shot:
    """A picture and its depth, either of which may be missing.

    ``rgb`` is (H, W, 3) uint8. ``values`` are (h, w) float32, of the same view but perhaps of
    another size: metres with +Inf beyond range, -Inf too near and NaN unknown (REP 117), or
    disparity, as ``kind`` says. ``painted`` (h, w, 3) uint8 stands in for values where only the
    colours of depth were kept. ``camera`` is that of the depth, and ``camera_from`` who told:
    'calibration', 'fov', 'exif', 'guess', 'file', or '' where there is none. ``network_width`` is
    that of the network's output, 0 where it is not known.
    """

    rgb: np.ndarray | None = None
    values: np.ndarray | None = None
    kind: DepthKind | None = None
    painted: np.ndarray | None = None
    camera: Intrinsics | None = None
    camera_from: str = ''
    network_width: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """The (height, width) of the picture, or else of what there is of depth."""
        for array in (self.rgb, self.values, self.painted):
            if array is not None:
                return array.shape[0], array.shape[1]
        return 0, 0


@dataclass(frozen=True)
class Entry:
    """A shot that can be loaded, and its name; ``time_ns`` is when it was taken, if that is known.

    What ``load`` raises says why it cannot be; see ``reason_of``.
    """

    name: str
    load: Callable[[], Shot]
    time_ns: int | None = None


@dataclass(frozen=True)
class Album:
    """What is shown together.

    ``settings`` tell how it was made and ``failed`` has the reason by source. ``notes`` are
    sentences about the whole.
    """

    title: str
    entries: list[Entry] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def thinned(self, most: int) -> Album:
        """Return an album of ``most`` entries at even spacing; itself where it has no more."""
        count = len(self.entries)
        if count <= most:
            return self
        chosen = [self.entries[(2 * i + 1) * count // (2 * most)] for i in range(most)]
        note = f'{most} of {count} pictures are shown, evenly spaced.'
        return replace(self, entries=chosen, notes=[*self.notes, note])


def reason_of(error: Exception) -> str:
    """Return why a shot cannot be loaded, in words."""
    if isinstance(error, (LookupError, TypeError)):
        return f'the journal does not fit its files ({error!r})'
    return str(error) or type(error).__name__


def joined(albums: Sequence[Album]) -> Album:
    """Return several albums as one, with the title of each before its names; one as it is."""
    if len(albums) == 1:
        return albums[0]
    result = Album(', '.join(album.title for album in albums))
    for album in albums:
        title = album.title
        result.entries.extend(replace(e, name=f'{title}/{e.name}') for e in album.entries)
        result.settings.update({f'{title}: {k}': v for k, v in album.settings.items()})
        result.failed.update({f'{title}: {k}': v for k, v in album.failed.items()})
        result.notes.extend(f'{title}: {note}' for note in album.notes)
    return result


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file that a journal names, which may only be below its folder."""
    path = folder / PurePosixPath(name)
    if not path.resolve().is_relative_to(folder.resolve()):
        raise AlbumError(f'the journal names {name!r}, which is outside of {folder}')
    return path

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Albums of the frames of videos, from the output folder of `depth-anything video`."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media.album import Album, AlbumError, Entry, Shot, inside
from depth_anything_ros.media.album_folder import words
from depth_anything_ros.media.clip_archive import values16
from depth_anything_ros.media.clip_items import ClipError, ClipFrame, Cut
from depth_anything_ros.media.depth_reading import read_depth
from depth_anything_ros.media.picture_depth import GUESSED_FOV
from depth_anything_ros.media.run_journal import read_journal

VIDEO_JOURNAL = 'depth_anything_video.jsonl'
ARRAYS, STEPS = '_npz/', '_depth16.mkv'
KEPT = 8
"""Frames that are kept: those who ask for neighbours do so in nearly the right order."""

Item = TypeVar('Item')


class Walk(Generic[Item]):
    """Items of a sequence that can only be walked, by their number, from any thread.

    ``begin`` starts it anew, where one is wanted that was passed long ago.
    """

    def __init__(self, begin: Callable[[], Iterator[Item]]) -> None:
        self._begin, self._lock = begin, threading.Lock()
        self._items: Iterator[Item] = iter(())
        self._passed: deque[tuple[int, Item]] = deque(maxlen=KEPT)
        self._next = -1

    def at(self, number: int) -> Item:
        """Return an item, counted from 0. Raises AlbumError where the sequence ends before it."""
        with self._lock:
            for known, item in self._passed:
                if known == number:
                    return item
            if self._next < 0 or number < self._next:
                self._items, self._next = self._begin(), 0
            for item in self._items:
                self._passed.append((self._next, item))
                self._next += 1
                if self._next > number:
                    return item
            self._next = -1
            raise AlbumError(f'frame {number} is not there')


@dataclass(frozen=True)
class _Clip:
    """The depth of one video: how many frames, their times in seconds, and what reads them."""

    seconds: Callable[[int], float]
    count: int
    depth: Callable[[int], tuple[np.ndarray, DepthKind]]
    network_width: int = 0


def clip_album(folder: Path, most: int, fov: float | None = None) -> Album:
    """Return ``most`` frames of each video of a run, evenly over its time.

    The run must have kept ``npz`` or ``ffv1``; pictures come from the videos themselves, where
    they still are. ``fov`` is the horizontal field of view in rad, else 60 degrees are assumed.
    Raises AlbumError.
    """
    content = read_journal(folder, VIDEO_JOURNAL)
    cut = _cut(content.settings)
    album = Album(folder.resolve().name, [], dict(words(content.settings)), content.failed)
    for stem, line in content.finished.items():
        clip = _clip(folder, line)
        if clip is None:
            album.notes.append(f'{stem} has no depth values: add npz or ffv1 to its --format.')
            continue
        clip = replace(clip, network_width=int(line.get('network_size', [0])[0]))
        source = str(line['source'][0])
        here = Path(source) if Path(source).is_file() else Path(content.folder, source)
        pictures = Walk(partial(_pictures, here, cut)) if here.is_file() else None
        count = min(most, clip.count)
        if count < clip.count:
            album.notes.append(f'{count} of {clip.count} frames of {stem} are shown, evenly.')
        for i in range(count):
            number = (2 * i + 1) * clip.count // (2 * count)
            seconds = clip.seconds(number)
            load = partial(_load, clip, pictures, number, fov)
            album.entries.append(Entry(f'{stem} at {seconds:.2f} s', load, round(seconds * 1e9)))
    if not album.entries and not album.failed:
        raise AlbumError(f'{folder} has no depth of a video: add npz or ffv1 to its --format')
    return album


def _cut(settings: Mapping[str, Any]) -> Cut:
    try:
        return Cut(**settings.get('cut', {}))
    except TypeError as error:
        raise AlbumError(f'{VIDEO_JOURNAL} tells of a cut that is not known: {error}') from error


def _load(clip: _Clip, pictures: Walk[np.ndarray] | None, number: int, fov: float | None) -> Shot:
    values, kind = clip.depth(number)
    rgb = None if pictures is None else pictures.at(number)
    height, width = values.shape
    camera = Intrinsics.from_fov(width, height, GUESSED_FOV if fov is None else fov)
    by = 'guess' if fov is None else 'fov'
    return Shot(rgb, values, kind, None, camera, camera_from=by, network_width=clip.network_width)


def _pictures(path: Path, cut: Cut) -> Iterator[np.ndarray]:
    """Yield the frames that a run took from a video, (H, W, 3) uint8 RGB each."""
    from depth_anything_ros.media.clip_file import FileClip

    try:
        clip = FileClip(str(path), cut, sound=False)
    except ClipError as error:
        raise AlbumError(f'{path}: {error}') from error
    try:
        for item in clip:
            if isinstance(item, ClipFrame):
                yield item.rgb
    finally:
        clip.release()


def _clip(folder: Path, line: Mapping[str, Any]) -> _Clip | None:
    arrays = sorted(file for file in line['files'] if ARRAYS in file and file.endswith('.npz'))
    if arrays:
        paths = [inside(folder, file) for file in arrays]
        return _Clip(lambda i: _seconds(paths[i]), len(paths), lambda i: _array(paths[i]))
    steps = [file for file in line['files'] if file.endswith(STEPS)]
    return _of_steps(inside(folder, steps[0])) if steps else None


def _seconds(path: Path) -> float:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return float(arrays['seconds'].ravel()[0])
    except (OSError, ValueError, KeyError, IndexError):
        return 0.0  # what is wrong with the file is told when its depth is read


def _array(path: Path) -> tuple[np.ndarray, DepthKind]:
    found = read_depth(path)
    return found.values, found.kind or DepthKind.RELATIVE


def _of_steps(path: Path) -> _Clip:
    """Return the depth in a video of 16 bits, which the file beside it explains."""
    beside = path.with_suffix('.jsonl')
    try:
        lines = [json.loads(text) for text in beside.read_text(encoding='utf-8').splitlines()]
        kind, scale = DepthKind(lines[0]['kind']), float(lines[0]['scale'])
        base = Fraction(lines[0]['time_base'])
        times = [float(line['pts'] * base) for line in lines[1:] if 'pts' in line]
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise AlbumError(f'{beside} does not explain {path.name}: {error!r}') from error
    walk = Walk(partial(_steps, path))
    return _Clip(
        lambda i: times[i], len(times), lambda i: (values16(walk.at(i), kind, scale), kind)
    )


def _steps(path: Path) -> Iterator[np.ndarray]:
    """Yield the frames (H, W) uint16 of a video of 16-bit gray."""
    import av
    import av.error

    try:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                yield frame.to_ndarray(format='gray16le')
    except av.error.FFmpegError as error:
        raise AlbumError(f'{path}: {error}') from error

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Albums of what is on disk: the output folder of a run, or pictures with depth beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics, IntrinsicsError
from depth_anything_ros.media.album import Album, AlbumError, Entry, Shot, inside
from depth_anything_ros.media.depth_files import FORMATS
from depth_anything_ros.media.depth_reading import (
    DEPTH_SUFFIXES,
    ENDINGS,
    METRES_ENDING,
    DepthReadingError,
    Steps,
    read_depth,
)
from depth_anything_ros.media.frames import natural_key
from depth_anything_ros.media.picture_depth import GUESSED_FOV
from depth_anything_ros.media.picture_reader import URL_SCHEMES, Picture, is_readable, read
from depth_anything_ros.media.run_journal import JOURNAL, read_journal

VALUES = ('npz', 'npy', 'tiff', 'exr', 'png16')
"""Formats of a run that hold depth, those that tell most first."""

DEPTH_FOLDERS = ('depth', 'depth_raw')
"""Folders beside that of the pictures in which depth is looked for under the pictures' names."""

_NEVER_PICTURES = ('.npz', '.npy', '.exr')
_PAINTED = tuple(FORMATS[name].suffix for name in ('color', 'gray', 'side'))


@dataclass(frozen=True)
class Reading:
    """What the files of others do not tell: what floats are, what a step is, the camera's angle.

    ``fov`` is horizontal, in rad.
    """

    kind: DepthKind | None = None
    scale16: float = 1000.0
    fov: float | None = None


def album_of(folder: Path, reading: Reading | None = None) -> Album:
    """Return the album of a folder. Raises AlbumError for a folder without pictures and depth."""
    if (folder / JOURNAL).is_file():
        return run_album(folder)
    return folder_album(folder, reading or Reading())


def run_album(folder: Path) -> Album:
    """Return the album of an output folder of `depth-anything image`, as its journal tells it."""
    content = read_journal(folder)
    entries = [
        Entry(stem, partial(_load_finished, folder, line, content.folder, content.settings))
        for stem, line in sorted(content.finished.items(), key=lambda item: natural_key(item[0]))
    ]
    if not entries and not content.failed:
        raise AlbumError(f'{folder / JOURNAL} tells of no picture')
    settings = dict(words(content.settings))
    notes = []
    if entries and not any(_values_file(line) for line in content.finished.values()):
        notes.append(
            'This run kept no depth values, so none can be shown: add npy to its --format.'
        )
    return Album(folder.resolve().name, entries, settings, content.failed, notes)


def words(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield settings as words; those that were left alone are left out."""
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from words(value)
        elif isinstance(value, list):
            yield name, ', '.join(map(str, value))
        elif isinstance(value, bool):
            yield name, 'yes' if value else 'no'
        elif value is not None:
            yield name, str(value)


def _values_file(line: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the format and the file of the depth values of a finished picture."""
    for name in VALUES:
        for file in line['files']:
            if file.endswith(FORMATS[name].suffix):
                return name, file
    return None


def _load_finished(
    folder: Path, line: Mapping[str, Any], started_in: str, settings: Mapping[str, Any]
) -> Shot:
    source = str(line['source'][0])
    here = Path(source) if Path(source).is_file() else Path(started_in, source)
    picture = read(str(here)) if not source.startswith(URL_SCHEMES) and here.is_file() else None
    shot = Shot(rgb=None if picture is None else picture.rgb)
    kind = DepthKind(line.get('kind', DepthKind.RELATIVE.value))
    found = _values_file(line)
    if found is None:
        colours = [file for file in line['files'] if file.endswith(_PAINTED[:2])]
        return replace(shot, painted=_within(folder, colours[0])) if colours else shot
    limits = (float(line.get('least', 0)), float(line.get('greatest', 0)))
    steps = Steps(
        float(settings.get('scale16', 1000)), None if kind is DepthKind.METRIC else limits, True
    )
    depth = read_depth(inside(folder, found[1]), steps)
    camera, told_by = depth.camera, 'file'
    height, width = depth.values.shape
    if 'camera' in line:
        camera = Intrinsics(width, height, *map(float, line['camera']))
        told_by = str(line.get('camera_from', 'file'))
    return replace(
        shot,
        values=depth.values,
        kind=kind,
        camera=camera,
        camera_from=told_by if camera else '',
        network_width=int(line.get('network_size', [0])[0]),
    )


def _within(folder: Path, name: str) -> Any:
    return read(str(inside(folder, name))).rgb


def folder_album(folder: Path, reading: Reading) -> Album:
    """Return the album of a folder and all below it: pictures, and depth files beside them."""
    entries, without, unknown = [], 0, 0
    for root, folders, names in os.walk(folder):
        folders[:] = sorted((f for f in folders if not f.startswith('.')), key=natural_key)
        here = Path(root)
        if here.name in DEPTH_FOLDERS and here != folder:
            continue
        beside = [here.parent / name for name in DEPTH_FOLDERS if here != folder]
        for picture, depth in _pairs(here, names, beside):
            without += depth is None
            unknown += depth is not None and reading.kind is None and not _tells(depth)
            shown = picture or depth
            assert shown is not None
            load = partial(_load_pair, picture, depth, reading)
            entries.append(Entry(shown.relative_to(folder).with_suffix('').as_posix(), load))
    if not entries:
        raise AlbumError(f'{folder} has no pictures and no depth')
    notes = []
    if without:
        notes.append(f'{without} of {len(entries)} pictures have no depth beside them.')
    if unknown:
        notes.append(
            f'{unknown} depth files do not say what they hold; they are shown as disparity, '
            'without a scale. --unit metres says that they hold metres.'
        )
    return Album(folder.resolve().name, entries, notes=notes)


def _tells(depth: Path) -> bool:
    """Tell by its name whether a file may say itself if it holds metres."""
    return depth.suffix in ('.npz', '.exr') or depth.stem.endswith(METRES_ENDING)


def _pairs(
    here: Path, names: Sequence[str], beside: Sequence[Path]
) -> list[tuple[Path | None, Path | None]]:
    """Return the pictures of a folder with their depth, and depth that belongs to no picture."""
    there = {name for name in names if not name.startswith('.')}
    pictures = {name for name in there if is_readable(Path(name))}
    matches: dict[str, Path] = {}
    claimed = {
        name
        for name in pictures
        if name.endswith(_PAINTED) and _has_picture(_without_ending(name), pictures)
    }
    for name in sorted(pictures, key=len):  # a.png claims a_depth.png before that claims anything
        found = None if name in claimed else _depth_of(here, name, there, beside)
        if found is not None:
            matches[name] = found
            claimed.update([found.name] if found.parent == here else [])
    pairs: list[tuple[Path | None, Path | None]] = []
    for name in sorted(there - claimed, key=natural_key):
        if name in pictures:
            pairs.append((here / name, matches.get(name)))
        elif Path(name).suffix.lower() in _NEVER_PICTURES:
            pairs.append((None, here / name))
    return pairs


def _without_ending(name: str) -> str:
    return name[: name.rindex('_')]


def _has_picture(stem: str, pictures: set[str]) -> bool:
    return any(Path(name).stem == stem for name in pictures)


def _depth_of(here: Path, name: str, there: set[str], beside: Sequence[Path]) -> Path | None:
    stem = Path(name).stem
    for ending in ENDINGS:
        for suffix in DEPTH_SUFFIXES:
            candidate = f'{stem}{ending}{suffix}'
            if candidate in there and (ending or suffix in _NEVER_PICTURES):
                return here / candidate
    for folder in beside:
        for suffix in DEPTH_SUFFIXES:
            if (folder / f'{stem}{suffix}').is_file():
                return folder / f'{stem}{suffix}'
    return None


def _load_pair(picture: Path | None, depth: Path | None, reading: Reading) -> Shot:
    seen = None if picture is None else read(str(picture))
    shot = Shot(rgb=None if seen is None else seen.rgb)
    if depth is None:
        return shot
    try:
        found = read_depth(depth, Steps(reading.scale16))
    except DepthReadingError:
        if not is_readable(depth):
            raise
        return replace(shot, painted=read(str(depth)).rgb)  # depth in colours, without values
    told = DepthKind.METRIC if depth.stem.endswith(METRES_ENDING) else None
    kind = found.kind or told or reading.kind or DepthKind.RELATIVE
    height, width = found.values.shape
    camera, told_by = found.camera, 'file'
    if reading.fov is not None:
        camera, told_by = Intrinsics.from_fov(width, height, reading.fov), 'fov'
    elif camera is None:
        camera, told_by = _guessed(seen, width, height)
    return replace(shot, values=found.values, kind=kind, camera=camera, camera_from=told_by)


def _guessed(seen: Picture | None, width: int, height: int) -> tuple[Intrinsics, str]:
    if seen is not None and seen.intrinsics is not None:
        try:
            return seen.intrinsics.scaled(width, height), 'exif'
        except IntrinsicsError:
            pass
    return Intrinsics.from_fov(width, height, GUESSED_FOV), 'guess'

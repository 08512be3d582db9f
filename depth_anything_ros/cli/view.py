# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything view`: pictures, depth and points in Rerun, or a report as one HTML file."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depth_anything_ros.cli.fail import fail
from depth_anything_ros.cli.progress import Progress

if TYPE_CHECKING:
    from depth_anything_ros.media.album import Album
    from depth_anything_ros.media.report import ReportStyle

MOST_SHOWN = 20
"""Failures that are listed; the report and --json have all."""

INTERRUPTED = 130
BAGS = ('.bag', '.mcap', '.db3')


class Unit(Enum):
    """What depth files hold that do not say it."""

    METRES = 'metres'
    DISPARITY = 'disparity'


@dataclass(frozen=True)
class _Made:
    """What was written, and what could not be read."""

    path: Path | None
    size: int
    shown: int
    failed: dict[str, str]


def view(
    sources: Annotated[
        list[Path],
        typer.Argument(
            help='Output folders of `depth-anything image` or `video`, folders of pictures with '
            'depth files beside them, or bags.',
            metavar='SOURCE...',
        ),
    ],
    html: Annotated[
        Path | None, typer.Option(help='Write a report that needs nothing but a browser.')
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help='Write a recording of Rerun (.rrd), open no window.')
    ] = None,
    web: Annotated[
        bool, typer.Option('--web', help='Show Rerun in a browser on this machine.')
    ] = False,
    most: Annotated[
        int, typer.Option(min=1, help='Most pictures, evenly spaced over those there are.')
    ] = 500,
    max_side: Annotated[
        int, typer.Option(min=16, help='Longer side of pictures and depth, in pixels.')
    ] = 640,
    colormap: Annotated[str, typer.Option(help='Colours of depth.')] = 'spectral',
    unit: Annotated[
        Unit | None,
        typer.Option(help='What depth files beside pictures hold, where they do not say it.'),
    ] = None,
    scale16: Annotated[
        float, typer.Option(help='Steps of whole numbers in such files to the metre.')
    ] = 1000.0,
    fov: Annotated[
        float | None,
        typer.Option(help='Horizontal field of view of such pictures in degrees.'),
    ] = None,
    max_jump: Annotated[
        float,
        typer.Option(help='Relative jump of metres whose ramp is left out of points; 0 keeps all.'),
    ] = 0.1,
    topic: Annotated[
        str | None, typer.Option(help='Topic of the depth in a bag (the first there is).')
    ] = None,
    as_json: Annotated[
        bool, typer.Option('--json', help='Print a summary as JSON on standard output.')
    ] = False,
) -> None:
    """Look at pictures and their depth.

    Rerun needs the extra `view`, a report needs nothing. Exit codes: 0 all shown, 1 some could not
    be read, 2 wrong usage, 130 interrupted.
    """
    if sum((html is not None, save is not None, web)) > 1:
        raise typer.BadParameter('give one of --html, --save and --web')
    for name, path, suffix in (('--html', html, '.html'), ('--save', save, '.rrd')):
        if path is not None and path.suffix != suffix:  # what is there would be replaced
            raise typer.BadParameter(f'{name} {path}: the name must end with {suffix}')
    if fov is not None and not 0 < fov < 180:
        raise typer.BadParameter(f'--fov must be between 0 and 180 degrees, got {fov}')
    if not (math.isfinite(scale16) and scale16 > 0):
        raise typer.BadParameter(f'--scale16 must be above 0, got {scale16}')
    from depth_anything_ros.geometry.edges import EdgeError, EdgeSettings
    from depth_anything_ros.media.album import AlbumError
    from depth_anything_ros.media.bag import BagError
    from depth_anything_ros.media.color import ColorMapError, color_table
    from depth_anything_ros.media.report import ReportStyle
    from depth_anything_ros.media.rerun_log import RerunError, rerun

    try:
        color_table(colormap)
        if max_jump:
            EdgeSettings(max_jump)
        if html is None:
            rerun()  # before anything is read
        album = _album(sources, most, unit, scale16, fov, topic)
        for note in album.notes:
            typer.echo(note, err=True)
        if album.failed:
            typer.echo(f'{len(album.failed)} failed when the depth was made', err=True)
        if html is not None:
            made = _report(html, album, ReportStyle(max_side, colormap, max_jump))
        else:
            made = _recording(save, album, ReportStyle(max_side, colormap, max_jump), web)
    except (ColorMapError, EdgeError) as error:
        raise typer.BadParameter(str(error)) from error
    except (AlbumError, BagError, RerunError) as error:
        fail(error)
    except OSError as error:
        fail(f'{html or save or "the recording"} cannot be written: {error.strerror or error}')
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    _tell(made, as_json)
    raise typer.Exit(1 if made.failed else 0)


def _album(
    sources: list[Path],
    most: int,
    unit: Unit | None,
    scale16: float,
    fov: float | None,
    topic: str | None,
) -> Album:
    from depth_anything_ros.depth import DepthKind
    from depth_anything_ros.media.album import AlbumError, joined
    from depth_anything_ros.media.album_bag import bag_album
    from depth_anything_ros.media.album_clip import VIDEO_JOURNAL, clip_album
    from depth_anything_ros.media.album_folder import Reading, album_of
    from depth_anything_ros.media.bag import is_bag

    kinds = {Unit.METRES: DepthKind.METRIC, Unit.DISPARITY: DepthKind.RELATIVE}
    kind = None if unit is None else kinds[unit]
    reading = Reading(kind, scale16, None if fov is None else math.radians(fov))
    albums = []
    for source in sources:
        if is_bag(source) or source.is_file() and source.suffix in BAGS:
            albums.append(bag_album(source, most, topic))
        elif (source / VIDEO_JOURNAL).is_file():
            albums.append(clip_album(source, most, reading.fov))
        elif source.is_dir():
            albums.append(album_of(source, reading))
        else:
            raise AlbumError(f'{source} is no folder and no bag')
    return joined(albums).thinned(most)


def _report(path: Path, album: Album, style: ReportStyle) -> _Made:
    from depth_anything_ros.media.report import write_report

    with Progress(len(album.entries)) as progress:
        facts = write_report(path, album, style, told=progress.told)
    return _Made(path, facts.size, facts.shown, facts.failed)


def _recording(path: Path | None, album: Album, style: ReportStyle, web: bool) -> _Made:
    """Write a recording; without a path show it until its window, or the command, is ended."""
    import tempfile

    from depth_anything_ros.media.rerun_log import write_recording
    from depth_anything_ros.media.rerun_window import show

    with tempfile.TemporaryDirectory(prefix='depth_anything_') as folder:
        target = path or Path(folder) / 'depth.rrd'
        with Progress(len(album.entries)) as progress:
            failed = write_recording(
                target, album, style.max_side, style.colormap, progress.told, style.max_jump
            )
        unread = sum(entry.name in failed for entry in album.entries)
        made = _Made(path, target.stat().st_size, len(album.entries) - unread, failed)
        if path is None:
            show(target, web)
        return made


def _tell(made: _Made, as_json: bool) -> None:
    for source, reason in list(made.failed.items())[:MOST_SHOWN]:
        typer.echo(f'cannot be shown: {source}: {reason}', err=True)
    if len(made.failed) > MOST_SHOWN:
        typer.echo(f'... and {len(made.failed) - MOST_SHOWN} more (see --json)', err=True)
    if as_json:
        summary = {
            'file': None if made.path is None else str(made.path),
            'bytes': made.size,
            'pictures': made.shown,
            'failed': made.failed,
        }
        typer.echo(json.dumps(summary, indent=2))
    elif made.path is not None:
        words = f'{made.shown} picture{"s" * (made.shown != 1)}'
        typer.echo(f'{made.path}: {made.size / 1e6:.1f} MB, {words}')

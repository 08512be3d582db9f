# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A report of pictures and their depth as one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.album import Album, Entry, Shot, reason_of
from depth_anything_ros.media.album_edges import MAX_JUMP, is_ramp
from depth_anything_ros.media.color import color_range, color_table, colorize
from depth_anything_ros.media.report_codec import (
    LAST,
    UNKNOWN,
    coded,
    packed,
    packed_bits,
    sampled,
    shrunk,
    webp,
)
from depth_anything_ros.media.whole_file import whole_file

PARTS = Path(__file__).parent / 'report'
SCRIPTS = ('depth.js', 'grid.js', 'cloud.js', 'viewer.js', 'main.js')
THUMBNAIL_SIDE, THUMBNAIL_QUALITY, QUALITY = 320, 70, 82
POLICY = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class ReportStyle:
    """How large pictures and depth are in the viewer, in pixels of the longer side, and colours.

    ``max_jump`` is the relative jump of metres whose ramp is left out of points, 0 for none.
    """

    max_side: int = 640
    colormap: str = 'spectral'
    max_jump: float = MAX_JUMP


@dataclass(frozen=True)
class ReportFacts:
    """What was written: bytes, pictures, and the reason for each that could not be read."""

    size: int
    shown: int
    failed: dict[str, str]


@dataclass(frozen=True)
class _Blocks:
    """What the page has of one picture: facts, thumbnails, and what the viewer needs."""

    facts: dict[str, Any]
    small: str = ''
    large: str = ''


def write_report(
    path: Path,
    album: Album,
    style: ReportStyle | None = None,
    jobs: int = 2,
    told: Callable[[Entry, str | None], None] = lambda entry, reason: None,
) -> ReportFacts:
    """Write the report of an album; it appears under its name when it is whole.

    ``jobs`` threads read and encode; ``told`` is called after each picture, with the reason where
    it could not be read. Raises ColorMapError, OSError.
    """
    style = style or ReportStyle()
    color_table(style.colormap)
    facts: list[dict[str, Any]] = []
    small: list[str] = []
    unread: dict[str, str] = {}
    path.parent.mkdir(parents=True, exist_ok=True)
    # What the viewer needs comes last in the page, so that the thumbnails are there at once.
    with tempfile.TemporaryFile('w+', encoding='ascii', dir=path.parent) as large:
        for entry, blocks in _encoded(album.entries, style, jobs):
            reason = blocks.facts.get('reason')
            if reason is None:
                facts.append({'id': len(facts), **blocks.facts})
                small.append(blocks.small.replace('#', str(len(facts) - 1)))
                large.write(blocks.large.replace('#', str(len(facts) - 1)))
            else:
                unread[entry.name] = reason
            told(entry, reason)
        large.seek(0)
        with whole_file(path) as unfinished, unfinished.open('w', encoding='utf-8') as page:
            failed = {**album.failed, **unread}
            before, after = _page(album, facts, failed, ''.join(small), style)
            page.write(before)
            shutil.copyfileobj(large, page)
            page.write(after)
    return ReportFacts(path.stat().st_size, len(facts), unread)


def _encoded(
    entries: list[Entry], style: ReportStyle, jobs: int
) -> Iterator[tuple[Entry, _Blocks]]:
    """Yield the blocks of entries in order, a few read ahead."""
    waiting: deque[tuple[Entry, Future[_Blocks]]] = deque()
    pool = ThreadPoolExecutor(jobs, 'report')
    try:
        for entry in entries:
            waiting.append((entry, pool.submit(_blocks, entry, style)))
            if len(waiting) > 2 * jobs:
                yield waiting[0][0], waiting.popleft()[1].result()
        while waiting:
            yield waiting[0][0], waiting.popleft()[1].result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _blocks(entry: Entry, style: ReportStyle) -> _Blocks:
    """Load a picture and encode all that the page has of it."""
    try:
        shot = entry.load()
        height, width = shot.size
        if not height or not width:
            return _Blocks({'reason': 'neither a picture nor depth'})
        return _of_shot(entry.name, shot, style)
    except Exception as error:  # one bad picture, or line of a journal, must not end the report
        return _Blocks({'reason': reason_of(error)})


def _of_shot(name: str, shot: Shot, style: ReportStyle) -> _Blocks:
    small, large = [], []
    facts: dict[str, Any] = {'name': name, 'size': shot.size[::-1]}
    if shot.rgb is not None:
        facts |= {'thumbnail': True, 'picture': True}
        small.append(('small-#', _thumbnail(shot.rgb)))
        large.append(('picture-#', webp(shrunk(shot.rgb, style.max_side), QUALITY)))
    painted = shot.painted
    if shot.values is not None and shot.kind is not None:
        grid = sampled(shot.values, style.max_side)
        painted = colorize(sampled(shot.values, THUMBNAIL_SIDE), shot.kind, style.colormap)
        depth, told = _depth(shot, grid, shot.kind)
        large.append(('depth-#', depth))
        if shot.kind is DepthKind.METRIC:
            large.append(
                ('ramps-#', packed_bits(is_ramp(grid, shot.network_width, style.max_jump)))
            )
        facts |= told
    elif painted is not None:
        facts['painted'] = True
        large.append(('depth-#', webp(shrunk(painted, style.max_side), QUALITY)))
    if painted is not None:
        facts['depthThumbnail'] = True
        small.append(('small-depth-#', _thumbnail(painted)))
    return _Blocks(facts, _as_blocks(small), _as_blocks(large))


def _thumbnail(rgb: np.ndarray) -> str:
    return webp(shrunk(rgb, THUMBNAIL_SIDE), THUMBNAIL_QUALITY)


def _depth(shot: Shot, grid: np.ndarray, kind: DepthKind) -> tuple[str, dict[str, Any]]:
    assert shot.values is not None
    codes = coded(grid, kind)
    height, width = grid.shape
    facts = {
        'kind': kind.value,
        'known': bool(((codes.codes != UNKNOWN) & (codes.codes <= LAST)).any()),
        'grid': [width, height],
        'whole': [shot.values.shape[1], shot.values.shape[0]],
        'limits': [codes.least, codes.greatest],
        'colours': [_finite(end) for end in color_range(shot.values, kind)],
    }
    if shot.camera is not None:
        camera = shot.camera.scaled(width, height)
        # Pixel i of the grid was seen in the middle of what it stands for.
        facts['camera'] = [camera.fx, camera.fy, *_centre(shot, width, height)]
        facts['cameraFrom'] = shot.camera_from
    elif kind is DepthKind.METRIC:
        facts['camera'] = [width, width, (width - 1) / 2, (height - 1) / 2]
        facts['cameraFrom'] = 'guess'
    return packed(codes.codes), facts


def _centre(shot: Shot, width: int, height: int) -> tuple[float, float]:
    assert shot.camera is not None
    c = shot.camera
    return (c.cx + 0.5) * width / c.width - 0.5, (c.cy + 0.5) * height / c.height - 0.5


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _as_blocks(blocks: list[tuple[str, str]]) -> str:
    """Return data blocks, which browsers neither run nor look into; '#' is the picture's number."""
    return ''.join(
        f'<script type="text/plain" id="{name}">{text}</script>\n' for name, text in blocks
    )


def _page(
    album: Album,
    facts: list[dict[str, Any]],
    failed: dict[str, str],
    small: str,
    style: ReportStyle,
) -> tuple[str, str]:
    """Return the page up to the pictures, and what comes behind them."""
    data = {
        'title': album.title,
        'summary': _summary(facts, len(failed)),
        'notes': album.notes,
        'settings': list(album.settings.items()),
        'failed': list(failed.items()),
        'pictures': facts,
        'table': base64.b64encode(color_table(style.colormap).tobytes()).decode(),
    }
    looks = (PARTS / 'page.css').read_text(encoding='utf-8')
    code = '\n'.join((PARTS / name).read_text(encoding='utf-8') for name in SCRIPTS)
    code = f"\n'use strict';\n(() => {{\n{code}\n}})();\n"
    policy = f"{POLICY}; style-src '{_digest(looks)}'; script-src '{_digest(code)}'"
    title = html.escape(f'{album.title}: depth').encode('utf-8', 'replace').decode()
    page = Template((PARTS / 'page.html').read_text(encoding='utf-8')).substitute(
        policy=policy,
        title=title,
        style=looks,
        data=_as_data(data),
        thumbnails=small,
        script=code,
        pictures='\0',
    )
    before, _, after = page.partition('\0')
    return before, after


def _summary(facts: list[dict[str, Any]], failed: int) -> str:
    words = f'{len(facts)} picture{"s" * (len(facts) != 1)}'
    kinds = [fact.get('kind') for fact in facts]
    counts = {
        'with depth in metres': kinds.count(DepthKind.METRIC.value),
        'with disparity': kinds.count(DepthKind.RELATIVE.value),
        'without depth values': kinds.count(None),
        'failed': failed,
    }
    told = [
        name if count == len(facts) and name != 'failed' else f'{count} {name}'
        for name, count in counts.items()
        if count
    ]
    return ', '.join([words, *told]).replace(', with', ' with', 1)


def _digest(text: str) -> str:
    return f'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'


def _as_data(data: dict[str, Any]) -> str:
    """Return JSON in ASCII that cannot end the element it stands in, whatever names it has."""
    text = json.dumps(data, allow_nan=False, separators=(',', ':'))
    return text.replace('<', '\\u003c').replace('>', '\\u003e').replace('&', '\\u0026')

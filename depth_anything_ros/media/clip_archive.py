# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth of moving pictures without loss: 16 bits in FFV1, and float32 in a folder."""

from __future__ import annotations

import io
import json
import math
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.clip_items import ClipFacts, DepthFrame, SoundPacket
from depth_anything_ros.media.depth_files import LARGEST, bounds, depth16
from depth_anything_ros.media.whole_file import whole_file

LEAST_SLICED = 16
"""Pixels a side that slices take."""

SAME_BYTES = {'fflags': '+bitexact'}
"""Matroska's numbers of files are random without it: now the same run makes the same bytes."""

HEADROOM = 4
"""How many times the first frame's greatest disparity still has a step of its own."""


def disparity_steps(values: np.ndarray) -> float:
    """Return how many 16-bit steps to the unit of disparity suit a clip that begins so.

    A power of two, so that multiplying by it loses nothing.
    """
    greatest = bounds(values)[1]
    if not greatest > 0:
        return 1.0
    return 2.0 ** math.floor(math.log2((LARGEST - 1) / (HEADROOM * greatest)))


def steps16(values: np.ndarray, kind: DepthKind, scale: float) -> np.ndarray:
    """Return depth (H, W) as uint16, with one scale for a whole clip; 0 is unknown.

    Metric as ``depth16``. Relative: 1 + disparity times ``scale``, rounded, 65535 at most.
    """
    if kind is DepthKind.METRIC:
        return depth16(values, kind, scale)
    known = np.isfinite(values)
    steps = np.rint(np.where(known, values, 0.0) * np.float64(scale)) + 1
    return np.where(known, np.clip(steps, 1, LARGEST), 0).astype(np.uint16)


def values16(steps: np.ndarray, kind: DepthKind, scale: float) -> np.ndarray:
    """Return what ``steps16`` was made of, float32 (H, W): within half a step where it is known."""
    values = (steps.astype(np.float64) - (kind is DepthKind.RELATIVE)) / scale
    if kind is DepthKind.METRIC:
        values = np.where(steps == LARGEST, np.inf, np.where(steps == 1, -np.inf, values))
    return np.where(steps == 0, np.nan, values).astype(np.float32)


def write_ffv1(
    path: Path,
    items: Iterator[DepthFrame | SoundPacket],
    facts: ClipFacts,
    scale16: float,
) -> int:
    """Write 16-bit gray FFV1 in Matroska, with what a step is in its tags; return the frames.

    A ``.jsonl`` beside it has the same and each frame's exact time, as Matroska rounds times to
    milliseconds. Raises OSError and FFmpegError.
    """
    sidecar = path.with_suffix('.jsonl')
    count = clipped = 0
    with (
        whole_file(sidecar) as beside,
        whole_file(path) as unfinished,
        beside.open('w', encoding='utf-8') as lines,
        av.open(str(unfinished), 'w', format='matroska', options=SAME_BYTES) as container,
    ):
        stream = container.add_stream('ffv1', rate=facts.rate.limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = facts.width, facts.height, 'gray16le'
        stream.codec_context.time_base = facts.time_base
        # Version 3 in slices, so that a damaged one does not take the frame with it.
        stream.options = {'level': '3', 'slicecrc': '1', 'slices': '4', 'g': '1'}
        if min(facts.width, facts.height) < LEAST_SLICED:
            stream.options = {'level': '1', 'g': '1'}
        scale = scale16
        for item in items:
            if isinstance(item, SoundPacket) or item.values is None:
                continue
            if not count:
                if item.kind is DepthKind.RELATIVE:
                    scale = disparity_steps(item.values)
                told = meaning(item.kind, scale)
                container.metadata.update({f'DEPTH_{k.upper()}': str(v) for k, v in told.items()})
                lines.write(json.dumps({**told, 'time_base': str(facts.time_base)}) + '\n')
            steps = steps16(item.values, item.kind, scale)
            if item.kind is DepthKind.RELATIVE:
                clipped += int((item.values * scale > LARGEST - 1).sum())
            frame = av.VideoFrame.from_ndarray(steps, format='gray16le')
            frame.pts, frame.time_base = facts.shifted(item.pts), facts.time_base
            container.mux(stream.encode(frame))
            lines.write(json.dumps({'frame': count, 'pts': frame.pts}) + '\n')
            count += 1
        container.mux(stream.encode(None))
        if clipped:
            lines.write(json.dumps({'clipped_pixels': clipped}) + '\n')
    return count


def meaning(kind: DepthKind, scale: float) -> dict[str, Any]:
    """Return what a step of 16 bits means, for people and programs."""
    if kind is DepthKind.METRIC:
        formula = f'metres = value / {scale:g}'
        special = '0 unknown, 1 too near, 65535 beyond range'
    else:
        formula = f'disparity = (value - 1) / {scale:g}'
        special = '0 unknown, 65535 that or nearer'
    return {'kind': kind.value, 'scale': scale, 'formula': formula, 'special': special}


def write_npz(path: Path, items: Iterator[DepthFrame | SoundPacket], facts: ClipFacts) -> int:
    """Write a compressed array a frame into a folder; return the frames.

    Each has ``depth``, ``kind``, and the frame's time as ``pts``, ``time_base`` (two numbers) and
    ``seconds``. The folder has its name when it is whole. Raises OSError.
    """
    base, count = facts.time_base, 0
    with whole_folder(path) as unfinished:
        for item in items:
            if isinstance(item, SoundPacket) or item.values is None:
                continue
            pts = facts.shifted(item.pts)
            arrays = {
                'depth': item.values,
                'kind': np.array(item.kind.value),
                'pts': np.array(pts),
                'time_base': np.array([base.numerator, base.denominator]),
                'seconds': np.array(float(pts * base)),
            }
            _write_arrays(unfinished / f'{count:06}.npz', arrays)
            count += 1
    return count


def _write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write what ``numpy.load`` reads, compressed at the quickest level: 4 times as fast."""
    with zipfile.ZipFile(path, 'w') as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f'{name}.npy')  # without the hour: the same bytes each time
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            archive.writestr(entry, content.getbuffer(), zipfile.ZIP_DEFLATED, compresslevel=1)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a folder to write to that takes the name ``path``, and what had it goes, at the end.

    Whatever goes wrong before, the name keeps what it had. Raises OSError.
    """
    unfinished = path.with_name(f'.{path.name}.part')
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        if path.is_dir():
            shutil.rmtree(path)
        unfinished.replace(path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)

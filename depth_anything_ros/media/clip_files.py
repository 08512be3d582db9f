# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every file that the depth of a moving picture can become."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from depth_anything_ros.media.clip_archive import write_ffv1, write_npz
from depth_anything_ros.media.clip_items import ClipFacts, DepthFrame, SoundPacket
from depth_anything_ros.media.clip_mp4 import write_mp4
from depth_anything_ros.media.clip_paint import ClipPainter

Items = Iterator[DepthFrame | SoundPacket]


@dataclass(frozen=True)
class ClipStyle:
    """How depth is drawn and rounded.

    ``quality`` is x264's CRF, less is better; ``scale16`` the steps of 16 bits to the metre.
    """

    colormap: str = 'spectral'
    quality: int = 20
    scale16: float = 1000.0


@dataclass(frozen=True)
class ClipFormat:
    """A kind of file: what is added to the clip's name, what writes it, and what it needs."""

    suffix: str
    write: Callable[[Path, Items, ClipFacts, ClipStyle], int]
    about: str
    painted: bool = True
    """Whether it shows colours, whose scale is known a while later."""
    pictures: bool = False
    """Whether it shows the picture."""


def output_path(folder: Path, stem: PurePosixPath, name: str) -> Path:
    """Return where the file or folder of a format goes."""
    return folder / stem.with_name(stem.name + FORMATS[name].suffix)


def files_of(path: Path) -> list[Path]:
    """Return the files that an output consists of."""
    if path.is_dir():
        return sorted(path.iterdir())
    beside = path.with_suffix('.jsonl')
    return [path, beside] if path.suffix == '.mkv' else [path]


def _color(path: Path, items: Items, facts: ClipFacts, style: ClipStyle) -> int:
    painter = ClipPainter(facts.width, facts.height, style.colormap)
    return write_mp4(path, items, facts, painter, style.quality)


def _side(path: Path, items: Items, facts: ClipFacts, style: ClipStyle) -> int:
    painter = ClipPainter(facts.width, facts.height, style.colormap, beside=True)
    return write_mp4(path, items, facts, painter, style.quality)


def _gray(path: Path, items: Items, facts: ClipFacts, style: ClipStyle) -> int:
    painter = ClipPainter(facts.width, facts.height, 'gray')
    return write_mp4(path, items, facts, painter, style.quality)


def _ffv1(path: Path, items: Items, facts: ClipFacts, style: ClipStyle) -> int:
    return write_ffv1(path, items, facts, style.scale16)


def _npz(path: Path, items: Items, facts: ClipFacts, style: ClipStyle) -> int:
    return write_npz(path, items, facts)


FORMATS = {
    'color': ClipFormat('_depth.mp4', _color, 'depth in colours, near red'),
    'side': ClipFormat('_side.mp4', _side, 'the picture and that', pictures=True),
    'gray': ClipFormat('_gray.mp4', _gray, 'depth in gray, near bright'),
    'ffv1': ClipFormat('_depth16.mkv', _ffv1, '16 bits without loss', painted=False),
    'npz': ClipFormat('_npz', _npz, 'a folder, a float32 array a frame', painted=False),
}
"""By name; ``--format`` takes any combination."""

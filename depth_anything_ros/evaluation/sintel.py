# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""MPI Sintel: 1064 frames of a film, rendered, with depth and cameras (Butler et al. 2012).

A .dpt file is the float32 202021.25, width and height as int32, then depth as float32 by rows, in
metres; a .cam file the same tag, then 9 float64 of the camera matrix and 12 of its pose, all in
little-endian order (the set's own sintel_io.py).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from depth_anything_ros.data.picture_file import bounded_bytes
from depth_anything_ros.data.sample import FormatError
from depth_anything_ros.evaluation.benchmark_files import FileBenchmark, Files
from depth_anything_ros.geometry.intrinsics import Intrinsics, IntrinsicsError
from depth_anything_ros.media.decoding import MAX_PIXELS

TAG = 202021.25
"""What .dpt and .cam files begin with, as float32."""

_HEAD = struct.Struct('<fii')


class Sintel(FileBenchmark):
    """The training frames of one pass, 'final' or 'clean'; the scene of each is its sequence.

    Sky has finite depth far beyond 70 m, the range of the benchmark, which so masks it. Papers
    rarely state the pass and the mask they take.
    """

    name = 'sintel'
    needed = ('picture', 'depth')

    def __init__(self, path: Path, split: str, list: str | Path | None = None) -> None:
        frame = r'(?P<scene>[a-z]+_\d+)/frame_(?P<frame>\d{4})'
        self.forms = {
            'picture': rf'{split}/{frame}\.png',
            'depth': rf'depth/{frame}\.dpt',
            'camera': rf'camdata_left/{frame}\.cam',
        }
        super().__init__(path, split, list)

    def layout(self) -> tuple[str, str]:
        """Return the forms of the paths."""
        return f'training/{self.split}/<scene>/frame_0001.png', 'depth/<scene>/frame_0001.dpt'

    def key(self, fields: Mapping[str, str]) -> str | None:
        """Return the sequence and frame of a file."""
        return f'{fields["scene"]}/frame_{fields["frame"]}'

    def key_of_line(self, line: str) -> str | None:
        """Read a line that begins with the path of a picture, such as 'alley_1/frame_0001.png'."""
        parts = line.split()[0].removesuffix('.png').split('/')[-2:]
        if len(parts) != 2 or not parts[1].startswith('frame_'):
            raise ValueError('use <scene>/frame_0001.png')
        return '/'.join(parts)

    def depth_size(self, files: Files, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size in the header, of which all depth is there."""
        with files['depth'].open('rb') as file:
            return _size(file.read(_HEAD.size), files['depth'].stat().st_size)

    def depth(self, files: Files, size: tuple[int, int]) -> np.ndarray:
        """Return metres."""
        content = bounded_bytes(files['depth'])
        height, width = _size(content, len(content))
        values = np.frombuffer(content, '<f4', offset=_HEAD.size)
        return values.reshape(height, width).astype(np.float32)

    def scene(self, key: str) -> str:
        """Return the sequence."""
        return key.partition('/')[0]

    def intrinsics(self, files: Files, size: tuple[int, int]) -> Intrinsics | None:
        """Return the camera matrix, where there is a file of it."""
        if 'camera' not in files:
            return None
        content = bounded_bytes(files['camera'])
        if len(content) != 4 + 21 * 8 or struct.unpack_from('<f', content)[0] != TAG:
            raise FormatError(f'{files["camera"].name} is no camera of Sintel')
        m = np.frombuffer(content, '<f8', 9, 4).reshape(3, 3)
        lens = (float(m[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2)))
        try:
            return Intrinsics(size[1], size[0], *lens)
        except IntrinsicsError as error:
            raise FormatError(f'{files["camera"].name}: {error}') from error


def _size(head: bytes, total: int) -> tuple[int, int]:
    """Return the (height, width) in the head of a .dpt of so many bytes. Raises FormatError."""
    if len(head) < _HEAD.size:
        raise FormatError('is cut off')
    tag, width, height = _HEAD.unpack_from(head)
    if tag != TAG:
        raise FormatError(f'is no .dpt: it begins with {tag}, not with {TAG}')
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise FormatError(f'claims {width}x{height} pixels')
    if total != _HEAD.size + 4 * width * height:
        raise FormatError(f'is cut off: it has {total} bytes and claims {width}x{height} pixels')
    return height, width

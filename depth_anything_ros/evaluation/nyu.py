# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""NYUv2 (Silberman et al. 2012): the 654 test pictures of the 1449 labelled ones, 640 x 480.

The split 'raw' is what the Kinect measured, projected onto the picture, with holes; 'filled' has
its holes painted over. Papers mean raw depth for the most part, and the numbers of the two differ
by a fifth. The official file ``nyu_depth_v2_labeled.mat`` has both; see ``nyu_labelled.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from depth_anything_ros.data.picture_file import picture_size, read_png16
from depth_anything_ros.evaluation.benchmark_files import FileBenchmark, Files
from depth_anything_ros.evaluation.benchmark_set import BenchmarkSet
from depth_anything_ros.evaluation.nyu_labelled import FILE, LENS, NyuLabelled, room_kind
from depth_anything_ros.evaluation.nyu_split import nyu_test_numbers
from depth_anything_ros.geometry.intrinsics import Intrinsics

UNIT = 1000.0
"""Units of the PNG files in a metre."""

# 'rgb_0046' counts from 1; 'rgb_00045', in folders named after kinds of rooms, from 0.
_NUMBER = r'(?:(?P<scene>\w+)/{}_(?P<from_one>\d{{4}})|(?P<kind>[a-z_]+)/{}_(?P<from_zero>\d{{5}}))'


_STEMS = {'raw': ('depth', 'sync_depth'), 'filled': ('filled', 'sync_filled')}


class NyuPictures(FileBenchmark):
    """The test pictures as separate files; the scene of each is the room in which it was taken.

    Two layouts are in use: ``<scene>/rgb_0001.png`` with ``depth_0001.png`` (raw) and
    ``filled_0001.png``; and ``<kind>/rgb_00045.jpg`` with ``sync_depth_00045.png`` (raw), whose
    pictures are black along their borders. Depth is a PNG of 16 bits in millimetres, 0 unknown.
    Pictures of the training split that lie beside are left out.
    """

    name = 'nyu'

    def __init__(self, path: Path, split: str, list: str | Path | None = None) -> None:
        depth = _NUMBER.format(*_STEMS[split])
        self.forms = {
            'picture': _NUMBER.format('rgb', 'rgb') + r'\.(?:png|jpg)',
            'depth': depth + r'\.png',
        }
        self._test = set(nyu_test_numbers()) if list is None else None
        super().__init__(path, split, list)

    def layout(self) -> tuple[str, str]:
        """Return the forms of the paths."""
        depth = 'filled_0001' if self.split == 'filled' else 'depth_0001'
        return '<scene>/rgb_0001.png', f'<scene>/{depth}.png'

    def key(self, fields: Mapping[str, str]) -> str | None:
        """Return the room and the number, from 1, of a test picture."""
        number = int(fields['from_one'] or int(fields['from_zero']) + 1)
        if self._test is not None and number not in self._test:
            return None
        return f'{fields["scene"] or fields["kind"]}/{number:04d}'

    def key_of_line(self, line: str) -> str | None:
        """Read a line that begins with the path of a picture."""
        match = re.fullmatch(rf'(?:.*/)?{self.forms["picture"]}', line.split()[0])
        if not match:
            raise ValueError('use <scene>/rgb_0001.png')
        return self.key(match.groupdict())

    def depth_size(self, files: Files, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size in the header of the PNG."""
        return picture_size(files['depth'])

    def depth(self, files: Files, size: tuple[int, int]) -> np.ndarray:
        """Return metres, 0 where unknown."""
        return read_png16(files['depth']).astype(np.float32) / np.float32(UNIT)

    def scene(self, key: str) -> str:
        """Return the kind of room, without its number."""
        return room_kind(key.partition('/')[0])

    def intrinsics(self, files: Files, size: tuple[int, int]) -> Intrinsics | None:
        """Return the lens of the set's Kinect, for pictures of its size."""
        return Intrinsics(640, 480, *LENS) if size == (480, 640) else None


def open_nyu(path: Path, split: str, list: str | Path | None = None) -> BenchmarkSet:
    """Open the official .mat, or a folder that has it, or separate files. Raises DataError."""
    labelled = path / FILE if path.is_dir() else path
    if labelled.is_file():
        return NyuLabelled(labelled, split, list)
    return NyuPictures(path, split, list)

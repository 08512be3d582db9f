# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""KITTI, test split of Eigen et al. 2014 with the improved ground truth of Uhrig et al. 2017.

Ground truth is a PNG of 16 bits, metres times 256, 0 unknown (development kit of KITTI's depth
benchmark). Of Eigen's 697 pictures 652 have one, those of its training and validation archives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from depth_anything_ros.data.picture_file import bounded_bytes, picture_size, read_png16
from depth_anything_ros.data.sample import FormatError
from depth_anything_ros.evaluation.benchmark_files import FileBenchmark, Files
from depth_anything_ros.evaluation.kitti_split import eigen_frames
from depth_anything_ros.geometry.intrinsics import Intrinsics

UNIT = 256.0
"""Units of the files in a metre."""

_DRIVE = r'(?P<drive>\d{4}_\d\d_\d\d_drive_\d{4}_sync)'
_FRAME = r'(?P<frame>\d{10})'
_LINES = (
    # '<date>/<drive>/image_02/data/<frame>.png <drive>/proj_depth/.../<frame>.png <focal>', with
    # None for a picture without ground truth; or the picture alone.
    re.compile(
        rf'(?:.*/)?{_DRIVE}/image_02/data/{_FRAME}\.(?:png|jpg)'
        r'(?:\s+(?P<depth>\S+)(?:\s+\S+)?)?'
    ),
    # '<date>/<drive> <frame> l', where only the left camera is of the split.
    re.compile(rf'(?:.*/)?{_DRIVE}\s+(?P<frame>\d{{1,10}})\s+(?P<depth>l)'),
)


class Kitti(FileBenchmark):
    """The pairs of Eigen's test split; the scene of each is its drive.

    Pictures (left colour camera) are those of the raw data, ``depth`` is on the rectified picture
    as they are. Without a ``list`` the split is the published one; pictures without ground truth
    are left out, as everyone does.
    """

    name = 'kitti'
    forms = {
        'picture': rf'{_DRIVE}/image_02/data/{_FRAME}\.(?:png|jpg)',
        'depth': rf'{_DRIVE}/proj_depth/groundtruth/image_02/{_FRAME}\.png',
    }
    lonely_are_problems = False

    def __init__(self, path: Path, split: str, list: str | Path | None = None) -> None:
        self._split = set(eigen_frames()) if list is None else None
        super().__init__(path, split, list)

    def layout(self) -> tuple[str, str]:
        """Return the forms of the paths."""
        return (
            '<date>/<drive>_sync/image_02/data/<frame>.png',
            '<drive>_sync/proj_depth/groundtruth/image_02/<frame>.png',
        )

    def key(self, fields: Mapping[str, str]) -> str | None:
        """Return the drive and frame of a file of the split."""
        key = f'{fields["drive"]}/{fields["frame"]}'
        return key if self._split is None or key in self._split else None

    def key_of_line(self, line: str) -> str | None:
        """Read a line of one of the lists in use."""
        for form in _LINES:
            match = form.fullmatch(line)
            if match:
                frame = match['frame'].rjust(10, '0')
                return None if match['depth'] == 'None' else f'{match["drive"]}/{frame}'
        raise ValueError('use the path of its picture, or <date>/<drive>_sync <frame> l')

    def depth_size(self, files: Files, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size in the header of the PNG."""
        return picture_size(files['depth'])

    def depth(self, files: Files, size: tuple[int, int]) -> np.ndarray:
        """Return metres, 0 where unknown."""
        return read_png16(files['depth']).astype(np.float32) / np.float32(UNIT)

    def scene(self, key: str) -> str:
        """Return the drive."""
        return key.partition('/')[0]

    def intrinsics(self, files: Files, size: tuple[int, int]) -> Intrinsics | None:
        """Return P_rect_02 of calib_cam_to_cam.txt, where that lies in the day's folder."""
        path = files['picture'].parents[3] / 'calib_cam_to_cam.txt'
        if not path.is_file():
            return None
        for line in bounded_bytes(path).decode('ascii', 'replace').splitlines():
            name, _, numbers = line.partition(':')
            if name != 'P_rect_02':
                continue
            try:
                p = np.array(numbers.split(), np.float64).reshape(3, 4)
                lens = (float(p[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2)))
                return Intrinsics(size[1], size[0], *lens)
            except ValueError as error:
                raise FormatError(f'{path.name} has no P_rect_02 that is a lens') from error
        raise FormatError(f'{path.name} has no P_rect_02')

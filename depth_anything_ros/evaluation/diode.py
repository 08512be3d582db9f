# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DIODE, validation: 325 pictures indoors and 446 outdoor, 1024 x 768 (Vasiljevic et al. 2019).

Depth is a .npy of float32 metres (H, W, 1), and a mask (H, W) beside it is 1 where it is to be
trusted. Known to be noisy outdoor, at edges above all. Depth is taken as it is, along the optical
axis, as other evaluations take it; that is not checked against the scanner's geometry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from depth_anything_ros.data.npy import mapped_npy
from depth_anything_ros.data.sample import FormatError
from depth_anything_ros.evaluation.benchmark_files import FileBenchmark, Files

_NAME = r'\d{5}_\d{5}_(?:indoors|outdoor)_\d{3}_\d{3}'
_PLACE = r'(?P<part>indoors|outdoor)/(?P<scene>scene_\d{5})/(?P<scan>scan_\d{5})/'
_LINE = re.compile(rf'(?:.*/)?{_PLACE}(?P<name>{_NAME})\.png(?:\s+\S+\s+\S+)?')


class Diode(FileBenchmark):
    """The validation pictures, all or those 'indoors' or 'outdoor', which are the scenes."""

    name = 'diode'
    forms = {
        'picture': rf'{_PLACE}(?P<name>{_NAME})\.png',
        'depth': rf'{_PLACE}(?P<name>{_NAME})_depth\.npy',
        'mask': rf'{_PLACE}(?P<name>{_NAME})_depth_mask\.npy',
    }
    needed = ('picture', 'depth', 'mask')

    def layout(self) -> tuple[str, ...]:
        """Return the forms of the paths."""
        part = 'indoors' if self.split == 'all' else self.split
        name = f'{part}/scene_00019/scan_00183/00019_00183_{part}_000_010'
        return f'{name}.png', f'{name}_depth.npy', f'{name}_depth_mask.npy'

    def key(self, fields: Mapping[str, str]) -> str | None:
        """Return the place and name of a file of the split."""
        if self.split not in ('all', fields['part']):
            return None
        return '/'.join(fields[each] for each in ('part', 'scene', 'scan', 'name'))

    def key_of_line(self, line: str) -> str | None:
        """Read a line that is the path of a picture, or that and those of depth and mask."""
        match = _LINE.fullmatch(line)
        if not match:
            raise ValueError(f'use {self.layout()[0]}')
        return self.key(match.groupdict())

    def depth_size(self, files: Files, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size of depth, which is that of its mask."""
        depth, mask = _flat(files['depth']).shape, _flat(files['mask']).shape
        if depth != mask:
            raise FormatError(f'is {depth} and its mask {mask}')
        return depth[0], depth[1]

    def depth(self, files: Files, size: tuple[int, int]) -> np.ndarray:
        """Return metres, NaN where the mask is 0."""
        depth, mask = _flat(files['depth']), _flat(files['mask'])
        if depth.shape != mask.shape:
            raise FormatError(f'is {depth.shape} and its mask {mask.shape}')
        return np.where(mask > 0, depth, np.nan).astype(np.float32)

    def scene(self, key: str) -> str:
        """Return 'indoors' or 'outdoor'."""
        return key.partition('/')[0]


def _flat(path: Path) -> np.ndarray:
    """Return a map without the axis of one channel. Raises FormatError, and OSError."""
    values = mapped_npy(path)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    if values.ndim != 2 or values.dtype.kind not in 'fbui':
        raise FormatError(f'holds {values.dtype} of {values.shape}, not one map of numbers')
    return values

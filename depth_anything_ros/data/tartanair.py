# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""TartanAir: flights through simulated places, 640 x 480, planar depth in metres.

Layout and numbers: github.com/castacks/tartanair_tools, data_type.md; that depth is planar is in
its issue 67. The sky is a sphere at a large distance, about 10 km.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from depth_anything_ros.data.npy import npy_size, read_npy
from depth_anything_ros.data.paired import Layout, PairedDataset
from depth_anything_ros.data.path_template import PathTemplate
from depth_anything_ros.data.sample import DataError

SKY_FROM = 5000.0
"""Metres from which all is sky.

A point on a sphere of 10 km in a corner of the picture, 90 degrees wide, has a depth of 6.2 km.
"""

SIDES = {'left': 'left', 'right': 'right', 'both': 'left|right'}


def tartanair(path: Path, camera: str = 'left', fresh: bool = False) -> PairedDataset:
    """Open TartanAir: the 'left' camera, as in the papers' count, the 'right' one, or 'both'.

    Raises DataError.
    """
    return PairedDataset(tartanair_layout(camera), path, fresh)


def tartanair_layout(camera: str) -> Layout:
    """Return where the files of a camera are. Raises DataError."""
    if camera not in SIDES:
        raise DataError(f'tartanair has no camera {camera!r}: use one of {", ".join(SIDES)}')
    fields = {'path': r'.+/P\d{3}', 'side': SIDES[camera], 'frame': r'\d{6}'}
    return Layout(
        name='tartanair',
        metric=True,
        key=PathTemplate('{path}/{side}/{frame}', **fields),
        picture=PathTemplate('{path}/image_{side}/{frame}_{side}.png', **fields),
        map=PathTemplate('{path}/depth_{side}/{frame}_{side}_depth.npy', **fields),
        size=npy_size,
        depth=tartanair_depth,
        options={'camera': camera},
    )


def tartanair_depth(path: Path) -> np.ndarray:
    """Return planar depth (H, W) float32 in metres, +inf for sky, NaN for unknown."""
    depth = read_npy(path)
    depth[~(depth > 0)] = np.nan
    depth[depth >= SKY_FROM] = np.inf
    return depth

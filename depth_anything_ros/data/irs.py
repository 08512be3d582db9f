# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""IRS: indoor stereo pairs of robots, 960 x 540, with the disparity of the left picture.

Layout and numbers: github.com/HKBU-HPML/IRS, README and dataloader (fx = fy = 480 pixels, baseline
0.1 m). Of EXR files with three channels the one in the middle counts.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from depth_anything_ros.data.exr import exr_size, read_exr, require_openexr
from depth_anything_ros.data.paired import Layout, PairedDataset
from depth_anything_ros.data.path_template import PathTemplate

FOCAL = 480.0
"""Pixels."""

BASELINE = 0.1
"""Metres."""


def irs(path: Path, flip: bool = False, fresh: bool = False) -> PairedDataset:
    """Open IRS. ``flip`` turns depth upside down, for copies stored that way.

    The set's own training code reads the files as they are and its viewer turns them over; `data
    check` tells which way fits the pictures. Raises DataError and MissingPackageError.
    """
    require_openexr()
    fields = {'scene': '.+', 'frame': r'\d+'}
    layout = Layout(
        name='irs',
        metric=True,
        key=PathTemplate('{scene}/{frame}', **fields),
        picture=PathTemplate('{scene}/l_{frame}.png', **fields),
        map=PathTemplate('{scene}/d_{frame}.exr', **fields),
        size=exr_size,
        depth=partial(irs_depth, flip=bool(flip)),
        options={},
    )
    return PairedDataset(layout, path, fresh)


def irs_depth(path: Path, flip: bool) -> np.ndarray:
    """Return planar depth (H, W) float32 in metres, NaN where the disparity is not above 0."""
    disparity = read_exr(path)
    if flip:
        disparity = disparity[::-1]
    known = (disparity > 0) & np.isfinite(disparity)
    depth = np.full(disparity.shape, np.nan, np.float32)
    np.divide(np.float32(FOCAL * BASELINE), disparity, out=depth, where=known)
    depth[~np.isfinite(depth)] = np.nan
    return depth

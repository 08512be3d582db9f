# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Virtual KITTI 2: streets of KITTI made anew, 1242 x 375, planar depth in centimetres.

Layout and numbers: europe.naverlabs.com, Virtual KITTI 2 (CC BY-NC-SA 3.0): PNG of 16 bits, in
which the largest value, 655.35 m, is the sky.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from depth_anything_ros.data.paired import Layout, PairedDataset
from depth_anything_ros.data.path_template import PathTemplate
from depth_anything_ros.data.picture_file import picture_size, read_png16
from depth_anything_ros.data.sample import DataError

SKY = 65535
PER_METRE = 100
FRAMES = '{scene}/{weather}/frames'
CAMERAS = {'0': '0', '1': '1', 'both': '[01]'}


def vkitti2(path: Path, camera: str | int = 0, fresh: bool = False) -> PairedDataset:
    """Open Virtual KITTI 2: camera 0, as the papers train on, 1, or 'both'. Raises DataError."""
    return PairedDataset(vkitti2_layout(camera), path, fresh)


def vkitti2_layout(camera: str | int) -> Layout:
    """Return where the files of a camera are. Raises DataError."""
    if str(camera) not in CAMERAS:
        raise DataError(f'vkitti2 has no camera {camera!r}: use one of {", ".join(CAMERAS)}')
    fields = {
        'scene': r'(?:.+/)?Scene\d{2}',
        'weather': '[^/]+',
        'camera': CAMERAS[str(camera)],
        'frame': r'\d{5}',
    }
    return Layout(
        name='vkitti2',
        metric=True,
        key=PathTemplate('{scene}/{weather}/Camera_{camera}/{frame}', **fields),
        picture=PathTemplate(f'{FRAMES}/rgb/Camera_{{camera}}/rgb_{{frame}}.jpg', **fields),
        map=PathTemplate(f'{FRAMES}/depth/Camera_{{camera}}/depth_{{frame}}.png', **fields),
        size=picture_size,
        depth=vkitti2_depth,
        options={'camera': str(camera)},
    )


def vkitti2_depth(path: Path) -> np.ndarray:
    """Return planar depth (H, W) float32 in metres, +inf for sky, NaN for unknown."""
    steps = read_png16(path)
    depth = (steps / np.float32(PER_METRE)).astype(np.float32)
    depth[steps == SKY] = np.inf
    depth[steps == 0] = np.nan
    return depth

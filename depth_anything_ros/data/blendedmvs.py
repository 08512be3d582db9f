# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""BlendedMVS: blends of photographs and renderings of meshes, each scene in a unit of its own.

Layout and decoding: github.com/YoYo000/BlendedMVS, README (CC BY 4.0). Depth is planar; its scale
is that of the reconstruction, not metres. 0 is where the mesh has no surface.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from depth_anything_ros.data.paired import Layout, PairedDataset
from depth_anything_ros.data.path_template import PathTemplate
from depth_anything_ros.data.pfm import pfm_size, read_pfm


def blendedmvs(path: Path, fresh: bool = False) -> PairedDataset:
    """Open BlendedMVS, BlendedMVS+ or BlendedMVS++; the masked pictures are left out."""
    return PairedDataset(LAYOUT, path, fresh)


def blendedmvs_depth(path: Path) -> np.ndarray:
    """Return planar depth (H, W) float32 in the unit of the scene, NaN for unknown."""
    values = read_pfm(path)
    values[~((values > 0) & np.isfinite(values))] = np.nan
    return values


_FIELDS = {'scene': '.+', 'frame': r'\d{8}'}
LAYOUT = Layout(
    name='blendedmvs',
    metric=False,
    key=PathTemplate('{scene}/{frame}', **_FIELDS),
    picture=PathTemplate('{scene}/blended_images/{frame}.jpg', **_FIELDS),
    map=PathTemplate('{scene}/rendered_depth_maps/{frame}.pfm', **_FIELDS),
    size=pfm_size,
    depth=blendedmvs_depth,
    options={},
)

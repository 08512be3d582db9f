# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Hypersim: photorealistic rooms, 1024 x 768, with the distance of every pixel in metres.

Layout: github.com/apple/ml-hypersim, README (CC BY-SA 3.0). The files hold the distance from the
lens along the ray, in float16 or float32; depth along the axis is distance * f / |(x, y, f)| with f
= 886.81 pixels and (x, y) from the middle of the picture. NaN is where no surface is.

Some scenes were rendered with a shifted or tilted lens (its issues 24 and 79). What their rays are
is told by the matrices M_cam_from_uv of CAMERA_FILE, which carry (u, v, 1), from -1 to 1 to the
right and up, to a ray in a camera that looks along -z.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.data.hdf5 import hdf5_size, read_hdf5, require_h5py
from depth_anything_ros.data.paired import Layout, PairedDataset
from depth_anything_ros.data.path_template import PathTemplate
from depth_anything_ros.data.sample import DataError
from depth_anything_ros.data.selection import Listed, Selection

FOCAL = 886.81
"""Pixels, of pictures 1024 wide."""

WIDTH = 1024
SPLIT_FILE = 'metadata_images_split_scene_v1.csv'
CAMERA_FILE = 'metadata_camera_parameters.csv'
PARTITIONS = ('train', 'val', 'test')
_ARRAY = 'dataset'

Lens = tuple[float, ...]
USUAL_LENS = (WIDTH / 2 / FOCAL, 0.0, 0.0, 0.0, 384 / FOCAL, 0.0, 0.0, 0.0, -1.0)
"""M_cam_from_uv of the formula's camera, 60 degrees wide."""


def hypersim(
    path: Path,
    split: str | None = None,
    split_file: str | None = None,
    camera_file: str | None = None,
    fresh: bool = False,
) -> Dataset:
    """Open Hypersim, or one part of its official split: 'train', 'val' or 'test'.

    The split is in ``split_file``, by default SPLIT_FILE in the folder itself. With
    ``camera_file``, a CAMERA_FILE, scenes of another lens are decoded by their own; without, all
    are decoded by the formula, as the official loaders do. Raises DataError for an unknown part
    and a file that is not there or another, and MissingPackageError.
    """
    require_h5py()
    layout = LAYOUT
    if camera_file is not None:
        lenses = odd_lenses(Path(camera_file))
        layout = replace(LAYOUT, depth=partial(hypersim_depth, lenses=lenses))
    if split is None:
        if split_file is not None:
            raise DataError(f'hypersim split_file goes with split: {", ".join(PARTITIONS)}')
        return PairedDataset(layout, path, fresh)
    if split not in PARTITIONS:
        raise DataError(f'hypersim has no split {split!r}: use one of {", ".join(PARTITIONS)}')
    wanted = split_keys(Path(split_file) if split_file else path / SPLIT_FILE, split)
    return Selection(PairedDataset(layout, path, fresh), Listed(wanted))


def split_keys(path: Path, split: str) -> frozenset[str]:
    """Return the keys of a part of the official split. Raises DataError."""
    try:
        with path.open(encoding='utf-8', newline='') as file:
            keys = frozenset(
                f'{row["scene_name"]}/{row["camera_name"]}/frame.{int(row["frame_id"]):04d}'
                for row in csv.DictReader(file)
                if row['included_in_public_release'].strip().lower() == 'true'
                and row['split_partition_name'].strip() == split
            )
    except OSError as error:
        raise DataError(
            f'{path}: no split file ({error.strerror}): take {SPLIT_FILE} from '
            'github.com/apple/ml-hypersim, evermotion_dataset/analysis, and name it by split_file'
        ) from error
    except (KeyError, ValueError, TypeError, AttributeError, csv.Error) as error:
        raise DataError(f'{path} is not {SPLIT_FILE}: {error}') from error
    if not keys:
        raise DataError(f'{path} has no pictures of {split}')
    return keys


def odd_lenses(path: Path) -> dict[str, Lens]:
    """Return M_cam_from_uv, nine numbers by rows, of scenes whose lens is not the usual one.

    Raises DataError.
    """
    names = [f'M_cam_from_uv_{row}{column}' for row in range(3) for column in range(3)]
    lenses: dict[str, Lens] = {}
    try:
        with path.open(encoding='utf-8', newline='') as file:
            for row in csv.DictReader(file):
                lens = tuple(float(row[name]) for name in names)
                if not np.isfinite(lens).all():
                    raise ValueError(f'the lens of {row["scene_name"]} is {lens}')
                if not np.allclose(lens, USUAL_LENS, atol=1e-4):
                    lenses[row['scene_name']] = lens
    except OSError as error:
        raise DataError(
            f'{path}: no camera file ({error.strerror}): take {CAMERA_FILE} from '
            'github.com/apple/ml-hypersim, contrib/mikeroberts3000'
        ) from error
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        raise DataError(f'{path} is not {CAMERA_FILE}: {error}') from error
    return lenses


@lru_cache(maxsize=8)
def ray_lengths(height: int, width: int, lens: Lens | None = None) -> np.ndarray:
    """Return how many times longer than its depth the ray to each pixel is, (H, W) float32."""
    if lens is None:
        focal = FOCAL * width / WIDTH
        x = (np.arange(width) - (width - 1) / 2) / focal
        y = (np.arange(height) - (height - 1) / 2) / focal
        lengths = np.sqrt(1 + x**2 + y[:, None] ** 2)
    else:
        u = (2 * np.arange(width) + 1) / width - 1
        v = 1 - (2 * np.arange(height) + 1) / height
        plane = np.stack([*np.meshgrid(u, v), np.ones((height, width))], axis=-1)
        rays = plane @ np.reshape(lens, (3, 3)).T
        # What a tilted lens sees beside the camera has no depth.
        ahead = np.where(rays[..., 2] < 0, -rays[..., 2], np.nan)
        lengths = np.linalg.norm(rays, axis=-1) / ahead
    lengths = lengths.astype(np.float32)
    lengths.setflags(write=False)
    return lengths


def hypersim_depth(path: Path, lenses: Mapping[str, Lens] | None = None) -> np.ndarray:
    """Return planar depth (H, W) float32 in metres, NaN for unknown.

    ``lenses`` are those of ``odd_lenses``.
    """
    distance = read_hdf5(path, _ARRAY)
    scene = path.parent.parent.parent.name
    depth = distance / ray_lengths(*distance.shape, (lenses or {}).get(scene))
    depth[~((depth > 0) & np.isfinite(depth))] = np.nan
    return depth


_FIELDS = {'scene': r'ai_\d{3}_\d{3}', 'camera': r'cam_\d{2}', 'frame': r'\d{4}'}
LAYOUT = Layout(
    name='hypersim',
    metric=True,
    key=PathTemplate('{scene}/{camera}/frame.{frame}', **_FIELDS),
    picture=PathTemplate(
        '{scene}/images/scene_{camera}_final_preview/frame.{frame}.tonemap.jpg', **_FIELDS
    ),
    map=PathTemplate(
        '{scene}/images/scene_{camera}_geometry_hdf5/frame.{frame}.depth_meters.hdf5', **_FIELDS
    ),
    size=partial(hdf5_size, name=_ARRAY),
    depth=hypersim_depth,
    options={},
)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A handful of real pictures with measured depth, from a folder laid out by data set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

MIN_DEPTH = 0.1
INDOOR_MAX_DEPTH, STREET_MAX_DEPTH = 10.0, 80.0

# The pictures of each set, how many units of its depth files are a metre (0: LiDAR points), and
# the depth up to which its pairs count.
_SETS = {
    'nyu': ('rgb/*.jpg', 1000.0, INDOOR_MAX_DEPTH),
    'kinect': ('color/*.png', 1000.0, INDOOR_MAX_DEPTH),
    'tum': ('[0-9].png', 5000.0, INDOOR_MAX_DEPTH),
    'kitti': ('rgb/*.png', 256.0, STREET_MAX_DEPTH),
    'kitti_lidar': ('image_2/*.png', 0.0, STREET_MAX_DEPTH),
}


@dataclass(frozen=True)
class RealPair:
    """A picture (H, W, 3) uint8 RGB and its depth (H, W) float32 m, 0 where not measured."""

    name: str
    rgb: np.ndarray
    depth: np.ndarray
    max_depth: float


def read_real_pairs(folder: Path) -> Iterator[RealPair]:
    """Read NYU (nyu/), Kinect (kinect/), TUM RGB-D (tum/) and KITTI (kitti/, kitti_lidar/) pairs.

    Raises FileNotFoundError for a pair that is not whole.
    """
    return (read_real_pair(folder, name) for name in list_real_pairs(folder))


def list_real_pairs(folder: Path) -> list[str]:
    """Return the names of the pairs, such as 'nyu/rgb_00045', from the pictures there are."""
    return [
        f'{kind}/{path.stem}'
        for kind, (pattern, _, _) in _SETS.items()
        for path in sorted((folder / kind).glob(pattern))
    ]


def read_real_pair(folder: Path, name: str) -> RealPair:
    """Read a pair by its name.

    Depth decodes as each set documents: millimetres in NYU and Kinect files, 1/5000 m in TUM's,
    1/256 m in KITTI's; a Velodyne scan is projected into its picture. Raises FileNotFoundError.
    """
    kind, _, stem = name.partition('/')
    _, unit, max_depth = _SETS[kind]
    path = picture_path(folder, name)
    rgb = _read(path, cv2.IMREAD_COLOR)[..., ::-1]
    if unit:
        depth = _read(_depth_path(kind, path), cv2.IMREAD_UNCHANGED).astype(np.float32) / unit
    else:
        root = folder / kind
        points = np.fromfile(root / 'velodyne' / f'{stem}.bin', np.float32).reshape(-1, 4)
        calibration = read_kitti_calibration(root / 'calib' / f'{stem}.txt')
        depth = project_scan(points[:, :3], calibration, rgb.shape[0], rgb.shape[1])
    return RealPair(name, rgb, depth, max_depth)


def picture_path(folder: Path, name: str) -> Path:
    """Return the file of a pair's picture."""
    kind, _, stem = name.partition('/')
    pattern = Path(_SETS[kind][0])
    return folder / kind / pattern.with_name(stem + pattern.suffix)


def _depth_path(name: str, picture: Path) -> Path:
    root = picture.parent.parent
    return {
        'nyu': root / 'depth' / f'{picture.stem.replace("rgb", "sync_depth")}.png',
        'kinect': root / 'depth' / f'{picture.stem}.pgm',
        'tum': picture.with_name(f'{picture.stem}_depth.png'),
        'kitti': root / 'depth' / picture.name,
    }[name]


def _read(path: Path, flags: int) -> np.ndarray:
    image = cv2.imread(str(path), flags)
    if image is None:
        raise FileNotFoundError(f'{path} is missing or no picture')
    return np.asarray(image)


def read_kitti_calibration(path: Path) -> dict[str, np.ndarray]:
    """Read a KITTI object calibration file into its named rows of numbers."""
    rows = (line.split(':', 1) for line in path.read_text().splitlines() if ':' in line)
    return {name.strip(): np.array(values.split(), np.float64) for name, values in rows}


def project_scan(
    points: np.ndarray, calibration: dict[str, np.ndarray], height: int, width: int
) -> np.ndarray:
    """Project LiDAR points (N, 3; m, LiDAR frame) to depth (H, W) float32 m, 0 without a point.

    Tr_velo_to_cam, then R0_rect, then P2; of several points in a pixel the nearest counts.
    """
    to_camera = calibration['Tr_velo_to_cam'].reshape(3, 4)
    rectify, projection = calibration['R0_rect'].reshape(3, 3), calibration['P2'].reshape(3, 4)
    camera = rectify @ (to_camera[:, :3] @ points.T + to_camera[:, 3:])
    camera = camera[:, camera[2] > MIN_DEPTH]
    pixels = projection[:, :3] @ camera + projection[:, 3:]
    u, v = np.round(pixels[:2] / pixels[2]).astype(int)
    inside = (u >= 0) & (u < width) & (v >= 0) & (v < height)
    u, v, z = u[inside], v[inside], camera[2, inside]
    order = np.argsort(-z)  # far first, so that near ones overwrite them
    depth = np.zeros((height, width), np.float32)
    depth[v[order], u[order]] = z[order]
    return depth

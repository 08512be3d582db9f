# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small sets in the layouts and number formats of the published ones, with known depths.

They are written by hand, not by the package, so that a reader and a writer cannot agree on the
same mistake.
"""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np

HEIGHT, WIDTH = 12, 16


def depth_map(height: int = HEIGHT, width: int = WIDTH, seed: int = 0) -> np.ndarray:
    """Return depth whose every pixel differs, 1 to 9 m, so that turned or moved maps show."""
    values = np.linspace(1, 9, height * width).reshape(height, width)
    return (values + 0.01 * seed).astype(np.float32)


def picture(path: Path, height: int = HEIGHT, width: int = WIDTH) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    y, x = np.mgrid[:height, :width]
    rgb = np.stack([8 * x, 8 * y, 0 * x + 100], 2).astype(np.uint8)
    options = [cv2.IMWRITE_JPEG_QUALITY, 98] if path.suffix == '.jpg' else []
    assert cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)


def pfm(path: Path, values: np.ndarray, order: str = '<') -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows, columns = values.shape
    content = f'Pf\n{columns} {rows}\n{"-1.000000" if order == "<" else "1.0"}\n'.encode()
    for row in reversed(values):
        content += struct.pack(f'{order}{columns}f', *row)
    path.write_bytes(content)


def hdf5(path: Path, values: np.ndarray, name: str = 'dataset') -> None:
    import h5py

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, 'w') as file:
        file.create_dataset(name, data=values, compression='gzip')


def exr(path: Path, channels: dict[str, np.ndarray]) -> None:
    import OpenEXR

    path.parent.mkdir(parents=True, exist_ok=True)
    header = {'compression': OpenEXR.ZIP_COMPRESSION, 'type': OpenEXR.scanlineimage}
    OpenEXR.File(header, channels).write(str(path))


def png16(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), values.astype(np.uint16))


def npy(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values)


def blendedmvs(root: Path, count: int = 3) -> dict[str, np.ndarray]:
    scene, truth = '5a3ca9cb270f0e3f14d0eddb', {}
    for i in range(count):
        values = depth_map(seed=i)
        values[0, :3] = 0
        picture(root / scene / 'blended_images' / f'{i:08d}.jpg')
        picture(root / scene / 'blended_images' / f'{i:08d}_masked.jpg')
        pfm(root / scene / 'rendered_depth_maps' / f'{i:08d}.pfm', values)
        (root / scene / 'cams').mkdir(exist_ok=True)
        (root / scene / 'cams' / f'{i:08d}_cam.txt').write_text('extrinsic\n')
        truth[f'{scene}/{i:08d}'] = np.where(values == 0, np.nan, values)
    return truth


def hypersim(root: Path, count: int = 3, height: int = 768, width: int = 1024) -> dict:
    truth = {}
    for i in range(count):
        scene, values = f'ai_001_{i + 1:03d}', depth_map(height, width, i)
        x = np.linspace(-511.5, 511.5, width) if width == 1024 else None
        y = np.linspace(-383.5, 383.5, height)
        distance = values * np.sqrt(x**2 + y[:, None] ** 2 + 886.81**2) / 886.81
        distance[5, :7] = np.nan
        images = root / scene / 'images'
        picture(images / 'scene_cam_00_final_preview' / f'frame.{i:04d}.tonemap.jpg', height, width)
        geometry = images / 'scene_cam_00_geometry_hdf5'
        hdf5(geometry / f'frame.{i:04d}.depth_meters.hdf5', distance.astype(np.float32))
        truth[f'{scene}/cam_00/frame.{i:04d}'] = np.where(np.isnan(distance), np.nan, values)
    return truth


def irs(root: Path, count: int = 3, channels: int = 1) -> dict[str, np.ndarray]:
    truth = {}
    for i in range(1, count + 1):
        values = depth_map(seed=i)
        disparity = (48 / values).astype(np.float32)
        disparity[2, 4:6] = 0
        folder = root / 'Home' / 'ArchVizInterior03Data'
        picture(folder / f'l_{i}.png')
        picture(folder / f'r_{i}.png')
        one = {'R': disparity}
        three = {'R': disparity * 0, 'G': disparity, 'B': disparity * 0 + 1}
        exr(folder / f'd_{i}.exr', one if channels == 1 else three)
        exr(folder / f'n_{i}.exr', three)
        truth[f'Home/ArchVizInterior03Data/{i}'] = np.where(disparity == 0, np.nan, values)
    return truth


def tartanair(root: Path, count: int = 3, kind: type = np.float32) -> dict[str, np.ndarray]:
    truth = {}
    for i in range(count):
        values = depth_map(seed=i).astype(kind)
        values[:2] = 10000
        values[1, 0] = 6300  # the sphere in a corner
        folder = root / 'abandonedfactory' / 'Easy' / 'P000'
        for side in ('left', 'right'):
            picture(folder / f'image_{side}' / f'{i:06d}_{side}.png')
            npy(folder / f'depth_{side}' / f'{i:06d}_{side}_depth.npy', values)
        (folder / 'pose_left.txt').write_text('0 0 0 0 0 0 1\n' * count)
        known = values.astype(np.float32)
        truth[f'abandonedfactory/Easy/P000/left/{i:06d}'] = np.where(known > 5000, np.inf, known)
    return truth


def vkitti2(root: Path, count: int = 3) -> dict[str, np.ndarray]:
    truth = {}
    for i in range(count):
        steps = np.round(depth_map(seed=i) * 100).astype(np.uint16)
        steps[:3] = 65535
        frames = root / 'Scene01' / '15-deg-left' / 'frames'
        for camera in (0, 1):
            picture(frames / 'rgb' / f'Camera_{camera}' / f'rgb_{i:05d}.jpg')
            png16(frames / 'depth' / f'Camera_{camera}' / f'depth_{i:05d}.png', steps)
        truth[f'Scene01/15-deg-left/Camera_0/{i:05d}'] = np.where(
            steps == 65535, np.inf, steps / np.float32(100)
        )
    return truth


MAKERS = {
    'blendedmvs': blendedmvs,
    'hypersim': hypersim,
    'irs': irs,
    'tartanair': tartanair,
    'vkitti2': vkitti2,
}
DEPTH_SUFFIX = {
    'blendedmvs': '.pfm',
    'hypersim': '.hdf5',
    'irs': '.exr',
    'tartanair': '.npy',
    'vkitti2': '.png',
}
NEEDS = {'hypersim': 'h5py', 'irs': 'OpenEXR'}


def depth_files(root: Path, name: str) -> list[Path]:
    """Return the files of depth that the set has by default."""
    files = sorted(
        path
        for path in root.rglob(f'*{DEPTH_SUFFIX[name]}')
        if not path.name.startswith(('l_', 'r_', 'n_'))
    )
    return [path for path in files if 'right' not in path.parts[-2] and 'Camera_1' not in str(path)]

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small benchmarks in the layouts and number formats of the published ones, with known depths.

Written by hand, as the sets document themselves, so that a reader cannot share its mistakes. Each
returns the depth of its pairs by key, NaN where unknown.
"""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np

HEIGHT, WIDTH = 12, 16


def depth_map(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Return depth whose every pixel differs, 1 to 9 m, so that turned or moved maps show."""
    values = np.linspace(1, 9, height * width).reshape(height, width)
    return (values + 0.05 * seed).astype(np.float32)


def colors(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Return RGB (H, W, 3): red grows to the right, green downwards, blue is 100."""
    y, x = np.mgrid[:height, :width]
    return np.stack([8 * x, 8 * y, 0 * x + 100], 2).astype(np.uint8)


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), cv2.cvtColor(colors(), cv2.COLOR_RGB2BGR))


def png16(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), values.astype(np.uint16))


def kitti(root: Path, frames: tuple[int, ...] = (0, 3, 9)) -> dict[str, np.ndarray]:
    """Write raw and annotated archives; frame 0 has no ground truth, as in the published set."""
    drive, truth = '2011_09_26_drive_0002_sync', {}
    for frame in frames:
        picture(root / 'raw' / '2011_09_26' / drive / 'image_02' / 'data' / f'{frame:010d}.png')
        if frame == 0:
            continue
        units = np.round(256 * depth_map(frame))
        units[:2] = 0
        annotated = root / 'data_depth_annotated' / 'val' / drive / 'proj_depth' / 'groundtruth'
        png16(annotated / 'image_02' / f'{frame:010d}.png', units)
        png16(annotated / 'image_03' / f'{frame:010d}.png', units + 1)
        truth[f'{drive}/{frame:010d}'] = np.where(units > 0, units / 256, np.nan)
    (root / 'raw' / '2011_09_26' / 'calib_cam_to_cam.txt').write_text(
        'calib_time: 09-Jan-2012 13:57:47\nP_rect_00: ' + '9 ' * 12 + '\n'
        'P_rect_02: 721.5 0 609.5 44.8 0 721.6 172.8 0.2 0 0 1 0.002\n'
    )
    return truth


def nyu_pictures(root: Path, split: str) -> dict[str, np.ndarray]:
    """Write the layout that counts from 1: test pictures 1, 2 and 9, and 3 of the training."""
    truth = {}
    for number in (1, 2, 3, 9):
        folder = root / 'test' / 'kitchen_0004'
        raw, filled = np.round(1000 * depth_map(number)), np.round(1000 * depth_map(number + 1))
        raw[4, 5] = 0
        picture(folder / f'rgb_{number:04d}.png')
        png16(folder / f'depth_{number:04d}.png', raw)
        png16(folder / f'filled_{number:04d}.png', filled)
        values = raw if split == 'raw' else filled
        if number != 3:
            truth[f'kitchen_0004/{number:04d}'] = np.where(values > 0, values / 1000, np.nan)
    return truth


def nyu_from_zero(root: Path) -> dict[str, np.ndarray]:
    """Write the layout that counts from 0, with raw depth: 8 is the ninth picture."""
    units = np.round(1000 * depth_map(8))
    units[0] = 0
    picture(root / 'kitchen' / 'rgb_00008.jpg')
    png16(root / 'kitchen' / 'sync_depth_00008.png', units)
    picture(root / 'kitchen' / 'rgb_00002.jpg')  # the third, of the training
    png16(root / 'kitchen' / 'sync_depth_00002.png', units)
    return {'kitchen/0009': np.where(units > 0, units / 1000, np.nan)}


def nyu_labelled(path: Path, split: str, count: int = 9) -> dict[str, np.ndarray]:
    """Write nyu_depth_v2_labeled.mat as MATLAB does, axes turned round, rooms by reference."""
    import h5py

    filled = np.stack([depth_map(number) for number in range(1, count + 1)])
    raw = filled + 0.5
    raw[:, 4, 5] = 0
    with h5py.File(path, 'w') as file:
        images = np.stack([colors()] * count)
        file.create_dataset('images', data=images.transpose(0, 3, 2, 1))
        file.create_dataset('depths', data=filled.transpose(0, 2, 1))
        file.create_dataset('rawDepths', data=raw.transpose(0, 2, 1))
        name = np.array([[ord(letter)] for letter in 'kitchen_0004'], np.uint16)
        room = file.create_group('#refs#').create_dataset('b', data=name)
        kind = h5py.special_dtype(ref=h5py.Reference)
        scenes = file.create_dataset('scenes', (1, count), dtype=kind)
        for at in range(count):
            scenes[0, at] = room.ref
    values = np.where(raw > 0, raw, np.nan) if split == 'raw' else filled
    return {f'kitchen_0004/{at:04d}': values[at - 1] for at in (1, 2, 9) if at <= count}


def sintel(root: Path) -> dict[str, np.ndarray]:
    truth = {}
    for scene, frame in (('alley_1', 1), ('alley_1', 2), ('sleeping_2', 1)):
        values = depth_map(frame)
        values[0, 0] = 1e6  # sky
        stem = f'{scene}/frame_{frame:04d}'
        picture(root / 'training' / 'final' / f'{stem}.png')
        picture(root / 'training' / 'clean' / f'{stem}.png')
        path = root / 'training' / 'depth' / f'{stem}.dpt'
        path.parent.mkdir(parents=True, exist_ok=True)
        head = struct.pack('<fii', 202021.25, WIDTH, HEIGHT)
        path.write_bytes(head + struct.pack(f'<{values.size}f', *values.ravel()))
        path = root / 'training' / 'camdata_left' / f'{stem}.cam'
        path.parent.mkdir(parents=True, exist_ok=True)
        camera = (1120.0, 0, 511.5, 0, 1121.0, 217.5, 0, 0, 1)
        pose = (1.0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
        path.write_bytes(struct.pack('<f21d', 202021.25, *camera, *pose))
        truth[stem] = values
    return truth


def eth3d(root: Path) -> dict[str, np.ndarray]:
    truth = {}
    for scene, name in (('office', 'DSC_0219'), ('facade', 'DSC_0324')):
        values = depth_map()
        values[:3] = np.inf
        picture(root / 'rgb' / scene / 'images' / 'dslr_images' / f'{name}.JPG')
        folder = root / 'depth' / f'{scene}_dslr_depth' / scene / 'ground_truth_depth'
        (folder / 'dslr_images').mkdir(parents=True)
        content = struct.pack(f'<{values.size}f', *values.ravel())
        (folder / 'dslr_images' / f'{name}.JPG').write_bytes(content)
        truth[f'{scene}/{name}'] = np.where(np.isinf(values), np.nan, values)
    return truth


def diode(root: Path) -> dict[str, np.ndarray]:
    truth = {}
    for part, number in (('indoors', '00019_00183'), ('outdoor', '00022_00197')):
        scene, scan = number.split('_')
        name = f'{number}_{part}_000_010'
        stem = root / 'val' / part / f'scene_{scene}' / f'scan_{scan}' / name
        values, mask = depth_map(), np.ones((HEIGHT, WIDTH), np.float32)
        mask[5:] = 0
        values[0, 0] = 0
        picture(stem.with_name(f'{name}.png'))
        np.save(stem.with_name(f'{name}_depth.npy'), values[..., None])
        np.save(stem.with_name(f'{name}_depth_mask.npy'), mask)
        known = np.where((mask > 0) & (values > 0), values, np.nan)
        truth[f'{part}/scene_{scene}/scan_{scan}/{name}'] = known
    return truth

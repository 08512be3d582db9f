# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Real pairs: the five layouts, made up small, and the real ones where they are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_anything_ros.evaluation.real_pairs import (
    project_scan,
    read_kitti_calibration,
    read_real_pairs,
)

HEIGHT, WIDTH = 6, 8
RED = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
RED[..., 2] = 250  # OpenCV writes BGR
IDENTITY = 'P2: 10 0 4 0 0 10 3 0 0 0 1 0\nR0_rect: 1 0 0 0 1 0 0 0 1\n'
# LiDAR x ahead, y left, z up becomes z ahead, x right, y down.
FORWARD = 'Tr_velo_to_cam: 0 -1 0 0 0 0 -1 0 1 0 0 0\n'


def write(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    """Return a folder with a pair of every set, 2 m deep at one pixel and unknown elsewhere."""
    units = {'nyu': 1000, 'kinect': 1000, 'tum': 5000, 'kitti': 256}
    names = {
        'nyu': ('rgb/rgb_00045.jpg', 'depth/sync_depth_00045.png'),
        'kinect': ('color/1.png', 'depth/1.pgm'),
        'tum': ('1.png', '1_depth.png'),
        'kitti': ('rgb/0000000005.png', 'depth/0000000005.png'),
    }
    for name, (picture, depth) in names.items():
        values = np.zeros((HEIGHT, WIDTH), np.uint16)
        values[1, 2] = 2 * units[name]
        write(tmp_path / name / picture, RED)
        write(tmp_path / name / depth, values)
    lidar = tmp_path / 'kitti_lidar'
    write(lidar / 'image_2' / '000000.png', RED)
    (lidar / 'velodyne').mkdir()
    (lidar / 'calib').mkdir()
    np.array([[2.0, 0.4, 0.4, 0.9]], np.float32).tofile(lidar / 'velodyne' / '000000.bin')
    (lidar / 'calib' / '000000.txt').write_text(IDENTITY + FORWARD)
    return tmp_path


def test_every_layout_is_read_in_its_own_unit(made_up):
    pairs = {pair.name: pair for pair in read_real_pairs(made_up)}

    assert list(pairs) == [
        'nyu/rgb_00045',
        'kinect/1',
        'tum/1',
        'kitti/0000000005',
        'kitti_lidar/000000',
    ]
    expected = np.zeros((HEIGHT, WIDTH), np.float32)
    expected[1, 2] = 2.0
    for pair in pairs.values():
        assert (pair.rgb.shape, pair.rgb.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
        assert pair.rgb[..., 0].min() > 200
        assert pair.rgb[..., 1:].max() < 50
        assert pair.depth.dtype == np.float32
        np.testing.assert_allclose(pair.depth, expected)
    assert [pair.max_depth for pair in pairs.values()] == [10, 10, 10, 80, 80]


def test_empty_folder_has_no_pairs(tmp_path):
    assert list(read_real_pairs(tmp_path)) == []


def test_missing_depth_is_named(made_up):
    (made_up / 'kinect' / 'depth' / '1.pgm').unlink()

    with pytest.raises(FileNotFoundError, match='1.pgm is missing'):
        list(read_real_pairs(made_up))


def test_damaged_picture_is_named(made_up):
    (made_up / 'tum' / '1.png').write_bytes(b'no picture')

    with pytest.raises(FileNotFoundError, match='1.png is missing or no picture'):
        list(read_real_pairs(made_up))


def test_calibration_is_read_by_name(tmp_path):
    path = tmp_path / 'calib.txt'
    path.write_text(IDENTITY + '\n' + FORWARD)

    calibration = read_kitti_calibration(path)

    assert set(calibration) == {'P2', 'R0_rect', 'Tr_velo_to_cam'}
    np.testing.assert_array_equal(calibration['P2'], [10, 0, 4, 0, 0, 10, 3, 0, 0, 0, 1, 0])


def calibration(**changes: list[float]) -> dict[str, np.ndarray]:
    values = {
        'P2': [10, 0, 4, 0, 0, 10, 3, 0, 0, 0, 1, 0],
        'R0_rect': [1, 0, 0, 0, 1, 0, 0, 0, 1],
        'Tr_velo_to_cam': [0, -1, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0],
        **changes,
    }
    return {name: np.array(row, np.float64) for name, row in values.items()}


def project(points: list[list[float]], **changes: list[float]) -> dict[tuple[int, int], float]:
    """Return depth in metres by (row, column) of the pixels that got a point."""
    scan = np.array(points, np.float32)
    depth = project_scan(scan, calibration(**changes), HEIGHT, WIDTH)
    assert (depth.shape, depth.dtype) == ((HEIGHT, WIDTH), np.float32)
    rows, columns = np.nonzero(depth)
    return {
        (int(row), int(column)): round(float(depth[row, column]), 4)
        for row, column in zip(rows, columns, strict=True)
    }


def test_point_lands_where_the_pinhole_puts_it():
    # 5 m ahead, 1 m left, 0.5 m up: column 4 - 10/5, row 3 - 5/5.
    assert project([[5.0, 1.0, 0.5]]) == {(2, 2): 5.0}
    # 20 m ahead, 3.2 m right, 2.6 m down: column 5.6, row 4.3, rounded to 6 and 4.
    assert project([[20.0, -3.2, -2.6]]) == {(4, 6): 20.0}


def test_points_outside_the_picture_or_behind_the_camera_are_dropped():
    points = [[5.0, 3.0, 0.0], [5.0, -3.0, 0.0], [5.0, 0.0, 3.0], [5.0, 0.0, -3.0]]
    points += [[-5.0, 0.0, 0.0], [0.05, 0.0, 0.0]]

    assert project(points) == {}


@pytest.mark.parametrize('order', [1, -1])
def test_nearest_of_several_points_counts(order):
    points = [[5.0, 0.0, 0.0], [3.0, 0.0, 0.0], [9.0, 0.0, 0.0]]

    assert project(points[::order]) == {(3, 4): 3.0}


def test_translation_rotation_and_second_camera_are_applied_in_order():
    # The LiDAR stands 1 m behind the camera: Tr adds -1 to z.
    behind = [0, -1, 0, 0, 0, 0, -1, 0, 1, 0, 0, -1]
    assert project([[5.0, 0.0, 0.0]], Tr_velo_to_cam=behind) == {(3, 4): 4.0}
    # The second camera sits 0.2 m to the right: 10 * 0.2 / 4 = 0.5 pixels at 4 m, 1 at 2 m.
    second = [10, 0, 4, -2, 0, 10, 3, 0, 0, 0, 1, 0]
    assert project([[2.0, 0.0, 0.0]], P2=second) == {(3, 3): 2.0}
    # Rectification that turns the camera about its axis by a right angle: x becomes y.
    turned = [0, -1, 0, 1, 0, 0, 0, 0, 1]
    assert project([[5.0, -1.0, 0.0]], R0_rect=turned) == {(5, 4): 5.0}


def test_shipped_pairs_are_all_there_and_plausible(shared_data):
    pairs = list(read_real_pairs(shared_data))

    assert len(pairs) == len({pair.name for pair in pairs}) == 12
    assert [sum(p.name.startswith(f'{s}/') for p in pairs) for s in (
        'nyu', 'kinect', 'tum', 'kitti', 'kitti_lidar')] == [3, 5, 2, 1, 1]  # fmt: skip
    for pair in pairs:
        street = pair.name.startswith('kitti')
        measured = pair.depth[pair.depth > 0]
        assert pair.rgb.shape == (*pair.depth.shape, 3)
        assert 30 < pair.rgb.mean() < 220
        assert measured.size > (0.03 if street else 0.5) * pair.depth.size
        assert measured.min() > 0.3
        assert (6 if street else 0.8) < np.median(measured) < (30 if street else 4)
        assert np.quantile(measured, 0.99) < pair.max_depth

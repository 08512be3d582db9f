# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/depth_files.py and media/point_files.py."""

from pathlib import PurePosixPath

import cv2
import numpy as np
import pytest
from PIL import Image

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media.color import colorize
from depth_anything_ros.media.depth_files import (
    FORMATS,
    DepthFileError,
    DepthPicture,
    Style,
    depth16,
    output_path,
)

INF, NAN = np.inf, np.nan
METRES = np.array([[0.5, 1.2344, INF], [-INF, NAN, 80.0]], np.float32)


def picture(values=METRES, kind=DepthKind.METRIC, points=True):
    height, width = values.shape
    camera = Intrinsics(width, height, 100.0, 110.0, 1.0, 0.5)
    rgb = np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)
    z = np.where(np.isfinite(values), values, NAN)
    where = np.stack([z * 0.1, z * 0.2, z], -1).astype(np.float32) if points else None
    return DepthPicture(rgb, values, kind, camera, where)


def written(tmp_path, name, made=None, style=None):
    path = output_path(tmp_path, PurePosixPath('sub/a.b'), name)
    FORMATS[name].write(path, made or picture(), style or Style())
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    return path


def test_the_name_of_the_picture_stays_whole():
    assert output_path(PurePosixPath('/o'), PurePosixPath('x/a.b'), 'npy').name == 'a.b_depth.npy'
    suffixes = [kind.suffix for kind in FORMATS.values()]
    assert len(set(suffixes)) == len(suffixes)


def test_metres_in_16_bits_are_millimetres_with_0_for_unknown():
    made = depth16(METRES, DepthKind.METRIC, 1000)

    assert made.tolist() == [[500, 1234, 65535], [1, 0, 65535]]
    assert depth16(METRES, DepthKind.METRIC, 256).tolist() == [[128, 316, 65535], [1, 0, 20480]]
    near = np.array([[1e-6]], np.float32)
    assert depth16(near, DepthKind.METRIC, 1000).tolist() == [[1]]


def test_disparity_in_16_bits_spans_the_range_with_0_for_unknown():
    made = depth16(np.array([[1.0, 2.0, 3.0, NAN]], np.float32), DepthKind.RELATIVE, 1000)

    assert made.tolist() == [[1, 32768, 65535, 0]]
    flat = depth16(np.full((2, 2), 7, np.float32), DepthKind.RELATIVE, 1000)
    assert (flat == 1).all()


@pytest.mark.parametrize('unknown', [False, True])
def test_colours_are_those_of_colorize_in_every_reader(tmp_path, unknown):
    values = np.linspace(0, 9, 48, dtype=np.float32).reshape(6, 8)
    values[0, 0] = NAN if unknown else 0
    path = written(tmp_path, 'color', picture(values, DepthKind.RELATIVE, False), Style('viridis'))

    want = colorize(values, DepthKind.RELATIVE, 'viridis')
    np.testing.assert_array_equal(cv2.imread(str(path))[..., ::-1], want)
    with Image.open(path) as image:
        np.testing.assert_array_equal(np.asarray(image.convert('RGB')), want)


def test_arrays_and_float_pictures_keep_every_bit(tmp_path):
    for name, read in (
        ('npy', np.load),
        ('npz', lambda path: np.load(path)['depth']),
        ('tiff', lambda path: cv2.imread(str(path), cv2.IMREAD_UNCHANGED)),
    ):
        np.testing.assert_array_equal(read(written(tmp_path / name, name)), METRES)
    with np.load(written(tmp_path / 'z', 'npz')) as arrays:
        assert str(arrays['kind']) == 'metric'
        assert arrays['K'].tolist() == [[100, 0, 1], [0, 110, 0.5], [0, 0, 1]]


def test_exr_has_metres_in_channel_z(tmp_path):
    exr = pytest.importorskip('OpenEXR')

    with exr.File(str(written(tmp_path, 'exr'))) as file:
        np.testing.assert_array_equal(file.channels()['Z'].pixels, METRES)


def test_pictures_have_the_size_and_bits_that_they_say(tmp_path):
    def read(name):
        return cv2.imread(str(written(tmp_path / name, name)), cv2.IMREAD_UNCHANGED)

    assert read('color').shape == (2, 3, 3)
    assert read('side').shape == (2, 6, 3)
    assert read('gray').shape == (2, 3)
    assert read('png16').dtype == np.uint16
    np.testing.assert_array_equal(read('side')[:, :3, ::-1], picture().rgb)
    assert tuple(read('color')[1, 1]) == (0, 0, 0)  # unknown


def test_ply_has_the_known_points_and_their_colours(tmp_path):
    content = written(tmp_path, 'ply').read_bytes()
    head, _, body = content.partition(b'end_header\n')

    assert b'element vertex 3\n' in head
    kind = [('xyz', '<f4', 3), ('rgb', 'u1', 3)]
    table = np.frombuffer(body, kind)
    np.testing.assert_allclose(table['xyz'][1], [0.12344, 0.24688, 1.2344], rtol=1e-6)
    np.testing.assert_array_equal(table['rgb'], picture().rgb[[0, 0, 1], [0, 1, 2]])


def test_pcd_is_organised_with_colours_as_pcl_packs_them(tmp_path):
    content = written(tmp_path, 'pcd').read_bytes()
    head, _, body = content.partition(b'DATA binary\n')

    assert b'WIDTH 3\nHEIGHT 2\n' in head and b'POINTS 6\n' in head
    table = np.frombuffer(body, '<f4').reshape(2, 3, 4)
    np.testing.assert_array_equal(table[..., :3], picture().points)
    assert table.view('<u4')[0, 1, 3] == 0x030405


def test_points_without_metres_are_refused(tmp_path):
    for name in ('ply', 'pcd'):
        with pytest.raises(DepthFileError, match='--scale'):
            FORMATS[name].write(tmp_path / 'a', picture(points=False), Style())
    assert not list(tmp_path.iterdir())

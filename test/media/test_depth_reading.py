# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/depth_reading.py: what depth_files writes comes back, and what is hostile."""

from __future__ import annotations

import struct
import zipfile
from pathlib import PurePosixPath

import cv2
import numpy as np
import pytest

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media.depth_files import FORMATS, DepthPicture, Style, output_path
from depth_anything_ros.media.depth_reading import DepthReadingError, Steps, read_depth

INF, NAN = np.inf, np.nan
METRES = np.array([[0.5, 1.2344, INF], [-INF, NAN, 60.0]], np.float32)
DISPARITY = np.array([[0.0, 1.5, 9.25], [NAN, 3.0, 4.0]], np.float32)
CAMERA = Intrinsics(3, 2, 100.0, 110.0, 1.0, 0.5)


def written(tmp_path, name, values=METRES, kind=DepthKind.METRIC):
    path = output_path(tmp_path, PurePosixPath('a'), name)
    rgb = np.zeros((2, 3, 3), np.uint8)
    FORMATS[name].write(path, DepthPicture(rgb, values, kind, CAMERA), Style())
    return path


@pytest.mark.parametrize('name', ['npy', 'npz', 'tiff', 'exr'])
@pytest.mark.parametrize('values', [METRES, DISPARITY])
def test_floats_come_back_as_they_were(tmp_path, name, values):
    if name == 'exr':
        pytest.importorskip('OpenEXR')
    kind = DepthKind.METRIC if values is METRES else DepthKind.RELATIVE

    found = read_depth(written(tmp_path, name, values, kind))

    np.testing.assert_array_equal(found.values, values)
    assert found.values.dtype == np.float32
    assert found.kind == (kind if name in ('npz', 'exr') else None)
    assert found.camera == (CAMERA if name == 'npz' else None)


def test_steps_of_16_bits_come_back_within_half_a_step(tmp_path):
    back = read_depth(written(tmp_path, 'png16'), Steps(1000, ours=True)).values
    np.testing.assert_allclose(back, METRES, atol=5.1e-4)

    path = written(tmp_path, 'png16', DISPARITY, DepthKind.RELATIVE)
    back = read_depth(path, Steps(limits=(0.0, 9.25), ours=True)).values
    np.testing.assert_allclose(back, DISPARITY, atol=9.25 / 65534)


def test_whole_numbers_of_others_are_steps_of_a_metre_with_0_for_unknown(tmp_path):
    raw = np.array([[0, 1, 5000], [65535, 2, 3]], np.uint16)
    cv2.imwrite(str(tmp_path / 'a.png'), raw)
    np.save(tmp_path / 'a.npy', raw)

    for name in ('a.png', 'a.npy'):
        back = read_depth(tmp_path / name, Steps(5000)).values
        np.testing.assert_allclose(back, [[NAN, 2e-4, 1.0], [13.107, 4e-4, 6e-4]], rtol=1e-6)


def test_arrays_of_other_programs(tmp_path):
    np.save(tmp_path / 'a.npy', np.ones((1, 4, 5), np.float64))
    np.savez(tmp_path / 'b.npz', pose=np.eye(4)[0], metres=np.full((4, 5), 2.0))

    assert read_depth(tmp_path / 'a.npy').values.shape == (4, 5)
    np.save(tmp_path / 'a.npy', np.ones((1, 1)))
    assert read_depth(tmp_path / 'a.npy').values.shape == (1, 1)
    assert read_depth(tmp_path / 'b.npz').values.max() == 2.0


def test_what_is_no_depth_is_refused_with_the_reason(tmp_path):
    def refused(name, words, content=None):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(DepthReadingError, match=words):
            read_depth(tmp_path / name)

    for suffix in ('.npy', '.npz', '.png', '.tiff'):
        refused(f'empty{suffix}', 'it ', b'')
        refused(f'noise{suffix}', 'it ', bytes(range(200)))
    refused('a.jpg', 'none of', b'')
    cv2.imwrite(str(tmp_path / 'colours.png'), np.zeros((4, 5, 3), np.uint8))
    refused('colours.png', 'not 16 bits')
    np.save(tmp_path / 'cube.npy', np.zeros((3, 4, 5)))
    refused('cube.npy', 'not one map')
    np.save(tmp_path / 'words.npy', np.array([['a', 'b']]))
    refused('words.npy', 'not one map')
    np.save(tmp_path / 'objects.npy', np.array([[{}]]), allow_pickle=True)
    refused('objects.npy', 'it holds no depth')
    np.savez(tmp_path / 'none.npz', a=np.zeros(3))
    refused('none.npz', 'it has no map')


def test_what_claims_more_than_it_has_takes_no_memory(tmp_path):
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }\n"
    content = b'\x93NUMPY\x01\x00' + struct.pack('<H', len(head)) + head.encode()
    (tmp_path / 'a.npy').write_bytes(content)
    with pytest.raises(DepthReadingError, match='holds no depth'):
        read_depth(tmp_path / 'a.npy')

    with (
        zipfile.ZipFile(tmp_path / 'b.npz', 'w', zipfile.ZIP_DEFLATED) as archive,
        archive.open('depth.npy', 'w') as member,
    ):
        for _ in range(1000):
            member.write(bytes(1_000_000))
    with pytest.raises(DepthReadingError, match='unpacks to'):
        read_depth(tmp_path / 'b.npz')

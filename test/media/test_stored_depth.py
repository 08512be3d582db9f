# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Predictions in folders: whose they are, what they hold, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import cv2
import numpy as np
import pytest

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.stored_depth import StoredDepth, StoredDepthError

STEM = PurePosixPath('kitchen/0001')
DEPTH = np.linspace(0.5, 8, 12, dtype=np.float32).reshape(3, 4)


def folder_with(tmp_path: Path, name: str, values: np.ndarray) -> Path:
    path = tmp_path / 'kitchen' / name
    path.parent.mkdir(exist_ok=True)
    if path.suffix == '.npy':
        np.save(path, values)
    else:
        cv2.imwrite(str(path), values)
    return tmp_path


@pytest.mark.parametrize('name', ['0001.npy', '0001_depth.npy', '0001_raw_depth_meter.npy'])
def test_arrays_are_found_under_the_key(name, tmp_path):
    stored = StoredDepth(folder_with(tmp_path, name, DEPTH), DepthKind.METRIC)

    values, kind = stored.read(STEM)

    np.testing.assert_array_equal(values, DEPTH)
    assert kind is DepthKind.METRIC


def test_name_of_the_metric_scripts_tells_that_they_are_metres(tmp_path):
    stored = StoredDepth(folder_with(tmp_path, '0001_raw_depth_meter.npy', DEPTH))

    assert stored.read(STEM)[1] is DepthKind.METRIC


@pytest.mark.parametrize('scale', [1000.0, 256.0])
def test_whole_numbers_are_metres_by_their_steps(scale, tmp_path):
    steps = np.round(DEPTH * scale).astype(np.uint16)
    stored = StoredDepth(folder_with(tmp_path, '0001.png', steps), DepthKind.METRIC, scale)

    np.testing.assert_allclose(stored.read(STEM)[0], DEPTH, atol=0.6 / scale)


def test_what_files_do_not_say_has_to_be_told(tmp_path):
    folder = folder_with(tmp_path, '0001.npy', DEPTH)

    with pytest.raises(StoredDepthError, match='metres or disparity'):
        StoredDepth(folder).read(STEM)
    assert StoredDepth(folder, DepthKind.RELATIVE).read(STEM)[1] is DepthKind.RELATIVE


def test_missing_and_broken_files_are_named(tmp_path):
    folder = folder_with(tmp_path, '0001.npy', DEPTH)
    (folder / 'kitchen' / '0002.npy').write_bytes(b'\x93NUMPY, but no more')
    stored = StoredDepth(folder, DepthKind.METRIC)

    with pytest.raises(StoredDepthError, match='has no depth of kitchen/0003'):
        stored.read(PurePosixPath('kitchen/0003'))
    with pytest.raises(StoredDepthError, match=r'0002\.npy'):
        stored.read(PurePosixPath('kitchen/0002'))
    with pytest.raises(StoredDepthError, match='is no folder'):
        StoredDepth(folder / 'nowhere')

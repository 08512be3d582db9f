# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The procedural world in the layouts of published sets: what is written is what is read."""

from __future__ import annotations

import filecmp

import numpy as np
import pytest

from depth_anything_ros.data.clip import SCENE_SECONDS, ProceduralClip
from depth_anything_ros.data.dataset import open_dataset
from depth_anything_ros.data.rendered_set import TARGETS, render_set
from depth_anything_ros.data.sample import DataError
from depth_anything_ros.geometry.transform import Transform

COUNT, PER_SCENE, WIDTH = 6, 3, 64


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv('DEPTH_ANYTHING_CACHE', str(tmp_path_factory.mktemp('cache')))


@pytest.fixture(params=list(TARGETS))
def rendered(request, tmp_path):
    """Render a small set; return its name, folder and keys, and the film that it shows."""
    if request.param == 'hypersim':
        pytest.importorskip('h5py')
    root = tmp_path / 'set'
    keys = list(render_set(request.param, root, COUNT, 5, PER_SCENE, WIDTH))
    target = TARGETS[request.param]
    height = round(target.height * WIDTH / target.width)
    focal = target.focal * WIDTH / target.width
    fov = 2 * np.arctan(np.hypot(WIDTH, height) / 2 / focal)
    clip = ProceduralClip(5, WIDTH, height, PER_SCENE / SCENE_SECONDS, float(fov))
    assert clip.intrinsics.fx == pytest.approx(focal)
    return request.param, root, keys, clip


def test_what_was_rendered_is_read_back(rendered):
    name, root, keys, clip = rendered
    dataset = open_dataset(name, root)

    assert list(dataset.keys) == sorted(keys) and not dataset.problems
    for index, key in enumerate(keys):
        sample = dataset[list(dataset.keys).index(key)]
        rgb, depth = clip.frame(index)
        if name == 'hypersim':
            depth = np.where(np.isfinite(depth), depth, np.nan)
        if name == 'vkitti2':
            depth = np.where(depth >= 655.345, np.inf, depth)
        np.testing.assert_array_equal(np.isfinite(sample.depth), np.isfinite(depth))
        np.testing.assert_array_equal(np.isnan(sample.depth), np.isnan(depth))
        seen = np.isfinite(depth)
        if name == 'vkitti2':
            np.testing.assert_allclose(sample.depth[seen], depth[seen], atol=0.00501)
        else:
            np.testing.assert_allclose(sample.depth[seen], depth[seen], rtol=1e-6)
        assert np.abs(sample.rgb.astype(int) - rgb).mean() < (0.01 if name == 'tartanair' else 8)
    assert any(np.isposinf(sample.depth).any() for sample in dataset) == (name != 'hypersim')


def test_the_same_seed_writes_the_same_files(rendered, tmp_path):
    name, root, keys, _ = rendered
    again = tmp_path / 'again'
    assert list(render_set(name, again, COUNT, 5, PER_SCENE, WIDTH)) == keys
    files = [str(path.relative_to(root)) for path in sorted(root.rglob('*')) if path.is_file()]
    # HDF5 files carry no times, so all are equal to the byte.
    assert filecmp.cmpfiles(root, again, files, shallow=False)[0] == files


def test_poses_of_tartanair_are_those_of_the_film(tmp_path):
    list(render_set('tartanair', tmp_path / 's', COUNT, 5, PER_SCENE, WIDTH))
    clip = ProceduralClip(5, WIDTH, 48, PER_SCENE / SCENE_SECONDS, float(np.deg2rad(75)))
    lines = np.loadtxt(tmp_path / 's' / 'procedural' / 'Easy' / 'P001' / 'pose_left.txt')

    assert lines.shape == (PER_SCENE, 7)
    for number, line in enumerate(lines):
        pose = clip.pose(PER_SCENE + number)
        told = Transform.from_quaternion(line[3:], line[:3])
        to_ned = np.diag([1.0, -1.0, -1.0])
        # A point two metres ahead and one to the right, in the picture and in the camera of NED.
        ours = pose.rotation @ [1.0, 0.0, 2.0] + pose.translation
        theirs = told.rotation @ [2.0, 1.0, 0.0] + told.translation
        np.testing.assert_allclose(to_ned @ ours, theirs, atol=1e-6)


def test_poses_of_vkitti2_are_those_of_the_film(tmp_path):
    list(render_set('vkitti2', tmp_path / 's', COUNT, 5, PER_SCENE, WIDTH))
    clip = ProceduralClip(5, WIDTH, 19, PER_SCENE / SCENE_SECONDS)
    folder = tmp_path / 's' / 'Scene01' / 'clone'
    lines = np.loadtxt(folder / 'extrinsic.txt', skiprows=1)
    cameras = np.loadtxt(folder / 'intrinsic.txt', skiprows=1)

    assert lines.shape == (PER_SCENE, 18) and cameras.shape == (PER_SCENE, 6)
    np.testing.assert_allclose(cameras[0, 2:], [37.3595, 37.3595, 31.5, 9.0], atol=1e-3)
    for number, line in enumerate(lines):
        pose = clip.pose(PER_SCENE + number)
        matrix = line[2:].reshape(4, 4)
        np.testing.assert_allclose(
            matrix[:3, :3] @ pose.translation + matrix[:3, 3], np.zeros(3), atol=1e-5
        )
        np.testing.assert_allclose(matrix[:3, :3] @ pose.rotation, np.eye(3), atol=1e-6)


def test_what_cannot_be_rendered_is_refused(tmp_path):
    with pytest.raises(DataError, match="'irs' is no layout to render"):
        list(render_set('irs', tmp_path / 's', 1, 0, 1))
    (tmp_path / 'file').write_text('')
    with pytest.raises(DataError, match='is not empty'):
        list(render_set('tartanair', tmp_path, 1, 0, 1, 32))
    assert sorted(path.name for path in tmp_path.iterdir()) == ['file']


def test_a_film_without_a_field_of_view_is_what_it_was():
    """Films of seeds that are in use must not change."""
    before = ProceduralClip(0, 40, 30, 2.0)
    same = ProceduralClip(0, 40, 30, 2.0, float(np.deg2rad(75.0)))
    np.testing.assert_array_equal(before.frame(3)[0], same.frame(3)[0])
    assert ProceduralClip(0, 40, 30, 2.0, 1.0).intrinsics.fx > before.intrinsics.fx

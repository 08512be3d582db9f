# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is particular to each of the synthetic sets."""

from __future__ import annotations

import made_sets
import numpy as np
import pytest

from depth_anything_ros.data.dataset import open_dataset
from depth_anything_ros.data.sample import DataError, MissingPackageError


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv('DEPTH_ANYTHING_CACHE', str(tmp_path_factory.mktemp('cache')))


def test_pfm_of_either_byte_order(tmp_path):
    made_sets.blendedmvs(tmp_path, 1)
    values = made_sets.depth_map()
    made_sets.pfm(next(tmp_path.rglob('*.pfm')), values, order='>')

    np.testing.assert_array_equal(open_dataset('blendedmvs', tmp_path)[0].depth, values)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'PF\n16 12\n-1.0\n' + bytes(12 * 16 * 12), 'three channels'),
        (b'Pf\n16 12\n-1.0\n' + bytes(4 * 16 * 12 + 3), 'has 785 bytes, and 16x12 pixels take 782'),
        (b'Pf\n999999999 999999999\n-1.0\n', 'claims'),
        (b'Pf\n0 12\n-1.0\n', 'claims'),
        (b'Pf\n-16 12\n-1.0\n', 'is no PFM'),
    ],
)
def test_hostile_pfm(tmp_path, content, reason):
    made_sets.blendedmvs(tmp_path, 2)
    sorted(tmp_path.rglob('*.pfm'))[0].write_bytes(content)

    dataset = open_dataset('blendedmvs', tmp_path)
    assert len(dataset) == 1 and reason in dataset.problems[0].reason


def test_an_empty_map_is_all_unknown(tmp_path):
    made_sets.blendedmvs(tmp_path, 1)
    made_sets.pfm(next(tmp_path.rglob('*.pfm')), np.zeros((12, 16)))

    assert np.isnan(open_dataset('blendedmvs', tmp_path)[0].depth).all()


SPLIT = """scene_name,camera_name,frame_id,included_in_public_release,exclude_reason,\
split_partition_name
ai_001_001,cam_00,0,True,,train
ai_001_002,cam_00,1,True,,val
ai_001_003,cam_00,2,False,bad,train
"""


def test_hypersim_has_its_official_split(tmp_path):
    pytest.importorskip('h5py')
    made_sets.hypersim(tmp_path)
    (tmp_path / 'metadata_images_split_scene_v1.csv').write_text(SPLIT)

    train = open_dataset('hypersim', tmp_path, split='train')
    assert list(train.keys) == ['ai_001_001/cam_00/frame.0000']  # what was left out stays out
    assert list(open_dataset('hypersim', tmp_path, split='val').keys) == [
        'ai_001_002/cam_00/frame.0001'
    ]
    with pytest.raises(DataError, match='has no pictures of test'):
        open_dataset('hypersim', tmp_path, split='test')
    with pytest.raises(DataError, match="no split 'valid'"):
        open_dataset('hypersim', tmp_path, split='valid')
    with pytest.raises(DataError, match='no split file.*ml-hypersim'):
        open_dataset('hypersim', tmp_path, split='val', split_file=str(tmp_path / 'no.csv'))
    with pytest.raises(DataError, match='goes with split'):
        open_dataset('hypersim', tmp_path, split_file='x.csv')
    (tmp_path / 'other.csv').write_text('a,b\n1,2\n')
    with pytest.raises(DataError, match='is not metadata_images'):
        open_dataset('hypersim', tmp_path, split='val', split_file=str(tmp_path / 'other.csv'))


def test_hypersim_takes_half_floats(tmp_path):
    pytest.importorskip('h5py')
    truth = made_sets.hypersim(tmp_path, 1)
    path = next(tmp_path.rglob('*.hdf5'))
    import h5py

    with h5py.File(path) as file:
        distance = file['dataset'][...]
    made_sets.hdf5(path, distance.astype(np.float16))

    depth = open_dataset('hypersim', tmp_path)[0].depth
    np.testing.assert_allclose(depth, next(iter(truth.values())), rtol=1e-3)


def camera_file(path, **shifted):
    """Write the columns that count, the usual lens but for some scenes."""
    names = [f'M_cam_from_uv_{row}{column}' for row in range(3) for column in range(3)]
    usual = [0.5773502886169104, 0, 0, 0, 0.4330127164626828, 0, 0, 0, -1.0]
    rows = [['scene_name', 'use_camera_physical', *names]]
    for scene in ('ai_001_001', 'ai_001_002', 'ai_001_003'):
        rows.append([scene, scene in shifted, *shifted.get(scene, usual)])
    path.write_text('\n'.join(','.join(map(str, row)) for row in rows) + '\n')
    return path


def test_hypersim_with_a_shifted_lens(tmp_path):
    """The usual camera whose picture is moved up by 0.1 of its distance: rays go up by that."""
    pytest.importorskip('h5py')
    truth = made_sets.hypersim(tmp_path / 'set', 2)
    lens = [0.5773502886169104, 0, 0, 0, 0.4330127164626828, 0.1, 0, 0, -1.0]
    cameras = camera_file(tmp_path / 'cameras.csv', ai_001_002=lens)
    dataset = open_dataset('hypersim', tmp_path / 'set', camera_file=str(cameras))
    usual, shifted = dataset[0].depth, dataset[1].depth

    np.testing.assert_allclose(usual, truth['ai_001_001/cam_00/frame.0000'], rtol=1e-6)
    # Its file holds distances of the usual camera; those are now along other rays.
    y, x = np.mgrid[:768, :1024]
    right, up = (x - 511.5) / 886.81, (383.5 - y) / 886.81
    distance = truth['ai_001_002/cam_00/frame.0001'] * np.sqrt(1 + right**2 + up**2)
    np.testing.assert_allclose(
        shifted, distance / np.sqrt(1 + right**2 + (up + 0.1) ** 2), rtol=1e-5
    )
    plain = open_dataset('hypersim', tmp_path / 'set')
    assert not np.allclose(plain[1].depth, shifted, equal_nan=True)


def test_hypersim_with_another_file_for_its_cameras(tmp_path):
    pytest.importorskip('h5py')
    made_sets.hypersim(tmp_path / 'set', 1)
    (tmp_path / 'other.csv').write_text('scene_name,x\nai_001_001,2\n')
    for name, words in (('no.csv', 'no camera file'), ('other.csv', 'is not metadata_camera')):
        with pytest.raises(DataError, match=words):
            open_dataset('hypersim', tmp_path / 'set', camera_file=str(tmp_path / name))


def hostile_hdf5(kind, path):
    """Write a file that is sound HDF5 and no map of the set."""
    import h5py

    with h5py.File(path, 'w') as file:
        if kind == 'link':
            file['dataset'] = h5py.ExternalLink('/etc/hostname', '/x')
        elif kind == 'soft':
            file['dataset'] = h5py.SoftLink('/other')
        elif kind == 'external':
            file.create_dataset(
                'dataset', (768, 1024), 'f4', external=[('/dev/zero', 0, 4 * 768 * 1024)]
            )
        elif kind == 'group':
            file.create_group('dataset')
        elif kind == 'huge':
            file.create_dataset('dataset', (10**7, 10**7), 'f4', chunks=(64, 64))
        elif kind == 'channels':
            file['dataset'] = np.zeros((768, 1024, 3), np.float32)
        elif kind == 'integers':
            file['dataset'] = np.zeros((768, 1024), np.int32)
        elif kind == 'name':
            file['depth'] = np.ones((768, 1024), np.float32)


@pytest.mark.parametrize(
    ('kind', 'reason'),
    [
        ('link', 'of its own'),
        ('soft', 'of its own'),
        ('external', 'of its own'),
        ('group', 'of its own'),
        ('huge', 'not one map'),
        ('channels', 'not one map'),
        ('integers', 'not one map'),
        ('name', 'no array'),
    ],
)
def test_hostile_hdf5(tmp_path, kind, reason):
    pytest.importorskip('h5py')
    made_sets.hypersim(tmp_path, 2)
    hostile_hdf5(kind, sorted(tmp_path.rglob('*.hdf5'))[0])

    dataset = open_dataset('hypersim', tmp_path)
    assert len(dataset) == 1 and reason in dataset.problems[0].reason


def test_irs_takes_the_middle_channel(tmp_path):
    pytest.importorskip('OpenEXR')
    truth = made_sets.irs(tmp_path, 1, channels=3)

    depth = open_dataset('irs', tmp_path)[0].depth
    np.testing.assert_allclose(depth, next(iter(truth.values())), rtol=1e-6)


def test_irs_upside_down(tmp_path):
    pytest.importorskip('OpenEXR')
    truth = made_sets.irs(tmp_path, 1)

    depth = open_dataset('irs', tmp_path, flip=True)[0].depth
    np.testing.assert_allclose(depth[::-1], next(iter(truth.values())), rtol=1e-6)


def test_irs_refuses_other_channels(tmp_path):
    pytest.importorskip('OpenEXR')
    made_sets.irs(tmp_path, 1)
    values = made_sets.depth_map()
    made_sets.exr(next(tmp_path.rglob('d_*.exr')), {'A': values, 'Z': values})

    with pytest.raises(DataError, match='has the channels A, Z'):
        open_dataset('irs', tmp_path)[0]


@pytest.mark.parametrize('camera', ['right', 'both'])
def test_tartanair_has_two_cameras(tmp_path, camera):
    made_sets.tartanair(tmp_path, 2)
    keys = list(open_dataset('tartanair', tmp_path, camera=camera).keys)

    assert len(keys) == (2 if camera == 'right' else 4)
    assert keys[-1] == 'abandonedfactory/Easy/P000/right/000001'
    with pytest.raises(DataError, match="no camera 'up'"):
        open_dataset('tartanair', tmp_path, camera='up')


def test_tartanair_takes_half_floats(tmp_path):
    """As its documentation has it; the largest of them is sky as well."""
    made_sets.tartanair(tmp_path, 1, np.float16)

    depth = open_dataset('tartanair', tmp_path)[0].depth
    assert depth.dtype == np.float32 and np.isposinf(depth[:2]).all()
    np.testing.assert_allclose(depth[2:], made_sets.depth_map()[2:], rtol=1e-3)


def hostile_npy(kind, path):
    """Write a file that is NPY and no map of the set, or seems to be one."""
    if kind == 'objects':
        np.save(path, np.array([[{}] * 16] * 12, dtype=object), allow_pickle=True)
    elif kind == 'channels':
        np.save(path, np.zeros((12, 16, 1), np.float32))
    elif kind == 'integers':
        np.save(path, np.zeros((12, 16), np.int32))
    elif kind == 'archive':
        with path.open('wb') as file:
            np.savez(file, depth=np.zeros((12, 16), np.float32))
    elif kind == 'huge':
        np.save(path, np.zeros((12, 16), np.float32))
        content = path.read_bytes()
        path.write_bytes(content.replace(b'(12, 16), }', b'(9999999,99999999), }')[: len(content)])
    elif kind == 'unclosed':
        np.save(path, np.zeros((12, 16), np.float32))
        path.write_bytes(path.read_bytes().replace(b'(12, 16), }', b'(12, ((16, {'))


@pytest.mark.parametrize('kind', ['objects', 'channels', 'integers', 'archive', 'huge', 'unclosed'])
def test_hostile_npy(tmp_path, kind):
    made_sets.tartanair(tmp_path, 2)
    hostile_npy(kind, made_sets.depth_files(tmp_path, 'tartanair')[0])

    dataset = open_dataset('tartanair', tmp_path)
    assert (len(dataset), len(dataset.problems)) == (1, 1)
    assert 'depth.npy' in dataset.problems[0].reason


def test_vkitti2_has_two_cameras(tmp_path):
    made_sets.vkitti2(tmp_path, 2)

    assert len(open_dataset('vkitti2', tmp_path, camera='both')) == 4
    assert list(open_dataset('vkitti2', tmp_path, camera=1).keys)[0].split('/')[2] == 'Camera_1'
    with pytest.raises(DataError, match='no camera 2'):
        open_dataset('vkitti2', tmp_path, camera=2)


@pytest.mark.parametrize('kind', [np.uint8, 'colours'])
def test_vkitti2_depth_must_have_16_bits(tmp_path, kind):
    import cv2

    made_sets.vkitti2(tmp_path, 1)
    path = made_sets.depth_files(tmp_path, 'vkitti2')[0]
    values = np.zeros((12, 16, 3), np.uint16) if kind == 'colours' else np.zeros((12, 16), np.uint8)
    cv2.imwrite(str(path), values)

    with pytest.raises(DataError, match='not 16 bits'):
        open_dataset('vkitti2', tmp_path)[0]


@pytest.mark.parametrize(('name', 'package'), [('hypersim', 'h5py'), ('irs', 'OpenEXR')])
def test_a_missing_package_is_named_with_its_extra(tmp_path, monkeypatch, name, package):
    import sys

    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=rf'{package}.*depth_anything_ros\[data\]'):
        open_dataset(name, tmp_path)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every benchmark is read as it is published; what is missing or broken is named, never scored."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import made_benchmarks as made
import numpy as np
import pytest

from depth_anything_ros.data.sample import DataError, EmptyError, SampleError
from depth_anything_ros.evaluation.benchmark_set import BenchmarkSet, pairs_of
from depth_anything_ros.evaluation.benchmarks import BENCHMARKS, open_benchmark, presence
from depth_anything_ros.evaluation.kitti_split import eigen_frames
from depth_anything_ros.evaluation.nyu_split import nyu_test_numbers

Truth = dict[str, np.ndarray]
DRIVE = '2011_09_26_drive_0002_sync'
MAKERS: dict[str, tuple[str, str, Callable[[Path], Truth]]] = {
    'kitti': ('kitti', 'eigen', made.kitti),
    'nyu raw': ('nyu', 'raw', lambda root: made.nyu_pictures(root, 'raw')),
    'nyu filled': ('nyu', 'filled', lambda root: made.nyu_pictures(root, 'filled')),
    'nyu from zero': ('nyu', 'raw', made.nyu_from_zero),
    'sintel final': ('sintel', 'final', made.sintel),
    'sintel clean': ('sintel', 'clean', made.sintel),
    'eth3d': ('eth3d', 'train', made.eth3d),
    'diode': ('diode', 'all', made.diode),
}


def check(benchmark: BenchmarkSet, truth: Truth) -> None:
    assert list(benchmark.keys) == sorted(truth)
    assert len(benchmark) == len(truth)
    assert benchmark.metric
    assert list(benchmark.problems) == []
    for pair in pairs_of(pickle.loads(pickle.dumps(benchmark))):
        np.testing.assert_allclose(pair.depth, truth[pair.key], rtol=1e-6)
        assert (pair.depth.dtype, pair.rgb.dtype) == (np.float32, np.uint8)
        assert np.abs(pair.rgb.astype(int) - made.colors()).max() < 12  # JPEG


@pytest.mark.parametrize('case', MAKERS)
def test_depth_is_decoded_as_published(case, tmp_path):
    name, split, make = MAKERS[case]
    truth = make(tmp_path)

    check(open_benchmark(name, tmp_path, split), truth)


@pytest.mark.parametrize('split', ['raw', 'filled'])
def test_official_file_of_nyu(split, tmp_path):
    pytest.importorskip('h5py')
    truth = made.nyu_labelled(tmp_path / 'nyu_depth_v2_labeled.mat', split)

    for path in (tmp_path, tmp_path / 'nyu_depth_v2_labeled.mat'):
        benchmark = open_benchmark('nyu', path, split)
        assert {problem.reason for problem in benchmark.problems} == {
            'is not among the 9 pictures of nyu_depth_v2_labeled.mat'
        }
        assert len(benchmark.problems) + len(benchmark) == 654
        benchmark.problems = ()
        check(benchmark, truth)
        assert benchmark.read(0).scene == 'kitchen'


def test_published_splits_have_their_counts():
    numbers, frames = nyu_test_numbers(), eigen_frames()

    assert (len(numbers), numbers[:3], numbers[-1]) == (654, [1, 2, 9], 1449)
    assert len(frames) == len(set(frames)) == 697
    assert len({frame.split('/')[0] for frame in frames}) == 28
    assert f'{DRIVE}/0000000069' in frames
    assert f'{DRIVE}/0000000066' not in frames
    assert '2011_10_03_drive_0027_sync/0000004535' in frames
    assert [BENCHMARKS[name].count for name in ('kitti', 'nyu', 'sintel', 'eth3d', 'diode')] == [
        652, 654, 1064, 454, 771]  # fmt: skip


def test_how_many_are_there_is_told(tmp_path):
    made.kitti(tmp_path)

    assert presence(open_benchmark('kitti', tmp_path)) == '2 of 652 pairs'


def test_scenes_and_lenses(tmp_path):
    for name in ('kitti', 'sintel', 'eth3d', 'diode'):
        getattr(made, name)(tmp_path / name)
    first = {name: open_benchmark(name, tmp_path / name).read(0) for name in BENCHMARKS if (
        tmp_path / name).exists()}  # fmt: skip

    assert first['kitti'].scene == DRIVE
    lens = first['kitti'].intrinsics
    assert (lens.fx, lens.fy, lens.cx, lens.cy) == (721.5, 721.6, 609.5, 172.8)
    assert first['sintel'].scene == 'alley_1'
    lens = first['sintel'].intrinsics
    assert (lens.width, lens.fx, lens.fy, lens.cx, lens.cy) == (16, 1120, 1121, 511.5, 217.5)
    assert (first['eth3d'].scene, first['eth3d'].intrinsics) == ('facade', None)
    assert (first['diode'].scene, first['diode'].intrinsics) == ('indoors', None)


def test_part_of_diode(tmp_path):
    truth = made.diode(tmp_path)
    outdoor = {key: values for key, values in truth.items() if key.startswith('outdoor')}

    check(open_benchmark('diode', tmp_path, 'outdoor'), outdoor)


@pytest.mark.parametrize(
    'lines',
    [
        f'2011_09_26/{DRIVE}/image_02/data/0000000009.png '
        f'{DRIVE}/proj_depth/groundtruth/image_02/0000000009.png 721.5377\n'
        f'2011_09_26/{DRIVE}/image_02/data/0000000000.png None 721.5377\n\n'
        f'2011_09_26/{DRIVE}/image_02/data/0000000003.png {DRIVE}/proj_depth/x.png 721.5377\n',
        f'2011_09_26/{DRIVE} 0000000009 l\n2011_09_26/{DRIVE} 3 l\n',
        f'2011_09_26/{DRIVE}/image_02/data/0000000009.png\n{DRIVE}/image_02/data/0000000003.jpg\n',
    ],
)
def test_lists_of_kitti_give_the_order(lines, tmp_path):
    made.kitti(tmp_path)
    listed = tmp_path / 'test_files.txt'
    listed.write_text(lines)

    benchmark = open_benchmark('kitti', tmp_path, list=listed)

    assert list(benchmark.keys) == [f'{DRIVE}/0000000009', f'{DRIVE}/0000000003']


def test_lists_of_the_others(tmp_path):
    cases = {
        'nyu': 'test/kitchen_0004/rgb_0002.png test/kitchen_0004/depth_0002.png x/filled_0002.png',
        'eth3d': 'rgb/office/images/dslr_images/DSC_0219.JPG depth/office/DSC_0219.JPG',
        'sintel': 'final/sleeping_2/frame_0001.png',
        'diode': 'outdoor/scene_00022/scan_00197/00022_00197_outdoor_000_010.png a b',
    }
    made.nyu_pictures(tmp_path / 'nyu', 'raw')
    for name in ('eth3d', 'sintel', 'diode'):
        getattr(made, name)(tmp_path / name)
    expected = {
        'nyu': 'kitchen_0004/0002',
        'eth3d': 'office/DSC_0219',
        'sintel': 'sleeping_2/frame_0001',
        'diode': 'outdoor/scene_00022/scan_00197/00022_00197_outdoor_000_010',
    }
    for name, line in cases.items():
        listed = tmp_path / 'list.txt'
        listed.write_text(line + '\n')
        assert list(open_benchmark(name, tmp_path / name, list=listed).keys) == [expected[name]]
        listed.write_text(f'{line}\nnothing of the kind\n')
        with pytest.raises(DataError, match='line 2'):
            open_benchmark(name, tmp_path / name, list=listed)


def test_listed_numbers_of_the_official_file(tmp_path):
    pytest.importorskip('h5py')
    path, listed = tmp_path / 'nyu_depth_v2_labeled.mat', tmp_path / 'list.txt'
    made.nyu_labelled(path, 'raw')
    listed.write_text('5\nrgb_0002.png\ntest/kitchen_0004/rgb_0001.png x y\n2000\n')

    benchmark = open_benchmark('nyu', path, list=listed)

    assert list(benchmark.keys) == [f'kitchen_0004/000{number}' for number in (5, 2, 1)]
    assert [problem.name for problem in benchmark.problems] == ['2000']
    listed.write_text('five\n')
    with pytest.raises(DataError, match='line 1'):
        open_benchmark('nyu', path, list=listed)


def test_listed_pair_that_is_not_there_is_a_problem(tmp_path):
    made.kitti(tmp_path)
    listed = tmp_path / 'list.txt'
    listed.write_text(f'x/{DRIVE} 3 l\nx/{DRIVE} 12 l\nx/{DRIVE} 0 l\n')

    benchmark = open_benchmark('kitti', tmp_path, list=listed)

    assert len(benchmark) == 1
    told = {problem.name[-2:]: problem.reason for problem in benchmark.problems}
    assert told == {'12': 'has no picture and no depth', '00': 'has no depth'}


DEPTH = {
    'kitti': f'data_depth_annotated/val/{DRIVE}/proj_depth/groundtruth/image_02/0000000003.png',
    'nyu raw': 'test/kitchen_0004/depth_0001.png',
    'sintel final': 'training/depth/alley_1/frame_0001.dpt',
    'eth3d': 'depth/facade_dslr_depth/facade/ground_truth_depth/dslr_images/DSC_0324.JPG',
    'diode': 'val/indoors/scene_00019/scan_00183/00019_00183_indoors_000_010_depth.npy',
}


@pytest.mark.parametrize('case', DEPTH)
@pytest.mark.parametrize('broken', ['empty', 'cut', 'longer', 'other'])
def test_broken_depth_is_named_and_left_out(case, broken, tmp_path):
    name, split, make = MAKERS[case]
    make(tmp_path)
    path = tmp_path / DEPTH[case]
    content = path.read_bytes()
    path.write_bytes(
        {
            'empty': b'',
            'cut': content[: len(content) // 2],
            'longer': content + bytes(4),
            'other': b'no depth at all',
        }[broken]
    )

    benchmark = open_benchmark(name, tmp_path, split)

    if broken == 'longer' and path.suffix in ('.png', '.npy'):
        benchmark.read(0)  # what follows an end that is marked does not matter
    else:
        (problem,) = benchmark.problems
        assert path.name in problem.reason
        assert problem.name not in benchmark.keys


@pytest.mark.parametrize('case', DEPTH)
def test_depth_of_another_size_is_named(case, tmp_path):
    name, split, make = MAKERS[case]
    make(tmp_path)
    suffix = '.JPG' if case == 'eth3d' else '.png'
    for path in tmp_path.rglob(f'*{suffix}'):
        if path.read_bytes()[:2] in (b'\x89P', b'\xff\xd8') and cv2.imread(str(path)) is not None:
            image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            if image.ndim == 3:
                assert cv2.imwrite(str(path), image[:-2])

    with pytest.raises(EmptyError) as raised:
        open_benchmark(name, tmp_path, split)

    assert '16x10' in str(raised.value)


def test_files_that_break_later_are_named_when_they_are_read(tmp_path):
    made.sintel(tmp_path)
    benchmark = open_benchmark('sintel', tmp_path)
    (tmp_path / 'training/depth/alley_1/frame_0001.dpt').write_bytes(b'x')
    (tmp_path / 'training/depth/alley_1/frame_0002.dpt').unlink()
    (tmp_path / 'training/final/sleeping_2/frame_0001.png').write_bytes(b'x')

    for index, reason in enumerate(('cut off', 'cannot be read', 'no picture|none of')):
        with pytest.raises(SampleError, match=reason) as raised:
            benchmark.read(index)
        assert benchmark.keys[index] in str(raised.value)
    with pytest.raises(IndexError):
        benchmark.read(3)


def test_depth_without_a_known_pixel_is_an_error(tmp_path):
    made.kitti(tmp_path)
    path = tmp_path / DEPTH['kitti']
    made.png16(path, np.zeros((made.HEIGHT, made.WIDTH)))

    with pytest.raises(SampleError, match='no pixel of known depth'):
        open_benchmark('kitti', tmp_path).read(0)


def test_eight_bit_depth_is_refused(tmp_path):
    made.kitti(tmp_path)
    assert cv2.imwrite(str(tmp_path / DEPTH['kitti']), np.ones((12, 16), np.uint8))

    with pytest.raises(SampleError, match='16 bit|not 16 bits'):
        open_benchmark('kitti', tmp_path).read(0)


def test_picture_that_is_there_twice_is_a_problem(tmp_path):
    made.eth3d(tmp_path)
    shutil.copytree(tmp_path / 'rgb' / 'office', tmp_path / 'again' / 'office')

    benchmark = open_benchmark('eth3d', tmp_path)

    (problem,) = benchmark.problems
    assert 'twice' in problem.reason
    assert list(benchmark.keys) == ['facade/DSC_0324']


def test_camera_file_of_another_kind_is_an_error(tmp_path):
    made.sintel(tmp_path)
    (tmp_path / 'training/camdata_left/alley_1/frame_0001.cam').write_bytes(bytes(172))

    with pytest.raises(SampleError, match='no camera of Sintel'):
        open_benchmark('sintel', tmp_path).read(0)


@pytest.mark.parametrize('content', [b'', b'no HDF5', b'\x89HDF\r\n\x1a\n' + bytes(100)])
def test_broken_official_file_is_named(content, tmp_path):
    pytest.importorskip('h5py')
    path = tmp_path / 'nyu_depth_v2_labeled.mat'
    path.write_bytes(content)

    with pytest.raises(DataError, match='nyu_depth_v2_labeled.mat'):
        open_benchmark('nyu', path)


def test_official_file_without_raw_depth_is_named(tmp_path):
    h5py = pytest.importorskip('h5py')
    path = tmp_path / 'nyu_depth_v2_labeled.mat'
    made.nyu_labelled(path, 'raw')
    with h5py.File(path, 'a') as file:
        del file['rawDepths']

    with pytest.raises(DataError, match='rawDepths'):
        open_benchmark('nyu', path)
    assert len(open_benchmark('nyu', path, 'filled')) == 3


def test_names_splits_options_and_folders_are_checked(tmp_path):
    made.eth3d(tmp_path)
    for arguments, options, message in (
        (('moon', tmp_path), {}, "'moon': use one of kitti, nyu"),
        (('eth3d', tmp_path, 'test'), {}, "no split 'test': use one of train"),
        (('eth3d', tmp_path), {'lists': 'x'}, "no option 'lists': it takes list"),
        (('eth3d', tmp_path / 'nowhere'), {}, 'does not exist'),
        (('kitti', tmp_path), {}, 'laid out as kitti'),
        (('eth3d', tmp_path), {'list': tmp_path / 'none.txt'}, 'cannot be read as a list'),
    ):
        with pytest.raises(DataError, match=message):
            open_benchmark(*arguments, **options)


@pytest.mark.parametrize('factor', [0.1, 6])
def test_depth_in_another_unit_is_refused(factor, tmp_path):
    made.nyu_pictures(tmp_path, 'raw')
    for path in tmp_path.rglob('depth_*.png'):
        made.png16(path, factor * cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(float))

    with pytest.raises(DataError, match=r'[\d.]+ m in the middle.*0\.7 to 6\.5 m.*another unit'):
        open_benchmark('nyu', tmp_path)


def test_real_pairs_have_their_own_ranges(shared_data):
    benchmark = open_benchmark('pairs', shared_data)

    assert len(benchmark) == 12
    assert list(benchmark.problems) == []
    for pair in pairs_of(benchmark):
        street = pair.scene.startswith('kitti')
        assert 0.3 < np.nanmin(pair.depth) < np.nanmax(pair.depth) <= (80 if street else 10)
        assert pair.intrinsics.width == pair.rgb.shape[1]
    assert len(open_benchmark('pairs', shared_data, 'kinect')) == 5

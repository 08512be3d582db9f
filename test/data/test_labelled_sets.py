# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The five synthetic sets, from small ones in their layout: depths, and files that are wrong."""

from __future__ import annotations

import logging
import pickle
import shutil
from pathlib import Path

import made_sets
import numpy as np
import pytest

from depth_anything_ros.data.dataset import open_dataset
from depth_anything_ros.data.sample import DataError, EmptyError, SampleError

NAMES = list(made_sets.MAKERS)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv('DEPTH_ANYTHING_CACHE', str(tmp_path_factory.mktemp('cache')))


@pytest.fixture(params=NAMES)
def made(request, tmp_path):
    """Make a set of three samples; return its name, folder and depths by key."""
    pytest.importorskip(made_sets.NEEDS.get(request.param, 'numpy'))
    root = tmp_path / 'set'
    return request.param, root, made_sets.MAKERS[request.param](root)


def picture_files(root: Path, name: str) -> list[Path]:
    """Return the pictures that the set has by default, in the order of their keys."""
    dataset = open_dataset(name, root)
    return [dataset.paths(key)[0] for key in dataset.keys]


def test_depths_are_those_that_were_written(made):
    name, root, truth = made
    dataset = open_dataset(name, root)

    assert list(dataset.keys) == sorted(truth) and len(dataset) == 3
    assert dataset.metric == (name != 'blendedmvs') and not dataset.problems
    for sample in dataset:
        expected = truth[sample.key]
        assert (sample.rgb.dtype, sample.depth.dtype) == (np.uint8, np.float32)
        assert sample.rgb.shape == (*expected.shape, 3) and sample.metric == dataset.metric
        np.testing.assert_array_equal(np.isnan(sample.depth), np.isnan(expected))
        np.testing.assert_array_equal(np.isposinf(sample.depth), np.isposinf(expected))
        seen = np.isfinite(expected)
        np.testing.assert_allclose(sample.depth[seen], expected[seen], rtol=1e-6)
        # Red is the column and green the row, so pictures are neither turned nor BGR.
        assert sample.rgb[1, 12, 0] > sample.rgb[1, 2, 0] + 50
        assert sample.rgb[10, 1, 1] > sample.rgb[2, 1, 1] + 40


def test_a_copy_in_a_worker_reads_the_same(made):
    name, root, _ = made
    dataset = open_dataset(name, root)
    copy = pickle.loads(pickle.dumps(dataset))

    np.testing.assert_array_equal(copy[2].depth, dataset[2].depth)
    assert copy.keys[-1] == dataset.keys[2]


def test_the_index_is_built_once_and_again_when_files_change(made, monkeypatch):
    from depth_anything_ros.data import paired

    name, root, _ = made
    built = []
    build = paired.build_index
    monkeypatch.setattr(
        paired, 'build_index', lambda *given: built.append(1) or build(*given), raising=True
    )
    first = open_dataset(name, root)
    again = open_dataset(name, root)
    assert (len(built), list(again.keys)) == (1, list(first.keys))
    np.testing.assert_array_equal(again.sizes(), first.sizes())

    made_sets.depth_files(root, name)[1].unlink()
    changed = open_dataset(name, root)
    assert (len(built), len(changed), len(changed.problems)) == (2, 2, 1)

    open_dataset(name, root, fresh=True)
    assert len(built) == 3


def test_a_damaged_index_is_made_anew(made, monkeypatch, caplog):
    name, root, _ = made
    cache = open_dataset(name, root)._cache.path
    for content in (b'', b'PK\x03\x04 something', cache.read_bytes()[:200]):
        cache.write_bytes(content)
        with caplog.at_level(logging.WARNING):
            assert len(open_dataset(name, root)) == 3
    assert 'damaged' in caplog.text


def test_a_cache_that_cannot_be_written_is_done_without(made, monkeypatch, tmp_path, caplog):
    name, root, _ = made
    (tmp_path / 'file').write_text('')
    monkeypatch.setenv('DEPTH_ANYTHING_CACHE', str(tmp_path / 'file'))

    assert len(open_dataset(name, root)) == 3
    assert 'is not kept' in caplog.text


@pytest.mark.parametrize('which', ['picture', 'depth'])
def test_a_missing_partner_is_listed(made, which):
    name, root, _ = made
    dataset = open_dataset(name, root)
    key = dataset.keys[1]
    dataset.paths(key)[which == 'depth'].unlink()

    left = open_dataset(name, root)
    assert list(left.keys) == [dataset.keys[0], dataset.keys[2]]
    assert [problem.name for problem in left.problems] == [key]
    assert left.problems[0].reason.startswith('has no ')


@pytest.mark.parametrize('which', ['picture', 'depth'])
@pytest.mark.parametrize('kept', [0, 5, 40, -1])
def test_a_file_that_is_cut_off_is_listed_or_named(made, which, kept):
    """What both ends of a file show is found by the index, the rest when it is read."""
    name, root, _ = made
    dataset = open_dataset(name, root)
    key = dataset.keys[0]
    path = dataset.paths(key)[which == 'depth']
    content = path.read_bytes()
    path.write_bytes(content[:kept] if kept >= 0 else content[: len(content) * 3 // 5])

    left = open_dataset(name, root)
    if key in left.keys:
        assert name == 'irs' and which == 'depth'  # an EXR's end says nothing
        with pytest.raises(SampleError, match=path.name):
            left[list(left.keys).index(key)]
    else:
        assert [problem.name for problem in left.problems] == [key]
        assert path.name in left.problems[0].reason


def test_other_sizes_are_listed(made):
    name, root, _ = made
    dataset = open_dataset(name, root)
    key = dataset.keys[2]
    made_sets.picture(dataset.paths(key)[0], 30, 40)

    left = open_dataset(name, root)
    assert len(left) == 2
    assert 'the picture is 40x30 and the depth is' in left.problems[0].reason


def test_what_is_no_picture_and_no_depth_is_listed(made):
    name, root, _ = made
    dataset = open_dataset(name, root)
    first, second = dataset.keys[:2]
    dataset.paths(first)[0].write_bytes(b'<html>not found</html>')
    dataset.paths(second)[1].write_bytes(b'<html>not found</html>' * 30)

    left = open_dataset(name, root)
    assert len(left) == 1 and {problem.name for problem in left.problems} == {first, second}


def test_files_that_change_behind_the_index_are_named(made):
    name, root, _ = made
    dataset = open_dataset(name, root)
    path = dataset.paths(dataset.keys[0])[1]
    path.unlink()

    with pytest.raises(SampleError, match='cannot be read: No such file'):
        dataset[0]


def test_excluded_samples_stay_out(made):
    from depth_anything_ros.data.sample import Problem

    name, root, _ = made
    dataset = open_dataset(name, root)
    bad, kept = dataset.keys[0], list(dataset.keys[1:])
    dataset.exclude([Problem(bad, 'was made up')])

    for left in (dataset, open_dataset(name, root)):
        assert list(left.keys) == kept and left.problems[-1].reason == 'was made up'
    assert len(open_dataset(name, root, fresh=True)) == 3


def test_patterns_choose_samples(made):
    name, root, truth = made
    keys = sorted(truth)

    assert list(open_dataset(name, root, only=keys[1]).keys) == keys[1:2]
    chosen = open_dataset(name, root, without=['*' + keys[0][-5:]])
    assert keys[0] not in chosen.keys
    assert pickle.loads(pickle.dumps(chosen))[-1].key == chosen.keys[-1]
    with pytest.raises(EmptyError, match='no sample is left'):
        open_dataset(name, root, only='nothing')


def test_another_folder_is_refused(made, tmp_path):
    name, root, _ = made
    (tmp_path / 'empty').mkdir()
    with pytest.raises(DataError, match=f'nothing here is laid out as {name}'):
        open_dataset(name, tmp_path / 'empty')
    with pytest.raises(DataError, match='there is no such file or folder'):
        open_dataset(name, tmp_path / 'nowhere')
    with pytest.raises(DataError, match='needs the path'):
        open_dataset(name)
    with pytest.raises(DataError, match=f"{name} has no option 'sort'"):
        open_dataset(name, root, sort=True)


def test_a_set_may_lie_deeper_and_behind_links(made, tmp_path):
    name, root, truth = made
    above = tmp_path / 'above'
    above.mkdir()
    shutil.move(root, above / 'x')
    (above / 'x' / 'loop').symlink_to(above)
    root = above / 'x' if name == 'hypersim' else above  # whose scenes have fixed names

    assert len(open_dataset(name, root)) == len(truth)


def test_strange_names_are_listed_in_one_line(made):
    from depth_anything_ros.data.sample import printable

    name, root, _ = made
    dataset = open_dataset(name, root)
    inside = dataset.paths(dataset.keys[0])[0].parent
    for strange in ('a\nb.png', '\x1b[31m.jpg', 'ä' * 60 + '.jpg', '{scene}.png', '%s.jpg'):
        (inside / strange).write_bytes(b'x')
    with open(bytes(inside) + b'/\xff\xfe.png', 'wb'):
        pass

    again = open_dataset(name, root)
    assert len(again) == 3 and not again.problems
    assert printable('a\nb\x1b[31m') == 'a\\nb\\x1b[31m'


def test_a_problem_of_a_key_with_bytes_survives_the_cache(tmp_path):
    root = tmp_path / 'set'
    made_sets.vkitti2(root)
    odd = Path(str(root / 'Scene01') + '/\udcff')
    shutil.move(root / 'Scene01' / '15-deg-left', odd)
    for _ in range(2):
        dataset = open_dataset('vkitti2', root)
        assert dataset[0].key.startswith('Scene01/\udcff/')
    (odd / 'frames/rgb/Camera_0/rgb_00001.jpg').unlink()
    for _ in range(2):
        assert open_dataset('vkitti2', root).problems[0].name.startswith('Scene01/\udcff/')

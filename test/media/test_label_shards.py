# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labels in shards: what was written comes back, whole or not at all, once."""

from __future__ import annotations

import json
import pickle
import tarfile
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from depth_anything_ros.media.label_shards import (
    Label,
    LabelError,
    LabelFacts,
    LabelShards,
    begin_labels,
    encode_label,
    missing_shards,
    write_shard,
)

FACTS = LabelFacts('made', 7, 'digest', 3, 'teacher', 'sha', 28)


def disparity(seed: int, shape: tuple[int, int] = (28, 42)) -> np.ndarray:
    values = np.random.default_rng(seed).gamma(2.0, 3.0, shape).astype(np.float32)
    values[values < 2] = 0
    return values


def labels(shard: int) -> Iterator[Label]:
    for index in FACTS.range_of(shard):
        yield Label(f'key {index}', disparity(index, (28, 28 + 14 * index)))


def test_labels_come_back_to_a_step(tmp_path):
    begin_labels(tmp_path, FACTS)
    assert [write_shard(tmp_path, shard, labels(shard)) for shard in (2, 0, 1)] == [1, 3, 3]

    shards = pickle.loads(pickle.dumps(LabelShards(tmp_path)))

    assert list(shards.entries) == [f'key {index}' for index in range(7)]
    assert missing_shards(tmp_path, FACTS) == []
    for index in range(7):
        wanted = disparity(index, (28, 28 + 14 * index))
        found = shards.read(f'key {index}')
        assert found.dtype == np.float32
        assert np.abs(found - wanted).max() <= (wanted.max() - wanted.min()) / 65534 * 0.51
        assert ((found == 0) == (wanted == 0)).all()


def test_unknown_pixels_and_constant_labels(tmp_path):
    begin_labels(tmp_path, FACTS)
    holes = disparity(0)
    holes[3:5] = np.nan
    flat = np.full((14, 14), 2.5, np.float32)
    write_shard(tmp_path, 0, [Label('holes', holes), Label('flat', flat)])
    shards = LabelShards(tmp_path)
    assert np.array_equal(np.isnan(shards.read('holes')), np.isnan(holes))
    assert np.array_equal(shards.read('flat'), flat)


def test_failures_are_kept_with_their_reason(tmp_path):
    begin_labels(tmp_path, FACTS)
    assert write_shard(tmp_path, 0, [Label('bad', None, 'is cut off'), *labels(0)]) == 3
    shards = LabelShards(tmp_path)
    assert shards.failed == {'bad': 'is cut off'}
    assert 'bad' not in shards.entries


def test_a_shard_is_whole_or_not_there(tmp_path):
    begin_labels(tmp_path, FACTS)

    def dies() -> Iterator[Label]:
        yield Label('key 0', disparity(0))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_shard(tmp_path, 0, dies())
    assert missing_shards(tmp_path, FACTS) == [0, 1, 2]
    assert [path.name for path in tmp_path.iterdir()] == ['labels.json']
    # A process that is killed between the two files leaves a tar that counts for nothing.
    write_shard(tmp_path, 0, labels(0))
    (tmp_path / 'labels_000000.json').unlink()
    assert missing_shards(tmp_path, FACTS) == [0, 1, 2]
    write_shard(tmp_path, 0, labels(0))
    assert len(LabelShards(tmp_path).entries) == 3


def test_a_shard_is_a_tar_of_pngs(tmp_path):
    begin_labels(tmp_path, FACTS)
    write_shard(tmp_path, 0, labels(0))
    with tarfile.open(tmp_path / 'labels_000000.tar') as archive:
        assert archive.getnames() == ['000000.png', '000001.png', '000002.png']
        member = archive.extractfile('000001.png')
        assert member is not None
        assert member.read() == encode_label(disparity(1, (28, 42)))[0]


@pytest.mark.parametrize(
    'changes', [{'dataset': 'other'}, {'count': 8}, {'teacher_sha256': 'x'}, {'input_size': 42}]
)
def test_a_folder_is_for_one_teacher_and_one_set(tmp_path, changes):
    begin_labels(tmp_path, FACTS)
    begin_labels(tmp_path, FACTS)
    with pytest.raises(LabelError, match=f'with {next(iter(changes))} .*give another folder'):
        begin_labels(tmp_path, replace(FACTS, **changes))


def test_two_labels_of_a_picture_are_refused(tmp_path):
    begin_labels(tmp_path, FACTS)
    with pytest.raises(LabelError, match='two labels for key 0'):
        write_shard(tmp_path, 0, [*labels(0), *labels(0)])


@pytest.mark.parametrize(
    'content',
    [
        '',
        '[]',
        '{}',
        '{"labels": {"a": [1]}, "failed": {}}',
        '{"labels": {"a": [-1, 2, 0, 1]}, "failed": {}}',
        '{"labels": {"a": [0, 99999999999, 0, 1]}, "failed": {}}',
    ],
)
def test_a_damaged_index_is_told(tmp_path, content):
    begin_labels(tmp_path, FACTS)
    (tmp_path / 'labels_000000.json').write_text(content)
    with pytest.raises(LabelError, match='labels_000000.json is damaged'):
        LabelShards(tmp_path)


@pytest.mark.parametrize('content', ['', '{}', '{"count": 3}', '[1]'])
def test_a_folder_without_facts_is_told(tmp_path, content):
    with pytest.raises(LabelError, match='describes no labels'):
        LabelShards(tmp_path)
    (tmp_path / 'labels.json').write_text(content)
    with pytest.raises(LabelError, match='describes no labels'):
        LabelShards(tmp_path)


def test_a_damaged_label_is_told(tmp_path):
    begin_labels(tmp_path, FACTS)
    write_shard(tmp_path, 0, labels(0))
    shards = LabelShards(tmp_path)
    path = tmp_path / 'labels_000000.tar'
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(LabelError, match='the label of key 0'):
        shards.read('key 0')
    with pytest.raises(KeyError):
        shards.read('nothing')


def test_labels_are_compact(tmp_path):
    begin_labels(tmp_path, FACTS)
    y, x = np.mgrid[:518, :686]
    smooth = (5 + np.sin(x / 90) + np.cos(y / 70)).astype(np.float32)
    write_shard(tmp_path, 0, [Label('smooth', smooth)])
    assert (tmp_path / 'labels_000000.tar').stat().st_size < 1.6 * smooth.size
    json.loads((tmp_path / 'labels_000000.json').read_text())

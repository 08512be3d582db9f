# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures in a column of Parquet files: keys, row groups, and what is wrong with them."""

from __future__ import annotations

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_anything_ros.data.dataset import open_dataset
from depth_anything_ros.data.sample import DataError, EmptyError, SampleError

pa = pytest.importorskip('pyarrow')
pq = pytest.importorskip('pyarrow.parquet')


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv('DEPTH_ANYTHING_CACHE', str(tmp_path_factory.mktemp('cache')))


def encoded(gray: int) -> bytes:
    return cv2.imencode('.png', np.full((8, 10, 3), gray, np.uint8))[1].tobytes()


def write(path: Path, group: int = 3, **columns) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, row_group_size=group)
    return path


def grays(dataset) -> list[int]:
    return [round(sample.rgb.mean()) for sample in dataset]


def test_rows_of_several_files_and_groups(tmp_path):
    write(tmp_path / 'a/0.parquet', image=[encoded(i) for i in range(7)], label=list(range(7)))
    write(tmp_path / 'b/1.parquet', image=[encoded(i) for i in range(7, 50)], group=40)

    dataset = open_dataset('pictures', tmp_path)

    assert grays(dataset) == list(range(50))
    assert [dataset.keys[i] for i in (0, 6, 7)] == [
        'a/0.parquet/000000000',
        'a/0.parquet/000000006',
        'b/1.parquet/000000000',
    ]
    assert not dataset.problems and not dataset.labelled
    assert grays(open_dataset('pictures', tmp_path / 'a/0.parquet')) == list(range(7))


def test_rows_in_any_order_and_in_copies(tmp_path):
    write(tmp_path / '0.parquet', image=[encoded(i) for i in range(60)], group=25)
    dataset = open_dataset('pictures', tmp_path)
    order = np.random.default_rng(0).permutation(60)

    for index in order:
        assert round(dataset[int(index)].rgb.mean()) == index
    assert round(pickle.loads(pickle.dumps(dataset))[31].rgb.mean()) == 31


def test_pictures_as_hubs_ship_them(tmp_path):
    """A struct of the file's bytes and its name."""
    images = [{'bytes': encoded(i), 'path': f'{i}.png'} for i in range(4)]
    write(tmp_path / '0.parquet', image=images, label=['cat'] * 4)
    assert grays(open_dataset('pictures', tmp_path)) == [0, 1, 2, 3]


def test_keys_of_a_column(tmp_path):
    keys = ['x', 'y', None, 'x', 'z/1']
    write(tmp_path / '0.parquet', image=[encoded(i) for i in range(5)], id=keys)

    dataset = open_dataset('pictures', tmp_path, key='id')

    assert list(dataset.keys) == ['0.parquet/x', '0.parquet/y', '0.parquet/z/1']
    assert grays(dataset) == [0, 1, 4]
    assert [(problem.name, problem.reason) for problem in dataset.problems] == [
        ('0.parquet', 'row 2 of group 0 has no key'),
        ('0.parquet/x', 'is in the file twice: its first row is taken'),
    ]


def test_one_of_several_columns_must_be_chosen(tmp_path):
    write(tmp_path / '0.parquet', image=[encoded(1)], mask=[encoded(2)], label=['a'])

    with pytest.raises(EmptyError, match=r'has 2 columns of bytes \(image, mask\): choose one'):
        open_dataset('pictures', tmp_path)
    with pytest.raises(EmptyError, match="no column 'label' of bytes, but image, mask"):
        open_dataset('pictures', tmp_path, column='label')
    with pytest.raises(EmptyError, match="has no column 'id': image, mask, label"):
        open_dataset('pictures', tmp_path, column='mask', key='id')
    assert grays(open_dataset('pictures', tmp_path, column='mask')) == [2]


def test_rows_that_are_no_picture_are_named(tmp_path):
    images = [None, b'', b'no picture', encoded(3)]
    write(tmp_path / '0.parquet', image=images)
    structs = [None, {'bytes': None, 'path': 'x'}, {'bytes': encoded(3), 'path': 'y'}]
    write(tmp_path / '1.parquet', image=structs)

    dataset = open_dataset('pictures', tmp_path)

    for index in (0, 1, 2, 4, 5):
        with pytest.raises(
            SampleError, match='is none of PNG' if index == 2 else 'is empty'
        ) as told:
            dataset[index]
        assert repr(dataset.keys[index]) in str(told.value)
    assert [round(dataset[index].rgb.mean()) for index in (3, 6)] == [3, 3]


@pytest.mark.parametrize('kept', [0, 3, 100, 400])
def test_damaged_files_are_told_and_the_others_read(tmp_path, kept):
    path = write(tmp_path / '0.parquet', image=[encoded(i) for i in range(9)])
    path.write_bytes(path.read_bytes()[:kept])
    write(tmp_path / '1.parquet', image=[encoded(5)])

    dataset = open_dataset('pictures', tmp_path)

    assert grays(dataset) == [5]
    assert [problem.name for problem in dataset.problems] == ['0.parquet']
    assert dataset.problems[0].reason.startswith('cannot be read: ')


def test_damage_in_the_middle_is_of_its_rows(tmp_path):
    path = write(tmp_path / '0.parquet', image=[encoded(i) for i in range(9)])
    dataset = open_dataset('pictures', tmp_path)
    start = pq.ParquetFile(path).metadata.row_group(1).column(0)
    content = bytearray(path.read_bytes())
    first = start.dictionary_page_offset or start.data_page_offset
    content[first : first + start.total_compressed_size] = b'\xff' * start.total_compressed_size
    path.write_bytes(content)

    for index in (3, 4, 5):
        with pytest.raises(SampleError):
            dataset[index]
    assert [round(dataset[index].rgb.mean()) for index in (0, 2, 6, 8)] == [0, 2, 6, 8]


def test_a_file_that_lost_its_rows(tmp_path):
    write(tmp_path / '0.parquet', image=[encoded(i) for i in range(9)])
    dataset = open_dataset('pictures', tmp_path)
    write(tmp_path / '0.parquet', image=[encoded(0), encoded(1)])

    for index in (2, 8):
        with pytest.raises(SampleError, match='is not there any more'):
            dataset[index]
    (tmp_path / '0.parquet').unlink()
    with pytest.raises(SampleError, match='cannot be read'):
        dataset[3]


def test_options_are_of_parquet_alone(tmp_path):
    (tmp_path / '0.png').write_bytes(encoded(0))
    with pytest.raises(DataError, match='no Parquet, which alone has column and key'):
        open_dataset('pictures', tmp_path, column='image')

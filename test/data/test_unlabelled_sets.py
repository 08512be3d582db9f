# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures without depth, in folders, tar files and LMDB databases as sets are shipped."""

from __future__ import annotations

import io
import multiprocessing
import pickle
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_anything_ros.data.dataset import open_dataset
from depth_anything_ros.data.sample import DataError, EmptyError, MissingPackageError, SampleError
from depth_anything_ros.data.unlabelled import UNLABELLED

NAMES = ['a/0.jpg', 'a/1.webp', 'b/c/2.png', 'b/c/3.JPEG']


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv('DEPTH_ANYTHING_CACHE', str(tmp_path_factory.mktemp('cache')))


def encoded(value: int, suffix: str = '.png') -> bytes:
    """Return a picture that is that gray."""
    picture = np.full((8 + value, 10, 3), value, np.uint8)
    return cv2.imencode(suffix.lower(), picture)[1].tobytes()


def contents() -> dict[str, bytes]:
    return {name: encoded(i * 20, Path(name).suffix) for i, name in enumerate(NAMES)}


def folder(root: Path) -> Path:
    for name, content in contents().items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    (root / 'labels.json').write_text('{}')
    return root


def tar(path: Path, files: dict[str, bytes], kind: int = tarfile.PAX_FORMAT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, 'w', format=kind) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def database(root: Path, files: dict[bytes, bytes]) -> Path:
    lmdb = pytest.importorskip('lmdb')
    root.mkdir(parents=True, exist_ok=True)
    with lmdb.open(str(root), map_size=2**24) as opened, opened.begin(write=True) as transaction:
        for name, content in files.items():
            transaction.put(name, content)
    return root


def grays(dataset) -> list[int]:
    """Return the gray of each picture, after a look at its form."""
    found = []
    for sample in dataset:
        assert sample.depth is None and not sample.metric and sample.rgb.dtype == np.uint8
        assert sample.rgb.shape == (8 + round(sample.rgb.mean()), 10, 3)
        found.append(round(sample.rgb.mean()))
    return found


def test_folders(tmp_path):
    dataset = open_dataset('places365', folder(tmp_path / 'set'))

    assert list(dataset.keys) == NAMES and grays(dataset) == [0, 20, 40, 60]
    assert dataset.name == 'places365' and not dataset.labelled


@pytest.mark.parametrize('kind', [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar_files(tmp_path, kind):
    """As SA-1B: each picture beside its annotation, names with a leading './'."""
    for shard in range(2):
        files = {}
        for i in range(3):
            name = f'./sa_{shard}{i}{"x" * 80 if i == 2 else ""}'
            files |= {f'{name}.jpg': encoded(20 * i + shard, '.png'), f'{name}.json': b'{}'}
        tar(tmp_path / 'set' / f'sa_{shard:06d}.tar', files, kind)
    dataset = open_dataset('sa1b', tmp_path / 'set')

    assert dataset.keys[4] == 'sa_000001.tar/sa_11.jpg' and len(dataset) == 6
    assert grays(dataset) == [0, 20, 40, 1, 21, 41] and not dataset.problems
    one = open_dataset('sa1b', tmp_path / 'set' / 'sa_000001.tar')
    assert grays(one) == [1, 21, 41]


def test_databases(tmp_path):
    """As LSUN: a database for each category."""
    root = tmp_path / 'lsun'
    database(root / 'bedroom_train_lmdb', {b'0c0f': encoded(10, '.webp'), b'ff\xfe': encoded(20)})
    database(root / 'kitchen_train_lmdb', {b'1': encoded(30, '.png')})
    dataset = open_dataset('lsun', root)

    assert dataset.keys[0] == 'bedroom_train_lmdb/0c0f' and grays(dataset) == [10, 20, 30]
    assert grays(open_dataset('lsun', root / 'kitchen_train_lmdb')) == [30]
    assert grays(open_dataset('lsun', root)) == [10, 20, 30]  # from the kept index


def read_in_worker(dataset, index, queue):
    queue.put(dataset[index].rgb.mean())


def test_a_database_is_read_in_a_forked_worker_and_still_here(tmp_path):
    path = database(tmp_path / 'x_lmdb', {b'0': encoded(10), b'1': encoded(20)})
    dataset = open_dataset('lsun', path)
    assert dataset[0].rgb.mean() == 10
    context = multiprocessing.get_context('fork')
    queue = context.Queue()
    worker = context.Process(target=read_in_worker, args=(dataset, 1, queue))
    worker.start()
    worker.join(60)
    assert worker.exitcode == 0 and queue.get(timeout=60) == 20
    assert dataset[0].rgb.mean() == 10
    assert pickle.loads(pickle.dumps(dataset))[1].rgb.mean() == 20


@pytest.mark.parametrize('name', [*UNLABELLED, 'pictures'])
def test_every_set_opens_in_every_shape(tmp_path, name):
    assert len(open_dataset(name, folder(tmp_path / 'f'))) == 4
    assert len(open_dataset(name, tar(tmp_path / 't' / 'x.tar', contents()).parent)) == 4
    values = {key.encode(): content for key, content in contents().items()}
    assert len(open_dataset(name, database(tmp_path / 'l', values))) == 4


def test_pictures_are_turned_upright(tmp_path):
    image = pytest.importorskip('PIL.Image')
    picture = image.fromarray(np.zeros((10, 20, 3), np.uint8))
    exif = image.Exif()
    exif[0x0112] = 6
    (tmp_path / 'set').mkdir()
    picture.save(tmp_path / 'set' / 'turned.jpg', exif=exif)

    assert open_dataset('pictures', tmp_path / 'set')[0].rgb.shape == (20, 10, 3)


def test_empty_and_broken_pictures_of_a_folder(tmp_path):
    root = folder(tmp_path / 'set')
    (root / 'a' / '0.jpg').write_bytes(b'')
    (root / 'b' / 'c' / '2.png').write_bytes(encoded(1)[:50])
    dataset = open_dataset('pictures', root)

    assert [(problem.name, problem.reason) for problem in dataset.problems] == [
        ('a/0.jpg', 'is empty')
    ]
    with pytest.raises(SampleError, match=r"pictures 'b/c/2.png' is cut short"):
        dataset[1]


@pytest.mark.parametrize('kept', [100, 600, 1100, 2000])
def test_a_tar_file_that_is_cut_off_gives_what_is_whole(tmp_path, kept):
    files = {f'{i}.png': encoded(20 * i).ljust(400, b' ')[:400] for i in range(4)}
    whole = tar(tmp_path / 'set' / 'x.tar', files, tarfile.USTAR_FORMAT)
    tar(tmp_path / 'set' / 'y.tar', {'0.png': encoded(7)})
    whole.write_bytes(whole.read_bytes()[:kept])
    dataset = open_dataset('pictures', tmp_path / 'set')

    assert dataset.keys[-1] == 'y.tar/0.png' and dataset[-1].rgb.mean() == 7
    assert len(dataset) == 1 + (kept >= 912) + (kept >= 1936)
    assert any(problem.name.startswith('x.tar') for problem in dataset.problems)


def test_a_damaged_tar_file_is_no_short_one(tmp_path):
    """Where a header is broken the standard library's reader stops without a word."""
    path = tar(
        tmp_path / 'set' / 'x.tar', {f'{i}.png': encoded(i) for i in range(3)}, tarfile.USTAR_FORMAT
    )
    content = bytearray(path.read_bytes())
    at = content.index(b'1.png')
    content[at : at + 512] = b'\xaa' * 512
    path.write_bytes(content)
    dataset = open_dataset('pictures', tmp_path / 'set')

    assert list(dataset.keys) == ['x.tar/0.png']
    assert dataset.problems[0].name == 'x.tar' and 'no header' in dataset.problems[0].reason


def test_what_is_in_a_tar_file_stays_there(tmp_path):
    """Names that lead elsewhere are names, and links are passed over."""
    path = tar(tmp_path / 'set' / 'x.tar', {'../../evil.png': encoded(5), '/etc/x.png': encoded(6)})
    with tarfile.open(path, 'a') as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo('link.png')
            member.type, member.linkname = kind, '/etc/hostname'
            archive.addfile(member)
    before = sorted(tmp_path.rglob('*'))
    dataset = open_dataset('pictures', tmp_path / 'set')

    assert grays(dataset) == [5, 6]
    assert sorted(tmp_path.rglob('*')) == before


def test_odd_tar_files_are_listed(tmp_path):
    root = tmp_path / 'set'
    tar(root / 'good.tar', {'0.png': encoded(3)})
    tar(root / 'none.tar', {'n01440764.tar': b'x'})
    tar(root / 'zero.tar', {'0.png': b''})
    (root / 'empty.tar').write_bytes(b'')
    (root / 'junk.tar').write_bytes(b'not a tar file' * 100)
    (root / 'train_0.tar.gz').write_bytes(b'\x1f\x8b')
    dataset = open_dataset('openimages', root)

    reasons = {problem.name: problem.reason for problem in dataset.problems}
    assert list(dataset.keys) == ['good.tar/0.png']
    assert 'holds no picture, and 1 other' in reasons['none.tar']
    assert reasons['zero.tar/0.png'] == 'is empty'
    assert 'damaged or cut off' in reasons['junk.tar'] and 'empty.tar' in reasons
    assert 'decompress it' in reasons['train_0.tar.gz']


def test_a_database_that_is_cut_off_is_listed(tmp_path):
    root = tmp_path / 'set'
    values = {str(i).encode(): encoded(i) * 40 for i in range(60)}
    database(root / 'a_lmdb', values)
    database(root / 'b_lmdb', {b'0': encoded(9)})
    path = root / 'a_lmdb' / 'data.mdb'
    content = path.read_bytes()
    for kept in (len(content) // 2, 8192, 100, 0):
        path.write_bytes(content[:kept])
        dataset = open_dataset('lsun', root)
        assert list(dataset.keys) == ['b_lmdb/0']
        assert [problem.name for problem in dataset.problems] == ['a_lmdb/data.mdb']
    path.write_bytes(b'\xaa' * 40960)
    assert len(open_dataset('lsun', root).problems) == 1


def test_an_empty_database_is_listed(tmp_path):
    with pytest.raises(EmptyError, match='holds nothing'):
        open_dataset('lsun', database(tmp_path / 'x_lmdb', {}))


def test_shapes_are_told_apart(tmp_path):
    root = folder(tmp_path / 'set')
    tar(root / 'x.tar', contents())
    with pytest.raises(DataError, match='several shapes: .*choose one by shape'):
        open_dataset('pictures', root)
    assert len(open_dataset('pictures', root, shape='tar')) == 4
    with pytest.raises(DataError, match="no shape 'zip'"):
        open_dataset('pictures', root, shape='zip')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(DataError, match='no pictures here'):
        open_dataset('pictures', tmp_path / 'empty')


def test_a_missing_package_is_named_with_its_extra(tmp_path, monkeypatch):
    import sys

    (tmp_path / 'data.mdb').write_bytes(b'x')
    monkeypatch.setitem(sys.modules, 'lmdb', None)
    with pytest.raises(MissingPackageError, match=r'lmdb.*depth_anything_ros\[data\]'):
        open_dataset('lsun', tmp_path)


def test_the_page_on_data_has_every_set_and_option():
    import inspect

    from depth_anything_ros.data.catalog import OPENERS

    page = (Path(__file__).resolve().parents[2] / 'docs' / 'data.md').read_text()
    rows = {row.split('`')[1]: row for row in page.splitlines() if row.startswith('| `')}
    for name, opener in OPENERS.items():
        assert name in rows
        for option in inspect.signature(opener).parameters:
            if option not in ('path', 'fresh', 'shape', 'column', 'key'):
                assert f'`{option}`' in rows[name], (name, option)

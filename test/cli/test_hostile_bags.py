# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything bag` meets bags that are cut off, damaged or odd: told, counted, never half."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

typer_testing = pytest.importorskip('typer.testing')
pytest.importorskip('rosbags')

import bag_making as making  # noqa: E402
from rosbags.highlevel import AnyReader  # noqa: E402
from rosbags.rosbag2 import StoragePlugin, Writer  # noqa: E402
from rosbags.rosbag2.enums import CompressionFormat, CompressionMode  # noqa: E402

from depth_anything_ros import DepthEstimator  # noqa: E402
from depth_anything_ros.cli import bag as bag_module  # noqa: E402
from depth_anything_ros.cli.app import app  # noqa: E402
from depth_anything_ros.media.bag import BagError  # noqa: E402
from depth_anything_ros.media.bag_input import BagInput  # noqa: E402

RUNNER = typer_testing.CliRunner()
IMAGE, INFO, CHATTER = '/cam/image_raw', '/cam/camera_info', '/chatter'
FRAMES = 5


@pytest.fixture(scope='module')
def nano() -> DepthEstimator:
    return DepthEstimator('nano', device='cpu', precision='float32', input_size=28)


@pytest.fixture
def call(nano, monkeypatch):
    monkeypatch.setattr(bag_module, 'load_estimator', lambda *arguments: nano)
    small = ('bag', '--input-size', '28')
    return lambda *arguments: RUNNER.invoke(app, [*small, *map(str, arguments)])


def raw(path: Path) -> list[tuple[str, int, bytes]]:
    with BagInput(path) as bag:
        return [(connection.topic, at, data) for connection, at, data in bag.messages()]


def check(call, source: Path, target: Path, whole: list[tuple[str, int, bytes]]) -> dict[str, Any]:
    """Run; return the summary, {} where nothing could be made. Hold what must always hold."""
    result = call(source, target, '--json')
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in (0, 1), result.output
    assert not [path for path in target.parent.iterdir() if '.part' in path.name]
    if not target.exists():
        assert result.exit_code == 1 and 'error: ' in result.stderr
        return {}
    summary = json.loads(result.stdout)
    summary['exit_code'], summary['stderr'] = result.exit_code, result.stderr
    made = raw(target)
    copied = [each for each in made if '/depth/' not in each[0]]
    assert len(copied) == sum(summary['copied'].values())
    assert set(copied) <= set(whole)
    for camera in summary['cameras'].values():
        outcomes = ('published', 'dropped', 'skipped', 'rejected', 'failed')
        assert camera['received'] == sum(camera[name] for name in outcomes)
    with AnyReader([target]) as reader:
        for connection, _, data in reader.messages():
            if '/depth/' in connection.topic:
                reader.deserialize(data, connection.msgtype)
    return summary


def content(path: Path) -> Path:
    """Return the file of a bag that has one."""
    return path if path.is_file() else next(f for f in path.iterdir() if f.suffix != '.yaml')


@pytest.mark.parametrize('share', [0.0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.999])
@pytest.mark.parametrize('form', making.FORMATS)
def test_a_bag_that_was_cut_off(form, share, call, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(FRAMES), form)
    whole = raw(source)
    file = content(source)
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])

    summary = check(call, source, tmp_path / f'out{making.FORMATS[form]}', whole)

    if form == 'mcap' and share >= 0.3:  # all is in one chunk without compression
        assert summary['copied'][IMAGE] >= int(FRAMES * share) - 1
    if summary:
        all_there = sum(summary['copied'].values()) == len(whole)  # the index alone is missing
        assert (summary['exit_code'], summary['whole']) == ((0, True) if all_there else (1, False))
        assert ('the bag ' in summary['stderr']) is not all_there


@pytest.mark.parametrize('seed', range(8))
@pytest.mark.parametrize('form', making.FORMATS)
def test_a_bag_with_bytes_turned_over(form, seed, call, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(FRAMES), form)
    rng = np.random.default_rng(seed)
    file = content(source)
    noisy = bytearray(file.read_bytes())
    for place in rng.integers(0, len(noisy), 1 + 3 * seed):
        noisy[place] ^= int(rng.integers(1, 256))
    file.write_bytes(noisy)

    result = call(source, tmp_path / f'out{making.FORMATS[form]}', '--json')

    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in (0, 1, 2)
    assert not [path for path in tmp_path.iterdir() if '.part' in path.name]


def whole_image(at: int) -> bytes:
    return bytes(making.TYPES.serialize_cdr(making.image(at), 'sensor_msgs/msg/Image'))


def claims(at: int, **changes: Any) -> Any:
    message = making.image(at)
    for name, value in changes.items():
        setattr(message, name, value)
    return message


DAMAGED: dict[str, Callable[[int], Any]] = {
    'nothing': lambda at: b'',
    'a byte': lambda at: b'\0',
    'cut in the header': lambda at: whole_image(at)[:14],
    'cut in the pixels': lambda at: whole_image(at)[:-100],
    'noise': lambda at: np.random.default_rng(1).bytes(500),
    'no size': lambda at: claims(at, width=0, height=0),
    'a size it has not': lambda at: claims(at, width=2**31, height=2**31),
    'an unknown encoding': lambda at: claims(at, encoding='h264'),
    'a long line': lambda at: making.image(at, np.zeros((2, 30000, 3), np.uint8)),
    'another encoding than bytes': lambda at: claims(at, encoding='rgba16', step=64 * 8),
}


@pytest.mark.parametrize('name', DAMAGED)
def test_an_image_that_cannot_be_read_is_counted_and_copied(name, call, tmp_path):
    played = making.drive(FRAMES)
    at = making.START + 10**6
    played.insert(4, (IMAGE, at, DAMAGED[name](at)))
    source = making.write_bag(tmp_path / 'in', played)

    summary = check(call, source, tmp_path / 'out', raw(source))

    counts = summary['cameras'][IMAGE]
    assert (counts['published'], counts['rejected']) == (FRAMES, 1)
    assert summary['copied'][IMAGE] == FRAMES + 1
    assert summary['exit_code'] == 1 and summary['whole']
    assert 'image rejected' in summary['stderr']


@pytest.mark.parametrize(
    'data', [b'', b'\xff\xd8\xff', b'GIF89a', np.random.default_rng(0).bytes(99)]
)
def test_a_compressed_image_that_cannot_be_read(data, call, tmp_path):
    at = making.START
    topic = '/cam/image_raw/compressed'
    damaged = making.compressed(at)
    damaged.data = np.frombuffer(data, np.uint8)
    source = making.write_bag(
        tmp_path / 'in', [(topic, at, damaged), (topic, at + 10**8, making.compressed(at + 10**8))]
    )

    summary = check(call, source, tmp_path / 'out', raw(source))

    counts = summary['cameras'][topic]
    assert (counts['published'], counts['rejected']) == (1, 1)


def test_images_of_changing_size_stamps_that_repeat_and_go_back(call, tmp_path):
    sizes = [(64, 48), (48, 64), (64, 48), (20, 16), (64, 48)]
    stamps = [0, 1, 1, 4, 2]
    played = []
    for number, (size, stamp) in enumerate(zip(sizes, stamps, strict=True)):
        message = making.image(making.START + stamp * 10**8, making.picture(number, *size))
        played.append((IMAGE, making.START + number * 10**8, message))
    source = making.write_bag(tmp_path / 'in', played)

    summary = check(call, source, tmp_path / 'out', raw(source))

    counts = summary['cameras'][IMAGE]
    assert summary['exit_code'] == 0
    assert (counts['published'], counts['repeated_stamps'], counts['backward_stamps']) == (5, 1, 1)
    with AnyReader([tmp_path / 'out']) as reader:
        depths = [
            reader.deserialize(data, connection.msgtype)
            for connection, _, data in reader.messages()
            if connection.topic == '/cam/depth/disparity_relative'
        ]
    assert [(depth.width, depth.height) for depth in depths] == sizes


def test_messages_out_of_order_in_the_file_are_all_there(call, tmp_path):
    played = making.drive(FRAMES)
    source = making.write_bag(tmp_path / 'in', [*played[9:], *played[:9]])

    summary = check(call, source, tmp_path / 'out', raw(source))

    assert summary['cameras'][IMAGE]['published'] == FRAMES
    assert summary['added']['/cam/depth/camera_info'] == FRAMES


@pytest.mark.parametrize('form', making.FORMATS)
def test_a_bag_without_messages_or_images(form, call, tmp_path):
    suffix = making.FORMATS[form]
    empty = making.write_bag(tmp_path / 'empty', [], form)
    words = making.write_bag(tmp_path / 'words', [(CHATTER, 1, making.text('hello'))], form)

    for number, source in enumerate((empty, words)):
        assert check(call, source, tmp_path / f'out{number}{suffix}', []) == {}
        assert 'no cameras' in call(source, '--list').stdout


@pytest.mark.parametrize(
    'make',
    [
        lambda path: None,
        lambda path: path.write_bytes(b''),
        lambda path: path.write_text('hello'),
        lambda path: path.mkdir(),
        lambda path: path.symlink_to(path.with_name('elsewhere')),
    ],
)
@pytest.mark.parametrize('name', ['in', 'in.bag', 'in.mcap', 'in.db3', 'in.txt'])
def test_what_is_no_bag(name, make, call, tmp_path):
    make(tmp_path / name)

    assert check(call, tmp_path / name, tmp_path / 'out.bag', []) == {}
    assert call(tmp_path / name, '--list').exit_code == 1


@pytest.mark.parametrize('form', ['mcap', 'sqlite3'])
def test_a_folder_without_metadata_is_read_by_its_file(form, call, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(FRAMES), form)
    whole = raw(source)
    (source / 'metadata.yaml').unlink()

    summary = check(call, source, tmp_path / 'out', whole)

    assert summary['copied'][IMAGE] == FRAMES and summary['exit_code'] == 0
    (source / 'metadata.yaml').write_text('rosbag2_bagfile_information: {version: nine}')
    check(call, source, tmp_path / 'other', whole)


def test_a_recording_in_parts_whose_last_was_cut_off(call, tmp_path):
    played = making.drive(12)
    folder = tmp_path / 'in'
    folder.mkdir()
    whole = []
    for number, at in enumerate((0, 9, 18, 27)):
        part = making.write_bag(tmp_path / f'part_{9 + number}', played[at : at + 9])
        whole += raw(part)
        shutil.copy(content(part), folder)
        shutil.rmtree(part)
    last = folder / 'part_12.mcap'
    last.write_bytes(last.read_bytes()[:-12000])

    summary = check(call, folder, tmp_path / 'out', whole)

    assert [at for topic, at, _ in raw(tmp_path / 'out') if topic == IMAGE] == [
        at for topic, at, _ in played[:33] if topic == IMAGE
    ]
    assert (summary['exit_code'], summary['whole']) == (1, False)
    last.write_bytes(b'nothing')
    assert check(call, folder, tmp_path / 'other', whole)['copied'][IMAGE] == 9


@pytest.mark.parametrize(
    ('mode', 'form'),
    [
        (CompressionMode.STORAGE, StoragePlugin.MCAP),
        (CompressionMode.MESSAGE, StoragePlugin.SQLITE3),
        (CompressionMode.FILE, StoragePlugin.SQLITE3),
    ],
)
def test_compressed_bags_are_read(mode, form, call, tmp_path):
    plain = making.write_bag(tmp_path / 'plain', making.drive(FRAMES))
    writer = Writer(tmp_path / 'in', version=9, storage_plugin=form)
    writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer, AnyReader([plain]) as reader:
        there = {
            each.id: writer.add_connection(each.topic, each.msgtype, typestore=making.TYPES)
            for each in reader.connections
        }
        for connection, at, data in reader.messages():
            writer.write(there[connection.id], at, data)

    summary = check(call, tmp_path / 'in', tmp_path / 'out', raw(plain))

    assert (summary['copied'][IMAGE], summary['exit_code']) == (FRAMES, 0)


def test_a_compressed_mcap_that_was_cut_off_gives_its_whole_chunks(call, tmp_path):
    played = making.drive(FRAMES)
    writer = Writer(tmp_path / 'in', version=9, storage_plugin=StoragePlugin.MCAP)
    writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
    rng = np.random.default_rng(0)
    with writer:
        there = {}
        for topic, at, message in played * 40:
            if topic == IMAGE:
                message.data = rng.integers(0, 256, message.data.size, np.uint8)
            if topic not in there:
                there[topic] = writer.add_connection(
                    topic, message.__msgtype__, typestore=making.TYPES
                )
            data = making.TYPES.serialize_cdr(message, message.__msgtype__)
            writer.write(there[topic], at, data)
    whole = raw(tmp_path / 'in')
    file = content(tmp_path / 'in')
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * 0.8)])

    summary = check(call, tmp_path / 'in', tmp_path / 'out', whole)

    assert 0 < summary['copied'][IMAGE] < 40 * FRAMES
    assert not summary['whole']


def test_types_that_nobody_knows_are_copied(call, tmp_path):
    writer = Writer(tmp_path / 'in', version=9, storage_plugin=StoragePlugin.MCAP)
    definition = 'custom_msgs/Odd[] odd\n=====\nthis is no definition {'
    with writer:
        odd = writer.add_connection(
            '/odd', 'custom_msgs/msg/Odd', msgdef=definition, rihs01='RIHS01_' + '7' * 64
        )
        there = {}
        for number, (topic, at, message) in enumerate(making.drive(FRAMES)):
            if topic not in there:
                there[topic] = writer.add_connection(
                    topic, message.__msgtype__, typestore=making.TYPES
                )
            writer.write(there[topic], at, making.TYPES.serialize_cdr(message, message.__msgtype__))
            writer.write(odd, at, struct.pack('<IQ', 7, number))
    source = tmp_path / 'in'

    result = call(source, tmp_path / 'out')

    assert result.exit_code == 0, result.output
    assert [each for each in raw(tmp_path / 'out') if each[0] == '/odd'] == [
        each for each in raw(source) if each[0] == '/odd'
    ]
    with BagInput(tmp_path / 'out') as bag:
        (copy,) = (each for each in bag.connections if each.topic == '/odd')
    assert (copy.msgdef.data, copy.digest) == (definition, 'RIHS01_' + '7' * 64)


def test_one_topic_of_two_types(call, tmp_path):
    writer = Writer(tmp_path / 'in', version=9, storage_plugin=StoragePlugin.MCAP)
    with writer:
        at = making.START
        for message in (making.image(at), making.text('not an image')):
            connection = writer.add_connection(IMAGE, message.__msgtype__, typestore=making.TYPES)
            data = making.TYPES.serialize_cdr(message, message.__msgtype__)
            writer.write(connection, at, data)

    result = call(tmp_path / 'in', tmp_path / 'out', '--json')

    summary = json.loads(result.stdout)
    assert (summary['copied'][IMAGE], summary['cameras'][IMAGE]['received']) == (2, 1)


def test_camera_infos_that_cannot_be_used_are_told(call, tmp_path):
    at = making.START
    info = making.camera_info(at)
    info.k[0] = np.nan
    source = making.write_bag(tmp_path / 'in', [(INFO, at, info), (IMAGE, at, making.image(at))])

    result = call(source, tmp_path / 'out', '--scale', 'fixed:1,0', '--json')

    assert result.exit_code == 0
    assert 'camera_info has K' in result.stderr and 'points cannot be made' in result.stderr


def test_damaged_references_and_transforms_are_counted(call, tmp_path):
    played = making.drive(3)
    points = making.cloud(making.START, np.ones((5, 3)))
    tree = making.transforms(1, ('a', 'b', (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)))
    played += [('/points', making.START, points), ('/tf', making.START, tree)]
    source = making.write_bag(tmp_path / 'in', played)
    writer = Writer(tmp_path / 'bad', version=9, storage_plugin=StoragePlugin.MCAP)
    with writer, AnyReader([source]) as reader:
        there = {
            each.id: writer.add_connection(each.topic, each.msgtype, typestore=making.TYPES)
            for each in reader.connections
        }
        for connection, at, data in reader.messages():
            bad = connection.topic in ('/points', '/tf')
            writer.write(there[connection.id], at, bytes(data[:9]) if bad else data)

    result = call(tmp_path / 'bad', tmp_path / 'out', '--scale', 'points:/points')

    assert 'copied, but not used (2 times)' in result.stderr
    assert 'nothing has come on /points' in result.stderr
    assert result.exit_code == 0


def test_an_mcap_of_something_else_is_refused(tmp_path):
    def text(value: str) -> bytes:
        return struct.pack('<I', len(value)) + value.encode()

    def record(kind: int, body: bytes) -> bytes:
        return bytes([kind]) + struct.pack('<Q', len(body)) + body

    path = tmp_path / 'in.mcap'
    channel = struct.pack('<HH', 1, 0) + text('/pose') + text('json') + struct.pack('<I', 0)
    message = struct.pack('<HIQQ', 1, 0, 5, 5) + b'{}'
    magic = b'\x89MCAP0\r\n'
    header = record(1, text('') + text('me'))
    path.write_bytes(magic + header + record(4, channel) + record(5, message))

    with pytest.raises(BagError, match='in json'), BagInput(path):
        pass


def test_no_permission_is_told(call, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(1))
    blocked = tmp_path / 'file'
    blocked.write_text('no folder')

    result = call(source, blocked / 'out')

    assert result.exit_code == 1
    assert 'cannot be written' in result.stderr
    shutil.rmtree(source)

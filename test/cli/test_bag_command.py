# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of `depth-anything bag`: what is copied, what is added, what is refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

typer_testing = pytest.importorskip('typer.testing')
pytest.importorskip('rosbags')

import bag_making as making  # noqa: E402
from rosbags.highlevel import AnyReader  # noqa: E402
from rosbags.rosbag2 import StoragePlugin, Writer  # noqa: E402
from rosbags.typesys import Stores, get_types_from_msg, get_typestore  # noqa: E402

from depth_anything_ros import DepthEstimator  # noqa: E402
from depth_anything_ros.cli import bag as bag_module  # noqa: E402
from depth_anything_ros.cli.app import app  # noqa: E402
from depth_anything_ros.media.bag_input import BagInput  # noqa: E402

RUNNER = typer_testing.CliRunner()
POSE = ('-p', 'pose.source=fixed', '-p', 'pose.height=1')
IMAGE, INFO = '/cam/image_raw', '/cam/camera_info'
DISPARITY = '/cam/depth/disparity_relative'


@pytest.fixture(scope='module')
def nano() -> DepthEstimator:
    return DepthEstimator('nano', device='cpu', precision='float32', input_size=42)


@pytest.fixture
def call(nano, monkeypatch):
    """Run the command with a network that is loaded already."""
    monkeypatch.setattr(bag_module, 'load_estimator', lambda *arguments: nano)
    small = ('bag', '--input-size', '42')
    return lambda *arguments: RUNNER.invoke(app, [*small, *map(str, arguments)])


def raw(path: Path) -> list[tuple[str, int, bytes]]:
    """Return what a bag has: topic, receive time, bytes."""
    with BagInput(path) as bag:
        return [(connection.topic, at, data) for connection, at, data in bag.messages()]


def messages(path: Path) -> dict[str, list[tuple[int, Any]]]:
    """Return what rosbags reads: receive times and messages by topic."""
    found: dict[str, list[tuple[int, Any]]] = {}
    with AnyReader([path]) as reader:
        for connection, at, data in reader.messages():
            decoded = reader.deserialize(data, connection.msgtype)
            found.setdefault(connection.topic, []).append((at, decoded))
    return found


def stamp(message: Any) -> int:
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


@pytest.mark.parametrize('form', making.FORMATS)
def test_all_is_copied_byte_by_byte_and_depth_is_added(form, call, tmp_path):
    qos = {'/chatter': making.latched()}
    source = making.write_bag(tmp_path / 'in', making.drive(4), form, qos)
    target = tmp_path / f'out{making.FORMATS[form]}'

    result = call(source, target, '--json', '-f', form)

    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    camera = summary['cameras'][IMAGE]
    assert (camera['received'], camera['published']) == (4, 4)
    assert summary['copied'] == {IMAGE: 4, INFO: 4, '/chatter': 4}
    assert summary['added'] == {DISPARITY: 4, '/cam/depth/camera_info': 4, '/cam/depth/color': 4}
    before = sorted(raw(source))
    after = [each for each in raw(target) if '/depth/' not in each[0]]
    assert sorted(after) == before
    with BagInput(source) as old, BagInput(target) as new:
        there = {each.topic: each for each in new.connections}
        for each in old.connections:
            copy = there[each.topic]
            assert (copy.msgtype, copy.msgdef, copy.digest) == (
                each.msgtype, each.msgdef, each.digest
            )  # fmt: skip
            assert copy.ext == each.ext
    made = messages(target)
    for (at, image), (when, depth) in zip(made[IMAGE], made[DISPARITY], strict=True):
        assert when == at
        assert stamp(depth) == stamp(image)
        assert (depth.header.frame_id, depth.width, depth.height) == ('cam', 64, 48)


@pytest.mark.parametrize('name', ['out.mcap', 'out.db3'])
def test_a_single_file_is_written_where_its_name_asks_for_one(name, call, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(2))

    assert call(source, tmp_path / name).exit_code == 0

    assert (tmp_path / name).is_file()
    assert len([each for each in raw(tmp_path / name) if each[0] == DISPARITY]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ['in', name]


def test_values_are_those_of_the_network(call, nano, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(2))

    call(source, tmp_path / 'out')

    (_, first), (_, second) = messages(tmp_path / 'out')[DISPARITY]
    for number, message in ((0, first), (1, second)):
        values = message.data.view(np.float32).reshape(48, 64)
        wanted = nano.estimate(making.picture(number)).values
        np.testing.assert_allclose(values, wanted, rtol=1e-5, atol=1e-6)


def test_depth_alone_in_another_generation(call, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(3), 'ros1')

    result = call(source, tmp_path / 'out', '--only', '-f', 'mcap', '-t', 'depth')

    assert result.exit_code == 0, result.output
    assert set(messages(tmp_path / 'out')) == {DISPARITY}


@pytest.mark.parametrize(
    ('source_form', 'name'), [('ros1', 'out.mcap'), ('mcap', 'out.bag'), ('sqlite3', 'out.bag')]
)
def test_the_other_generation_of_ros_gets_the_same_messages(source_form, name, call, tmp_path):
    at = making.START
    tree = making.transforms(at, ('base', 'cam', (1.0, 2.0, 3.0), (0.0, 0.0, 0.0, 1.0)))
    played = [('/tf_static', at, tree), ('/points', at, making.cloud(at, np.ones((5, 3))))]
    qos = {'/tf_static': making.latched()}
    source = making.write_bag(tmp_path / 'in', [*played, *making.drive(3)], source_form, qos)

    result = call(source, tmp_path / name)

    assert result.exit_code == 0, result.output
    before, after = messages(source), messages(tmp_path / name)
    assert set(after) - set(before) == {
        DISPARITY, '/cam/depth/camera_info', '/cam/depth/color'
    }  # fmt: skip
    for topic, old in before.items():
        new = after[topic]
        assert [at for at, _ in new] == [at for at, _ in old]
        assert new[0][1].__msgtype__ == old[0][1].__msgtype__
    for (_, old), (_, new) in zip(before[IMAGE], after[IMAGE], strict=True):
        assert stamp(old) == stamp(new)
        np.testing.assert_array_equal(old.data, new.data)
    translation = after['/tf_static'][0][1].transforms[0].transform.translation
    assert (translation.x, translation.y, translation.z) == (1.0, 2.0, 3.0)
    if source_form == 'mcap':
        with BagInput(tmp_path / name) as bag:
            latched = {each.topic for each in bag.connections if each.ext.latching}
        assert latched == {'/tf_static'}


def test_what_the_other_generation_cannot_have_is_told_and_counted(call, tmp_path):
    writer = Writer(tmp_path / 'in', version=9, storage_plugin=StoragePlugin.MCAP)
    odd = ('custom_msgs/msg/Odd', 'custom_msgs/Unknown[] odd', 'RIHS01_' + '7' * 64)
    fine = get_types_from_msg('std_msgs/Header header\nint32 number', 'custom_msgs/msg/Fine')
    types = get_typestore(Stores.ROS2_JAZZY)
    types.register(fine)
    with writer:
        there = {'/odd': writer.add_connection('/odd', odd[0], msgdef=odd[1], rihs01=odd[2])}
        there['/fine'] = writer.add_connection('/fine', 'custom_msgs/msg/Fine', typestore=types)
        for topic, at, message in making.drive(2):
            if topic not in there:
                there[topic] = writer.add_connection(
                    topic, message.__msgtype__, typestore=making.TYPES
                )
            writer.write(there[topic], at, making.TYPES.serialize_cdr(message, message.__msgtype__))
            writer.write(there['/odd'], at, bytes(8))
        number = types.types['custom_msgs/msg/Fine'](making.header(5), 7)
        writer.write(
            there['/fine'], making.START, types.serialize_cdr(number, 'custom_msgs/msg/Fine')
        )

    result = call(tmp_path / 'in', tmp_path / 'out.bag', '--json')

    assert result.exit_code == 1
    summary = json.loads(result.stdout)
    assert summary['not_converted'] == {'/odd': 6}
    assert '/odd could not be converted' in result.stderr
    after = messages(tmp_path / 'out.bag')
    assert after['/fine'][0][1].number == 7
    assert len(after[IMAGE]) == len(after[DISPARITY]) == 2


def test_metres_clouds_and_scan_with_a_scale_and_a_pose(call, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(3))

    result = call(source, tmp_path / 'out', '--scale', 'fixed:0.2,0.05', *POSE)

    assert result.exit_code == 0, result.output
    made = messages(tmp_path / 'out')
    for topic in ('depth/image_rect', 'points', 'obstacles', 'scan', 'depth/scale'):
        assert [stamp(m) for _, m in made[f'/cam/{topic}']] == [stamp(m) for _, m in made[IMAGE]]
    assert made['/cam/scan'][0][1].header.frame_id == 'cam_level'
    (_, tree), *more = made['/tf_static']
    assert not more
    assert [t.child_frame_id for t in tree.transforms] == ['cam_level']


def test_level_frames_join_the_tf_of_the_bag(call, tmp_path):
    at = making.START - 10**9
    turn = (-0.5, 0.5, -0.5, 0.5)
    tree = making.transforms(at, ('base_footprint', 'cam', (0.0, 0.0, 1.0), turn))
    played = [('/tf_static', at, tree), *making.drive(3)]
    source = making.write_bag(tmp_path / 'in', played, qos={'/tf_static': making.latched()})

    scale = ('--scale', 'fixed:0.2,0.05', '-p', 'pose.source=tf')
    result = call(source, tmp_path / 'out', *scale)

    assert result.exit_code == 0, result.output
    made = messages(tmp_path / 'out')
    assert len(made['/tf_static']) == 1
    assert len(made['/tf']) == len(made['/cam/scan']) == 3
    # What was said before the part that is taken holds in it.
    later = call(source, tmp_path / 'late', *scale, '--start', 1.05, '--json')
    assert json.loads(later.stdout)['added']['/cam/scan'] == 2


def test_names_without_a_slash_and_tf_of_a_namespace_are_understood(call, tmp_path):
    at = making.START
    turn = (-0.5, 0.5, -0.5, 0.5)
    tree = making.transforms(at, ('/base_footprint', '/cam', (0.0, 0.0, 1.0), turn))
    drive = [(topic.lstrip('/'), at, message) for topic, at, message in making.drive(2)]
    source = making.write_bag(tmp_path / 'in', [('robot/tf_static', at, tree), *drive], 'ros1')

    scale = ('--scale', 'fixed:0.2,0.05', '-p', 'pose.source=tf', '-t', 'scan')
    result = call(source, tmp_path / 'out.bag', *scale)

    assert result.exit_code == 0, result.output
    assert len(messages(tmp_path / 'out.bag')['/cam/scan']) == 2


@pytest.mark.parametrize('batch', [3, 100])
def test_pictures_that_go_through_the_network_together_come_out_in_order(batch, call, tmp_path):
    played = sorted([*making.drive(7), *making.drive(7, '/back')], key=lambda each: each[1])
    source = making.write_bag(tmp_path / 'in', played)

    call(source, tmp_path / 'one')
    result = call(source, tmp_path / 'many', '--batch', batch)

    assert result.exit_code == 0, result.output
    one, many = (sorted(raw(tmp_path / name)) for name in ('one', 'many'))
    assert [each[:2] for each in one] == [each[:2] for each in many]
    same = [a[2] == b[2] for a, b in zip(one, many, strict=True) if 'disparity' not in a[0]]
    assert all(same)


def test_a_camera_info_that_comes_after_its_image_is_found(call, tmp_path):
    played = []
    for number in range(3):
        at = making.START + number * making.STEP
        info = making.camera_info(at, focal=50.0 + number)
        played += [(IMAGE, at, making.image(at)), (INFO, at + 5 * 10**7, info)]
    source = making.write_bag(tmp_path / 'in', played)

    call(source, tmp_path / 'out')

    infos = messages(tmp_path / 'out')['/cam/depth/camera_info']
    assert [info.k[0] for _, info in infos] == [50.0, 51.0, 52.0]


def test_a_calibration_file_stands_in_for_camera_info(call, tmp_path):
    played = [each for each in making.drive(2) if each[0] != INFO]
    source = making.write_bag(tmp_path / 'in', played)
    calibration = tmp_path / 'ost.yaml'
    calibration.write_text(
        'image_width: 64\nimage_height: 48\ncamera_name: c\ndistortion_model: plumb_bob\n'
        'camera_matrix: {rows: 3, cols: 3, data: [70, 0, 32, 0, 70, 24, 0, 0, 1]}\n'
        'distortion_coefficients: {rows: 1, cols: 5, data: [0, 0, 0, 0, 0]}\n'
        'rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}\n'
        'projection_matrix: {rows: 3, cols: 4, data: [70, 0, 32, 0, 0, 70, 24, 0, 0, 0, 1, 0]}\n'
    )

    without = call(source, tmp_path / 'without')
    assert 'no camera_info has come' in without.stderr
    result = call(source, tmp_path / 'out', '--calibration', calibration)

    assert result.exit_code == 0, result.output
    infos = messages(tmp_path / 'out')['/cam/depth/camera_info']
    assert [(info.k[0], stamp(info)) for _, info in infos] == [
        (70.0, making.START),
        (70.0, making.START + making.STEP),
    ]


def test_of_one_namespace_the_best_images_are_taken(call, tmp_path):
    at = making.START
    played = [
        ('/cam/image_raw/compressed', at, making.compressed(at)),
        ('/cam/image_raw', at, making.image(at)),
        ('/cam/image_rect_color', at, making.image(at)),
        ('/back/image/compressed', at, making.compressed(at)),
        ('/lidar/depth', at, making.depth_image(at, np.ones((48, 64)))),
        ('/cam/depth/color', at, making.image(at)),
    ]
    source = making.write_bag(tmp_path / 'in', played)

    result = call(source, tmp_path / 'out', '--only', '-t', 'depth', '--json')

    summary = json.loads(result.stdout)
    assert set(summary['cameras']) == {'/cam/image_rect_color', '/back/image/compressed'}
    assert set(summary['added']) == {DISPARITY, '/back/depth/disparity_relative'}
    listed = json.loads(call(source, '--list', '--json').stdout)
    assert [each['topic'] for each in listed['cameras'] if each['taken']] == [
        '/back/image/compressed',
        '/cam/image_rect_color',
    ]
    assert [each['topic'] for each in listed['scale_references']['depth']] == ['/lidar/depth']


def test_topics_can_go_elsewhere_and_never_onto_others(call, tmp_path):
    at = making.START
    played = [
        *making.drive(2),
        *making.drive(2, '/back'),
        (DISPARITY, at, making.depth_image(at, np.ones((4, 4)))),
    ]
    source = making.write_bag(tmp_path / 'in', played)

    taken = call(source, tmp_path / 'out')
    assert taken.exit_code == 2
    assert f'has {DISPARITY} already' in taken.output.replace('\n', ' ').replace('│ ', '')
    assert call(source, tmp_path / 'out', '--prefix', '/new').exit_code == 2
    result = call(source, tmp_path / 'out', '--prefix', '/new{ns}', '-t', 'depth')
    assert result.exit_code == 0, result.output
    assert {'/new/cam/depth/disparity_relative', '/new/back/depth/disparity_relative'} <= set(
        messages(tmp_path / 'out')
    )
    assert not (tmp_path / 'none').exists()


def test_a_part_of_the_bag_and_some_of_the_pictures(call, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(20))

    cut = json.loads(call(source, tmp_path / 'a', '--start', 0.5, '--end', 1.5, '--json').stdout)
    assert cut['copied'][IMAGE] == cut['cameras'][IMAGE]['published'] == 10
    every = json.loads(call(source, tmp_path / 'b', '--stride', 4, '--json').stdout)
    assert (every['copied'][IMAGE], every['cameras'][IMAGE]['published']) == (20, 5)
    assert every['cameras'][IMAGE]['skipped'] == 15
    slow = json.loads(call(source, tmp_path / 'c', '--rate-limit', 5, '--json').stdout)
    assert slow['cameras'][IMAGE]['published'] == 10
    assert call(source, tmp_path / 'd', '--start', 2, '--end', 1).exit_code == 2


@pytest.mark.parametrize(
    ('options', 'reason'),
    [
        (['-t', 'points'], 'need metres'),
        (['-t', 'depth,depths'], 'give any of'),
        (['-t', 'scan', '--scale', 'fixed:1,0'], 'pose.source'),
        (['--scale', 'lidar'], 'points:/TOPIC'),
        (['--scale', 'fixed:1'], 'fixed:A,B'),
        (['--scale', 'points:/none'], 'no such topic'),
        (['-c', '/none'], 'no such images'),
        (['--camera-info', '/none'], 'no such topic'),
        (['-p', 'points.row=2'], 'NAME=VALUE'),
        (['-p', 'points.rows=0'], 'between 1 and 32'),
        (['-p', 'refine'], 'NAME=VALUE'),
        (['-p', 'max_age=1'], 'running node'),
        (['-p', 'model=small'], '--model'),
        (['-p', 'scale.source=points'], '--scale'),
        (['-p', 'pose.source=tf'], 'no /tf'),
        (['-p', 'pose.source=imu'], 'imu'),
        (['-f', 'bag'], 'mcap'),
        (['-f', 'ros1'], '.bag'),
        (['--extrinsics', '1 2 3'], 'six numbers'),
        (['--prefix', '/0 a'], 'no topic'),
    ],
)
def test_what_cannot_be_is_wrong_usage_and_writes_nothing(options, reason, call, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(1))

    result = call(source, tmp_path / 'out', *options)

    assert result.exit_code == 2, result.output
    assert reason in ' '.join(result.output.replace('│', ' ').split())
    assert [path.name for path in tmp_path.iterdir()] == ['in']


def test_wrong_usage_is_told_before_a_network_is_loaded(monkeypatch, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(1))
    loaded = []
    monkeypatch.setattr(bag_module, 'load_estimator', lambda *arguments: loaded.append(arguments))

    for options in (['-c', '/none'], ['--scale', 'points:/none'], ['-t', 'scan']):
        result = RUNNER.invoke(app, ['bag', str(source), str(tmp_path / 'out'), *options])
        assert result.exit_code == 2
    assert not loaded


def test_nothing_is_overwritten(call, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(1))
    (tmp_path / 'out').mkdir()

    assert call(source, tmp_path / 'out').exit_code == 1
    assert call(source, source).exit_code == 1
    assert call(source, source / 'within').exit_code == 1
    assert call(source).exit_code == 2
    assert list((tmp_path / 'out').iterdir()) == []


def test_a_full_disk_ends_the_run_and_leaves_nothing(call, tmp_path, monkeypatch):
    source = making.write_bag(tmp_path / 'in', making.drive(3))
    from rosbags.rosbag2.storage_mcap import McapWriter

    def full(*_: Any) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(McapWriter, 'write', full)
    result = call(source, tmp_path / 'out')

    assert result.exit_code == 1
    assert 'No space left' in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ['in']


def test_a_device_that_is_lost_ends_the_run(call, nano, tmp_path, monkeypatch):
    from depth_anything_ros.inference.faults import DeviceLostError

    def lost(*_: Any) -> None:
        raise DeviceLostError('the GPU fell off the bus')

    source = making.write_bag(tmp_path / 'in', making.drive(3))
    monkeypatch.setattr(DepthEstimator, 'estimate_batch', lost)
    result = call(source, tmp_path / 'out')

    assert result.exit_code == 1
    assert 'fell off' in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ['in']


def test_a_fault_of_the_network_costs_one_frame(call, tmp_path, monkeypatch):
    source = making.write_bag(tmp_path / 'in', making.drive(3))
    whole, calls = DepthEstimator.estimate_batch, []

    def once(self, *arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError('out of luck')
        return whole(self, *arguments)

    monkeypatch.setattr(DepthEstimator, 'estimate_batch', once)
    result = call(source, tmp_path / 'out', '--json')

    assert result.exit_code == 1
    counts = json.loads(result.stdout)['cameras'][IMAGE]
    assert (counts['published'], counts['failed']) == (2, 1)
    assert 'out of luck' in result.stderr


def test_refine_is_short_for_the_parameter(call, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(1))
    choices = {'plain': (), 'short': ('--refine',), 'long': ('-p', 'filter.refine=true')}

    for name, options in choices.items():
        assert call(source, tmp_path / name, '--only', *options).exit_code == 0
    plain, short, long = (raw(tmp_path / name) for name in choices)

    assert short == long != plain


SLOW_AND_WITHOUT_ROS = """
import importlib.abc, re, sys, time
ROS = re.compile(r'^(rclpy|rcl_interfaces|rosidl_\\w+|cv_bridge|tf2_\\w+|\\w+_msgs|std_srvs'
                 r'|builtin_interfaces)$')
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if ROS.match(name.partition('.')[0]):
            raise ModuleNotFoundError(f'no {name}', name=name)
sys.meta_path.insert(0, Refuse())
from depth_anything_ros import DepthEstimator
whole, delay = DepthEstimator.estimate_batch, float(sys.argv.pop(1))
def slow(self, *arguments):
    print('begun', file=sys.stderr, flush=True)
    time.sleep(delay)
    return whole(self, *arguments)
DepthEstimator.estimate_batch = slow
from depth_anything_ros.cli.main import main
sys.exit(main())
"""


def start(delay: float, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, '-c', SLOW_AND_WITHOUT_ROS, str(delay), 'bag', *map(str, arguments)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
    )


def test_no_ros_is_needed(tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(2))
    options = ('--scale', 'fixed:0.2,0.05', *POSE, '--input-size', 42, '--refine')

    with start(0.0, source, tmp_path / 'out', *options) as process:
        _, errors = process.communicate(timeout=120)

    assert process.returncode == 0, errors
    assert len(messages(tmp_path / 'out')['/cam/scan']) == 2


@pytest.mark.parametrize('name', ['out', 'out.db3', 'out.bag'])
def test_an_interrupt_leaves_no_half_bag(name, tmp_path):
    source = making.write_bag(tmp_path / 'in', making.drive(50))

    with start(0.3, source, tmp_path / name, '--input-size', 42) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith('begun'):
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    assert process.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ['in']

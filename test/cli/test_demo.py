# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of cli/demo.py and ros/demo.py: figures of made-up bags, and one real short run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

pytest.importorskip('typer')

from rosbags.typesys import Stores, get_typestore
from typer.testing import CliRunner

from depth_anything_ros.cli.app import app
from depth_anything_ros.cli.demo import COUNTERS, summarise
from depth_anything_ros.media.bag import BagReader, BagWriter
from depth_anything_ros.media.recorded_run import RecordedRun
from depth_anything_ros.media.sources import open_source
from depth_anything_ros.media.video import write_side_by_side

TYPES = get_typestore(Stores.ROS2_JAZZY)
IMAGE = 'sensor_msgs/msg/Image'
ARRAY = 'diagnostic_msgs/msg/DiagnosticArray'
RELATIVE, METRIC, TRUTH = '/depth/disparity_relative', '/depth/image_rect', '/ground_truth/depth'
KEYS = {*COUNTERS, 'model', 'source', 'recorded', 'fps', 'latency_ms', 'abs_rel', 'delta1'}
PERIOD_NS = 200_000_000
REPORT = {
    'received': '12', 'published': '9', 'dropped': '1', 'skipped': '1', 'rejected': '1',
    'failed': '0', 'latency_p50_ms': '12.341', 'latency_p99_ms': '45.678',
}  # fmt: skip


def image(stamp_ns: int, pixels: np.ndarray, encoding: str) -> bytes:
    types = TYPES.types
    stamp = types['builtin_interfaces/msg/Time'](sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
    message = types[IMAGE](
        header=types['std_msgs/msg/Header'](stamp=stamp, frame_id='cam'),
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=0,
        step=pixels[0].nbytes,
        data=np.ascontiguousarray(pixels).view(np.uint8).ravel(),
    )
    return bytes(TYPES.serialize_cdr(message, IMAGE))


def report(values: dict[str, str]) -> bytes:
    types = TYPES.types
    pairs = [types['diagnostic_msgs/msg/KeyValue'](key=k, value=v) for k, v in values.items()]
    status = types['diagnostic_msgs/msg/DiagnosticStatus'](
        level=0, name='depth_node: frames', message='', hardware_id='', values=pairs
    )
    stamp = types['builtin_interfaces/msg/Time'](sec=1, nanosec=0)
    header = types['std_msgs/msg/Header'](stamp=stamp, frame_id='')
    return bytes(TYPES.serialize_cdr(types[ARRAY](header=header, status=[status]), ARRAY))


def make_run(
    path: Path,
    topic: str,
    frames: list[tuple[np.ndarray, np.ndarray | None]],
    facts: dict[str, str] | None = None,
) -> RecordedRun:
    """Record (published depth, true depth or None) frames, PERIOD_NS apart."""
    with BagWriter(path) as bag:
        for name in ('/image', topic, TRUTH):
            bag.add_topic(name, IMAGE)
        bag.add_topic('/diagnostics', ARRAY)
        for number, (depth, truth) in enumerate(frames):
            stamp = 10**9 + number * PERIOD_NS
            pixels = np.zeros((*depth.shape, 3), np.uint8)
            bag.write('/image', image(stamp, pixels, 'rgb8'), stamp)
            if truth is not None:
                bag.write(TRUTH, image(stamp, truth, '32FC1'), stamp + 1)
            bag.write(topic, image(stamp, depth, '32FC1'), stamp + 2)
        if facts is not None:
            bag.write('/diagnostics', report(facts), 2 * 10**9)
    return RecordedRun(path)


def true_depth(seed: int = 0) -> np.ndarray:
    """Make 1 to 20 m, with a row of sky."""
    depth = np.random.default_rng(seed).uniform(1.0, 20.0, (12, 16)).astype(np.float32)
    depth[0] = np.inf
    return depth


def test_exact_inverse_depth_of_any_scale_and_shift_has_no_error(tmp_path):
    truths = [true_depth(seed) for seed in range(3)]
    frames = [((3.0 / t + 0.7 + i).astype(np.float32), t) for i, t in enumerate(truths)]
    summary = summarise(make_run(tmp_path / 'bag', RELATIVE, frames, REPORT), 'nano', 'folder')
    assert (summary['abs_rel'], summary['delta1']) == (pytest.approx(0.0, abs=1e-4), 1.0)
    assert (summary['model'], summary['source']) == ('nano', 'folder')


def test_metric_depth_is_scored_as_it_is(tmp_path):
    truth = true_depth()
    run = make_run(tmp_path / 'bag', METRIC, [((truth * 1.1).astype(np.float32), truth)])
    summary = summarise(run, 'm', 's')
    assert (summary['abs_rel'], summary['delta1']) == (pytest.approx(0.1, abs=1e-4), 1.0)
    wrong = make_run(tmp_path / 'wrong', METRIC, [((truth * 1.5).astype(np.float32), truth)])
    assert summarise(wrong, 'm', 's')['delta1'] == 0.0


def test_metric_pixels_without_a_distance_are_not_scored(tmp_path):
    truth = true_depth()
    depth = truth.copy()
    depth[1], depth[2], depth[3], depth[4] = np.nan, np.inf, -np.inf, 0.0
    summary = summarise(make_run(tmp_path / 'bag', METRIC, [(depth, truth)]), 'm', 's')
    assert (summary['abs_rel'], summary['delta1']) == (0.0, 1.0)


@pytest.mark.parametrize('topic', [RELATIVE, METRIC])
def test_a_view_of_nothing_but_sky_is_left_out_of_the_score(tmp_path, topic):
    truth = true_depth()
    depth = truth if topic == METRIC else (1 / truth).astype(np.float32)
    sky = np.full_like(truth, np.inf)
    run = make_run(tmp_path / 'bag', topic, [(depth, truth), (depth, sky)])
    assert summarise(run, 'm', 's')['abs_rel'] == pytest.approx(0.0, abs=1e-4)
    alone = make_run(tmp_path / 'alone', topic, [(depth, sky)])
    assert summarise(alone, 'm', 's')['abs_rel'] is None


def test_counters_rate_and_latency_come_from_the_bag(tmp_path):
    frames: list[Any] = [(true_depth(), None)] * 6
    summary = summarise(make_run(tmp_path / 'bag', METRIC, frames, REPORT), 'm', 's')
    assert set(summary) == KEYS
    assert {name: summary[name] for name in COUNTERS} == {n: int(REPORT[n]) for n in COUNTERS}
    assert (summary['recorded'], summary['fps']) == (6, 5.0)
    assert summary['latency_ms'] == {'p50': 12.34, 'p99': 45.68}
    assert summary['abs_rel'] is None and summary['delta1'] is None


def test_without_diagnostics_nothing_is_claimed(tmp_path):
    summary = summarise(make_run(tmp_path / 'bag', METRIC, [(true_depth(), None)]), 'm', 's')
    assert all(summary[name] == 0 for name in COUNTERS)
    assert summary['latency_ms'] == {'p50': None, 'p99': None} and summary['fps'] == 0.0


@pytest.fixture
def inputs(tmp_path) -> dict[str, str]:
    """A source of each kind; the video has 25 frames per second."""
    black = np.zeros((14, 14, 3), np.uint8)
    (tmp_path / 'pictures').mkdir()
    assert cv2.imwrite(str(tmp_path / 'pictures' / '0.png'), black)
    write_side_by_side(tmp_path / 'film.mp4', [(black, black)] * 5, 25.0)
    return {
        'procedural': 'procedural',
        'folder': str(tmp_path / 'pictures'),
        'video': str(tmp_path / 'film.mp4'),
    }


@pytest.mark.parametrize(
    ('kind', 'arguments', 'rate'),
    [
        ('procedural', [], 10.0),
        ('folder', [], 10.0),
        ('video', [], 25.0),
        ('video', ['--rate', '5'], 5.0),
    ],
)
def test_a_source_runs_at_its_own_rate_unless_told(
    tmp_path, monkeypatch, inputs, kind, arguments, rate
):
    demo = pytest.importorskip('depth_anything_ros.ros.demo')
    asked = []

    def note(settings, say):
        asked.append(settings)
        raise demo.DemoError('noted')

    monkeypatch.setattr(demo, 'run_demo', note)
    command = ['demo', '--input', inputs[kind], '--output', str(tmp_path / 'out'), *arguments]
    assert 'noted' in CliRunner().invoke(app, command).stderr
    with open_source(asked[0].source, size=(asked[0].width, 0), rate=asked[0].rate) as source:
        assert source.rate == rate


def demo_command(folder: Path, *arguments: str) -> list[str]:
    code = 'import sys; from depth_anything_ros.cli.main import main; sys.exit(main())'
    return [sys.executable, '-c', code, 'demo', '--output', str(folder), *arguments]


def run_demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = demo_command(folder, *arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=180)


def nodes_of(folder: Path) -> list[str]:
    """Return the command lines of the processes that name a folder or write into it."""
    found = []
    for process in Path('/proc').glob('[0-9]*'):
        try:
            line = (process / 'cmdline').read_bytes().replace(b'\0', b' ').decode(errors='replace')
            output = os.readlink(process / 'fd' / '1')
        except OSError:  # it has ended
            continue
        if (str(folder) in line or str(folder) in output) and process.name != str(os.getpid()):
            found.append(line)
    return found


@pytest.fixture(scope='module')
def finished(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Run the demo once on five small pictures."""
    pytest.importorskip('rclpy')
    pictures, folder = tmp_path_factory.mktemp('pictures'), tmp_path_factory.mktemp('demo')
    for index in range(5):
        pixels = np.random.default_rng(index).integers(0, 255, (6, 8, 3), np.uint8)
        large = cv2.resize(pixels, (112, 84), interpolation=cv2.INTER_CUBIC)
        assert cv2.imwrite(str(pictures / f'{index}.png'), large)
    # Enough frames for a share of them to mean something.
    arguments = ('--input', str(pictures), '--seconds', '4', '--rate', '10', '--model', 'nano')
    result = run_demo(folder, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    assert not nodes_of(pictures) and not nodes_of(folder)
    return folder, result


def stamps(folder: Path, topic: str) -> list[tuple[int, int]]:
    with BagReader(folder / 'bag') as bag:
        return [
            (message.header.stamp.sec, message.header.stamp.nanosec)
            for _, message, _ in bag.messages([topic])
        ]


def test_the_bag_holds_depth_for_the_frames_that_were_not_dropped(finished):
    folder, _ = finished
    summary = json.loads((folder / 'summary.json').read_text())
    images, depths = stamps(folder, '/image'), stamps(folder, RELATIVE)
    assert len(depths) == summary['recorded'] >= 5
    assert len(depths) >= 0.95 * (summary['received'] - summary['dropped'])
    assert set(depths) <= set(images) and len(set(depths)) == len(depths)
    assert len(stamps(folder, '/camera_info')) >= len(depths)
    assert set(depths) == set(stamps(folder, '/depth/camera_info'))


def test_the_summary_has_every_figure_and_its_counters_add_up(finished):
    folder, result = finished
    summary = json.loads((folder / 'summary.json').read_text())
    assert set(summary) == KEYS
    assert summary['received'] == sum(summary[name] for name in COUNTERS if name != 'received')
    assert summary['published'] > 0
    # Not even the first frame comes before the recorder listens.
    assert summary['skipped'] == summary['failed'] == summary['rejected'] == 0
    assert summary['latency_ms']['p99'] >= summary['latency_ms']['p50'] > 0
    assert summary['abs_rel'] is None and summary['fps'] > 0
    for name in ('published', 'dropped', 'latency p50', 'latency p99', 'fps', 'AbsRel', 'delta1'):
        assert name in result.stdout


def test_json_is_the_summary_and_nothing_else(finished, monkeypatch):
    folder, _ = finished
    # The nodes have run; what came of it lies in the folder.
    monkeypatch.setattr('depth_anything_ros.ros.demo.run_demo', lambda settings, say: say('text'))
    result = CliRunner().invoke(app, ['demo', '--output', str(folder), '--json'])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == json.loads((folder / 'summary.json').read_text())
    assert 'text' in result.stderr


def test_the_video_and_the_contact_sheet_can_be_read(finished):
    folder, _ = finished
    summary = json.loads((folder / 'summary.json').read_text())
    with av.open(str(folder / 'demo.mp4')) as video:
        frames = [frame.to_ndarray(format='rgb24') for frame in video.decode(video=0)]
    assert len(frames) == summary['recorded']
    assert frames[0].shape == (84, 224, 3) and frames[0].std() > 5
    sheet = cv2.imread(str(folder / 'contact_sheet.png'))
    assert sheet is not None and sheet.std() > 5


def test_a_missing_input_is_one_line_and_nothing_stays_behind(tmp_path):
    pytest.importorskip('rclpy')
    BagWriter(tmp_path / 'out' / 'bag').close()  # an earlier demo's, which is replaced
    before = (tmp_path / 'out' / 'bag' / 'bag.mcap').read_bytes()
    (tmp_path / 'out' / 'depth_node.log').touch()
    result = run_demo(tmp_path / 'out', '--input', str(tmp_path / 'nowhere'), '--seconds', '1')
    assert result.returncode == 1, result.stdout + result.stderr
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith('error: camera_node') and str(tmp_path / 'nowhere') in line
    assert not nodes_of(tmp_path)
    assert not (tmp_path / 'out' / 'summary.json').exists()
    assert (tmp_path / 'out' / 'bag' / 'bag.mcap').read_bytes() != before


@pytest.mark.parametrize(
    ('names', 'log'),
    [(['bag.mcap', 'metadata.yaml'], False), (['bag_0.mcap', 'metadata.yaml'], True)],
    ids=['no traces of a demo', 'ros2 bag record after a demo'],
)
def test_a_bag_of_somebody_else_stops_the_demo_before_it_starts(tmp_path, names, log):
    pytest.importorskip('rclpy')
    (tmp_path / 'bag').mkdir()
    for name in names:
        (tmp_path / 'bag' / name).write_text('a day in the field')
    if log:
        (tmp_path / 'depth_node.log').write_text('earlier')
    result = run_demo(tmp_path, '--seconds', '1')
    assert result.returncode == 1, result.stdout + result.stderr
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith(f'error: {tmp_path / "bag"}') and 'or write somewhere else' in line
    assert sorted(entry.name for entry in (tmp_path / 'bag').iterdir()) == names
    assert 'starting' not in result.stdout
    assert not (tmp_path / 'camera_node.log').exists()


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_ended_from_outside_it_takes_its_nodes_along(tmp_path, number):
    pytest.importorskip('rclpy')
    command = demo_command(tmp_path / 'out', '--input', str(tmp_path), '--seconds', '60')
    assert cv2.imwrite(str(tmp_path / '0.png'), np.zeros((14, 14, 3), np.uint8))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        assert 'starting depth_node' in process.stdout.readline()
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130 and 'Traceback' not in output, output
    assert not nodes_of(tmp_path)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_nodes_start_is_held_until_they_can_be_ended(number):
    pytest.importorskip('rclpy')
    from depth_anything_ros.ros.node_process import signals_held

    before, done = signal.signal(number, signal.default_int_handler), []
    try:
        with pytest.raises(KeyboardInterrupt), signals_held():
            signal.raise_signal(number)
            done.append('started')
        assert done == ['started']
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)


def test_with_true_depth_every_frame_has_its_camera_info_and_truth(tmp_path):
    """Images and depth fill the middleware's own shared memory, and what is small is lost then."""
    pytest.importorskip('rclpy')
    arguments = ('--seconds', '3', '--rate', '10', '--model', 'nano', '--width', '160')
    result = run_demo(tmp_path, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    images = stamps(tmp_path, '/image')
    assert len(images) >= 20
    assert stamps(tmp_path, '/camera_info') == images == stamps(tmp_path, '/ground_truth/depth')

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/camera_node.py, with real nodes."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy')

import rclpy  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from sensor_msgs.msg import CameraInfo, CompressedImage, Image  # noqa: E402

from depth_anything_ros.geometry.intrinsics import Intrinsics  # noqa: E402
from depth_anything_ros.media import world  # noqa: E402
from depth_anything_ros.media.calibration import CalibrationError  # noqa: E402
from depth_anything_ros.media.frames import SourceError  # noqa: E402
from depth_anything_ros.ros.camera_node import CameraNode  # noqa: E402
from depth_anything_ros.ros.depth_message import decode_depth  # noqa: E402
from depth_anything_ros.ros.image_message import decode_compressed, decode_image  # noqa: E402

SLOW_END = """
import sys, time
from depth_anything_ros.media.read_ahead import ReadAhead
from depth_anything_ros.ros import camera_node

def close(self, timeout, ends=ReadAhead.close):
    print('closing', flush=True)
    for _ in range(10):
        time.sleep(0.1)
    print('closed', flush=True)
    return ends(self, timeout)

ReadAhead.close = close
sys.exit(camera_node.main())
"""
PATIENCE = 30.0  # seconds until a test gives up


def stamp_ns(message) -> int:
    """Return the header stamp in nanoseconds."""
    return message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec


class Listener:
    """A node that keeps what it hears, and a camera beside it in one executor."""

    def __init__(self, **settings) -> None:
        self.node = rclpy.create_node('listener')
        self.heard: dict[str, list] = {}
        overrides = [Parameter(name, value=value) for name, value in settings.items()]
        self.camera = CameraNode(parameter_overrides=overrides)
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.executor.add_node(self.camera)

    def listen(self, topic: str, kind: type) -> None:
        self.heard[topic] = []
        self.node.create_subscription(kind, topic, self.heard[topic].append, 100)

    def spin_until(self, condition) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, {k: len(v) for k, v in self.heard.items()}
            self.executor.spin_once(timeout_sec=0.1)

    def close(self) -> None:
        self.executor.shutdown()
        self.camera.destroy_node()
        self.node.destroy_node()


@pytest.fixture
def listen(ros_domain):
    """Start a camera with the given parameters and a listener beside it."""
    listeners = []

    def start(**settings) -> Listener:
        listeners.append(Listener(**settings))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures of 32x24 whose grey is 0, 80 and 160."""
    for index in range(3):
        picture = np.full((24, 32, 3), 80 * index, np.uint8)
        assert cv2.imwrite(str(tmp_path / f'{index}.png'), picture)
    return tmp_path


class FakeClip:
    """A procedural clip that costs nothing; frame i is i + 1 metres away, under a row of sky."""

    def __init__(self, seed: int, width: int, height: int, rate: float) -> None:
        self.intrinsics = Intrinsics.from_fov(width, height, 1.2)

    def frame(self, i: int):
        shape = (self.intrinsics.height, self.intrinsics.width)
        depth = np.full(shape, i + 1.0, np.float32)
        depth[0] = np.inf
        return np.full((*shape, 3), i, np.uint8), depth


def test_images_and_camera_infos_share_stamps_and_keep_the_pace(listen, folder: Path) -> None:
    camera = listen(source=str(folder), rate=20.0)
    camera.listen('image', Image)
    camera.listen('camera_info', CameraInfo)
    camera.spin_until(lambda: all(len(heard) >= 12 for heard in camera.heard.values()))
    images, infos = camera.heard['image'], camera.heard['camera_info']
    stamps = [stamp_ns(image) for image in images]
    assert set(stamps[1:-1]) <= {stamp_ns(info) for info in infos}
    assert stamps == sorted(set(stamps))
    assert (stamps[-1] - stamps[0]) / 1e9 >= 0.8 * (len(stamps) - 1) / 20.0
    assert images[0].header.frame_id == infos[0].header.frame_id == 'camera_optical_frame'
    assert {int(decode_image(image)[0, 0, 0]) for image in images} == {0, 80, 160}
    assert (infos[0].width, infos[0].height) == (32, 24)
    assert infos[0].k[0] == pytest.approx(16 / np.tan(np.radians(30)))


def test_the_procedural_world_comes_with_its_depth_and_intrinsics(listen, monkeypatch) -> None:
    monkeypatch.setattr(world, 'ProceduralClip', FakeClip)
    camera = listen(width=40, height=30, rate=50, prerender=4)
    for topic, kind in (
        ('image', Image), ('camera_info', CameraInfo), ('ground_truth/depth', Image),
    ):  # fmt: skip
        camera.listen(topic, kind)
    truths = camera.heard['ground_truth/depth']
    camera.spin_until(lambda: len(truths) >= 8)
    images = {stamp_ns(image): decode_image(image) for image in camera.heard['image']}
    assert truths[0].encoding == '32FC1'
    pairs = [(decode_depth(t), images[stamp_ns(t)]) for t in truths[:-1] if stamp_ns(t) in images]
    assert len(pairs) >= 4
    for depth, rgb in pairs:
        assert depth.shape == (30, 40) and np.isposinf(depth[0]).all()
        assert depth[1, 0] == rgb[0, 0, 0] + 1.0
    expected = Intrinsics.from_fov(40, 30, 1.2)
    assert camera.heard['camera_info'][0].k[0] == pytest.approx(expected.fx)


def test_jpeg_goes_out_compressed_and_resized(listen, folder: Path) -> None:
    camera = listen(source=str(folder / '1.png'), rate=20.0, encoding='jpeg', width=16)
    camera.listen('image/compressed', CompressedImage)
    camera.listen('camera_info', CameraInfo)
    camera.spin_until(lambda: all(camera.heard.values()))
    picture = decode_compressed(camera.heard['image/compressed'][0])
    assert picture.shape == (12, 16, 3)
    assert np.abs(picture.astype(int) - 80).max() <= 3
    assert camera.heard['camera_info'][0].width == 16


def test_a_calibration_file_is_published_scaled(listen, folder: Path) -> None:
    calibration = folder / 'camera.yaml'
    calibration.write_text(
        'image_width: 64\nimage_height: 48\ncamera_name: c\n'
        'camera_matrix: {rows: 3, cols: 3, data: [60, 0, 32, 0, 62, 24, 0, 0, 1]}\n'
        'distortion_model: plumb_bob\n'
        'distortion_coefficients: {rows: 1, cols: 5, data: [0.1, 0, 0, 0, 0]}\n'
        'rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}\n'
        'projection_matrix: {rows: 3, cols: 4, data: [58, 0, 32, 0, 0, 58, 24, 0, 0, 0, 1, 0]}\n'
    )
    camera = listen(source=str(folder), rate=20.0, calibration_file=str(calibration))
    camera.listen('camera_info', CameraInfo)
    camera.spin_until(lambda: camera.heard['camera_info'])
    info = camera.heard['camera_info'][0]
    assert (info.width, info.height) == (32, 24)
    assert info.k.tolist() == [30, 0, 16, 0, 31, 12, 0, 0, 1]
    assert info.p[0] == 29 and info.d[0] == 0.1


def test_a_calibration_of_another_shape_ends_the_camera(listen, folder: Path) -> None:
    camera = listen(source=str(folder))
    calibration = folder / 'broken.yaml'
    calibration.write_text('image_width: 64\n')
    with pytest.raises(CalibrationError, match='broken.yaml'):
        CameraNode(parameter_overrides=[Parameter('calibration_file', value=str(calibration))])
    assert camera.camera.settings.calibration_file == ''


def test_a_source_that_ends_finishes_the_node(listen, folder: Path) -> None:
    camera = listen(source=str(folder), rate=50.0, loop=False)
    camera.spin_until(camera.camera.finished.done)
    assert camera.camera.finished.result() is None
    assert camera.camera.published == 3


def test_a_source_that_fails_finishes_the_node_with_its_error(listen, tmp_path: Path) -> None:
    camera = listen(source=str(tmp_path / 'nowhere'))
    camera.spin_until(camera.camera.finished.done)
    assert isinstance(camera.camera.finished.result(), SourceError)


def run_camera(*arguments: str, code: str = '') -> subprocess.Popen:
    """Start camera_node as a process of its own."""
    what = ['-c', code] if code else ['-m', 'depth_anything_ros.ros.camera_node']
    command = [sys.executable, *what, '--ros-args']
    for argument in arguments:
        command += ['-p', argument]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_process_cleanly(ros_domain, folder: Path, number) -> None:
    process = run_camera(f'source:={folder}')
    assert process.stdout is not None
    for line in process.stdout:
        if 'publishing' in line:
            break
    process.send_signal(number)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert 'Traceback' not in output


def test_a_second_signal_while_it_closes_changes_nothing(ros_domain, folder: Path) -> None:
    process = run_camera(f'source:={folder}', code=SLOW_END)
    assert process.stdout is not None
    output = ''
    for line in process.stdout:
        output += line
        if 'publishing' in line or 'closing' in line:
            process.send_signal(signal.SIGINT)
        if 'closed' in line:
            break
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and 'closed' in output, output


@pytest.mark.parametrize(
    ('argument', 'message'),
    [('source:=/nowhere/at/all', '/nowhere/at/all'), ('rate:=-5', 'parameter rate')],
)
def test_a_mistake_is_one_line_and_exit_code_1(ros_domain, argument: str, message: str) -> None:
    process = run_camera(argument)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, output
    assert message in output
    assert len(output.strip().splitlines()) == 1

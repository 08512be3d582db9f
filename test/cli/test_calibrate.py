# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything calibrate`."""

from __future__ import annotations

import json
import re

import cv2
import numpy as np
import pytest
import yaml

pytest.importorskip('typer')
pytest.importorskip('rosbags')

from rosbags.typesys import Stores, get_typestore
from typer.testing import CliRunner

import depth_anything_ros
from depth_anything_ros.cli.app import app
from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.media.bag import BagWriter
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS

A, B = 0.02, 0.04


class RedIsDisparity:
    """A network whose disparity is the red channel."""

    kind = DepthKind.RELATIVE

    def __init__(self, *choices):
        pass

    def estimate(self, rgb):
        return Depth(rgb[..., 0].astype(np.float32), self.kind, rgb.shape[:2])


@pytest.fixture(autouse=True)
def network(monkeypatch):
    monkeypatch.setattr(depth_anything_ros, 'DepthEstimator', RedIsDisparity, raising=False)


def picture():
    red = np.linspace(5, 40, 64).round().astype(np.uint8)
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[..., 0] = red
    return rgb


def run(*arguments):
    return CliRunner().invoke(app, ['calibrate', *map(str, arguments)])


def scale_of(result):
    assert result.exit_code == 0, result.output
    line = result.stdout.splitlines()[-1]
    scale = yaml.safe_load(line)['scale']
    assert {f'scale.{name}' for name in scale} <= {row.name for row in DEPTH_PARAMETERS}
    assert scale['source'] == 'fixed'
    assert re.match(r'a = \S+ \+- \S+$', result.stdout.splitlines()[0])
    return scale['a'], scale['b']


@pytest.fixture
def path(tmp_path):
    file = tmp_path / 'desk.png'
    cv2.imwrite(str(file), picture()[..., ::-1])
    return file


def test_a_picture_too_long_for_the_network_is_one_line(tmp_path, monkeypatch):
    monkeypatch.undo()  # the real network
    file = tmp_path / 'line.png'
    cv2.imwrite(str(file), np.zeros((3, 3000, 3), np.uint8))

    result = run(file, '--distances', '2,1,1', '--distances', '9,1,2')

    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith('error: 3000x3 pixels become ')


def test_typed_distances_give_the_scale(path):
    options = []
    for x in (2, 20, 40, 60):
        z = 1 / (A * float(picture()[10, x, 0]) + B)
        options += ['--distances', f'{x},10,{z}']
    assert scale_of(run(path, *options)) == pytest.approx((A, B), rel=1e-3)


def test_json_has_the_scale_and_how_sure_it_is(path):
    options = ['--distances', '2,10,10.0', '--distances', '60,10,2.0']
    a, b = scale_of(run(path, *options))

    summary = json.loads(run(path, *options, '--json').stdout)

    assert (summary['a'], summary['b']) == pytest.approx((a, b), rel=1e-5)
    assert (summary['points'], summary['pictures']) == (2, 1)
    assert 0 <= summary['deviation_a'] < a and 0 <= summary['inlier_share'] <= 1


@pytest.mark.parametrize('encoding', ['32FC1', '16UC1'])
def test_a_bag_with_depth_gives_the_scale(tmp_path, encoding):
    types = get_typestore(Stores.ROS2_JAZZY)
    kinds = types.types
    rgb = picture()
    depth = 1 / (A * rgb[..., 0].astype(np.float32) + B)
    depth[:5] = 0.0
    if encoding == '16UC1':
        depth = (depth * 1000).round().astype(np.uint16)
    bag = tmp_path / 'bag'
    with BagWriter(bag) as writer:
        for topic in ('/image', '/depth'):
            writer.add_topic(topic, 'sensor_msgs/msg/Image')
        for frame in range(3):
            stamp = kinds['builtin_interfaces/msg/Time'](frame, 0)
            header = kinds['std_msgs/msg/Header'](stamp, 'camera')
            for topic, name, values in (('/image', 'rgb8', rgb), ('/depth', encoding, depth)):
                data = np.frombuffer(values.tobytes(), np.uint8)
                message = kinds['sensor_msgs/msg/Image'](
                    header, 48, 64, name, 0, len(data) // 48, data
                )
                cdr = types.serialize_cdr(message, 'sensor_msgs/msg/Image')
                writer.write(topic, bytes(cdr), frame * 10**9)
    result = run('--bag', bag, '--depth-topic', '/depth')
    assert scale_of(result) == pytest.approx((A, B), rel=0.01)
    assert 'of 3 picture(s)' in result.stdout
    assert 'of 2 picture(s)' in run('--bag', bag, '--depth-topic', '/depth', '--every', 2).stdout
    missing = run('--bag', bag, '--depth-topic', '/lidar')
    assert missing.exit_code == 1 and '/lidar' in missing.stderr


@pytest.mark.parametrize(
    'options',
    [
        (),
        ('--distances', '1,1,2'),
        ('PICTURE',),
        ('PICTURE', '--distances', '1,1'),
        ('PICTURE', '--distances', '99,1,2', '--distances', '1,1,2'),
        ('PICTURE', '--distances', '9,1,-2', '--distances', '1,1,2'),
        ('PICTURE', 'PICTURE', '--distances', '1,1,2'),
        ('PICTURE', '--checkerboard', '9'),
        ('PICTURE', '--checkerboard', '9x6'),
        ('PICTURE', '--checkerboard', '9x6', '--square', '0.02'),
        ('PICTURE', '--distances', '1,1,2', '--checkerboard', '9x6'),
        ('PICTURE', '--bag', 'bag'),
    ],
    ids=' '.join,
)
def test_wrong_usage_is_exit_code_2(options, path):
    assert run(*[path if option == 'PICTURE' else option for option in options]).exit_code == 2


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (('PICTURE', '--distances', '10,5,2'), 'two distances'),
        (('none.png', '--distances', '1,1,2', '--distances', '2,2,3'), 'none.png is missing'),
        (('--bag', 'nowhere'), 'nowhere is not a readable bag'),
        (
            ('PICTURE', '--checkerboard', '9x6', '--square', '1', '--calibration', 'none.yaml'),
            'none.yaml cannot be read',
        ),
    ],
)
def test_errors_are_one_line(options, words, path):
    result = run(*[path if option == 'PICTURE' else option for option in options])
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith('error: ') and words in result.stderr

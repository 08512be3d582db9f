# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for ros/camera_presets.py, and of the presets that are installed."""

import re
from pathlib import Path

import pytest

from depth_anything_ros.ros.camera_presets import (
    TOPICS,
    PresetError,
    flat,
    node_parameters,
    read_cameras,
    read_preset,
)
from depth_anything_ros.ros.node_settings import rows_of
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS

CONFIG = Path(__file__).resolve().parents[2] / 'config'
PRESETS = CONFIG / 'cameras'
TOPIC = re.compile(r'(/[A-Za-z][A-Za-z0-9_]*)+')


@pytest.mark.parametrize('name', sorted(path.stem for path in PRESETS.glob('*.yaml')))
def test_every_preset_names_three_topics_and_parameters_of_the_node(name):
    camera = read_preset(name, PRESETS)

    assert camera.topics.keys() == TOPICS.keys()
    assert all(TOPIC.fullmatch(topic) for topic in camera.topics.values())
    assert camera.topics['image_compressed'] == camera.topics['image'] + '/compressed'
    assert flat(camera.parameters).keys() <= {row.name for row in DEPTH_PARAMETERS}
    assert 'rectified' in camera.parameters


def test_the_example_of_many_cameras_can_be_read():
    cameras, shared = read_cameras(CONFIG / 'cameras_example.yaml', PRESETS)

    front = cameras['front']
    assert front.topics['image'] == '/front/camera/color/image_raw'
    assert front.topics['image_compressed'] == '/camera/camera/color/image_raw/compressed'
    assert front.parameters == {'rectified': False, 'max_range': 6.0}
    assert front.remappings('front/')[0] == ('front/image', '/front/camera/color/image_raw')
    values = node_parameters(cameras, shared)
    known = {row.name for row in DEPTH_PARAMETERS}
    for name in cameras:
        known |= {row.name for row in rows_of(name)}
    assert values.keys() <= known
    assert values['cameras'] == ['front', 'left', 'rear']


def test_groups_get_their_full_names():
    assert flat({'scan': {'max_height': 1.0}, 'model': 'nano'}) == {
        'scan.max_height': 1.0,
        'model': 'nano',
    }


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ('[1, 2]', 'mapping'),
        ('cameras: {}', 'cameras must have'),
        ('cameras: {a: {imge: /a}}', 'imge is unknown'),
        ('cameras: {a: {image: 3}}', 'image is 3'),
        ('cameras: {a: {preset: webcam}}', 'no camera .webcam.'),
        ('cameras: {a: {parameters: 3}}', 'parameters'),
        ('camera: {a: {}}', 'camera is unknown'),
        ('cameras: {a: !!python/object:os.system x}', 'not plain YAML'),
    ],
)
def test_says_what_is_wrong_with_a_list_of_cameras(tmp_path, content, reason):
    path = tmp_path / 'cameras.yaml'
    path.write_text(content)

    with pytest.raises(PresetError, match=reason):
        read_cameras(path, PRESETS)
    with pytest.raises(PresetError, match='cannot be read'):
        read_cameras(tmp_path / 'none.yaml', PRESETS)

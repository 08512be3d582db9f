# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of launch/: both files describe their nodes and say what can be set."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

# The folder launch/ of this repository is found as a package without code.
pytest.importorskip('launch.actions')
pytest.importorskip('launch_ros.actions')

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.utilities import perform_substitutions
from launch_ros.actions import LifecycleNode, Node

ROOT = Path(__file__).resolve().parents[1]
DEPTH = {
    'params_file', 'namespace', 'camera', 'image', 'image_compressed', 'camera_info', 'cameras',
    'use_sim_time', 'log_level', 'autostart',
}  # fmt: skip
DEMO = {'source', 'rate', 'width', 'params_file', 'namespace', 'log_level'}
MULTI = {'cameras_file', 'namespace', 'log_level'}
OFFBOARD = {'params_file', 'namespace', 'image_compressed', 'camera_info', 'log_level'}
RECORD = {'output', 'topics', 'namespace', 'profile', 'max_cache_size', 'max_bag_size'}


def description_of(name: str) -> LaunchDescription:
    spec = importlib.util.spec_from_file_location('file', ROOT / 'launch' / f'{name}.launch.py')
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.generate_launch_description()


def of_type(description: LaunchDescription, kind: type) -> list:
    return [entity for entity in description.entities if isinstance(entity, kind)]


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('depth', DEPTH),
        ('demo', DEMO),
        ('multi_camera', MULTI),
        ('offboard', OFFBOARD),
        ('record', RECORD),
    ],
)
def test_the_arguments_are_declared_each_with_default_and_description(name, expected):
    arguments = of_type(description_of(name), DeclareLaunchArgument)
    assert {argument.name for argument in arguments} == expected
    needed = {argument.name for argument in arguments if argument.default_value is None}
    assert needed <= {'cameras_file'}
    assert all(argument.description for argument in arguments)


def plain(substitutions) -> str:
    """Return the text of substitutions that need no context."""
    if isinstance(substitutions, str):
        return substitutions
    return perform_substitutions(LaunchContext(), substitutions)


def started(name: str, **given: str) -> tuple[Any, LaunchContext]:
    """Return what a launch file starts with these arguments."""
    description, context = description_of(name), LaunchContext()
    for argument in of_type(description, DeclareLaunchArgument):
        value = given.get(argument.name) or plain(argument.default_value)
        context.launch_configurations[argument.name] = value
    (start,) = of_type(description, OpaqueFunction)
    (action,) = start.execute(context)
    return action, context


def node_of(name: str, **given: str) -> tuple[LifecycleNode, list[str]]:
    """Return the node that a launch file starts, and its files of parameters."""
    node, context = started(name, **given)
    node._perform_substitutions(context)
    return node, [Path(path).read_text() for path, _ in node._Node__expanded_parameter_arguments]


def depth_node(params_file: Path, **given: str) -> tuple[LifecycleNode, list[str]]:
    """Return the node that depth starts with these arguments, and its files of parameters."""
    params_file.write_text('/**: {ros__parameters: {model: nano}}')
    return node_of('depth', params_file=str(params_file), **given)


@pytest.fixture(autouse=True)
def _installed(tmp_path, monkeypatch):
    """Make this tree the installed package."""
    prefix = tmp_path / 'prefix'
    index = prefix / 'share/ament_index/resource_index/packages'
    index.mkdir(parents=True)
    (index / 'depth_anything_ros').touch()
    (prefix / 'share/depth_anything_ros').symlink_to(ROOT)
    path = os.environ.get('AMENT_PREFIX_PATH', '')
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{prefix}{os.pathsep}{path}')


def test_depth_starts_the_lifecycle_node_of_this_package(tmp_path):
    node, _ = depth_node(tmp_path / 'depth.yaml')
    assert isinstance(node, LifecycleNode)
    assert (plain(node.node_package), plain(node.node_executable)) == (
        'depth_anything_ros',
        'depth_node',
    )


def test_depth_remaps_its_topics_to_those_of_the_camera(tmp_path):
    topics = {'image': '/a/image_rect', 'image_compressed': '/a/jpeg', 'camera_info': '/a/info'}
    node, _ = depth_node(tmp_path / 'depth.yaml', **topics)
    assert node.expanded_remapping_rules == [
        ('image', '/a/image_rect'),
        ('image/compressed', '/a/jpeg'),
        ('camera_info', '/a/info'),
    ]


def test_arguments_that_are_not_set_do_not_override_the_file(tmp_path):
    _, (file,) = depth_node(tmp_path / 'depth.yaml')
    assert 'model: nano' in file


def test_arguments_that_are_set_override_the_file(tmp_path):
    given = {'autostart': 'false', 'use_sim_time': 'true'}
    _, (file, overrides) = depth_node(tmp_path / 'depth.yaml', **given)
    assert 'model: nano' in file
    assert 'autostart: false' in overrides and 'use_sim_time: true' in overrides


def test_cameras_are_a_list_of_names(tmp_path):
    _, (_, overrides) = depth_node(tmp_path / 'depth.yaml', cameras='front, left')
    # Humble's launch_ros writes a list as a tuple, which safe_load does not read.
    (settings,) = yaml.safe_load(overrides.replace('!!python/tuple', '')).values()
    assert settings['ros__parameters']['cameras'] == ['front', 'left']


def test_demo_starts_the_camera_and_includes_depth():
    description = description_of('demo')
    (camera,) = of_type(description, Node)
    assert plain(camera.node_executable) == 'camera_node'
    (depth,) = of_type(description, IncludeLaunchDescription)
    passed = {plain(name) for name, _ in depth.launch_arguments}
    assert passed == {'params_file', 'namespace', 'log_level'} <= DEPTH


def test_defaults_that_need_no_installed_package_are_those_of_the_nodes():
    defaults = {
        argument.name: plain(argument.default_value)
        for argument in of_type(description_of('depth'), DeclareLaunchArgument)
        if argument.name != 'params_file'
    }
    assert defaults == {
        'namespace': '',
        'camera': '',
        'image': '',
        'image_compressed': '',
        'camera_info': '',
        'cameras': '',
        'use_sim_time': '',
        'log_level': 'info',
        'autostart': '',
    }


def test_a_driver_gives_topics_and_parameters_and_arguments_go_before(tmp_path):
    node, (file, driver) = depth_node(
        tmp_path / 'depth.yaml', camera='realsense', camera_info='/mine/camera_info'
    )
    assert node.expanded_remapping_rules == [
        ('image', '/camera/camera/color/image_raw'),
        ('image/compressed', '/camera/camera/color/image_raw/compressed'),
        ('camera_info', '/mine/camera_info'),
    ]
    assert 'model: nano' in file and 'rectified: false' in driver


def test_an_unknown_driver_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(ValueError, match='oak, realsense, usb_cam, v4l2_camera, zed'):
        depth_node(tmp_path / 'depth.yaml', camera='webcam')


def test_many_cameras_are_one_node_with_topics_and_parameters_for_each():
    node, (file,) = node_of('multi_camera', cameras_file=str(ROOT / 'config/cameras_example.yaml'))
    assert ('front/image', '/front/camera/color/image_raw') in node.expanded_remapping_rules
    assert ('rear/image/compressed', '/rear/image_rect/compressed') in node.expanded_remapping_rules
    (content,) = yaml.safe_load(file.replace('!!python/tuple', '')).values()
    values = content['ros__parameters']
    assert list(values['cameras']) == ['front', 'left', 'rear']
    assert values['model'] == 'small'
    assert values['front.max_range'] == 6.0 and values['rear.compressed'] is True


def test_offboard_includes_depth_with_what_it_declares():
    (depth,) = of_type(description_of('offboard'), IncludeLaunchDescription)
    passed = {plain(name) for name, _ in depth.launch_arguments}
    assert passed == OFFBOARD <= DEPTH


def test_record_has_topics_below_the_namespace_and_absolute_ones_as_they_are():
    process, context = started('record', namespace='/robot/', topics='image /tf', output='bag')
    command = [perform_substitutions(context, part) for part in process.cmd]
    assert command[:5] == ['ros2', 'bag', 'record', '--storage', 'mcap']
    assert command[-2:] == ['/robot/image', '/tf']
    process, context = started('record')
    command = [perform_substitutions(context, part) for part in process.cmd]
    assert '/depth/image_rect' in command

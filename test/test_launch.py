# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of launch/: both files describe their nodes and say what can be set."""

from __future__ import annotations

import importlib.util
from pathlib import Path

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
    'params_file', 'namespace', 'image', 'image_compressed', 'camera_info', 'cameras',
    'use_sim_time', 'log_level', 'autostart',
}  # fmt: skip
DEMO = {'source', 'rate', 'width', 'params_file', 'namespace', 'log_level'}


def description_of(name: str) -> LaunchDescription:
    spec = importlib.util.spec_from_file_location('file', ROOT / 'launch' / f'{name}.launch.py')
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.generate_launch_description()


def of_type(description: LaunchDescription, kind: type) -> list:
    return [entity for entity in description.entities if isinstance(entity, kind)]


@pytest.mark.parametrize(('name', 'expected'), [('depth', DEPTH), ('demo', DEMO)])
def test_the_arguments_are_declared_each_with_default_and_description(name, expected):
    arguments = of_type(description_of(name), DeclareLaunchArgument)
    assert {argument.name for argument in arguments} == expected
    assert all(argument.default_value is not None for argument in arguments)
    assert all(argument.description for argument in arguments)


def plain(substitutions) -> str:
    """Return the text of substitutions that need no context."""
    if isinstance(substitutions, str):
        return substitutions
    return perform_substitutions(LaunchContext(), substitutions)


def depth_node(params_file: Path, **given: str) -> tuple[LifecycleNode, list[str]]:
    """Return the node that depth starts with these arguments, and its files of parameters."""
    params_file.write_text('/**: {ros__parameters: {model: nano}}')
    given['params_file'] = str(params_file)
    description, context = description_of('depth'), LaunchContext()
    for argument in of_type(description, DeclareLaunchArgument):
        value = given.get(argument.name) or plain(argument.default_value)
        context.launch_configurations[argument.name] = value
    (start,) = of_type(description, OpaqueFunction)
    (node,) = start.execute(context)
    node._perform_substitutions(context)
    return node, [Path(path).read_text() for path, _ in node._Node__expanded_parameter_arguments]


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
    (settings,) = yaml.safe_load(overrides).values()
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
        'image': 'image',
        'image_compressed': 'image/compressed',
        'camera_info': 'camera_info',
        'cameras': '',
        'use_sim_time': '',
        'log_level': 'info',
        'autostart': '',
    }

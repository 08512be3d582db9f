# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start one depth_node for all cameras of a list: one network, topics and parameters for each."""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode

from depth_anything_ros.ros.camera_presets import node_parameters, read_cameras

PACKAGE = 'depth_anything_ros'
ARGUMENTS = (
    ('cameras_file', None, 'YAML file with the cameras, as config/cameras_example.yaml has them'),
    ('namespace', '', 'Namespace of the node and its topics'),
    ('log_level', 'info', 'debug, info, warn, error or fatal'),
)


def start(context: LaunchContext) -> list[LifecycleNode]:
    value = {name: LaunchConfiguration(name).perform(context) for name, _, _ in ARGUMENTS}
    presets = Path(get_package_share_directory(PACKAGE)) / 'config' / 'cameras'
    cameras, shared = read_cameras(Path(value['cameras_file']).expanduser(), presets)
    node = LifecycleNode(
        package=PACKAGE,
        executable='depth_node',
        name='depth_node',
        namespace=value['namespace'],
        output='screen',
        parameters=[node_parameters(cameras, shared)],
        remappings=[
            pair for name, camera in cameras.items() for pair in camera.remappings(f'{name}/')
        ],
        arguments=['--ros-args', '--log-level', value['log_level']],
    )
    return [node]


def generate_launch_description() -> LaunchDescription:
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])

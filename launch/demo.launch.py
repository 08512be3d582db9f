# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start camera_node and depth_node together: depth without a camera driver."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

SHARE = FindPackageShare('depth_anything_ros')
ARGUMENTS = (
    ('source', 'procedural', 'procedural, a folder of pictures, a video file, or /dev/video0'),
    ('rate', '10.0', "Frames per second of the camera; 0 is the source's own"),
    ('width', '320', "Width of the camera image in pixels; 0 is the source's own"),
    (
        'params_file',
        PathJoinSubstitution([SHARE, 'config', 'depth.yaml']),
        'YAML file with the parameters of depth_node',
    ),
    ('namespace', '', 'Namespace of both nodes and their topics'),
    ('log_level', 'info', 'debug, info, warn, error or fatal'),
)


def generate_launch_description() -> LaunchDescription:
    value = {name: LaunchConfiguration(name) for name, _, _ in ARGUMENTS}
    camera = Node(
        package='depth_anything_ros',
        executable='camera_node',
        name='camera_node',
        namespace=value['namespace'],
        output='screen',
        parameters=[
            {
                'source': ParameterValue(value['source'], value_type=str),
                'rate': ParameterValue(value['rate'], value_type=float),
                'width': ParameterValue(value['width'], value_type=int),
            }
        ],
        arguments=['--ros-args', '--log-level', value['log_level']],
    )
    depth = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(PathJoinSubstitution([SHARE, 'launch', 'depth.launch.py'])),
        launch_arguments={
            name: value[name] for name in ('params_file', 'namespace', 'log_level')
        }.items(),
    )
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*declared, camera, depth])

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start depth_node on a camera's topics."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

PARAMS = PathJoinSubstitution([FindPackageShare('depth_anything_ros'), 'config', 'depth.yaml'])
ARGUMENTS = (
    ('params_file', PARAMS, 'YAML file with the parameters of depth_node'),
    ('namespace', '', 'Namespace of the node and its topics'),
    ('image', 'image', 'Image topic of the camera (sensor_msgs/Image)'),
    ('image_compressed', 'image/compressed', 'The same as sensor_msgs/CompressedImage'),
    ('camera_info', 'camera_info', 'Camera info topic of the camera'),
    ('use_sim_time', 'false', 'Take the time from /clock, for simulators and bags'),
    ('log_level', 'info', 'debug, info, warn, error or fatal'),
    ('autostart', 'true', 'Configure and activate at once; false under a lifecycle manager'),
)


def generate_launch_description() -> LaunchDescription:
    value = {name: LaunchConfiguration(name) for name, _, _ in ARGUMENTS}
    node = LifecycleNode(
        package='depth_anything_ros',
        executable='depth_node',
        name='depth_node',
        namespace=value['namespace'],
        output='screen',
        parameters=[
            value['params_file'],
            {
                'use_sim_time': ParameterValue(value['use_sim_time'], value_type=bool),
                'autostart': ParameterValue(value['autostart'], value_type=bool),
            },
        ],
        remappings=[
            ('image', value['image']),
            ('image/compressed', value['image_compressed']),
            ('camera_info', value['camera_info']),
        ],
        arguments=['--ros-args', '--log-level', value['log_level']],
    )
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*declared, node])

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start depth_node on a camera's topics."""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

PARAMS = PathJoinSubstitution([FindPackageShare('depth_anything_ros'), 'config', 'depth.yaml'])
ARGUMENTS = (
    ('params_file', PARAMS, 'YAML file with the parameters of depth_node'),
    ('namespace', '', 'Namespace of the node and its topics'),
    (
        'image',
        'image',
        'Image topic of the camera (sensor_msgs/Image). Depth has the geometry of this image: '
        'where the lens distorts, give a rectified one (image_rect)',
    ),
    ('image_compressed', 'image/compressed', 'The same as sensor_msgs/CompressedImage'),
    ('camera_info', 'camera_info', 'Camera info topic of the camera'),
    (
        'cameras',
        '',
        'Names of several cameras, as front,left: their topics are front/image, front/depth/... '
        'and so on; unset: as params_file says. The three topics above are for a single camera',
    ),
    (
        'use_sim_time',
        '',
        'true: take the time from /clock, for simulators and bags; unset: as params_file says',
    ),
    ('log_level', 'info', 'debug, info, warn, error or fatal'),
    (
        'autostart',
        '',
        'false: wait for a lifecycle manager; unset: as params_file says, or else start at once',
    ),
)

OVERRIDES = ('use_sim_time', 'autostart')
"""Arguments that, where they are set, override the file; unset they must not."""


def start(context: LaunchContext) -> list[LifecycleNode]:
    value = {name: LaunchConfiguration(name) for name, _, _ in ARGUMENTS}
    overrides = {
        name: ParameterValue(value[name], value_type=bool)
        for name in OVERRIDES
        if value[name].perform(context)
    }
    cameras = value['cameras'].perform(context)
    if cameras:
        overrides['cameras'] = [name.strip() for name in cameras.split(',')]
    node = LifecycleNode(
        package='depth_anything_ros',
        executable='depth_node',
        name='depth_node',
        namespace=value['namespace'],
        output='screen',
        parameters=[value['params_file'], *([overrides] if overrides else [])],
        remappings=[
            ('image', value['image']),
            ('image/compressed', value['image_compressed']),
            ('camera_info', value['camera_info']),
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

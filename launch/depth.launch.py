# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start depth_node on a camera's topics."""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from depth_anything_ros.ros.camera_presets import TOPICS, Camera, flat, read_preset

PACKAGE = 'depth_anything_ros'
PARAMS = PathJoinSubstitution([FindPackageShare(PACKAGE), 'config', 'depth.yaml'])
ARGUMENTS = (
    ('params_file', PARAMS, 'YAML file with the parameters of depth_node'),
    ('namespace', '', 'Namespace of the node and its topics'),
    (
        'camera',
        '',
        'A driver whose topics are taken: usb_cam, v4l2_camera, realsense, zed or oak, or a YAML '
        'file as those of config/cameras. The three topics below go before',
    ),
    (
        'image',
        '',
        'Image topic of the camera (sensor_msgs/Image). Depth has the geometry of this image: '
        'where the lens distorts, give a rectified one (image_rect), or set rectified: false. '
        'Unset: that of camera, or image',
    ),
    ('image_compressed', '', 'The same as sensor_msgs/CompressedImage, for compressed: true'),
    ('camera_info', '', 'Camera info topic of the camera; unset: that of camera, or camera_info'),
    (
        'cameras',
        '',
        'Names of several cameras, as front,left: their topics are front/image, front/depth/... '
        'and so on; unset: as params_file says. The topics above are for a single camera',
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
    value = {name: LaunchConfiguration(name).perform(context) for name, _, _ in ARGUMENTS}
    overrides = {
        name: ParameterValue(LaunchConfiguration(name), value_type=bool)
        for name in OVERRIDES
        if value[name]
    }
    camera = Camera()
    if value['camera']:
        presets = Path(get_package_share_directory(PACKAGE)) / 'config' / 'cameras'
        camera = read_preset(value['camera'], presets)
    given = {key: value[key] for key in TOPICS if value[key]}
    camera = Camera({**camera.topics, **given}, camera.parameters)
    if value['cameras']:
        overrides['cameras'] = [name.strip() for name in value['cameras'].split(',')]
    # What the driver is like goes before what the file says: both ask for the same camera.
    parameters = [value['params_file'], *(p for p in (flat(camera.parameters), overrides) if p)]
    node = LifecycleNode(
        package=PACKAGE,
        executable='depth_node',
        name='depth_node',
        namespace=value['namespace'],
        output='screen',
        parameters=parameters,
        remappings=camera.remappings(),
        arguments=['--ros-args', '--log-level', value['log_level']],
    )
    return [node]


def generate_launch_description() -> LaunchDescription:
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Record a camera and its depth into an MCAP bag (ros2 bag, with rosbag2_storage_mcap)."""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, OpaqueFunction
from launch.substitutions import LaunchConfiguration

TOPICS = (
    'image camera_info depth/image_rect depth/disparity_relative depth/camera_info depth/scale scan'
)
ARGUMENTS = (
    ('output', 'depth_bag', 'Folder of the bag; must not be there yet'),
    ('topics', TOPICS, 'Topics, with spaces between them; relative ones are below namespace'),
    ('namespace', '', 'Namespace of the topics'),
    (
        'profile',
        'zstd_fast',
        'Preset of the MCAP storage: zstd_fast, zstd_small, or fastwrite, which compresses nothing',
    ),
    (
        'max_cache_size',
        '268435456',
        'Bytes that wait for the disk at most: 256 MiB are half a minute of 640x480 image and '
        'depth at 5 Hz, 2 s of 1080p at 10 Hz. What does not fit is lost',
    ),
    ('max_bag_size', '0', 'Bytes after which a new file begins; 0 for one file'),
)


def start(context: LaunchContext) -> list[ExecuteProcess]:
    value = {name: LaunchConfiguration(name).perform(context) for name, _, _ in ARGUMENTS}
    prefix = f'/{value["namespace"].strip("/")}/'.replace('//', '/')
    topics = [
        topic if topic.startswith('/') else prefix + topic for topic in value['topics'].split()
    ]
    command = [
        'ros2', 'bag', 'record', '--storage', 'mcap',
        '--output', value['output'],
        '--storage-preset-profile', value['profile'],
        '--max-cache-size', value['max_cache_size'],
        '--max-bag-size', value['max_bag_size'],
        *topics,
    ]  # fmt: skip
    return [ExecuteProcess(cmd=command, output='screen')]


def generate_launch_description() -> LaunchDescription:
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start depth_node on a machine with a GPU for a camera that is on a robot.

The robot publishes what it does anyway; its image_transport compresses while somebody listens. Both
machines share ROS_DOMAIN_ID, see each other (ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET), and have
synchronised clocks.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

SHARE = FindPackageShare('depth_anything_ros')
ARGUMENTS = (
    (
        'params_file',
        PathJoinSubstitution([SHARE, 'config', 'offboard.yaml']),
        'YAML file with the parameters of depth_node',
    ),
    ('namespace', '', 'Namespace of the robot: topics of camera and depth are below it'),
    (
        'image_compressed',
        'camera/image_raw/compressed',
        'What the robot sends (sensor_msgs/CompressedImage, jpeg or png)',
    ),
    ('camera_info', 'camera/camera_info', 'Camera info topic of the camera'),
    ('log_level', 'info', 'debug, info, warn, error or fatal'),
)


def generate_launch_description() -> LaunchDescription:
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, default, text in ARGUMENTS
    ]
    depth = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(PathJoinSubstitution([SHARE, 'launch', 'depth.launch.py'])),
        launch_arguments={name: LaunchConfiguration(name) for name, _, _ in ARGUMENTS}.items(),
    )
    return LaunchDescription([*declared, depth])

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Build depth_anything_ros: an ament_python package under colcon, a plain one under pip."""

from __future__ import annotations

import os
from glob import glob

from setuptools import find_packages, setup

PACKAGE = 'depth_anything_ros'
SHARE = f'share/{PACKAGE}'

# rclpy and the messages are in no list but [ros]: inside ROS they come with the distribution,
# through package.xml. The console scripts that colcon writes look their function up with
# importlib.metadata, which does not check these requirements, so the apt packages of OpenCV and
# NumPy, which pip may not know, serve a ROS workspace as well.
REQUIRES = [
    'numpy>=1.21',
    # Humble's OpenCV is 4.5.4; connectedComponentsWithStats of the 4.5.5 wheels crashes.
    'opencv-python-headless>=4.5.4,!=4.5.5.*',
    'torch>=2.4',
    'pyyaml>=5.4',
    'safetensors>=0.4',
    'huggingface_hub>=0.34',
]
ROS = [
    'ros-jazzy-rclpy[fastrtps]',
    'ros-jazzy-diagnostic-msgs',
    'ros-jazzy-geometry-msgs',
    'ros-jazzy-lifecycle-msgs',
    'ros-jazzy-sensor-msgs',
    'ros-jazzy-std-msgs',
    'ros-jazzy-std-srvs',
]
# Older PyAV mangles packets that are copied, and may crash on MPEG.
CLI = ['typer>=0.12', 'rich>=13', 'rosbags>=0.11', 'av>=17.1', 'pillow>=10']
# Training data: Hypersim, IRS and LSUN as they are published.
DATA = ['h5py>=3.8', 'openexr>=3.3', 'lmdb>=1.4']
# Pictures of telephones in, OpenEXR out.
FORMATS = ['pillow-heif>=0.16', 'openexr>=3.3']
# The first two make files, the last runs them.
ONNX = ['onnx>=1.16', 'onnxscript>=0.5', 'onnxruntime>=1.18']
OPENVINO = ['openvino>=2024.4']
# accelerate brings neither torchvision nor another torch.
TRAIN = ['accelerate>=1.2', 'tensorboard>=2.14']
# Ray 2.64 is to drop the argument that limits retries; pyarrow, which reads Parquet, comes with it.
DISTRIBUTED = ['ray[data]>=2.60,<2.64', 'pyarrow>=9']
# Segment Anything, for better key points.
ANNOTATE = ['transformers>=4.45']
# 0.39 is the last for Python 3.10.
VIEW = ['rerun-sdk>=0.27,<0.42']
# `colcon test` takes pytest as its runner when an extra of the name `test` asks for it.
TEST = ['pytest>=7', 'hypothesis>=6', 'transformers>=4.45']
DEV = [
    *TEST,
    *DATA,
    *TRAIN,
    *DISTRIBUTED,
    'ruff>=0.9',
    'mypy>=1.11',
    'types-PyYAML',
    'pre-commit>=3.5',
]


def shared_files() -> list[tuple[str, list[str]]]:
    """List each folder of config/ and deploy/ with its files, as data_files wants them."""
    folders = (
        (folder, [os.path.join(folder, name) for name in sorted(names)])
        for top in ('config', 'deploy')
        for folder, _, names in os.walk(top)
    )
    return [(f'{SHARE}/{folder}', files) for folder, files in folders if files]


setup(
    name=PACKAGE,
    version='0.1.0',
    description='Depth from any camera topic with Depth Anything V2, for ROS 2 and without it',
    author='The depth_anything_ros authors',
    maintainer='depth_anything_ros maintainers',
    maintainer_email='maintainers@example.org',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    package_data={
        PACKAGE: ['py.typed'],
        f'{PACKAGE}.annotation': ['page/*.html', 'page/*.css', 'page/*.js', 'page/*.svg'],
        f'{PACKAGE}.media': ['report/*.html', 'report/*.css', 'report/*.js'],
        f'{PACKAGE}.model': ['weights/*.safetensors', 'weights/*.json'],
    },
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (SHARE, ['package.xml']),
        (f'{SHARE}/launch', sorted(glob('launch/*.launch.py'))),
        *shared_files(),
    ],
    install_requires=REQUIRES,
    extras_require={
        'ros': ROS,
        'cli': CLI,
        'formats': FORMATS,
        'data': DATA,
        'onnx': ONNX,
        'openvino': OPENVINO,
        'view': VIEW,
        'annotate': ANNOTATE,
        'train': TRAIN,
        'distributed': DISTRIBUTED,
        'test': TEST,
        'dev': DEV,
    },
    entry_points={
        'console_scripts': [
            f'depth_node = {PACKAGE}.ros.depth_node:main',
            f'camera_node = {PACKAGE}.ros.camera_node:main',
            f'depth-anything = {PACKAGE}.cli.main:main',
        ],
    },
    zip_safe=False,
)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/camera_parameters.py."""

import pytest

pytest.importorskip('rclpy')

import rclpy  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402

from depth_anything_ros.ros.camera_parameters import (  # noqa: E402
    CAMERA_PARAMETERS,
    declare_camera_parameters,
)
from depth_anything_ros.ros.parameter_table import ParameterError  # noqa: E402


@pytest.fixture
def declare(ros_domain):
    """Declare the parameters on a new node with the given overrides."""
    nodes = []

    def make(**values):
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        nodes.append(rclpy.create_node('parameters', parameter_overrides=overrides))
        return nodes[-1], declare_camera_parameters(nodes[-1])

    yield make
    for node in nodes:
        node.destroy_node()


def test_defaults_and_descriptions(declare) -> None:
    node, settings = declare()
    assert settings.source == 'procedural' and settings.frame_id == 'camera_optical_frame'
    assert settings.rate == 0.0 and settings.loop
    for parameter in CAMERA_PARAMETERS:
        descriptor = node.describe_parameter(parameter.name)
        assert descriptor.read_only and len(descriptor.description) > 20
    ranges = node.describe_parameter('width').integer_range
    assert (ranges[0].from_value, ranges[0].to_value) == (0, 16384)


def test_whole_numbers_are_taken_for_a_rate_and_a_camera(declare) -> None:
    _, settings = declare(rate=10, source=0)
    assert settings.rate == 10.0 and isinstance(settings.rate, float)
    assert settings.source == '0'


@pytest.mark.parametrize(
    ('name', 'value', 'message'),
    [
        ('rate', -1, 'rate must be between 0 and 1000, got -1'),
        ('rate', -1.0, 'rate'),
        ('rate', float('nan'), 'rate'),
        ('rate', True, 'rate must be a number'),
        ('width', 1.5, 'width must be a whole number'),
        ('width', True, 'width must be a whole number'),
        ('height', -3, 'height'),
        ('loop', 1, 'loop must be true or false'),
        ('seed', -1, 'seed'),
        ('prerender', 0, 'prerender'),
        ('source', 1.5, 'source must be text'),
        ('source', True, 'source must be text'),
        ('encoding', 'png', 'encoding must be one of rgb8, bgr8, mono8, jpeg'),
    ],
)
def test_impossible_values_are_refused_by_name(declare, name, value, message) -> None:
    with pytest.raises(ParameterError, match=f'parameter {message}'):
        declare(**{name: value})


def test_the_parameters_cannot_change_later(declare) -> None:
    node, _ = declare()
    (result,) = node.set_parameters([Parameter('rate', value=5.0)])
    assert not result.successful

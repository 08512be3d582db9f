# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/node_settings.py: what holds for which camera."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy')

import rclpy
from rclpy.parameter import Parameter

from depth_anything_ros.ros.node_settings import (
    UNNAMED,
    NodeSettings,
    declare_depth_parameters,
    rows_of,
)
from depth_anything_ros.ros.parameter_table import ParameterError
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS, DepthSettings

DEFAULTS = {row.name: row.default for row in DEPTH_PARAMETERS}


def settings(own=None, **shared):
    return NodeSettings(DepthSettings.of({**DEFAULTS, **shared}), own or {})


TWO = settings({'front.rate_limit': 5.0}, cameras=('front', 'left'), rate_limit=2.0)


def test_without_names_there_is_one_camera_with_the_shared_settings():
    alone = settings(rate_limit=3.0)
    assert alone.cameras == (UNNAMED,)
    assert alone.of(UNNAMED) == alone.shared
    assert rows_of(UNNAMED) == ()


def test_a_camera_has_its_own_value_or_else_the_shared_one():
    assert (TWO.of('front').rate_limit, TWO.of('left').rate_limit) == (5.0, 2.0)


def test_a_shared_change_reaches_the_cameras_without_a_value_of_their_own():
    changed = TWO.changed({'rate_limit': 7, 'color_map': 'gray'})
    assert (changed.of('front').rate_limit, changed.of('left').rate_limit) == (5.0, 7.0)
    assert changed.of('front').color_map == changed.of('left').color_map == 'gray'
    assert TWO.of('left').rate_limit == 2.0


def test_a_camera_can_get_a_value_of_its_own_later():
    changed = TWO.changed({'left.rate_limit': 9, 'use_sim_time': True})
    assert changed.of('left').rate_limit == 9.0
    assert changed.changed({'rate_limit': 1.0}).of('left').rate_limit == 9.0


@pytest.mark.parametrize(
    ('values', 'named'),
    [
        ({'front.rate_limit': -1.0}, 'parameter front.rate_limit '),
        ({'left.encoding': '8UC3'}, 'parameter left.encoding '),
        ({'left.input_size': 7}, 'camera left: parameter input_size '),
        ({'left.max_range': None}, 'parameter left.max_range '),
        ({'front.min_range': 3.0, 'max_range': 2.0}, 'camera front: parameter max_range '),
    ],
)
def test_values_that_a_camera_cannot_have_are_refused_by_its_name(values, named):
    with pytest.raises(ParameterError, match=named):
        TWO.changed(values)


def test_what_belongs_to_the_network_is_for_no_single_camera():
    network = {'model', 'weights', 'max_depth', 'device', 'precision', 'compiled'}
    names = {row.name for row in rows_of('front')}
    assert {'front.compressed', 'front.input_size', 'front.rate_limit', 'front.max_range'} <= names
    assert not {f'front.{name}' for name in network} & names
    live = {row.name for row in DEPTH_PARAMETERS if row.live} - network
    assert {row.name.removeprefix('front.') for row in rows_of('front') if row.live} == live


@pytest.mark.parametrize('name', ['', '2nd', 'front left', 'a/b', '/a', 'front-left', 'für', '~'])
def test_a_name_that_no_topic_can_have_is_refused(name):
    with pytest.raises(ParameterError, match='parameter cameras: .* cannot be part of a topic'):
        settings(cameras=('front', name))


def test_a_name_that_is_there_twice_is_refused():
    with pytest.raises(ParameterError, match="parameter cameras: 'left' is there more than once"):
        settings(cameras=('left', 'front', 'left'))


@pytest.fixture
def declared(ros_domain):
    nodes = []

    def declare(*arguments, **overrides):
        parameters = [Parameter(name, value=value) for name, value in overrides.items()]
        cli = ['--ros-args', *(part for a in arguments for part in ('-p', a))] if arguments else []
        nodes.append(rclpy.create_node('table', parameter_overrides=parameters, cli_args=cli))
        return nodes[-1], declare_depth_parameters(nodes[-1])

    yield declare
    for node in nodes:
        node.destroy_node()


def test_parameters_of_cameras_are_declared_and_unset(declared):
    node, found = declared(cameras=['front', 'left'], **{'left.max_range': 4})
    assert found.own == {'left.max_range': 4.0}
    assert node.get_parameter('left.max_range').value == 4
    assert node.get_parameter('front.max_range').value is None
    assert node.describe_parameter('front.compressed').read_only
    description = node.describe_parameter('front.rate_limit')
    assert description.floating_point_range[0].to_value == 1000.0
    assert 'unset it is as rate_limit' in description.description
    assert not node.has_parameter('front.model')


@pytest.mark.parametrize('arguments', [(), ('cameras:=[]',)])
def test_no_camera_and_an_empty_list_are_the_same(declared, arguments):
    node, found = declared(*arguments)
    assert found.cameras == (UNNAMED,)
    assert not node.has_parameter('front.rate_limit')


@pytest.mark.parametrize('value', ['front', [1, 2], True])
def test_cameras_that_are_no_list_of_texts_are_refused(declared, value):
    with pytest.raises(ParameterError, match='parameter cameras must be a list of texts'):
        declared(cameras=value)

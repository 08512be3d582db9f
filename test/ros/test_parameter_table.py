# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/parameter_table.py."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy')

import rclpy
from rclpy.parameter import Parameter as RosParameter

from depth_anything_ros.ros.parameter_table import (
    Parameter,
    ParameterError,
    check_all,
    declare,
)

COUNT = Parameter('count', 3, 'how many', limits=(0, 10), live=True)
RATE = Parameter('rate', 1.5, 'how fast', limits=(0.0, 100.0), live=True)
SHAPE = Parameter('shape', 'round', 'which form', choices=('round', 'square'))
FLAG = Parameter('flag', True, 'whether', live=True)
NAME = Parameter('name', '', 'what')
TABLE = (COUNT, RATE, SHAPE, FLAG, NAME)


@pytest.mark.parametrize(
    ('parameter', 'value', 'expected'),
    [
        (COUNT, 0, 0),
        (COUNT, 10, 10),
        (RATE, 10, 10.0),
        (RATE, 0.0, 0.0),
        (SHAPE, 'square', 'square'),
        (FLAG, False, False),
        (NAME, 0, '0'),
    ],
)
def test_good_values_come_back_in_the_type_of_the_default(parameter, value, expected):
    result = parameter.check(value)
    assert result == expected and type(result) is type(parameter.default)


@pytest.mark.parametrize(
    ('parameter', 'value'),
    [
        (COUNT, -1),
        (COUNT, 11),
        (COUNT, 2.5),
        (COUNT, True),
        (COUNT, '3'),
        (COUNT, None),
        (RATE, -0.1),
        (RATE, float('nan')),
        (RATE, float('inf')),
        (RATE, True),
        (RATE, 'fast'),
        (SHAPE, 'oval'),
        (SHAPE, ''),
        (FLAG, 1),
        (FLAG, 'true'),
        (NAME, 1.5),
        (NAME, False),
        (NAME, ['a']),
    ],
)
def test_bad_values_are_refused_with_name_and_value(parameter, value):
    with pytest.raises(ParameterError) as caught:
        parameter.check(value)
    assert f'parameter {parameter.name} ' in str(caught.value)
    assert repr(value) in str(caught.value)


def test_refusals_say_what_is_allowed():
    with pytest.raises(ParameterError, match='between 0 and 10'):
        COUNT.check(11)
    with pytest.raises(ParameterError, match='round, square'):
        SHAPE.check('oval')


def test_descriptors_carry_limits_choices_and_read_only():
    count, rate, shape = COUNT.descriptor(), RATE.descriptor(), SHAPE.descriptor()
    assert (count.integer_range[0].from_value, count.integer_range[0].to_value) == (0, 10)
    assert not count.floating_point_range
    assert rate.floating_point_range[0].to_value == 100.0 and not rate.integer_range
    assert 'round, square' in shape.additional_constraints
    assert (count.read_only, shape.read_only) == (False, True)
    assert shape.description == 'which form'


def test_check_all_ignores_what_is_not_in_the_table():
    assert check_all(TABLE, {'rate': 2, 'use_sim_time': True}) == {'rate': 2.0}
    with pytest.raises(ParameterError, match='flag'):
        check_all(TABLE, {'rate': 2, 'flag': 'no'})


@pytest.fixture
def make_node(ros_domain):
    nodes = []

    def make(**overrides):
        parameters = [RosParameter(name, value=value) for name, value in overrides.items()]
        nodes.append(rclpy.create_node('table', parameter_overrides=parameters))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()


def test_declared_values_are_the_defaults_or_what_was_given(make_node):
    defaults = {row.name: row.default for row in TABLE}
    assert declare(make_node(), TABLE) == defaults
    assert declare(make_node(rate=7, shape='square'), TABLE) == {
        **defaults,
        'rate': 7.0,
        'shape': 'square',
    }


def test_only_live_parameters_can_change_after_the_start(make_node):
    node = make_node()
    declare(node, TABLE)
    for row, value in ((COUNT, 4), (RATE, 2.0), (FLAG, False)):
        assert node.set_parameters([RosParameter(row.name, value=value)])[0].successful
    for row, value in ((SHAPE, 'square'), (NAME, 'x')):
        assert not node.set_parameters([RosParameter(row.name, value=value)])[0].successful


@pytest.mark.parametrize(
    ('name', 'value'), [('count', 11), ('rate', -1.0), ('shape', 'oval'), ('flag', 'yes')]
)
def test_a_bad_value_at_start_names_its_parameter(make_node, name, value):
    with pytest.raises(ParameterError, match=f'parameter {name}'):
        declare(make_node(**{name: value}), TABLE)

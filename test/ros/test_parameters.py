# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/parameters.py."""

from __future__ import annotations

from dataclasses import fields

import pytest

pytest.importorskip('rclpy')

from depth_anything_ros.ros.parameter_table import ParameterError
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS, GROUPS, DepthSettings

DEFAULTS = {row.name: row.default for row in DEPTH_PARAMETERS}


def names_and_types(kind: type) -> list[tuple[str, str]]:
    return [(field.name, field.type.partition('[')[0]) for field in fields(kind)]


def test_every_row_is_a_field_of_the_same_type_and_the_other_way_round():
    rows = [(row.name, type(row.default).__name__) for row in DEPTH_PARAMETERS]
    plain = [(name, kind) for name, kind in rows if '.' not in name]
    assert plain == [pair for pair in names_and_types(DepthSettings) if pair[0] not in GROUPS]
    for group, settings in GROUPS.items():
        own = {(n.removeprefix(f'{group}.'), k) for n, k in rows if n.startswith(f'{group}.')}
        assert own == set(names_and_types(settings))
    assert {name.partition('.')[0] for name, _ in rows if '.' in name} == set(GROUPS)


def test_every_default_is_allowed_and_every_row_described():
    settings = DepthSettings.of(DEFAULTS)
    assert settings.changed(DEFAULTS) == settings
    assert all(row.description for row in DEPTH_PARAMETERS)


def test_what_makes_the_topics_is_read_only():
    fixed = {row.name for row in DEPTH_PARAMETERS if not row.live}
    assert fixed == {
        'autostart', 'cameras', 'save_folder', 'compressed', 'rectified', 'pose.source',
        'pose.base_frame', 'scale.source', 'scale.extrinsics',
    }  # fmt: skip


def test_changed_returns_new_settings_and_keeps_the_old():
    settings = DepthSettings.of(DEFAULTS)
    changed = settings.changed({'rate_limit': 5, 'use_sim_time': True})
    assert (changed.rate_limit, settings.rate_limit) == (5.0, 0.0)


@pytest.mark.parametrize(
    ('values', 'named'),
    [
        ({'input_size': 13}, 'input_size'),
        ({'min_range': 2.0, 'max_range': 1.0}, 'max_range'),
        ({'min_range': 2.0, 'max_range': 2.0}, 'max_range'),
        ({'input_size': 2058}, 'input_size'),
        ({'max_depth': -1.0}, 'max_depth'),
        ({'encoding': '64FC1'}, 'encoding'),
        ({'color_map': 'plaid'}, 'color_map'),
        ({'max_age': -1.0}, 'max_age'),
        ({'scan.max_height': 0.05}, 'scan.max_height'),
        ({'obstacles.voxel': 5e-324}, 'obstacles.voxel'),
        ({'obstacles.voxel': 0.0009}, 'obstacles.voxel'),
        ({'rate_limit': 2**63}, 'rate_limit'),
        ({'rate_limit': 10**400}, 'rate_limit'),
        ({'obstacles.min_range': 8.0}, 'obstacles.max_range'),
        ({'points.rows': 0}, 'points.rows'),
        ({'pose.pitch': 30}, 'pose.pitch'),
        ({'scale.source': 'magic'}, 'scale.source'),
        ({'camera_info_max_age': float('nan')}, 'camera_info_max_age'),
    ],
)
def test_combinations_and_values_that_cannot_be_are_refused_by_name(values, named):
    with pytest.raises(ParameterError, match=f'parameter {named}'):
        DepthSettings.of(DEFAULTS).changed(values)


@pytest.mark.parametrize(
    'values',
    [
        {'input_size': 0},
        {'input_size': 14},
        {'input_size': 2044},
        {'min_range': 2.0},
        {'min_range': 1, 'max_range': 2},
    ],
)
def test_combinations_that_can_be_are_taken(values):
    settings = DepthSettings.of(DEFAULTS).changed(values)
    assert all(getattr(settings, name) == value for name, value in values.items())


def test_a_group_changes_as_a_whole_and_keeps_the_rest():
    settings = DepthSettings.of(DEFAULTS)
    changed = settings.changed({'scan.min_height': 2.0, 'scan.max_height': 3.0, 'points.rows': 4})
    assert (changed.scan.min_height, changed.scan.max_height) == (2.0, 3.0)
    assert (changed.points.rows, changed.points.columns) == (4, 2)
    assert changed.scan.range_max == settings.scan.range_max == DEFAULTS['scan.range_max']


def test_the_rate_limit_is_an_interval():
    settings = DepthSettings.of(DEFAULTS)
    assert settings.interval == 0.0
    assert settings.changed({'rate_limit': 4.0}).interval == 0.25

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of any name, type and value, at the start and live."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from fuzzing import Target, odd_floats, refused
from hypothesis import strategies as st

from depth_anything_ros.geometry.transform import Transform, TransformError
from depth_anything_ros.ros.camera_parameters import CAMERA_PARAMETERS, declare_camera_parameters
from depth_anything_ros.ros.extrinsics import extrinsics_from
from depth_anything_ros.ros.node_settings import NodeSettings, declare_depth_parameters
from depth_anything_ros.ros.parameter_table import Parameter, ParameterError
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS

ROWS = (*DEPTH_PARAMETERS, *CAMERA_PARAMETERS)
TEXTS = st.one_of(
    st.sampled_from(
        ('', 'nano', '/etc/passwd', '../../x', 'true', '1e400', '~x', 'a\0b', 'x' * 5000)
    ),
    st.text(max_size=20),
)
# The types of rcl_interfaces/ParameterValue, as rclpy hands them over.
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-3, 3000),
    odd_floats(0.0, 1.0, 0.5),
    st.floats(-10, 10),
    TEXTS,
    st.lists(TEXTS, max_size=3),
    st.lists(st.integers(-5, 5), max_size=3),
    st.lists(st.floats(), max_size=3),
    st.lists(st.booleans(), max_size=3),
    st.lists(st.binary(min_size=1, max_size=1), max_size=3),
)


def _wanted(row: Parameter) -> st.SearchStrategy[Any]:
    """Return values that a row may well take."""
    if row.choices:
        return st.sampled_from(row.choices)
    if isinstance(row.default, bool):
        return st.booleans()
    if row.limits is not None:
        low, high = row.limits
        ends = st.sampled_from((low, high, math.nextafter(high, math.inf), (low + high) / 2))
        return st.builds(int, ends) if isinstance(row.default, int) else ends
    if isinstance(row.default, tuple):
        return st.lists(st.sampled_from(('front', 'rear', 'a/b', '1a')), max_size=3)
    return TEXTS


def _is_sound(row: Parameter, value: Any) -> bool:
    """Tell whether a value keeps to its row, read plainly."""
    if type(value) is not type(row.default):
        return False
    if row.choices and value not in row.choices:
        return False
    return row.limits is None or row.limits[0] <= value <= row.limits[1]


def _check_row(case: tuple[Parameter, Any]) -> bool:
    row, value = case
    told, bad = refused(lambda: row.check(value), ParameterError)
    if bad:
        assert not _is_sound(row, value), 'refused a sound value'
        return False
    assert _is_sound(row, told)
    assert told == value or str(value) == told or tuple(value) == told
    return True


class _Declared:
    def __init__(self, value: Any) -> None:
        self.value = value


class _Node:
    """Declares parameters from a file's values."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given

    def declare_parameter(self, name: str, default: Any, _: Any) -> _Declared:
        return _Declared(self.given.get(name, default))


@st.composite
def _files(draw: st.DrawFn, table: tuple[Parameter, ...], cameras: bool) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if cameras and draw(st.booleans()):
        given['cameras'] = draw(
            st.sampled_from((['front'], ['front', 'rear'], ['', 'x'], ['a', 'a']))
        )
    for _ in range(draw(st.integers(0, 3))):
        row = draw(st.sampled_from(table))
        name = draw(st.sampled_from((row.name, f'front.{row.name}', 'other')))
        given[name] = draw(VALUES) if draw(st.integers(0, 3)) == 0 else draw(_wanted(row))
    return given


def _check_file(given: dict[str, Any]) -> bool:
    settings, bad = refused(lambda: declare_depth_parameters(_Node(given)), ParameterError)
    if bad:
        return False
    _check_settings(settings)
    return True


def _check_settings(settings: NodeSettings) -> None:
    for camera in settings.cameras:
        held = settings.of(camera)
        for row in DEPTH_PARAMETERS:
            group, _, name = row.name.rpartition('.')
            assert _is_sound(row, getattr(getattr(held, group) if group else held, name)), row.name
        assert held.interval >= 0 and math.isfinite(held.interval)
        assert not 0 < held.max_range <= held.min_range


def _check_camera_file(given: dict[str, Any]) -> bool:
    settings, bad = refused(lambda: declare_camera_parameters(_Node(given)), ParameterError)
    return not bad and all(_is_sound(row, getattr(settings, row.name)) for row in CAMERA_PARAMETERS)


START = declare_depth_parameters(_Node({'cameras': ['front', 'rear'], 'front.rate_limit': 5.0}))


def _check_change(changes: dict[str, Any]) -> bool:
    before = replace(START)
    told, bad = refused(lambda: START.changed(changes), ParameterError)
    assert before == START, 'a set changed the settings that held'
    if bad:
        return False
    _check_settings(told)
    rows = {row.name: row for row in DEPTH_PARAMETERS}
    for name in rows.keys() - changes.keys():
        group, _, rest = name.rpartition('.')
        new, old = (
            getattr(getattr(settings.shared, group) if group else settings.shared, rest)
            for settings in (told, START)
        )
        assert new == old, f'{name} was not asked to change'
    return True


NUMBER = st.one_of(st.sampled_from(('0', '1.5', '-0.3', 'nan', 'inf', '1e999', 'x', '')), st.text())
EXTRINSICS = st.one_of(
    st.builds(' '.join, st.lists(NUMBER, min_size=5, max_size=7)),
    st.builds(' '.join, st.lists(st.floats(-9, 9).map(repr), min_size=6, max_size=6)),
    st.text(max_size=30),
)


def _check_extrinsics(text: str) -> bool:
    where, bad = refused(lambda: extrinsics_from(text), TransformError)
    if bad or where is None:
        assert bad or not text.strip()
        return False
    assert isinstance(where, Transform)
    return True


TARGETS = [
    Target(
        'parameter values',
        st.sampled_from(ROWS).flatmap(lambda row: st.tuples(st.just(row), VALUES | _wanted(row))),
        _check_row,
        8,
    ),
    Target('parameter files, depth_node', _files(DEPTH_PARAMETERS, True), _check_file, 6),
    Target('parameter files, camera_node', _files(CAMERA_PARAMETERS, False), _check_camera_file, 3),
    Target('parameters, set live', _files(DEPTH_PARAMETERS, False), _check_change, 6),
    Target('scale.extrinsics', EXTRINSICS, _check_extrinsics, 2),
]

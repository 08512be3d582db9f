# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/environment_checks.py, which works without ROS."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from depth_anything_ros.check import Verdict
from depth_anything_ros.ros.environment_checks import (
    check_cv_bridge,
    check_discovery,
    check_rclpy,
    run_round_trip,
)

UTILITIES = SimpleNamespace(get_rmw_implementation_identifier=lambda: 'rmw_fastrtps_cpp')


def absent(name):
    raise ModuleNotFoundError(f'No module named {name!r}', name=name)


def ros(name):
    found = {'rclpy': SimpleNamespace(__file__='/ros/lib/rclpy/__init__.py')}
    return {**found, 'rclpy.utilities': UTILITIES}.get(name, object())


def test_no_ros_is_absent_and_a_sourced_one_that_python_cannot_find_fails():
    (result,) = check_rclpy(absent, {})
    assert result.verdict is Verdict.ABSENT
    (result,) = check_rclpy(absent, {'ROS_DISTRO': 'humble'})
    assert result.verdict is Verdict.FAIL and 'humble' in result.found


def test_an_rclpy_for_another_python_fails():
    def importer(name):
        raise ImportError("No module named 'rclpy._rclpy_pybind11'", name='rclpy._rclpy_pybind11')

    (result,) = check_rclpy(importer, {'ROS_DISTRO': 'humble'})
    assert result.verdict is Verdict.FAIL and '_rclpy_pybind11' in result.found


@pytest.mark.parametrize(
    ('environment', 'verdict'),
    [
        ({}, Verdict.OK),
        ({'ROS_DISTRO': 'jazzy', 'AMENT_PREFIX_PATH': '/ws:/ros'}, Verdict.OK),
        ({'ROS_DISTRO': 'jazzy', 'AMENT_PREFIX_PATH': '/opt/ros/jazzy'}, Verdict.WARN),
    ],
)
def test_one_ros_or_two_mixed(environment, verdict):
    assert next(check_rclpy(ros, environment)).verdict is verdict


def test_the_middleware_that_is_loaded():
    rmw = list(check_rclpy(ros, {}))[1]
    assert (rmw.verdict, rmw.found) == (Verdict.OK, 'rmw_fastrtps_cpp')
    rmw = list(check_rclpy(ros, {'RMW_IMPLEMENTATION': 'rmw_cyclonedds_cpp'}))[1]
    assert rmw.verdict is Verdict.WARN and 'rmw_cyclonedds_cpp' in rmw.found


def test_messages_that_are_missing():
    result = list(check_rclpy(lambda n: absent(n) if n == 'std_srvs' else ros(n), {}))[-1]
    assert (result.verdict, result.found) == (Verdict.FAIL, 'no std_srvs')


@pytest.mark.parametrize(
    ('environment', 'verdicts'),
    [
        ({}, 'OK OK'),
        ({'ROS_DOMAIN_ID': '150'}, 'WARN OK'),
        ({'ROS_DOMAIN_ID': '233'}, 'FAIL OK'),
        ({'ROS_DOMAIN_ID': 'x'}, 'FAIL OK'),
        ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}, 'OK OK'),
        ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'OFF'}, 'OK WARN'),
        ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'local'}, 'OK FAIL'),
        ({'ROS_LOCALHOST_ONLY': '1'}, 'OK WARN'),
    ],
)
def test_discovery(environment, verdicts):
    assert ' '.join(result.verdict.value for result in check_discovery(environment)) == verdicts


@pytest.mark.parametrize(
    ('outcome', 'verdict', 'text'),
    [
        ((0, ''), Verdict.OK, 'unchanged'),
        ((77, ''), Verdict.ABSENT, 'not installed'),
        ((1, 'AttributeError: _ARRAY_API not found'), Verdict.WARN, '_ARRAY_API'),
        ((-11, ''), Verdict.WARN, 'signal 11'),
    ],
)
def test_cv_bridge(outcome, verdict, text):
    (result,) = check_cv_bridge(lambda: outcome)
    assert result.verdict is verdict and text in result.found


def test_the_round_trip_tells_absence_from_failure():
    code, reason = run_round_trip()
    assert code in (0, 77) or reason

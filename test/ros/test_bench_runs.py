# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/bench_runs.py for its figures; test/cli/test_bench.py has a real run."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy')

from depth_anything_ros.ros.bench_runs import facts_of_run, overload_verdict, own_cost

STAGES = {
    'wait': {'p50': 0.5, 'p99': 1.0},
    'decode': {'p50': 0.25, 'p99': 0.5},
    'inference': {'p50': 20.0, 'p99': 21.0},
    'publish': {'p50': 1.25, 'p99': 2.0},
}


def test_the_nodes_own_cost_leaves_the_engine_out():
    assert own_cost(STAGES, 0.02) == {'p50': 2.0, 'p99': 4.5}


@pytest.mark.parametrize(('p99', 'within'), [(51.9, True), (52.1, False)])
def test_the_limit_under_overload_is_2_2_engine_times_and_transport(p99, within):
    calm = {'age_ms': {'p50': 30.0}, 'stages_ms': STAGES}
    loaded = {'age_ms': {'p99': p99}, 'stages_ms': STAGES}
    verdict = overload_verdict(calm, loaded, [40.0, 41.0, 42.0])
    assert verdict['transport_ms'] == 8.0 and verdict['age_limit_ms'] == pytest.approx(52.0)
    assert verdict['within_limit'] is within
    assert verdict['first_and_last_minute_ms'] == [40.0, 42.0]


def test_without_an_answer_the_limit_is_not_held():
    verdict = overload_verdict(
        {'age_ms': None, 'stages_ms': STAGES}, {'age_ms': None, 'stages_ms': STAGES}, []
    )
    assert not verdict['within_limit'] and verdict['first_and_last_minute_ms'] is None


def test_the_middleware_and_its_version_are_told():
    facts = facts_of_run()
    assert facts['rmw'].startswith('rmw_') and {'rclpy', facts['rmw']} <= set(facts['versions'])

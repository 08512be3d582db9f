# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/qos.py; what QosWatch does on a graph is in test_node.py."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest

pytest.importorskip('rclpy')

from rclpy.qos import QoSPolicyKind, ReliabilityPolicy

from depth_anything_ros.ros import qos


def test_profiles_are_new_objects_each_time():
    first, second = (qos.newest_only(ReliabilityPolicy.BEST_EFFORT) for _ in range(2))
    assert first is not second and first.depth == 1


def test_the_durability_of_subscriptions_can_be_overridden():
    assert QoSPolicyKind.DURABILITY in qos.subscription_overrides().policy_kinds


def test_events_are_found_under_the_name_they_have_on_humble(monkeypatch):
    humble = ModuleType('rclpy.qos_event')
    humble.PublisherEventCallbacks = humble.SubscriptionEventCallbacks = marker = object()
    monkeypatch.setitem(sys.modules, 'rclpy.event_handler', None)
    monkeypatch.setitem(sys.modules, 'rclpy.qos_event', humble)
    spec = importlib.util.spec_from_file_location('qos_on_humble', qos.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PublisherEventCallbacks is module.SubscriptionEventCallbacks is marker

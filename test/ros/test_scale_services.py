# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of resetting and freezing scales."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip('rclpy')
from std_srvs.srv import SetBool, Trigger  # noqa: E402

from depth_anything_ros.ros.scale_services import advertise_scale_services  # noqa: E402


class Node:
    def __init__(self):
        self.services = {}

    def create_service(self, kind, name, answer):
        self.services[name] = answer
        return name


class Scale:
    def __init__(self, wanted=True, usable=True):
        self.wanted, self.wishes = wanted, []
        self.newest = SimpleNamespace(usable=usable)

    def wish(self, what):
        self.wishes.append(what)


def services(*scales):
    node = Node()
    cameras = {
        str(number): SimpleNamespace(space=None if scale is None else SimpleNamespace(scale=scale))
        for number, scale in enumerate(scales)
    }
    names = advertise_scale_services(node, cameras)
    assert names == ['~/reset_scale', '~/freeze_scale']
    return node.services


def reset(offered):
    return offered['~/reset_scale'](Trigger.Request(), Trigger.Response())


def freeze(offered, on):
    return offered['~/freeze_scale'](SetBool.Request(data=on), SetBool.Response())


def test_a_reset_reaches_every_camera_that_has_a_scale():
    front, rear, plain = Scale(), Scale(), Scale(wanted=False)

    answer = reset(services(front, rear, plain, None))

    assert answer.success
    assert (front.wishes, rear.wishes, plain.wishes) == (['reset'], ['reset'], [])
    assert '2 camera(s)' in answer.message


def test_freezing_and_releasing():
    scale = Scale()
    offered = services(scale)

    assert freeze(offered, True).success
    assert freeze(offered, False).success
    assert scale.wishes == ['freeze', 'release']


def test_what_cannot_be_relied_on_is_not_frozen():
    scale = Scale(usable=False)

    answer = freeze(services(scale), True)

    assert not answer.success
    assert 'none can be relied on' in answer.message
    assert not scale.wishes


def test_without_a_scale_the_answer_says_why():
    answer = reset(services(None, Scale(wanted=False)))

    assert not answer.success
    assert 'scale.source is none' in answer.message

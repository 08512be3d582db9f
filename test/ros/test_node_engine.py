# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a network is warmed up for the cameras there are; the rest is in test_network_swap.py."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

pytest.importorskip('rclpy')

from depth_anything_ros.ros.node_engine import WARM_UP_SIZE, warm_up
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS, DepthSettings

SETTINGS = DepthSettings.of({row.name: row.default for row in DEPTH_PARAMETERS})


class Estimator:
    def __init__(self, device):
        self.device, self.calls = device, []

    def warm_up(self, *arguments):
        self.calls.append(arguments)


def camera(**changes):
    return SimpleNamespace(settings=lambda: replace(SETTINGS, **changes))


def warmed(device, cameras, seen=None):
    estimator = Estimator(device)
    warm_up(estimator, dict(enumerate(cameras)), seen or {})
    return sorted(estimator.calls, key=str)


def test_every_size_is_warmed_up_once():
    cameras = [camera(), camera(), camera(input_size=280)]
    assert warmed('cpu', cameras) == [(*WARM_UP_SIZE, 1, 280), (*WARM_UP_SIZE, 1, None)]


def test_a_gpu_takes_the_cameras_together_as_many_as_have_a_frame():
    assert warmed('cuda:0', [camera(), camera()]) == [
        (*WARM_UP_SIZE, 1, None),
        (*WARM_UP_SIZE, 2, None),
    ]


def test_pictures_that_came_tell_their_size_and_the_form_of_the_result():
    cameras = [camera(output_size='network'), camera()]
    assert warmed('cpu', cameras, {0: (720, 1280)}) == [
        (*WARM_UP_SIZE, 1, None),
        (720, 1280, 1, None, True),
    ]

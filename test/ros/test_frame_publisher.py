# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what of a frame goes out, and in which order."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip('rclpy')
from std_msgs.msg import Header  # noqa: E402

from depth_anything_ros.depth import Depth, DepthKind  # noqa: E402
from depth_anything_ros.ros.frame_publisher import FramePublisher  # noqa: E402

SETTINGS = SimpleNamespace(min_range=0.0, max_range=0.0, encoding='32FC1')
FRAME = SimpleNamespace(header=Header(frame_id='cam'), rgb=None, settings=SETTINGS)
OWN = np.ones((2, 3), np.float32)


class Outputs:
    """Notes what is published, in order."""

    def __init__(self):
        self.sent = []

    def publish_info(self, info):
        self.sent.append(('info', info))

    def publish_disparity(self, values, header):
        self.sent.append(('disparity', values))

    def publish_metres(self, values, header, encoding):
        self.sent.append(('metres', values))

    def publish_color(self, values, header, settings):
        self.sent.append(('color', values))


class Space:
    """Gives other values than the network, and metres or not."""

    def __init__(self, outputs, own, metres):
        self.outputs, self.made = outputs, SimpleNamespace(own=own, metres=metres)

    def of(self, frame, depth, info):
        return self.made

    def publish(self, made, published):
        assert made is self.made
        self.outputs.sent.append(('clouds', published))


def sent(kind, space=None):
    outputs = Outputs()
    inside = None if space is None else Space(outputs, *space)
    depth = Depth(OWN, kind, (2, 3))
    FramePublisher(kind, outputs, inside).publish(FRAME, depth, 'info')
    return [(name, values) for name, values in outputs.sent]


def test_without_torch_the_network_s_own_depth_goes_out():
    assert sent(DepthKind.RELATIVE) == [('info', 'info'), ('disparity', OWN), ('color', OWN)]
    assert sent(DepthKind.METRIC) == [('info', 'info'), ('metres', OWN), ('color', OWN)]


def test_metric_depth_goes_out_as_space_made_it():
    own, metres = OWN + 1, OWN + 2

    assert sent(DepthKind.METRIC, (own, metres)) == [
        *(('info', 'info'), ('metres', metres)),
        *(('clouds', metres), ('color', own)),
    ]


def test_metric_depth_without_metres_is_held_back():
    """A focal length or scale that is wanted and not known leaves nothing to steer by."""
    names = [name for name, _ in sent(DepthKind.METRIC, (OWN, None))]

    assert names == ['info', 'clouds', 'color']


def test_relative_depth_goes_out_with_and_without_a_scale():
    own, metres = OWN + 1, OWN + 2

    with_scale = [name for name, _ in sent(DepthKind.RELATIVE, (own, metres))]
    without = [name for name, _ in sent(DepthKind.RELATIVE, (own, None))]

    assert with_scale == ['info', 'disparity', 'metres', 'clouds', 'color']
    assert without == ['info', 'disparity', 'clouds', 'color']

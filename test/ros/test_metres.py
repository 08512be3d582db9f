# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the way from a network's depth to metres; filters and fits are tested in geometry."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

pytest.importorskip('rclpy')
from fakes import FakeLogger  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from depth_anything_ros.depth import DepthKind  # noqa: E402
from depth_anything_ros.geometry.intrinsics import Intrinsics  # noqa: E402
from depth_anything_ros.geometry.scale import NoScale, ScaleEstimate, ScaleState  # noqa: E402
from depth_anything_ros.ros.metres import Metres  # noqa: E402
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS, DepthSettings  # noqa: E402
from depth_anything_ros.ros.reporter import Reporter  # noqa: E402

DEFAULTS = {row.name: row.default for row in DEPTH_PARAMETERS}
CAMERA = Intrinsics(64, 48, 80.0, 80.0, 32.0, 24.0)
INF = math.inf


def settings(**values) -> DepthSettings:
    named = {name.replace('__', '.'): value for name, value in values.items()}
    return DepthSettings.of({**DEFAULTS, **named})


def header(at: float = 10.0) -> Header:
    made = Header(frame_id='cam')
    made.stamp.sec, made.stamp.nanosec = int(at), round(at % 1 * 1e9)
    return made


class Scale:
    def __init__(self, estimate: ScaleEstimate | None) -> None:
        self.wanted, self._estimate = estimate is not None, estimate
        self.given = []

    def estimate(self, disparity, stamp, intrinsics, pose):
        self.given.append(disparity)
        return self._estimate


class Rig:
    def __init__(self, kind, max_depth=None, estimate=None, **values) -> None:
        self.logger, self.scale = FakeLogger(), Scale(estimate)
        self.metres = Metres(kind, max_depth, self.scale, Reporter(self.logger))
        self.settings = settings(**values)

    def of(self, values, intrinsics=CAMERA, network_width=32):
        depth = torch.tensor(values, dtype=torch.float32)
        made = self.metres.of(depth, header(), self.settings, network_width, intrinsics, None)
        return None if made is None else made.numpy()


def test_relative_depth_without_a_scale_is_no_metres():
    assert Rig(DepthKind.RELATIVE).of([[1.0, 2.0]]) is None


def test_relative_depth_by_a_scale():
    rig = Rig(DepthKind.RELATIVE, estimate=ScaleEstimate.fixed(0.1, 0.05), scale__max_depth=15.0)

    made = rig.of([[1.0, 4.5, 0.2, np.nan]])

    # 0.2 is 0.07 1/m: 14.3 m; a disparity next to nothing is the far limit of the network.
    assert made == pytest.approx(np.array([[1 / 0.15, 2.0, 1 / 0.07, np.nan]]), nan_ok=True)
    assert rig.of([[1.0, 4.5, 0.01, 0.0]])[0, 2:].tolist() == [INF, INF]


@pytest.mark.parametrize('state', [ScaleState.WAITING, ScaleState.LOST])
@pytest.mark.parametrize('kind', DepthKind)
def test_a_scale_that_does_not_hold_gives_nothing(kind, state):
    assert Rig(kind, 20.0, NoScale().estimate(state)).of([[1.0, 2.0]]) is None


def test_metric_depth_at_the_limit_of_its_head_is_beyond_range():
    values = torch.tensor([[1.0, 19.7, 19.9, math.nan]])
    rgb = np.zeros((1, 4, 3), np.uint8)

    def smooth(rig: Rig) -> list[float]:
        return rig.metres.smooth(values.clone(), rgb, header(), rig.settings, 4)[0].tolist()

    assert smooth(Rig(DepthKind.METRIC, 20.0))[:3] == [1.0, pytest.approx(19.7), INF]
    kept = smooth(Rig(DepthKind.METRIC, 20.0, filter__sky=0.0))
    assert kept[2] == pytest.approx(19.9)
    assert math.isnan(kept[3])


def test_metric_depth_is_corrected_in_disparity():
    """Twice the inverse depth, and half a dioptre more: nearer, and sky stays sky."""
    rig = Rig(DepthKind.METRIC, 20.0, ScaleEstimate.fixed(2.0, 0.5))

    made = rig.of([[1.0, 4.0, np.inf, np.nan]])

    assert made[0, :2] == pytest.approx([1 / 2.5, 1.0])
    assert made[0, 2] == INF
    assert math.isnan(made[0, 3])
    assert rig.scale.given[0][0, 0].item() == 1.0


def test_depth_grows_with_the_focal_length():
    # 80 pixels at 64 wide are 40 at the network's 32; trained with 20.
    rig = Rig(DepthKind.METRIC, 20.0, focal__canonical=20.0)

    assert rig.of([[1.0, 3.0]]).tolist() == [[2.0, 6.0]]


def test_without_a_camera_the_focal_length_is_not_guessed():
    rig = Rig(DepthKind.METRIC, 20.0, focal__canonical=20.0)

    assert rig.of([[1.0]], intrinsics=None) is None
    assert 'no usable camera_info' in rig.logger.lines[-1]
    assert rig.of([[1.0]]) is not None
    assert 'again' in rig.logger.lines[-1]


def test_filters_are_off_by_default():
    rig = Rig(DepthKind.RELATIVE)
    values, rgb = torch.rand(48, 64), np.zeros((48, 64, 3), np.uint8)

    assert rig.metres.smooth(values, rgb, header(), rig.settings, 64) is values


def smoothed(*times: float, **values) -> torch.Tensor:
    """Return what the second of two frames becomes: 1 was everywhere, now it is 1.05."""
    rig = Rig(DepthKind.RELATIVE, **values)
    rgb = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    for at, level in zip(times, (1.0, 1.05), strict=True):
        made = rig.metres.smooth(torch.full((48, 64), level), rgb, header(at), rig.settings, 64)
    return made.mean().item()


def test_a_temporal_filter_holds_on_to_the_past_until_there_is_a_gap():
    assert 1.0 < smoothed(10.0, 10.1, filter__temporal=0.8) < 1.03
    assert smoothed(10.0, 12.0, filter__temporal=0.8) == pytest.approx(1.05)
    assert smoothed(10.0, 9.0, filter__temporal=0.8) == pytest.approx(1.05)


def test_refining_moves_depth_towards_the_picture_s_edges():
    ramp = torch.ones(48, 64)
    ramp[:, 32:] = 2.0
    ramp[:, 30:34] = torch.linspace(1.2, 1.8, 4)
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[:, 32:] = 255
    rig = Rig(DepthKind.RELATIVE, filter__refine=True)

    made = rig.metres.smooth(ramp, rgb, header(), rig.settings, 64)

    step = torch.where(torch.arange(64) < 32, 1.0, 2.0).expand(48, 64)
    assert (made - step).abs().mean() < 0.5 * (ramp - step).abs().mean()

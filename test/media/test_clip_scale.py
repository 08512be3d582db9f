# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/clip_scale.py."""

import numpy as np
import pytest

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media import clip_scale
from depth_anything_ros.media.clip_scale import SteadyRange

RATE = 25.0


def scene(seed=0):
    return np.random.default_rng(seed).integers(0, 255, (48, 64, 3), np.uint8)


def ends_of(depths, pictures=None, ahead=True, kind=DepthKind.RELATIVE, size=1):
    """Run depths (arrays) through and return the ends of each, in order."""
    steady = SteadyRange(kind, ahead)
    found, most = [], 0
    for index, values in enumerate(depths):
        picture = scene() if pictures is None else pictures[index]
        found += list(steady.push(index, values, picture, index / RATE, size))
        most = max(most, len(steady))
    found += list(steady.flush())
    assert [index for index, _ in found] == list(range(len(depths)))
    return np.array([ends for _, ends in found]), most


def ramp(low, high):
    return np.linspace(low, high, 64 * 48, dtype=np.float32).reshape(48, 64)


def test_a_still_scene_keeps_its_colours():
    ends, _ = ends_of([ramp(1, 5)] * 60)

    assert np.allclose(ends, ends[0])
    assert ends[0] == pytest.approx(np.percentile(ramp(1, 5), (2, 98)), rel=0.01)


def test_noise_of_the_scale_is_evened_out():
    noise = np.random.default_rng(1).normal(1, 0.1, 200)

    ends, _ = ends_of([ramp(1, 5) * np.float32(factor) for factor in noise])

    steps = np.abs(np.diff(ends[:, 1]))
    assert steps.max() < 0.01 * 5
    assert np.abs(ends[:, 1] / 4.92 - 1).max() < 0.06


def test_one_odd_frame_moves_nothing():
    depths = [ramp(1, 5)] * 60
    depths[30] = ramp(1, 500)

    ends, _ = ends_of(depths)

    assert np.allclose(ends, ends[0])


def test_what_changes_for_good_is_followed():
    ends, _ = ends_of([ramp(1, 5)] * 50 + [ramp(1, 9)] * 500)

    assert ends[-1, 1] == pytest.approx(8.84, rel=0.02)
    assert np.diff(ends[:, 1]).min() >= -1e-6 and np.diff(ends[:, 1]).max() < 0.05


def test_at_a_cut_the_colours_are_those_of_the_new_shot_at_once():
    pictures = [scene(1) // 3] * 40 + [255 - scene(2) // 3] * 40

    ends, _ = ends_of([ramp(1, 5)] * 40 + [ramp(20, 50)] * 40, pictures)

    assert np.allclose(ends[:40], ends[0]) and np.allclose(ends[40:], ends[40])
    assert ends[40] == pytest.approx(np.percentile(ramp(20, 50), (2, 98)), rel=0.01)


def test_without_a_look_ahead_nothing_waits():
    ends, most = ends_of([ramp(1, 5)] * 10, ahead=False)

    assert most == 0 and len(ends) == 10


def test_what_waits_is_bounded_by_time_number_and_bytes(monkeypatch):
    assert 24 <= ends_of([ramp(1, 5)] * 200)[1] <= 26
    monkeypatch.setattr(clip_scale, 'MOST_FRAMES', 10)
    assert ends_of([ramp(1, 5)] * 100)[1] == 10
    monkeypatch.setattr(clip_scale, 'MOST_BYTES', 500)
    assert ends_of([ramp(1, 5)] * 100, size=100)[1] == 5


def test_unknown_frames_take_the_colours_of_those_around():
    unknown = np.full((48, 64), np.nan, np.float32)

    ends, _ = ends_of([unknown] * 3 + [ramp(1, 5)] * 40 + [unknown] * 60)
    assert np.allclose(ends, ends[0])

    ends, _ = ends_of([unknown] * 5)
    assert (ends == 0).all()


def test_metres_are_painted_by_their_inverse():
    depth = 1 / ramp(0.1, 1)
    depth[:5] = np.inf

    ends, _ = ends_of([depth] * 30, kind=DepthKind.METRIC)

    assert 0.1 < ends[0, 0] < 0.25 and ends[0, 1] == pytest.approx(0.98, abs=0.02)

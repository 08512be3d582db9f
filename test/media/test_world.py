# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of media/world.py."""

from itertools import islice

import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media import world


class FakeClip:
    """A clip whose frames carry their number, and that counts what it renders."""

    def __init__(self, seed: int, width: int, height: int, rate: float) -> None:
        self.asked = (seed, width, height, rate)
        self.intrinsics = Intrinsics.from_fov(width, height, 1.0)
        self.rendered: list[int] = []

    def frame(self, i: int):
        self.rendered.append(i)
        height, width = self.intrinsics.height, self.intrinsics.width
        return np.full((height, width, 3), i, np.uint8), np.full((height, width), i, np.float32)


@pytest.fixture(autouse=True)
def fake_clip(monkeypatch) -> None:
    monkeypatch.setattr(world, 'ProceduralClip', FakeClip)


def test_looping_goes_forward_and_backward_and_renders_once() -> None:
    source = world.ProceduralSource((8, 6), 0.0, True, seed=3, frames=4)
    numbers = [int(frame.rgb[0, 0, 0]) for frame in islice(source, 13)]
    assert numbers == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0]
    assert source.clip.rendered == [0, 1, 2, 3]
    assert source.clip.asked == (3, 8, 6, 10.0)


def test_without_looping_every_frame_is_shown_once_with_depth_and_intrinsics() -> None:
    frames = list(world.ProceduralSource((8, 6), 0.0, False, seed=0, frames=3))
    assert [frame.depth[0, 0] for frame in frames] == [0, 1, 2]
    assert frames[0].intrinsics == Intrinsics.from_fov(8, 6, 1.0)


@pytest.mark.parametrize('frames', [1, 2])
def test_short_clips_loop_too(frames: int) -> None:
    source = world.ProceduralSource((8, 6), 0.0, True, seed=0, frames=frames)
    assert len(list(islice(source, 5))) == 5


def test_rendering_ahead_tells_progress_and_stops_when_closed() -> None:
    source = world.ProceduralSource((8, 6), 0.0, True, seed=0, frames=5)
    told = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        if done == 3:
            source.close()

    source.prepare(progress)
    assert told == [(0, 5), (1, 5), (2, 5), (3, 5)]
    assert list(source) == []


@pytest.mark.parametrize(
    ('size', 'expected'),
    [(None, (640, 480)), ((320, 0), (320, 240)), ((0, 120), (160, 120)), ((64, 64), (64, 64))],
)
def test_a_size_left_open_has_the_aspect_of_the_default(size, expected) -> None:
    source = world.ProceduralSource(size, 5.0, True, seed=0)
    assert source.clip.asked == (0, *expected, 5.0)


def test_memory_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(world, 'MEMORY_LIMIT', 10 * 8 * 6 * 7)
    assert world.ProceduralSource((8, 6), 0.0, True, seed=0, frames=60).length == 10


def test_rendering_takes_one_thread_and_gives_the_others_back(monkeypatch) -> None:
    seen = []
    render = FakeClip.frame

    def frame(self, i: int):
        seen.append(torch.get_num_threads())
        return render(self, i)

    monkeypatch.setattr(FakeClip, 'frame', frame)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        list(world.ProceduralSource((8, 6), 0.0, False, seed=0, frames=2))
        assert seen == [1, 1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)

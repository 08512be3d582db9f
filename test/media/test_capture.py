# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of media/capture.py."""

from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from depth_anything_ros.media import capture
from depth_anything_ros.media.sources import SourceError, open_source


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A video of 12 frames at 20 Hz that get brighter, 64x48."""
    path = tmp_path / 'ramp.mp4'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=20)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
        for index in range(12):
            picture = np.full((48, 64, 3), 20 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
        container.mux(stream.encode())
    return path


def test_a_video_gives_all_frames_in_order_at_its_own_rate(video: Path) -> None:
    source = open_source(str(video))
    frames = list(source)
    assert source.rate == pytest.approx(20.0)
    assert [frame.name for frame in frames] == [f'ramp.mp4#{i}' for i in range(12)]
    means = [frame.rgb.mean() for frame in frames]
    np.testing.assert_allclose(means, 20 * np.arange(12), atol=4)
    assert source.skipped == 0


def test_a_video_loops_resized_at_another_rate(video: Path) -> None:
    source = open_source(str(video), size=(32, 0), rate=5.0, loop=True)
    frames = list(islice(source, 14))
    assert source.rate == 5.0
    assert frames[12].name == 'ramp.mp4#0'
    assert frames[13].rgb.shape == (24, 32, 3)


def test_colours_are_rgb(tmp_path: Path) -> None:
    path = tmp_path / 'red.mp4'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, 'yuv420p'
        picture = np.zeros((32, 32, 3), np.uint8)
        picture[..., 0] = 220
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
        container.mux(stream.encode())
    (frame,) = open_source(str(path))
    red, green, blue = frame.rgb.reshape(-1, 3).mean(axis=0)
    assert red > 180 and green < 40 and blue < 40


def test_a_file_that_is_no_video_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / 'movie.mp4'
    path.write_bytes(b'this is text')
    with pytest.raises(SourceError, match='movie.mp4 is neither a picture nor a video'):
        open_source(str(path))


class FakeCapture:
    """A cv2.VideoCapture that follows a script of readable (True) and unreadable (False) frames."""

    def __init__(self, script: list[bool], opens: bool = True) -> None:
        self.script = iter(script)
        self.opens = opens

    def isOpened(self) -> bool:  # noqa: N802
        return self.opens

    def get(self, _prop: int) -> float:
        return 15.0

    def set(self, _prop: int, _value: float) -> bool:
        return True

    def read(self):
        good = next(self.script, False)
        return (True, np.zeros((4, 6, 3), np.uint8)) if good else (False, None)

    def release(self) -> None:
        pass


def test_bad_frames_inside_a_video_are_counted_but_not_the_end(monkeypatch, video: Path) -> None:
    script = [True, False, False, True, True]
    monkeypatch.setattr(cv2, 'VideoCapture', lambda *_: FakeCapture(script))
    source = open_source(str(video))
    assert len(list(source)) == 3
    assert source.skipped == 2


@pytest.fixture
def plugged_in(monkeypatch) -> None:
    """Pretend that every device file is there."""
    monkeypatch.setattr(Path, 'exists', lambda _self: True)


def test_a_webcam_is_reopened_after_a_dropout(monkeypatch, plugged_in) -> None:
    captures = iter([FakeCapture([True, True]), FakeCapture([], opens=False), FakeCapture([True])])
    monkeypatch.setattr(cv2, 'VideoCapture', lambda *_: next(captures))
    source = capture.WebcamSource('0', None, 0.0, pause=0.0)
    names = [frame.name for frame in islice(source, 3)]
    assert names == ['0#0', '0#1', '0#2']
    assert source.live and source.rate == 15.0
    assert source.skipped == 2


def test_an_unplugged_webcam_is_given_up_with_an_error(monkeypatch, plugged_in) -> None:
    captures = iter([FakeCapture([True]), *[FakeCapture([], opens=False) for _ in range(5)]])
    monkeypatch.setattr(cv2, 'VideoCapture', lambda *_: next(captures))
    source = capture.WebcamSource('0', None, 0.0, attempts=3, pause=0.0)
    frames = iter(source)
    next(frames)
    with pytest.raises(SourceError, match='did not come back after 3 attempts'):
        next(frames)


def test_closing_ends_a_webcam(monkeypatch, plugged_in) -> None:
    monkeypatch.setattr(cv2, 'VideoCapture', lambda *_: FakeCapture([True] * 100))
    source = open_source('0')
    frames = iter(source)
    next(frames)
    source.close()
    assert list(frames) == []


def test_a_missing_webcam_is_named() -> None:
    for name in ('/dev/video97', '97'):
        with pytest.raises(SourceError, match='no camera /dev/video97'):
            open_source(name)

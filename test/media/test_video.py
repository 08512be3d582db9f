# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of media/video.py."""

from pathlib import Path

import av
import numpy as np
import pytest

from depth_anything_ros.media.side_by_side import side_by_side
from depth_anything_ros.media.video import VideoError, write_side_by_side


def pair(value: int, size=(48, 64)) -> tuple[np.ndarray, np.ndarray]:
    """Give a grey picture beside a depth painted red."""
    left = np.full((*size, 3), value, np.uint8)
    right = np.zeros((*size, 3), np.uint8)
    right[..., 0] = 200
    return left, right


def decode(path: Path) -> tuple[av.VideoStream, list[np.ndarray]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream, [frame.to_ndarray(format='rgb24') for frame in container.decode(stream)]


def test_the_video_is_h264_that_every_player_shows(tmp_path: Path) -> None:
    path = tmp_path / 'demo.mp4'
    assert write_side_by_side(path, (pair(20 * i) for i in range(8)), 12.5) == 8
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == 'h264' and stream.codec_context.pix_fmt == 'yuv420p'
        assert float(stream.average_rate) == pytest.approx(12.5)
    _, frames = decode(path)
    assert len(frames) == 8 and frames[0].shape == (48, 128, 3)
    assert frames[5][:, :60].mean() == pytest.approx(100, abs=6)
    assert frames[5][24, 100, 0] > 170 and frames[5][24, 100, 2] < 40
    assert [entry.name for entry in tmp_path.iterdir()] == ['demo.mp4']


def test_odd_and_changing_sizes_are_fitted(tmp_path: Path) -> None:
    path = tmp_path / 'odd.mp4'
    frames = [pair(50, (49, 63)), pair(80, (99, 140))]
    assert write_side_by_side(path, frames, 10) == 2
    _, decoded = decode(path)
    assert [frame.shape for frame in decoded] == [(48, 126, 3)] * 2


def test_depth_of_another_size_takes_the_height_of_the_picture() -> None:
    joined = side_by_side(np.zeros((48, 64, 3), np.uint8), np.zeros((24, 40, 3), np.uint8))
    assert joined.shape == (48, 64 + 80, 3)


def test_nothing_is_left_behind_after_an_error(tmp_path: Path) -> None:
    def breaking():
        yield pair(1)
        raise RuntimeError('camera fell off')

    with pytest.raises(RuntimeError, match='fell off'):
        write_side_by_side(tmp_path / 'a.mp4', breaking(), 10)
    with pytest.raises(VideoError, match='no frames'):
        write_side_by_side(tmp_path / 'a.mp4', [], 10)
    with pytest.raises(VideoError, match='rate'):
        write_side_by_side(tmp_path / 'a.mp4', [pair(1)], 0)
    with pytest.raises(VideoError, match='cannot write'):
        write_side_by_side(tmp_path / 'nowhere' / 'a.mp4', [pair(1)], 10)
    assert list(tmp_path.iterdir()) == []

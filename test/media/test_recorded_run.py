# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of media/recorded_run.py, on bags made without ROS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from rosbags.typesys import Stores, get_typestore

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.bag import BagError, BagWriter
from depth_anything_ros.media.contact_sheet import (
    BACKGROUND,
    CAPTION_HEIGHT,
    GAP,
    TITLE_HEIGHT,
)
from depth_anything_ros.media.recorded_run import RecordedRun, write_sheet, write_video
from depth_anything_ros.media.video import VideoError

TYPES = get_typestore(Stores.ROS2_JAZZY)
IMAGE = 'sensor_msgs/msg/Image'
ARRAY = 'diagnostic_msgs/msg/DiagnosticArray'
SHAPE = (24, 32)
CELL_WIDTH = 320
PLACES = {
    'image': '/image',
    'depth': '/depth/disparity_relative',
    'metric': '/depth/image_rect',
    'truth': '/ground_truth/depth',
}


def header(seconds: int) -> Any:
    types = TYPES.types
    stamp = types['builtin_interfaces/msg/Time'](sec=seconds, nanosec=7)
    return types['std_msgs/msg/Header'](stamp=stamp, frame_id='cam')


def picture(seconds: int, pixels: np.ndarray, encoding: str = 'rgb8', padding: int = 0) -> bytes:
    height, width = pixels.shape[:2]
    rows = np.ascontiguousarray(pixels).view(np.uint8).reshape(height, -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=99)
    message = TYPES.types[IMAGE](
        header=header(seconds),
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=rows.shape[1],
        data=rows.ravel(),
    )
    return bytes(TYPES.serialize_cdr(message, IMAGE))


def report(name: str, **values: str) -> bytes:
    types = TYPES.types
    pairs = [types['diagnostic_msgs/msg/KeyValue'](key=k, value=v) for k, v in values.items()]
    status = types['diagnostic_msgs/msg/DiagnosticStatus'](
        level=0, name=name, message='', hardware_id='', values=pairs
    )
    message = types[ARRAY](header=header(1), status=[status])
    return bytes(TYPES.serialize_cdr(message, ARRAY))


def message_of(kind: str, seconds: int) -> bytes:
    """Make a message whose values tell its kind and its second."""
    if kind == 'image':
        return picture(seconds, np.full((*SHAPE, 3), seconds, np.uint8))
    value = seconds + (0.5 if kind == 'truth' else 0.0)
    return picture(seconds, np.full(SHAPE, value, np.float32), '32FC1')


def run_of(folder: Path, *order: tuple[str, int]) -> RecordedRun:
    """Record the (kind, second) messages in this order."""
    messages = [(PLACES[kind], message_of(kind, second)) for kind, second in order]
    return record(folder / 'bag', messages)


def record(path: Path, messages: list[tuple[str, bytes]]) -> RecordedRun:
    with BagWriter(path) as bag:
        for topic in dict.fromkeys(topic for topic, _ in messages):
            bag.add_topic(topic, ARRAY if topic == '/diagnostics' else IMAGE)
        for number, (topic, data) in enumerate(messages):
            bag.write(topic, data, 10**9 + number)
    return RecordedRun(path)


def seconds_of(run: RecordedRun) -> list[tuple[int, bool]]:
    """Check that what is matched belongs together; return (second, has truth) of each frame."""
    result = []
    for frame in run.frames():
        second = (frame.stamp_ns - 7) // 10**9
        assert (frame.rgb == second).all() and frame.rgb.shape == (*SHAPE, 3)
        assert (frame.depth == second).all() and frame.depth.dtype == np.float32
        if frame.truth is not None:
            assert (frame.truth == second + 0.5).all()
        result.append((second, frame.truth is not None))
    return result


def test_frames_in_the_usual_order(tmp_path):
    order = [(kind, s) for s in (1, 2, 3) for kind in ('image', 'truth', 'depth')]
    assert seconds_of(run_of(tmp_path, *order)) == [(1, True), (2, True), (3, True)]


def test_depth_before_its_image_and_truth_after_both(tmp_path):
    order = [(kind, s) for s in (1, 2, 3) for kind in ('depth', 'image', 'truth')]
    assert seconds_of(run_of(tmp_path, *order)) == [(1, True), (2, True), (3, True)]


def test_without_a_truth_topic_frames_have_none(tmp_path):
    order = [(kind, s) for s in (1, 2) for kind in ('depth', 'image')]
    assert seconds_of(run_of(tmp_path, *order)) == [(1, False), (2, False)]


def test_a_missing_truth_costs_only_that_frame_its_truth(tmp_path):
    order = [
        (kind, s) for s in (1, 2, 3, 4, 5) for kind in ('image', 'truth', 'depth')
        if (kind, s) != ('truth', 2)
    ]  # fmt: skip
    found = seconds_of(run_of(tmp_path, *order))
    assert found == [(1, True), (2, False), (3, True), (4, True), (5, True)]


def test_pictures_without_depth_are_passed_over(tmp_path):
    order = [('image', 1), ('image', 2), ('depth', 2), ('image', 3), ('image', 4), ('depth', 4)]
    assert seconds_of(run_of(tmp_path, *order)) == [(2, False), (4, False)]


@pytest.mark.parametrize('lost', [1, 3, 6])
def test_depth_without_its_picture_does_not_hold_up_the_rest(tmp_path, lost):
    order = [(kind, s) for s in range(1, 7) for kind in ('image', 'depth')]
    order.remove(('image', lost))
    run = run_of(tmp_path, *order)
    assert seconds_of(run) == [(s, False) for s in range(1, 7) if s != lost]
    assert len(run.depth_stamps()) == 6


def test_metric_depth_is_told_by_its_topic(tmp_path):
    run = run_of(tmp_path, ('image', 1), ('metric', 1))
    assert [frame.kind for frame in run.frames()] == [DepthKind.METRIC]
    assert run.depth_stamps() == [1 * 10**9 + 7]


@pytest.mark.parametrize(('encoding', 'channels'), [('rgb8', 3), ('bgr8', 3), ('mono8', 1)])
def test_encodings_and_padded_rows_become_rgb(tmp_path, encoding, channels):
    pixels = np.random.default_rng(0).integers(0, 90, (*SHAPE, channels), np.uint8)
    messages = [
        ('/image', picture(1, pixels, encoding, padding=5)),
        (PLACES['depth'], message_of('depth', 1)),
    ]
    (frame,) = record(tmp_path / 'bag', messages).frames()
    expected = pixels[..., ::-1] if encoding == 'bgr8' else np.broadcast_to(pixels, (*SHAPE, 3))
    np.testing.assert_array_equal(frame.rgb, expected)


@pytest.mark.parametrize(
    ('topic', 'encoding', 'dtype'),
    [('/image', 'yuv422', np.uint16), (PLACES['metric'], '16UC1', np.uint16)],
)
def test_an_encoding_that_cannot_be_shown_is_named(tmp_path, topic, encoding, dtype):
    run = record(tmp_path / 'bag', [(topic, picture(1, np.zeros(SHAPE, dtype), encoding))])
    with pytest.raises(BagError, match=encoding):
        list(run.frames())


def test_the_last_report_of_the_depth_node_counts(tmp_path):
    messages = [
        ('/diagnostics', report('robot/depth_node: frames', received='1')),
        ('/diagnostics', report('robot/depth_node: frames', received='9', published='8')),
        ('/diagnostics', report('another: frames', received='77')),
    ]
    run = record(tmp_path / 'bag', messages)
    assert run.diagnostics() == {'received': '9', 'published': '8'}


def test_a_run_without_reports_has_no_diagnostics(tmp_path):
    assert run_of(tmp_path, ('image', 1)).diagnostics() == {}


def test_a_path_that_is_no_bag_is_an_error(tmp_path):
    with pytest.raises(BagError, match='nothing'):
        RecordedRun(tmp_path / 'nothing')


def test_the_video_shows_every_matched_frame(tmp_path):
    order = [(kind, s) for s in range(1, 6) for kind in ('image', 'depth')]
    path = tmp_path / 'demo.mp4'
    assert write_video(run_of(tmp_path, *order), path, 5.0) == 5
    with av.open(str(path)) as video:
        shapes = [frame.to_ndarray(format='rgb24').shape for frame in video.decode(video=0)]
    assert shapes == [(SHAPE[0], 2 * SHAPE[1], 3)] * 5


def test_a_run_without_frames_makes_no_video(tmp_path):
    with pytest.raises(VideoError, match='no frames'):
        write_video(run_of(tmp_path, ('image', 1)), tmp_path / 'demo.mp4', 5.0)
    assert not (tmp_path / 'demo.mp4').exists()


def sheet_of(run: RecordedRun, path: Path, frames: int) -> np.ndarray:
    """Write a contact sheet; return the middle pixel of each cell, (rows, columns, 3)."""
    write_sheet(run, path, frames)
    sheet = cv2.imread(str(path))[..., ::-1]
    cell_height = CELL_WIDTH * SHAPE[0] // SHAPE[1]
    pitch_y, pitch_x = cell_height + CAPTION_HEIGHT + GAP, CELL_WIDTH + GAP
    top = GAP + TITLE_HEIGHT
    rows, columns = (sheet.shape[0] - top) // pitch_y, (sheet.shape[1] - GAP) // pitch_x
    assert sheet.shape == (top + rows * pitch_y, GAP + columns * pitch_x, 3)
    ys = top + cell_height // 2 + pitch_y * np.arange(rows)
    xs = GAP + CELL_WIDTH // 2 + pitch_x * np.arange(columns)
    return sheet[np.ix_(ys, xs)]


@pytest.mark.parametrize('truths', [(), (1, 2, 3, 4), (3, 4)])
def test_the_sheet_has_a_row_a_frame_and_a_column_for_truth_where_there_is_some(tmp_path, truths):
    order = [
        (kind, s) for s in (1, 2, 3, 4) for kind in ('image', 'truth', 'depth')
        if kind != 'truth' or s in truths
    ]  # fmt: skip
    cells = sheet_of(run_of(tmp_path, *order), tmp_path / 'sheet.png', 4)
    assert cells.shape == (4, 3 if truths else 2, 3)
    painted = (cells != BACKGROUND).any(axis=2)
    for row, second in enumerate((1, 2, 3, 4)):
        assert (cells[row, 0] == second).all()
        assert painted[row].tolist() == [True, True, second in truths][: cells.shape[1]]


def test_a_long_run_is_shown_by_a_few_frames_the_first_and_the_last_too(tmp_path):
    order = [(kind, s) for s in range(1, 41) for kind in ('image', 'depth')]
    cells = sheet_of(run_of(tmp_path, *order), tmp_path / 'long.png', 40)
    assert cells[:, 0, 0].tolist() == [1, 8, 16, 24, 32, 40]


def test_a_folder_that_is_missing_is_an_error(tmp_path):
    run = run_of(tmp_path, ('image', 1), ('depth', 1))
    with pytest.raises(OSError, match='cannot write'):
        write_sheet(run, tmp_path / 'missing' / 'sheet.png', 1)

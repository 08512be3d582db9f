# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/camera_info_tracker.py."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy')

from std_msgs.msg import Header

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.ros.camera_info_tracker import TROUBLE, CameraInfoTracker
from depth_anything_ros.ros.pinhole import camera_info_from

SIZE = (64, 48)


class Reports:
    """Stands in for a Reporter: keeps what is reported and cleared."""

    def __init__(self) -> None:
        self.reported: list[str] = []
        self.cleared = 0

    def report(self, key: str, message: str) -> None:
        assert key == TROUBLE
        self.reported.append(message)

    def clear(self, key: str, message: str) -> None:
        assert key == TROUBLE
        self.cleared += 1


def header(seconds: int) -> Header:
    message = Header(frame_id='cam')
    message.stamp.sec = seconds
    return message


def camera_info(seconds: int = 100, fx: float = 60.0):
    return camera_info_from(Intrinsics(64, 48, fx, 60.0, 32.0, 24.0), header(seconds))


@pytest.fixture
def reports():
    return Reports()


@pytest.fixture
def tracker(reports):
    return CameraInfoTracker(reports)


def test_a_valid_one_is_scaled_under_the_header_of_the_image(tracker, reports):
    tracker.store(camera_info())
    image = header(101)
    info = tracker.info_for(image, SIZE, (32, 24), 5.0)
    assert (info.width, info.height, info.header) == (32, 24, image)
    assert info.k.tolist() == [30, 0, 16, 0, 30, 12, 0, 0, 1]
    assert (reports.reported, reports.cleared) == ([], 1)


def test_scaling_leaves_the_stored_message_as_it_is(tracker):
    stored = camera_info()
    tracker.store(stored)
    tracker.info_for(header(100), SIZE, (32, 24), 5.0)
    assert stored.width == 64 and stored.k[0] == 60.0 and stored.header.stamp.sec == 100


def test_a_missing_one_is_reported(tracker, reports):
    assert tracker.info_for(header(100), SIZE, SIZE, 5.0) is None
    assert len(reports.reported) == 1 and 'no camera_info has come' in reports.reported[0]


@pytest.mark.parametrize('seconds', [94, 106])
def test_a_stale_one_is_reported_whichever_is_older(tracker, reports, seconds):
    tracker.store(camera_info(100))
    assert tracker.info_for(header(seconds), SIZE, SIZE, 5.0) is None
    assert 'stale' in reports.reported[0] and '6.0 s' in reports.reported[0]


def test_age_zero_means_any_age(tracker, reports):
    tracker.store(camera_info(100))
    assert tracker.info_for(header(100_000), SIZE, SIZE, 0.0) is not None
    assert not reports.reported


@pytest.mark.parametrize(('image', 'info'), [(100, -1), (-1, 100), (-1, -9)])
def test_negative_stamps_are_compared_like_others(tracker, reports, image, info):
    tracker.store(camera_info(info))
    assert tracker.info_for(header(image), SIZE, SIZE, 5.0) is None
    assert 'stale' in reports.reported[0]
    assert tracker.info_for(header(image), SIZE, SIZE, 0.0) is not None


def test_an_invalid_one_is_reported_and_not_used(tracker, reports):
    message = camera_info()
    message.k[0] = 0.0
    tracker.store(message)
    assert tracker.info_for(header(100), SIZE, SIZE, 5.0) is None
    assert 'uncalibrated' in reports.reported[0] and 'depth goes on' in reports.reported[0]


def test_one_of_another_aspect_is_reported_and_not_used(tracker, reports):
    tracker.store(camera_info())
    assert tracker.info_for(header(100), (64, 36), (64, 36), 5.0) is None
    assert 'another aspect' in reports.reported[0]


def test_a_mended_one_is_used_with_a_warning(tracker, reports):
    message = camera_info()
    message.p = [0.0] * 12
    tracker.store(message)
    info = tracker.info_for(header(100), SIZE, SIZE, 5.0)
    assert info.p[0] == 60.0
    assert 'P all zero' in reports.reported[0] and not reports.cleared


def test_the_newest_counts_and_can_be_forgotten(tracker):
    tracker.store(camera_info(fx=50.0))
    tracker.store(camera_info(fx=70.0))
    assert tracker.info_for(header(100), SIZE, SIZE, 5.0).k[0] == 70.0
    tracker.forget()
    assert tracker.info_for(header(100), SIZE, SIZE, 5.0) is None

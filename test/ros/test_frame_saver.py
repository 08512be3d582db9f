# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Saving frames beside the worker: slow disks, full ones, and what a failure leaves."""

from __future__ import annotations

import errno
import threading

import numpy as np
import pytest

pytest.importorskip('rclpy')

from builtin_interfaces.msg import Time
from fakes import FakeLogger
from std_msgs.msg import Header

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.ros import frame_saver, saved_frame
from depth_anything_ros.ros.frame_saver import MOST_WAITING, SAVE_TROUBLE, FrameSaver
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS, DepthSettings
from depth_anything_ros.ros.pinhole import camera_info_from
from depth_anything_ros.ros.reporter import Reporter
from depth_anything_ros.ros.saved_frame import SavedFrame, SaveWish, save_frame

PATIENCE = 30.0
SETTINGS = DepthSettings.of({row.name: row.default for row in DEPTH_PARAMETERS})
RGB = np.full((4, 6, 3), 200, np.uint8)
METRES = np.linspace(1, 70, 24, dtype=np.float32).reshape(4, 6)
METRES[0, :3] = np.nan, np.inf, -np.inf


class Camera:
    def __init__(self) -> None:
        self.log, self.wish = FakeLogger(), SaveWish()
        self.reporter = Reporter(self.log)

    def publish(self, kind=DepthKind.METRIC) -> None:
        """Do what publishing a frame does."""
        if self.wish.open:
            self.wish.grant(frame(kind))


def frame(kind=DepthKind.METRIC, info=True, sec=12) -> SavedFrame:
    relative = kind is DepthKind.RELATIVE
    message = camera_info_from(Intrinsics(6, 4, 5.0, 5.0, 3.0, 2.0), Header()) if info else None
    stamp = Time(sec=sec, nanosec=34)
    disparity, metres = (METRES, None) if relative else (None, METRES)
    return SavedFrame(stamp, RGB, disparity, metres, message, SETTINGS, 6)


@pytest.fixture
def camera() -> Camera:
    return Camera()


@pytest.fixture
def saver(camera, tmp_path):
    saver = FrameSaver(str(tmp_path), {'': camera})
    yield saver
    assert saver.close(PATIENCE)


def full_disk(*arguments):
    raise OSError(errno.ENOSPC, 'No space left on device')


def test_publishing_does_not_wait_for_the_disk(camera, saver, tmp_path, monkeypatch):
    entered, release = threading.Event(), threading.Event()
    real = saved_frame.save_frame

    def slow(*arguments):
        entered.set()
        assert release.wait(PATIENCE)
        return real(*arguments)

    monkeypatch.setattr(frame_saver, 'save_frame', slow)
    assert saver.ask()[0]
    camera.publish()
    assert entered.wait(PATIENCE)
    assert not list(tmp_path.iterdir())
    # Waiting frames are bounded, and the answer says so.
    answers = []
    for _ in range(MOST_WAITING + 1):
        answers.append(saver.ask())
        camera.publish()
    assert [granted for granted, _ in answers] == [True] * (MOST_WAITING - 1) + [False] * 2
    assert 'still wait for the disk' in answers[-1][1]

    release.set()
    assert saver.close(PATIENCE)
    assert len(list(tmp_path.iterdir())) == MOST_WAITING


def test_a_full_disk_leaves_nothing_and_is_told_until_it_works_again(
    camera, saver, tmp_path, monkeypatch
):
    with monkeypatch.context() as patched:
        patched.setattr(saved_frame.os, 'fsync', full_disk)
        saver.ask()
        camera.publish()
        assert saver.close(PATIENCE)
    assert list(tmp_path.iterdir()) == []
    assert camera.reporter.current() == [SAVE_TROUBLE]
    assert 'No space left on device' in camera.log.lines[-1]
    assert 'No space left on device' in camera.wish.outcome

    saver.ask()
    camera.publish()
    assert saver.close(PATIENCE)
    assert camera.reporter.current() == []
    assert camera.wish.outcome == f'saved {tmp_path / "camera_12_000000034"}'


def test_a_folder_that_vanished_is_a_trouble_and_not_the_end(camera, saver, tmp_path):
    saver.ask()
    tmp_path.rmdir()
    camera.publish()
    assert saver.close(PATIENCE)
    assert 'No such file' in camera.wish.outcome

    assert saver.ask()[0]  # it is made again
    camera.publish()
    assert saver.close(PATIENCE)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_in_the_place_of_the_folder_is_told_at_once(camera, tmp_path):
    path = tmp_path / 'file'
    path.touch()

    granted, message = FrameSaver(str(path), {'': camera}).ask()

    assert not granted and 'cannot be made' in message and not camera.wish.open


def test_closing_withdraws_the_wish(camera, saver):
    saver.ask()
    assert saver.close(PATIENCE)
    assert not camera.wish.open


def test_what_an_interrupted_process_left_is_no_obstacle(tmp_path, monkeypatch):
    monkeypatch.setattr(saved_frame.os, 'getpid', lambda: 7)
    left = tmp_path / '.front_12_000000034.part7'
    left.mkdir()
    (left / 'picture.png').write_bytes(b'half')

    assert save_frame(tmp_path, 'front', frame()) == tmp_path / 'front_12_000000034'
    assert [path.name for path in tmp_path.iterdir()] == ['front_12_000000034']


def test_what_has_the_name_already_stays(tmp_path):
    (tmp_path / 'camera_12_000000034').write_text('mine')
    (tmp_path / 'camera_12_000000034_2').symlink_to(tmp_path / 'nowhere')

    assert save_frame(tmp_path, '', frame()).name == 'camera_12_000000034_3'
    assert (tmp_path / 'camera_12_000000034').read_text() == 'mine'


def test_millimetres_are_those_of_16uc1(tmp_path):
    import cv2

    path = save_frame(tmp_path, '', frame(info=False))

    steps = cv2.imread(str(path / 'depth.png'), cv2.IMREAD_UNCHANGED)
    assert list(steps[0, :3]) == [0, 0, 0] and steps[3, 5] == 0  # none of them can be told
    assert steps[0, 3] == round(float(METRES[0, 3]) * 1000)
    np.testing.assert_array_equal(np.load(path / 'depth.npy'), METRES)
    assert not (path / 'points.ply').exists()  # nothing tells the camera


def test_the_cloud_has_the_points_whose_depth_is_known(tmp_path):
    path = save_frame(tmp_path, '', frame())

    head, _, _ = (path / 'points.ply').read_bytes().partition(b'end_header')
    known = int(head.split(b'element vertex ')[1].split()[0])
    assert 0 < known <= np.isfinite(METRES).sum()

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames saved on a service's call: where their files go, and what of topics is in them."""

from __future__ import annotations

import shutil
from array import array

import numpy as np
from builtin_interfaces.msg import Time
from fuzzing import Target, odd_floats, odd_numbers, scratch
from hypothesis import strategies as st
from sensor_msgs.msg import CameraInfo

from depth_anything_ros.media.calibration import CalibrationError, read_calibration
from depth_anything_ros.ros import saved_frame
from depth_anything_ros.ros.camera_info import CameraInfoError, check_camera_info
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS, DepthSettings
from depth_anything_ros.ros.saved_frame import SavedFrame, save_frame

SETTINGS = DepthSettings.of({row.name: row.default for row in DEPTH_PARAMETERS})
OUTSIDE = scratch('saving')
FOLDER = OUTSIDE / 'frames'
NAMES = {'picture.png', 'disparity.npy', 'depth.npy', 'depth.png', 'camera_info.yaml', 'points.ply'}
HOSTILE = (
    'plumb_bob',
    '../../x',
    '/etc/passwd',
    'a: b',
    '\n- !!python/name:os.system',
    '"',
    "'",
    '%',
)


@st.composite
def _frames(draw: st.DrawFn) -> tuple[str, SavedFrame]:
    height, width = draw(st.sampled_from(((1, 1), (3, 5), (6, 8))))
    floats = st.one_of(st.floats(0.2, 9.0), odd_floats(2.0))

    def depth() -> np.ndarray:
        some = draw(st.lists(floats, min_size=1, max_size=5))
        with np.errstate(over='ignore'):
            return np.resize(np.array(some), (height, width)).astype(np.float32)

    info = None
    if draw(st.booleans()):
        focal = draw(odd_floats(float(width)))
        info = CameraInfo(
            width=width,
            height=height,
            distortion_model=draw(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=9))),
            d=array('d', draw(st.lists(st.floats(-1, 1), max_size=5))),
            k=np.array([focal, 0, 1, 0, width, 1, 0, 0, 1]),
            r=np.eye(3).ravel(),
            p=np.array([width, 0, 1, 0, 0, width, 1, 0, 0, 0, 1, 0], np.float64),
        )
        info.header.frame_id = draw(st.sampled_from(HOSTILE))
        try:
            # The node saves none that it would not publish.
            info = check_camera_info(info, width, height)[0]
        except CameraInfoError:
            info = None
    stamp = Time(sec=draw(st.integers(-(2**31), 2**31 - 1)), nanosec=draw(odd_numbers(0)))
    frame = SavedFrame(
        stamp=stamp,
        rgb=np.zeros((height, width, 3), np.uint8),
        disparity=depth() if draw(st.booleans()) else None,
        metres=depth() if draw(st.booleans()) else None,
        info=info,
        settings=SETTINGS,
        network_width=width,
    )
    return draw(st.sampled_from(('', 'front', 'rear_2'))), frame


def _check_saved(case: tuple[str, SavedFrame]) -> bool:
    camera, frame = case
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    # What comes onto the disk is not looked at here, and waiting for it would take all the time.
    saved_frame.os.fsync, wait = (lambda _: None), saved_frame.os.fsync
    try:
        with np.errstate(all='ignore'):
            first, second = (save_frame(FOLDER, camera, frame) for _ in range(2))
    finally:
        saved_frame.os.fsync = wait
    assert first != second and {first, second} == set(FOLDER.iterdir())
    assert [path.name for path in OUTSIDE.iterdir()] == ['frames'], 'a file outside of the folder'
    for folder in (first, second):
        assert folder.is_dir() and not folder.is_symlink()
        assert set(path.name for path in folder.iterdir()) <= NAMES
    if frame.metres is not None:
        np.testing.assert_array_equal(np.load(first / 'depth.npy'), frame.metres)
    if frame.info is not None:
        try:
            told = read_calibration(first / 'camera_info.yaml')
        except CalibrationError as error:
            # It says what the topic said, which may be a model that nobody knows.
            assert 'is not plain YAML' not in str(error)
        else:
            assert (
                told.k == tuple(frame.info.k)
                and told.distortion_model == frame.info.distortion_model
            )
    return True


TARGETS = [Target('saved frames', _frames(), _check_saved, 3)]

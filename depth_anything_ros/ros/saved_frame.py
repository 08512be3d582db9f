# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One published frame as files: picture, depth, cloud, camera_info."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from depth_anything_ros.media.calibration import Calibration, calibration_yaml
from depth_anything_ros.media.point_files import ply
from depth_anything_ros.ros.depth_message import millimetres
from depth_anything_ros.ros.parameters import DepthSettings
from depth_anything_ros.ros.pinhole import pinhole_of
from depth_anything_ros.ros.stamps import Stamp

if TYPE_CHECKING:
    from sensor_msgs.msg import CameraInfo

UNNAMED_CAMERA = 'camera'
"""What files of the camera without a name are called by."""


@dataclass(frozen=True)
class SavedFrame:
    """What goes into the files of a frame.

    ``rgb`` is (H, W, 3) uint8; ``disparity`` (H, W) float32 is that of a relative network, None for
    a metric one; ``metres`` (H, W) float32 with REP 117's specials are what was published, None
    where nothing was. ``info`` is the CameraInfo of the depth, None without. ``network_width`` is
    in pixels.
    """

    stamp: Stamp
    rgb: np.ndarray
    disparity: np.ndarray | None
    metres: np.ndarray | None
    info: CameraInfo | None
    settings: DepthSettings
    network_width: int


class SaveWish:
    """Somebody's wish to have the next published frame of a camera, from any thread.

    ``outcome`` says in words what became of the last one, '' before the first.
    """

    def __init__(self) -> None:
        self.outcome = ''
        self._take: Callable[[SavedFrame], None] | None = None

    @property
    def open(self) -> bool:
        """Whether a frame is wished for."""
        return self._take is not None

    def ask(self, take: Callable[[SavedFrame], None]) -> None:
        """Wish for the next frame; ``take`` gets it in the thread that publishes."""
        self._take = take

    def withdraw(self) -> None:
        """Wish for nothing any more."""
        self._take = None

    def grant(self, frame: SavedFrame) -> None:
        """Give a frame to who wishes for one."""
        take, self._take = self._take, None
        if take is not None:
            take(frame)


def save_frame(folder: Path, camera: str, frame: SavedFrame) -> Path:
    """Write a frame's files into a new folder of their own within ``folder``; return that.

    It is called by the name of the camera and the stamp in seconds and nanoseconds, and by a
    number where that is there already. It appears when all files are complete and on the disk:
    whatever goes wrong before, nothing of it stays. Nothing that came from a topic but the two
    numbers of the stamp has a part in a name. Raises OSError.
    """
    stem = f'{camera or UNNAMED_CAMERA}_{int(frame.stamp.sec)}_{int(frame.stamp.nanosec):09d}'
    unfinished = folder / f'.{stem}.part{os.getpid()}'
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir()
        for name, content in _files(camera, frame):
            _write(unfinished / name, content)
        return _appear(unfinished, folder / stem)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _files(camera: str, frame: SavedFrame) -> list[tuple[str, bytes]]:
    """Return names and contents."""
    files = [('picture.png', _png(frame.rgb[..., ::-1]))]
    if frame.disparity is not None:
        files.append(('disparity.npy', _npy(frame.disparity)))
    if frame.metres is not None:
        files.append(('depth.npy', _npy(frame.metres)))
        files.append(('depth.png', _png(millimetres(frame.metres))))
    if frame.info is not None:
        files.append(('camera_info.yaml', calibration_yaml(_calibration(camera, frame.info))))
    if frame.metres is not None and frame.info is not None:
        cloud = _cloud(frame, frame.metres, frame.info)
        if cloud is not None:
            files.append(('points.ply', ply(*cloud)))
    return files


def _cloud(
    frame: SavedFrame, metres: np.ndarray, info: CameraInfo
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the points (N, 3) of the topic points and their colours; None without torch."""
    try:
        from depth_anything_ros.ros.clouds import points_of
    except ModuleNotFoundError as error:
        if error.name != 'torch':
            raise
        return None
    intrinsics = pinhole_of(info, (metres.shape[1], metres.shape[0]))
    return points_of(metres, frame.rgb, intrinsics, frame.settings, frame.network_width)


def _calibration(camera: str, info: CameraInfo) -> Calibration:
    return Calibration(
        width=int(info.width),
        height=int(info.height),
        camera_name=camera or UNNAMED_CAMERA,
        distortion_model=str(info.distortion_model),
        d=tuple(float(v) for v in info.d),
        k=tuple(float(v) for v in info.k),
        r=tuple(float(v) for v in info.r),
        p=tuple(float(v) for v in info.p),
    )


def _png(picture: np.ndarray) -> bytes:
    """Return a PNG of (H, W, 3) BGR uint8 or (H, W) uint16."""
    done, content = cv2.imencode('.png', np.ascontiguousarray(picture))
    if not done:
        raise OSError(f'OpenCV cannot encode a PNG of {picture.shape}')
    return content.tobytes()


def _npy(values: np.ndarray) -> bytes:
    content = BytesIO()
    np.save(content, values, allow_pickle=False)
    return content.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Write a file onto the disk: some file systems tell only then that they are full."""
    with open(path, 'xb') as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _appear(unfinished: Path, wanted: Path) -> Path:
    """Rename a folder to a name that is free, and return it."""
    for number in count(1):
        path = wanted if number == 1 else wanted.with_name(f'{wanted.name}_{number}')
        # Renaming would replace an empty folder.
        if not os.path.lexists(path):
            os.rename(unfinished, path)
            return path
    raise AssertionError('numbers do not end')

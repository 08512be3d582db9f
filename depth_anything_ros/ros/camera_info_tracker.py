# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The newest camera_info, and whether it can be relied on for an image."""

from __future__ import annotations

import threading
from enum import Enum
from typing import TYPE_CHECKING

from depth_anything_ros.ros.camera_info import (
    CameraInfoError,
    CameraInfoMismatchError,
    check_camera_info,
    scale_camera_info,
)
from depth_anything_ros.ros.reporter import Reporter
from depth_anything_ros.ros.stamps import Header, nanoseconds

if TYPE_CHECKING:
    from sensor_msgs.msg import CameraInfo

TROUBLE = 'camera_info'


class InfoState(Enum):
    """What is known of the newest CameraInfo.

    NONE: none has come. UNCHECKED: one has, and no depth yet that needs it. FRESH: it is used.
    STALE: its stamp is too far from the image's. INVALID: it describes no camera. MISMATCHED: it
    describes another camera or mode, for its image has another aspect.
    """

    NONE = 'none'
    UNCHECKED = 'unchecked'
    FRESH = 'fresh'
    STALE = 'stale'
    INVALID = 'invalid'
    MISMATCHED = 'mismatched'


class CameraInfoTracker:
    """Keep the newest CameraInfo from its callback, and scale it for depth in another thread.

    ``state`` is that at the last depth, ``age`` how far (s) its stamp was then behind the image's.
    """

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._lock = threading.Lock()
        self._newest: CameraInfo | None = None
        self.state = InfoState.NONE
        self.age: float | None = None

    def store(self, message: CameraInfo) -> None:
        """Keep a message as the newest."""
        with self._lock:
            self._newest = message
            if self.state is InfoState.NONE:
                self.state = InfoState.UNCHECKED

    def forget(self) -> None:
        """Drop what is kept."""
        with self._lock:
            self._newest = None
            self.state, self.age = InfoState.NONE, None

    def facts(self) -> dict[str, str]:
        """Return state and age in words for /diagnostics."""
        told = {'camera_info_state': self.state.value}
        return told if self.age is None else {**told, 'camera_info_age_s': f'{self.age:.3f}'}

    def info_for(
        self,
        header: Header,
        image_size: tuple[int, int],
        depth_size: tuple[int, int],
        max_age: float,
    ) -> CameraInfo | None:
        """Return the CameraInfo of a depth image under the image's header, or None.

        Sizes are (width, height) in pixels; ``max_age`` is in seconds, 0 for any. Missing, stale
        and invalid ones are reported, once and then at a low rate.
        """
        with self._lock:
            newest = self._newest
        if newest is None:
            self._reporter.report(
                TROUBLE,
                'no camera_info has come: depth goes on without depth/camera_info; remap '
                'camera_info to the topic of the driver, or calibrate the camera',
            )
            return None
        age = self.age = (nanoseconds(header.stamp) - nanoseconds(newest.header.stamp)) / 1e9
        if 0 < max_age < abs(age):
            self.state = InfoState.STALE
            self._reporter.report(
                TROUBLE,
                f"camera_info is stale: its stamp is {age:.1f} s from the image's, more than "
                f'camera_info_max_age {max_age:g} s; depth goes on without depth/camera_info',
            )
            return None
        try:
            usable, warning = check_camera_info(newest, *image_size)
            scaled = scale_camera_info(usable, *depth_size, header, image_size)
        except CameraInfoError as error:
            mismatched = isinstance(error, CameraInfoMismatchError)
            self.state = InfoState.MISMATCHED if mismatched else InfoState.INVALID
            self._reporter.report(TROUBLE, f'{error}; depth goes on without depth/camera_info')
            return None
        self.state = InfoState.FRESH
        if warning is None:
            self._reporter.clear(TROUBLE, 'camera_info can be relied on again')
        else:
            self._reporter.report(TROUBLE, warning)
        return scaled

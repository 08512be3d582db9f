# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a reference sensor measured lately, and what of it a picture shows."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.reference import (
    Reference,
    from_depth_image,
    from_scan,
    project_points,
)
from depth_anything_ros.geometry.transform import Transform
from depth_anything_ros.ros.camera_info import check_camera_info
from depth_anything_ros.ros.cdr import CdrError
from depth_anything_ros.ros.depth_message import decode_depth
from depth_anything_ros.ros.pinhole import pinhole_of
from depth_anything_ros.ros.raw_image import RawImage
from depth_anything_ros.ros.raw_point_cloud import RawPointCloud
from depth_anything_ros.ros.stamps import Header, Stamp, nanoseconds
from depth_anything_ros.ros.topics import Topics, Transforms

if TYPE_CHECKING:
    from sensor_msgs.msg import CameraInfo

KINDS = {'depth': 'Image', 'points': 'PointCloud2', 'scan': 'LaserScan'}
"""The type of reference/NAME by what parameter scale.source says."""
KEPT = 8
"""References kept: a sensor at 20 Hz may be as late as the network takes over a frame."""


class NoReferenceError(ValueError):
    """There is no reference for a picture."""


@dataclass(frozen=True)
class _Kept:
    stamp: int
    header: Header
    message: Any


class ReferenceBuffer:
    """The newest references of one camera, stored as they come and decoded when they are used.

    ``source`` is 'depth', 'points' or 'scan'; ``extrinsics`` is where the sensor's frame is in the
    optical frame, None asks TF, or needs no asking where both frames are one.
    """

    def __init__(
        self,
        topics: Topics,
        prefix: str,
        source: str,
        extrinsics: Transform | None,
        tree: Transforms,
    ) -> None:
        self._topics, self._source, self._tree = topics, source, tree
        self._extrinsics = extrinsics
        self._lock = threading.Lock()
        self._kept: deque[_Kept] = deque(maxlen=KEPT)
        self._camera: CameraInfo | None = None
        self._unreadable = ''
        self.topic = f'{prefix}reference/{source}'
        raw = source != 'scan'
        self._listening = [topics.listen(KINDS[source], self.topic, self._store, raw)]
        if source == 'depth':
            topic = f'{prefix}reference/camera_info'
            self._listening.append(topics.listen('CameraInfo', topic, self._store_info, False))

    def close(self) -> None:
        """Listen no more."""
        for listening in self._listening:
            self._topics.ignore(listening)
        self._listening.clear()

    def find(self, header: Header, intrinsics: Intrinsics, max_gap: float) -> Reference:
        """Return what the reference nearest in time to an image shows in its picture.

        ``intrinsics`` are those of the depth map, ``max_gap`` is in seconds. Raises
        NoReferenceError saying which is missing, and what decoding raises: CdrError, ImageError,
        PointCloudError, TransformUnknownError, CameraInfoError, BadReferenceError.
        """
        kept = self._nearest(header.stamp, max_gap)
        where = self._where(kept.header, header)
        if self._source == 'points':
            return project_points(kept.message.positions(), where, intrinsics)
        if self._source == 'scan':
            scan = kept.message
            return from_scan(
                np.asarray(scan.ranges, np.float32),
                scan.angle_min,
                scan.angle_increment,
                where,
                intrinsics,
                scan.range_min,
                scan.range_max,
            )
        depth = decode_depth(kept.message)
        if kept.header.frame_id == header.frame_id:
            # Registered: it shows the same picture, in whatever size.
            return from_depth_image(
                depth, intrinsics.scaled(depth.shape[1], depth.shape[0]), intrinsics
            )
        return from_depth_image(depth, self._camera_of(depth), intrinsics, where)

    def _nearest(self, stamp: Stamp, max_gap: float) -> _Kept:
        wanted = nanoseconds(stamp)
        with self._lock:
            kept = list(self._kept)
        if not kept and self._unreadable:
            raise NoReferenceError(f'the reference could not be read: {self._unreadable}')
        if not kept:
            raise NoReferenceError(
                f'nothing has come on {self._topics.resolve(self.topic)}: remap '
                f'reference/{self._source} to the topic of the sensor'
            )
        nearest = min(kept, key=lambda item: abs(item.stamp - wanted))
        gap = abs(nearest.stamp - wanted) / 1e9
        if gap > max_gap:
            raise NoReferenceError(
                f'the reference nearest to the image is {gap:.2f} s away, more than scale.max_gap '
                f'{max_gap:g} s: check the clocks of both, or raise scale.max_gap'
            )
        return nearest

    def _where(self, reference: Header, image: Header) -> Transform:
        """Return where the sensor is in the optical frame."""
        if self._extrinsics is not None:
            return self._extrinsics
        if reference.frame_id == image.frame_id:
            return Transform.identity()
        return self._tree.find(image.frame_id, reference.frame_id, nanoseconds(image.stamp))

    def _camera_of(self, depth: np.ndarray) -> Intrinsics:
        with self._lock:
            camera = self._camera
        if camera is None:
            raise NoReferenceError(
                'reference/depth is of another camera, and nothing has come on '
                'reference/camera_info: remap it to the camera_info of that camera'
            )
        height, width = depth.shape
        usable, _ = check_camera_info(camera, width, height)
        return pinhole_of(usable, (width, height))

    def _store(self, message: Any) -> None:
        try:
            if self._source == 'points':
                message = RawPointCloud.parse(message)
            elif self._source == 'depth':
                message = RawImage.parse(message)
        except CdrError as error:
            self._unreadable = str(error)
            return
        with self._lock:
            self._kept.append(_Kept(nanoseconds(message.header.stamp), message.header, message))

    def _store_info(self, message: CameraInfo) -> None:
        with self._lock:
            self._camera = message

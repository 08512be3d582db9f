# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Clouds, obstacles and scan of one frame, as ROS messages."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.geometry.decimation import (
    decimate,
    decimate_picture,
    decimated_intrinsics,
)
from depth_anything_ros.geometry.edges import EdgeSettings, without_flying_pixels
from depth_anything_ros.geometry.ground import fit_ground_plane
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.obstacles import ObstacleSettings, find_obstacles
from depth_anything_ros.geometry.points import back_project, cleared, pack
from depth_anything_ros.geometry.rays import Rays, rays_of
from depth_anything_ros.geometry.scan import ScanSettings, make_scan
from depth_anything_ros.geometry.transform import Transform
from depth_anything_ros.inference.threads import one_thread
from depth_anything_ros.ros.frame_outputs import SPACE_TOPICS, FrameOutputs
from depth_anything_ros.ros.parameters import DepthSettings
from depth_anything_ros.ros.raw_point_cloud import RawPointCloud
from depth_anything_ros.ros.raw_scan import serialize_scan
from depth_anything_ros.ros.reporter import Reporter
from depth_anything_ros.ros.space_settings import ObstacleGroup
from depth_anything_ros.ros.stamps import Header, seconds
from depth_anything_ros.ros.topics import Transforms

CAMERA_TROUBLE, POSE_TROUBLE, TF_TROUBLE = 'clouds', 'obstacles', 'level frame'
GROUND_TROUBLE = 'ground'
NEED_POSE = ('obstacles', 'scan')
SAME_ROTATION, SAME_HEIGHT = 0.002, 0.005
"""Radians and metres by which a pose may move and still count as the same."""
LEVEL = '_level'
"""What the name of a camera's level frame ends with: at the lens, x forward, z up."""


class Clouds:
    """Makes and publishes what somebody listens to, one frame after the other."""

    def __init__(self, outputs: FrameOutputs, tree: Transforms, reporter: Reporter) -> None:
        self._outputs, self._tree, self._reporter = outputs, tree, reporter
        self._last_scan: float | None = None
        self._last_pose: Transform | None = None
        self.flying_share: float | None = None

    def publish(
        self,
        metres: Tensor,
        rgb: np.ndarray,
        header: Header,
        settings: DepthSettings,
        network_width: int,
        intrinsics: Intrinsics | None,
        pose: Transform | None,
    ) -> None:
        """Send what is listened to of a frame's metric depth (H, W) on any device.

        ``network_width`` is in pixels. ``intrinsics`` are those of the depth's size and ``rgb`` is
        the picture of any size with the same view; ``pose`` is the camera's above the ground.
        Without what a topic needs nothing goes out on it, and that is reported.
        """
        wanted = [name for name in SPACE_TOPICS if self._outputs.listened(name)]
        if not wanted:
            return
        if intrinsics is None:
            self._reporter.report(
                CAMERA_TROUBLE,
                f'{", ".join(wanted)} cannot be made: there is no usable camera_info',
            )
            return
        self._reporter.clear(CAMERA_TROUBLE, 'clouds and scan can be made again')
        if pose is None and set(wanted) & set(NEED_POSE):
            self._reporter.report(
                POSE_TROUBLE,
                'obstacles and scan cannot be made: the pose of the camera is not known, set '
                'pose.source and what it needs',
            )
            wanted = [name for name in wanted if name not in NEED_POSE]
        elif pose is not None:
            self._reporter.clear(POSE_TROUBLE, 'obstacles and scan can be made again')
        if settings.edges.max_jump > 0:
            edges = EdgeSettings.enlarged(metres.shape[1], network_width, settings.edges.max_jump)
            clean = without_flying_pixels(metres, edges)
            metres, self.flying_share = clean.values, clean.removed
        blocks = _blocks(settings, metres.shape)
        depth = decimate(metres, *blocks, settings.points.reduce)
        camera = decimated_intrinsics(intrinsics, *blocks)
        rays = rays_of(camera, device=metres.device)
        points = back_project(depth, rays)
        if 'points' in wanted:
            self._send_points('points', points, metres.shape, rgb, header, settings, pose)
        if 'points_clearing' in wanted:
            filled = back_project(cleared(depth, rays, settings.points.max_range), rays)
            self._send_points('points_clearing', filled, metres.shape, rgb, header, settings, pose)
        if 'obstacles' in wanted and pose is not None:
            self._send_obstacles(points, header, settings.obstacles, camera, pose)
        if 'scan' in wanted and pose is not None:
            self._send_scan(depth, points, rays, header, settings, pose)

    def _send_points(
        self,
        topic: str,
        points: Tensor,
        size: torch.Size,
        rgb: np.ndarray,
        header: Header,
        settings: DepthSettings,
        pose: Transform | None,
    ) -> None:
        height = None
        if settings.points.height and pose is not None:
            height = heights(points, pose)
        colors = decimate_picture(picture_at(rgb, size[0], size[1]), *_blocks(settings, size))
        packed = pack(points, colors, height)
        cloud = RawPointCloud.of(packed.data, packed.names, header)
        self._outputs.send(topic, cloud.serialize())

    def _send_obstacles(
        self,
        points: Tensor,
        header: Header,
        group: ObstacleGroup,
        camera: Intrinsics,
        pose: Transform,
    ) -> None:
        ground = None
        if group.ground == 'fit':
            fit = fit_ground_plane(points, pose)
            ground = fit.plane
            if ground is None:
                self._reporter.report(
                    GROUND_TROUBLE, f'no ground found, the pose tells it: {fit.reason}'
                )
            else:
                self._reporter.clear(GROUND_TROUBLE, 'the ground is found again')
        wanted = ObstacleSettings(
            min_height=group.min_height,
            max_height=group.max_height,
            ground_slope=group.ground_slope,
            min_range=group.min_range,
            max_range=group.max_range,
            voxel=group.voxel,
            min_points=group.min_points,
            max_points=group.max_points,
        )
        found = find_obstacles(points, pose, wanted, ground, pitch=1 / camera.fx)
        packed = torch.cat((found.points, found.heights[:, None]), dim=1).cpu().numpy()
        cloud = RawPointCloud.of(packed, ('x', 'y', 'z', 'height'), header)
        self._outputs.send('obstacles', cloud.serialize())

    def _send_scan(
        self,
        depth: Tensor,
        points: Tensor,
        rays: Rays,
        header: Header,
        settings: DepthSettings,
        pose: Transform,
    ) -> None:
        group, pose = settings.scan, self._steady(pose)
        wanted = ScanSettings(
            min_height=group.min_height,
            max_height=group.max_height,
            angle_increment=group.angle_increment,
            range_min=group.range_min,
            range_max=group.range_max,
        )
        far, close = depth == torch.inf, depth == -torch.inf
        scan = make_scan(points, far, rays, pose, wanted, close)
        ranges = scan.ranges.cpu().numpy()
        frame = header.frame_id + LEVEL
        where = Transform(pose.rotation.T, np.zeros(3))
        static = settings.pose.source == 'fixed'
        if not self._tree.tell(header.frame_id, frame, where, header.stamp, static):
            self._reporter.report(
                TF_TROUBLE,
                f'tf2_msgs is not installed, so that nobody is told where {frame}, the frame of '
                'scan, is: publish that transform otherwise',
            )
        at = seconds(header.stamp)
        message = serialize_scan(
            ranges,
            Header(header.stamp, frame),
            angle_min=scan.angle_min,
            angle_increment=scan.angle_increment,
            scan_time=max(0.0, at - self._last_scan) if self._last_scan is not None else 0.0,
            range_min=wanted.range_min,
            range_max=wanted.range_max,
        )
        self._last_scan = at
        self._outputs.send('scan', message)

    def _steady(self, pose: Transform) -> Transform:
        """Return the last pose that a scan was made by, if this one hardly moved from it.

        What each pixel's ray does is worked out again when the pose changes, and that takes longer
        than the scan.
        """
        last = self._last_pose
        if last is not None:
            turned = np.abs(last.rotation - pose.rotation).max()
            moved = np.abs(last.translation - pose.translation).max()
            if turned < SAME_ROTATION and moved < SAME_HEIGHT:
                return last
        self._last_pose = pose
        return pose


@one_thread()
@torch.inference_mode()
def points_of(
    metres: np.ndarray,
    rgb: np.ndarray,
    intrinsics: Intrinsics,
    settings: DepthSettings,
    network_width: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the known points (N, 3) float32 that ``points`` has, and their colours (N, 3) uint8.

    The arguments are those of ``Clouds.publish``, ``metres`` as an array.
    """
    depth = torch.from_numpy(metres)
    if settings.edges.max_jump > 0:
        edges = EdgeSettings.enlarged(depth.shape[1], network_width, settings.edges.max_jump)
        depth = without_flying_pixels(depth, edges).values
    blocks = _blocks(settings, depth.shape)
    reduced = decimate(depth, *blocks, settings.points.reduce)
    points = back_project(reduced, rays_of(decimated_intrinsics(intrinsics, *blocks))).numpy()
    colors = decimate_picture(picture_at(rgb, *metres.shape), *blocks)
    known = np.isfinite(points[..., 2])
    return points[known], colors[known]


def _blocks(settings: DepthSettings, size: torch.Size) -> tuple[int, int]:
    """Return the rows and columns of depth that make a point; of a small picture all there are."""
    return min(settings.points.rows, size[0]), min(settings.points.columns, size[1])


def heights(points: Tensor, pose: Transform) -> Tensor:
    """Return the height of points (..., 3) above the ground below the camera, in metres."""
    up = torch.from_numpy(pose.rotation[2]).to(points)
    return points @ up + float(pose.translation[2])


def picture_at(rgb: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a picture at the size of the depth, by its nearest pixels."""
    if rgb.shape[:2] == (height, width):
        return rgb
    rows = (np.arange(height) + 0.5) * rgb.shape[0] / height
    columns = (np.arange(width) + 0.5) * rgb.shape[1] / width
    return rgb[rows.astype(np.intp)[:, None], columns.astype(np.intp)]

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From depth to organised points, and from points to the bytes of a PointCloud2."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.geometry.rays import Rays

FIELD_BYTES = 4
"""Every field is a FLOAT32 (sensor_msgs/PointField), rgb by the custom of PCL."""


class PointsError(ValueError):
    """Depth, rays, colours and heights that do not belong together."""


@dataclass(frozen=True)
class PackedPoints:
    """An organised cloud as it goes into a PointCloud2: ``data`` (H, W, fields) float32.

    ``names`` are those of the fields, field i at byte ``offsets[i]`` of each point. height is H,
    width W, point_step ``point_step``, row_step W times that, is_dense false, as NaN points are
    in it.
    """

    data: np.ndarray
    names: tuple[str, ...]

    @property
    def offsets(self) -> tuple[int, ...]:
        """Return the byte at which each field begins in a point."""
        return tuple(FIELD_BYTES * i for i in range(len(self.names)))

    @property
    def point_step(self) -> int:
        """Return the bytes of a point."""
        return FIELD_BYTES * len(self.names)


def back_project(depth: Tensor, rays: Rays) -> Tensor:
    """Return the points (H, W, 3) float32 of depth (H, W), metres in the optical frame.

    All three are NaN where depth is not finite and above 0, or the pixel has no ray. Raises
    PointsError for rays of another size.
    """
    if depth.shape != rays.slopes.shape[1:]:
        raise PointsError(
            f'depth is {tuple(depth.shape)}, the rays are for {tuple(rays.slopes.shape[1:])}: '
            'make them from the intrinsics of this size'
        )
    z = depth if rays.stretch is None else depth * rays.stretch
    # A slope times NaN is NaN, but NaN slopes must reach z too: a point is known as a whole.
    z = torch.where((z > 0) & (z < torch.inf) & ~torch.isnan(rays.slopes[0]), z, torch.nan)
    points = torch.empty((*depth.shape, 3), dtype=torch.float32, device=depth.device)
    torch.mul(rays.slopes[0], z, out=points[..., 0])
    torch.mul(rays.slopes[1], z, out=points[..., 1])
    points[..., 2] = z
    return points


def pack(
    points: Tensor, rgb: np.ndarray | None = None, height: Tensor | None = None
) -> PackedPoints:
    """Return points (H, W, 3) as the data of a PointCloud2: x y z, then rgb and height if given.

    ``rgb`` (H, W, 3) uint8 becomes 0x00RRGGBB in the bits of a float32, in the machine's byte
    order, as PCL, RViz and Foxglove read it. ``height`` (H, W) float32 is in metres above the
    ground, for use_global_height of nav2's collision monitor. Raises PointsError for other sizes.
    """
    size = tuple(points.shape[:2])
    for name, other in (('rgb', rgb), ('height', height)):
        if other is not None and tuple(other.shape[:2]) != size:
            raise PointsError(f'{name} is {tuple(other.shape)}, the points are {size}')
    names = ['x', 'y', 'z'] + ['rgb'] * (rgb is not None) + ['height'] * (height is not None)
    where = points.cpu().numpy()
    if len(names) == 3:
        return PackedPoints(np.ascontiguousarray(where), tuple(names))
    data = np.empty((*size, len(names)), np.float32)
    data[..., :3] = where
    if rgb is not None:
        data.view(np.uint32)[..., 3] = _packed_colour(rgb)
    if height is not None:
        data[..., -1] = height.cpu().numpy()
    return PackedPoints(data, tuple(names))


def cleared(depth: Tensor, rays: Rays, max_range: float) -> Tensor:
    """Return depth whose free pixels are at ``max_range``, for layers that clear by points.

    nav2's obstacle layer ignores infinite points, so a ray that meets nothing clears nothing.
    Here +Inf, and all that is farther than ``max_range`` metres from the lens, is that far
    along its ray; depth is that over the length of the pixel's ray (x/z, y/z, 1). NaN and -Inf
    stay, so what is unknown clears nothing. A layer must mark nothing at ``max_range``: its
    obstacle_max_range is to be less. Raises PointsError for a range that is not above 0.
    """
    if not 0 < max_range < float('inf'):
        raise PointsError(f'max_range is {max_range!r}: give metres above 0')
    # torch.minimum passes NaN on, of depth as of rays.
    return torch.minimum(depth, max_range / rays.norms)


def _packed_colour(rgb: np.ndarray) -> np.ndarray:
    """Return (H, W) uint32 0x00RRGGBB."""
    # Blue, green, red, alpha in memory are a little-endian 0xAARRGGBB.
    packed = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2BGRA).view('<u4')[..., 0]
    return packed & np.uint32(0xFFFFFF)

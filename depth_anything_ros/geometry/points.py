# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From depth to organised points, and to the bytes of a PointCloud2."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor


def back_project(depth: Tensor, rays: Tensor) -> Tensor:
    """Return the points (H, W, 3) float32 of depth (H, W), in metres in the optical frame.

    ``depth`` is along the optical axis (REP 118), ``rays`` are those of ``rays_of`` for its size.
    All that is not finite and above 0 becomes NaN, the invalid points of an organised cloud.
    """
    z = torch.where((depth > 0) & (depth < math.inf), depth, math.nan)
    points = torch.empty((*depth.shape, 3), dtype=torch.float32, device=depth.device)
    torch.mul(rays[0], z, out=points[..., 0])
    torch.mul(rays[1], z, out=points[..., 1])
    points[..., 2] = z
    return points


def cleared(depth: Tensor, rays: Tensor, max_range: float) -> Tensor:
    """Return the points of depth with all that is farther than ``max_range`` m put at it.

    So is +Inf: nothing was seen up to there, and a layer that clears along rays needs a point to
    clear to. The range is the distance from the lens. Unknown (NaN) and too close (-Inf) stay NaN,
    as nothing is known to be free.
    """
    # Depth at max_range along each ray.
    limit = max_range / (1 + rays.square().sum(dim=0)).sqrt_()
    return back_project(torch.where(depth > limit, limit, depth), rays)


def pack(
    points: Tensor, rgb: np.ndarray | None = None, height: Tensor | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return points with colour and height as (H, W, F) float32, and the names of the F fields.

    ``points`` are (H, W, 3); ``rgb`` (H, W, 3) uint8 becomes the field rgb, 0x00RRGGBB in the bits
    of a float32, as PCL and RViz read it; ``height`` (H, W) m is that above the ground.
    """
    columns = [points.cpu().numpy()]
    names = ['x', 'y', 'z']
    if rgb is not None:
        packed = np.zeros((*rgb.shape[:2], 4), np.uint8)
        packed[..., :3] = rgb[..., ::-1]
        columns.append(packed.view('<u4').astype(np.uint32, copy=False).view(np.float32))
        names.append('rgb')
    if height is not None:
        columns.append(height.cpu().numpy()[..., None])
        names.append('height')
    if len(columns) == 1:
        return columns[0], tuple(names)
    packed_points = np.empty((*points.shape[:2], len(names)), np.float32)
    # As integers: a copy of floats may quieten the NaNs that some colours are.
    bits = packed_points.view(np.uint32)
    at = 0
    for column in columns:
        bits[..., at : at + column.shape[-1]] = column.view(np.uint32)
        at += column.shape[-1]
    return packed_points, tuple(names)

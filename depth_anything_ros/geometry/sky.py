# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a network can only say to be far: sky, and all beyond its range."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
import torch
from torch import Tensor

FAR_SHARE = 0.01
"""Disparity of what is far, as a share of that of the nearest things in the picture."""

NEAREST_SHARE = 0.95
"""Share of the pixels with a disparity that are not among the nearest things."""

SAMPLES = 4096
"""About how many pixels the nearest things are looked for in."""


class SkyError(ValueError):
    """A limit from which nothing can be told to be far."""


def mark_far(depth: Tensor, max_depth: float, share: float) -> Tensor:
    """Set metric depth (float32 metres, any shape) to +Inf where the network is saturated.

    That is from ``share`` (of 1) times ``max_depth`` on, the greatest depth in metres that the
    network can say: its sigmoid comes close to it for sky, and for all that is beyond. Ask before
    depth is scaled or corrected for the focal length. NaN and -Inf stay. The tensor itself is
    changed, and returned: a new one of a large picture takes longer than all the rest. Raises
    SkyError for a limit that is not above 0 and a share outside (0, 1].
    """
    if not 0 < max_depth < math.inf:
        raise SkyError(f'max_depth is {max_depth!r}: give metres above 0')
    if not 0 < share <= 1:
        raise SkyError(f'the share is {share!r}: give above 0 to 1, 0.99 is usual')
    limit = share * max_depth
    if depth.device.type != 'cpu' or depth.ndim != 2 or not depth.is_contiguous():
        return depth.masked_fill_(depth >= limit, math.inf)
    if depth.numel():
        # A quarter of the time of torch's; NaN is not above the limit here either.
        values = depth.numpy()
        cv2.copyTo(_infinite(values.shape), (values >= limit).view(np.uint8), values)
    return depth


@lru_cache(maxsize=4)
def _infinite(shape: tuple[int, ...]) -> np.ndarray:
    return np.full(shape, np.inf, np.float32)


def far_disparity(disparity: Tensor) -> Tensor:
    """Return where (H, W) bool a relative network's disparity (H, W) is too small for a depth.

    The network is trained to say 0 for sky and cannot say less, so what a scale makes of it is no
    depth. Far is at most 1 % of the disparity of the nearest things, which is the 95th percentile
    of the finite disparities above 0, of every so many-th row and column. Relative disparity has
    an unknown shift: far things indoors may come close to 0 as well.

    -Inf is far, NaN and +Inf (too near) are not. Without any disparity above 0 nothing is far: a
    picture of which the network knows nothing must not become free space. It works on the device
    of ``disparity`` and does not wait for it. Raises SkyError for other shapes.
    """
    if disparity.ndim != 2:
        raise SkyError(f'disparity is {tuple(disparity.shape)}: give (H, W)')
    step = max(1, math.isqrt(disparity.numel() // SAMPLES))
    some = disparity[::step, ::step]
    if not some.numel():
        return torch.zeros(disparity.shape, dtype=torch.bool, device=disparity.device)
    known = torch.where((some > 0) & (some < math.inf), some, math.nan)
    nearest = torch.nanquantile(known, NEAREST_SHARE)  # NaN, and so is the limit, without any
    return disparity <= FAR_SHARE * nearest

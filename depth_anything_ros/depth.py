# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an estimate is: the values and the kind of quantity they are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np


class DepthKind(Enum):
    """The quantity a depth map holds.

    RELATIVE is affine-invariant inverse depth: larger is nearer, scale and shift unknown, never
    below 0. METRIC is depth in metres along the optical axis (REP 118).
    """

    RELATIVE = 'relative'
    METRIC = 'metric'


@dataclass(frozen=True)
class Depth:
    """One depth map.

    ``values`` is (H, W) float32 at the size of the source image, in the unit that ``kind`` names;
    ``network_size`` is the (height, width) at which the network saw the image.
    """

    values: np.ndarray
    kind: DepthKind
    network_size: tuple[int, int]

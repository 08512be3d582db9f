# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A picture beside its depth."""

from __future__ import annotations

import cv2
import numpy as np


def side_by_side(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Join two (H, W, 3) uint8 pictures, the right one resized to the height of the left one."""
    height, width = left.shape[:2]
    if right.shape[0] != height:
        new_width = max(1, round(right.shape[1] * height / right.shape[0]))
        right = cv2.resize(right, (new_width, height), interpolation=cv2.INTER_LINEAR)
    return np.concatenate([left, right], axis=1)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Flying pixels of depth that is shown as points."""

from __future__ import annotations

import numpy as np
import torch

from depth_anything_ros.geometry.edges import EdgeSettings, flying_pixels
from depth_anything_ros.inference.threads import one_thread

MAX_JUMP = 0.1
"""The relative jump of depth whose ramp is left out unless told, as by `depth-anything image`."""


def is_ramp(metres: np.ndarray, network_width: int, max_jump: float = MAX_JUMP) -> np.ndarray:
    """Tell which pixels (H, W) of metric depth (H, W) float32 hang between two surfaces.

    ``network_width`` is that of the network's output, which was enlarged to this; 0 is unknown.
    With a ``max_jump`` of 0 none does. Raises EdgeError.
    """
    if max_jump == 0:
        return np.zeros(metres.shape, bool)
    settings = EdgeSettings(max_jump)
    if network_width:
        settings = EdgeSettings.enlarged(metres.shape[1], network_width, max_jump)
    with one_thread(), torch.inference_mode():
        flying = flying_pixels(torch.from_numpy(metres), settings)
    return np.asarray(flying.numpy())

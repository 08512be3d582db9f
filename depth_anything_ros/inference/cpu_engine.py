# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The engine for processors: one picture after the other through fused layers."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from depth_anything_ros.inference.cpu_decoder import CpuDecoder
from depth_anything_ros.inference.cpu_encoder import CpuEncoder
from depth_anything_ros.inference.engine import as_tensor
from depth_anything_ros.inference.preprocessing import postprocess
from depth_anything_ros.inference.stage_times import StageTimes
from depth_anything_ros.model.configuration import PATCH_SIZE
from depth_anything_ros.model.depth_anything import DepthAnything


class CpuEngine:
    """Run a network in float32 or bfloat16 on the processor.

    It takes the weights over into its own layout, so the network itself may go, but must not be
    changed. A batch is a loop: one picture already fills the cores, and its maps the caches.
    """

    def __init__(self, network: DepthAnything, dtype: torch.dtype) -> None:
        self.stages = StageTimes()
        with torch.inference_mode():
            self._encode = CpuEncoder(network.pretrained, dtype)
            self._decode = CpuDecoder(network.depth_head, network.config.max_depth, dtype)

    @torch.inference_mode()
    def run(
        self, pictures: Sequence[np.ndarray], size: tuple[int, int], at_network_size: bool
    ) -> list[np.ndarray]:
        """Return the pictures' depth, see Engine."""
        grid = (size[0] // PATCH_SIZE, size[1] // PATCH_SIZE)
        results = []
        for rgb in pictures:
            with self.stages.measure('preprocess'):
                pixels = resize_pixels(rgb, size)
            with self.stages.measure('network'):
                values = self._decode(self._encode(pixels), grid)
            with self.stages.measure('postprocess'):
                target = size if at_network_size else rgb.shape[:2]
                results.append(postprocess(values[None], target)[0].numpy())
        return results


def resize_pixels(rgb: np.ndarray, size: tuple[int, int]) -> Tensor:
    """Resize (H, W, 3) uint8 to (*size, 3) float32 in 0-255, as ``preprocess`` does.

    OpenCV's INTER_CUBIC is what the official pipeline calls, and the fastest there is. A picture
    that has the size already comes back as it is, uint8.
    """
    if rgb.shape[:2] == size:
        return as_tensor(rgb)
    pixels = rgb.astype(np.float32, order='C')
    return torch.from_numpy(cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_CUBIC))

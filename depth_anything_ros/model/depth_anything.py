# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth Anything V2 (arXiv 2406.09414): the encoder and the decoder as one network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from depth_anything_ros.model.configuration import PATCH_SIZE, DepthAnythingConfig
from depth_anything_ros.model.dinov2 import DinoVisionTransformer
from depth_anything_ros.model.dpt import DPTHead


class DepthAnything(nn.Module):
    """The network; its state dict has the keys and shapes of the official checkpoints.

    Weights are PyTorch's defaults until ``initialise`` or a checkpoint sets them.
    """

    def __init__(self, config: DepthAnythingConfig) -> None:
        super().__init__()
        self.config = config
        self.pretrained = DinoVisionTransformer(config)
        self.depth_head = DPTHead(config)

    def forward(self, image: Tensor, position: Tensor | None = None) -> Tensor:
        """Estimate depth.

        ``image`` is (B, 3, H, W), RGB normalised by ImageNet's mean and standard deviation, H and
        W multiples of 14. The result is (B, H, W): inverse depth >= 0 of unknown scale and shift
        for a relative network, metres in (0, max_depth) along the optical axis for a metric one.
        It is float32 whatever ``set_precision`` chose. ``position`` is the encoder's position
        embedding at that size, for callers that keep it.
        """
        grid = (image.shape[-2] // PATCH_SIZE, image.shape[-1] // PATCH_SIZE)
        image = image.to(self.pretrained.patch_embed.proj.weight.dtype)
        values = self.depth_head(self.pretrained(image, position), grid).squeeze(1)
        if self.config.max_depth is None:
            return values
        return values * self.config.max_depth

    def set_precision(self, dtype: torch.dtype) -> DepthAnything:
        """Convert the weights for faster inference; return the network itself.

        The last projection stays float32: its output is the depth, and 8 or 11 bits of mantissa
        would show as terraces.
        """
        refine = self.depth_head.scratch.output_conv2
        last = refine[2]
        # Out of the way meanwhile: rounded and widened again, its weights would stay rounded.
        refine[2] = nn.Identity()
        self.to(dtype)
        refine[2] = last
        return self

    def initialise(self) -> DepthAnything:
        """Set weights for training from scratch: the encoder's as DINOv2 does; return itself."""
        for module in self.pretrained.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)
        nn.init.trunc_normal_(self.pretrained.pos_embed, std=0.02)
        nn.init.normal_(self.pretrained.cls_token, std=1e-6)
        # A ReLU that starts below zero everywhere passes no gradient and never learns.
        nn.init.ones_(self.get_parameter('depth_head.scratch.output_conv2.2.bias'))
        return self

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The processes and devices of a run, by way of accelerate."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from depth_anything_ros.model.configuration import PATCH_SIZE
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.training.errors import TrainingError
from depth_anything_ros.training.settings import MachineSettings, OptimiserSettings

if TYPE_CHECKING:
    from accelerate import Accelerator

ENCODER = 'pretrained.'


class WithFeatures(nn.Module):
    """A network that also gives its encoder's last features, which data-parallelism must see."""

    def __init__(self, network: DepthAnything) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Map (B, 3, H, W) to depth (B, H, W) and features (B, H/14 * W/14, D)."""
        taps = self.network.pretrained(image)
        grid = (image.shape[-2] // PATCH_SIZE, image.shape[-1] // PATCH_SIZE)
        values = self.network.depth_head(taps, grid).squeeze(1)
        return values * (self.network.config.max_depth or 1.0), taps[-1]


def accelerator_for(machine: MachineSettings) -> Accelerator:
    """Return accelerate's view of this process, as torchrun or nothing at all has started it."""
    try:
        from accelerate import Accelerator, DistributedDataParallelKwargs
        from accelerate.utils import FullyShardedDataParallelPlugin
    except ModuleNotFoundError as error:
        raise TrainingError(
            f"training needs {error.name}: pip install 'depth_anything_ros[train]'"
        ) from error
    sharding = None
    if machine.sharding == 'full' and int(os.environ.get('WORLD_SIZE', 1)) > 1:
        sharding = FullyShardedDataParallelPlugin(
            fsdp_version=2,
            auto_wrap_policy='transformer_based_wrap',
            transformer_cls_names_to_wrap=['Block'],
            cpu_ram_efficient_loading=False,
        )
    # Every tensor that needs a gradient gets one, so nobody has to look for those that do not.
    parallel = DistributedDataParallelKwargs(
        find_unused_parameters=False, gradient_as_bucket_view=True
    )
    return Accelerator(
        cpu=machine.device == 'cpu',
        mixed_precision='bf16' if machine.precision == 'bfloat16' else 'no',
        kwargs_handlers=[parallel],
        fsdp_plugin=sharding,
    )


def prepare_network(network: DepthAnything, machine: MachineSettings) -> WithFeatures:
    """Set a network up as the machine settings want it; its tensors keep their names."""
    if machine.checkpointing:
        for block in network.pretrained.blocks:
            again = partial(checkpoint, block.forward, use_reentrant=False)
            block.forward = again  # type: ignore[assignment]
    if machine.compile:
        for block in network.pretrained.blocks:
            block.compile()
        network.depth_head.compile()
    if machine.deterministic:
        torch.use_deterministic_algorithms(True, warn_only=True)
    return WithFeatures(network)


def optimiser_for(
    network: nn.Module, settings: OptimiserSettings, device: torch.device
) -> torch.optim.Optimizer:
    """Return Adam or AdamW with a group for each rate and weight decay.

    Groups hold their own ``base`` rate, which the schedule multiplies.
    """
    groups = []
    for encoder, rate in ((True, settings.encoder_rate), (False, settings.decoder_rate)):
        named = [
            parameter
            for name, parameter in network.named_parameters()
            if parameter.requires_grad and (ENCODER in name) is encoder
        ]
        for spared in (False, True):
            own = [p for p in named if (settings.spare and not _decays(p)) is spared]
            decay = 0.0 if spared else settings.weight_decay
            if own:
                groups.append({'params': own, 'lr': rate, 'base': rate, 'weight_decay': decay})
    kind = torch.optim.Adam if settings.name == 'adam' else torch.optim.AdamW
    return kind(groups, betas=settings.betas, fused=device.type in ('cpu', 'cuda'))


def _decays(parameter: nn.Parameter) -> bool:
    """Tell a matrix from a bias, a norm, an embedding and the last projection (decision 9)."""
    return parameter.ndim > 1 and len(parameter) > 1

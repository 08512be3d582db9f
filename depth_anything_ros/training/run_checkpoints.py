# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The networks that a run leaves for others: last, best, and some on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from depth_anything_ros.model.checkpoint import save_checkpoint
from depth_anything_ros.model.checkpoint_file import CheckpointError
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.training.errors import TrainingError
from depth_anything_ros.training.settings import RunSettings

LAST, BEST = 'last.safetensors', 'best.safetensors'
_NUMBERED = re.compile(r'step_(\d{8})\.safetensors')


class RunCheckpoints:
    """Writes checkpoints that DepthEstimator and depth_node load, each whole or not at all."""

    def __init__(self, folder: Path, settings: RunSettings) -> None:
        self._folder, self._settings = folder, settings

    def write(self, name: str, state: Mapping[str, Tensor], step: int, facts: Mapping) -> None:
        """Write a network with its size, kind, farthest depth and ``facts`` in the header.

        Raises TrainingError; what was there before stays then.
        """
        settings = self._settings
        with torch.device('meta'):
            network = DepthAnything(config_for(settings.model, settings.max_depth))
        network.load_state_dict(state, assign=True)
        said: dict[str, Any] = {
            'stage': settings.stage,
            'step': step,
            'input_size': settings.side,
            **facts,
        }
        path = self._folder / name
        try:
            save_checkpoint(network, path, said, getattr(torch, settings.output.dtype))
        # safetensors has an error of its own for a file that takes no more.
        except (OSError, CheckpointError, SafetensorError) as error:
            raise TrainingError(
                f'{path} could not be written ({str(error).strip() or type(error).__name__}); is '
                'the disk full? Run the same command again to go on'
            ) from error

    def write_numbered(self, state: Mapping[str, Tensor], step: int, facts: Mapping) -> None:
        """Write the network of a step and remove the oldest beyond ``output.keep``."""
        self.write(f'step_{step:08d}.safetensors', state, step, facts)
        there = [path for path in self._folder.iterdir() if _NUMBERED.fullmatch(path.name)]
        for path in sorted(there)[: -self._settings.output.keep or None]:
            path.unlink(missing_ok=True)

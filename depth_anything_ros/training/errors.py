# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a training ends that cannot go on."""

from __future__ import annotations

from pathlib import Path

import torch

from depth_anything_ros.data.sample import DataError


class TrainingError(RuntimeError):
    """A run that had to stop; the message says why, what is kept, and how to go on."""


def explained(error: Exception, step: int, state: Path) -> TrainingError | None:
    """Return what an error in the middle of a run means; None for one that says it itself."""
    said = str(error).strip()
    goes_on = f'the state is in {state}: run the same command again to go on'
    if isinstance(error, TrainingError) or not said:
        return None
    if 'DataLoader worker' in said and isinstance(error, RuntimeError):
        return TrainingError(
            f'a process that reads pictures was killed at step {step} ({said.splitlines()[0]}): '
            f'out of memory? {goes_on}, with fewer machine.workers where it happens again'
        )
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return TrainingError(
            f'the GPU has too little memory at step {step}; {goes_on}, with more '
            'machine.accumulate, which cuts the same batch into more parts, machine.checkpointing '
            'or machine.sharding=full'
        )
    if isinstance(error, OSError):
        return TrainingError(f'{said}: is the disk full? {goes_on}')
    if isinstance(error, DataError):
        # Of an error in a worker torch gives the traceback, which ends with the type and message.
        return TrainingError(f'{said.splitlines()[-1].rpartition("Error: ")[2]}; {goes_on}')
    return None

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several processes on one benchmark, as accelerate or torchrun has started them."""

from __future__ import annotations

import os
from typing import Any

from depth_anything_ros.data.sample import MissingPackageError
from depth_anything_ros.evaluation.benchmark_run import Share


class Processes:
    """The share and the device of this process, which is alone if nothing has started several.

    ``device`` is what was asked for; of several processes 'auto' gives each its own GPU. Raises
    MissingPackageError where there are several and no accelerate.
    """

    def __init__(self, device: str) -> None:
        self._state: Any = None
        self.share, self.device = Share(), device
        if int(os.environ.get('WORLD_SIZE', '1')) < 2:
            return
        try:
            from accelerate import PartialState
        except ModuleNotFoundError as error:
            raise MissingPackageError(
                f"several processes need {error.name}: pip install 'depth_anything_ros[train]'"
            ) from error
        self._state = PartialState(cpu=device == 'cpu')
        self.share = Share(self._state.process_index, self._state.num_processes)
        if device == 'auto' and self._state.device.type != 'cpu':
            self.device = str(self._state.device)

    @property
    def is_main(self) -> bool:
        """Whether this process gathers the results."""
        return self.share.process == 0

    def wait(self) -> None:
        """Wait for all processes."""
        if self._state is not None:
            self._state.wait_for_everyone()

    def close(self) -> None:
        """Leave the group."""
        if self._state is not None:
            self._state.destroy_process_group()

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which network the parameters ask for, and what can be known at once to be wrong with that."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from depth_anything_ros.inference.estimator import ONNX_SUFFIX, RANDOM
from depth_anything_ros.model.catalog import CATALOG
from depth_anything_ros.ros.parameter_table import ParameterError
from depth_anything_ros.ros.parameters import DepthSettings

DEVICES = 'auto|cpu|openvino|tensorrt|mps|cuda(:[0-9]+)?'


@dataclass(frozen=True)
class NetworkChoice:
    """The parameters that need another network when they change, under their names."""

    model: str
    weights: str
    max_depth: float
    device: str
    precision: str
    compiled: bool

    @classmethod
    def of(cls, settings: DepthSettings) -> NetworkChoice:
        """Return the choice of a node's settings."""
        return cls(**{name: getattr(settings, name) for name in cls.__dataclass_fields__})

    def values(self) -> dict[str, str | float | bool]:
        """Return the parameters by name."""
        return asdict(self)

    def __str__(self) -> str:
        """Name the choice for people."""
        weights = f' with weights {self.weights}' if self.weights else ''
        metres = f' up to {self.max_depth:g} m' if self.max_depth else ''
        compiled = ', compiled' if self.compiled else ''
        return f'{self.model}{weights}{metres} on {self.device} in {self.precision}{compiled}'

    def check(self) -> None:
        """Raise ParameterError for what would fail for sure, without loading anything.

        That is a model or file that is not there, a device that this machine has not, and numbers
        that contradict the model. What a file holds shows when it is loaded.
        """
        self._check_file()
        if not re.fullmatch(DEVICES, self.device):
            raise ParameterError(
                f'parameter device: {self.device!r} is none of auto, cpu, openvino, cuda, cuda:1, '
                'mps, tensorrt'
            )
        if not self._exported:
            self._check_torch()
        elif self.compiled:
            raise ParameterError(
                f'parameter compiled is for weights, not for {self._file}: set it to false'
            )

    @property
    def _file(self) -> str:
        return self.weights or self.model

    @property
    def _exported(self) -> bool:
        return self._file.lower().endswith(ONNX_SUFFIX)

    def _check_file(self) -> None:
        named = self.model in CATALOG
        if self.weights and not named:
            raise ParameterError(
                f'parameter model: {self.model!r} is no name, which weights need; choose one of '
                f'{", ".join(CATALOG)}'
            )
        if self.weights == RANDOM or (named and not self.weights):
            return
        if not os.path.isfile(os.path.expanduser(self._file)):
            name = 'weights' if self.weights else 'model'
            names = '' if self.weights else f', and no name of {", ".join(CATALOG)}'
            raise ParameterError(f'parameter {name}: there is no file {self._file!r}{names}')

    def _check_torch(self) -> None:
        """Check what torch is needed for; raises ParameterError."""
        try:
            from depth_anything_ros.inference.loading import check_device
            from depth_anything_ros.model.checkpoint import (
                CheckpointMismatchError,
                wanted_max_depth,
            )
        except ModuleNotFoundError as error:
            if error.name != 'torch':
                raise
            raise ParameterError(
                f'parameter model: {Path(self._file).name} needs torch: pip install torch; only '
                'exported models do without'
            ) from error
        try:
            check_device(self.device, self.precision, self.compiled)
            wanted_max_depth(CATALOG.get(self.model), self.max_depth or None)
        except (ValueError, CheckpointMismatchError) as error:
            raise ParameterError(str(error)) from error

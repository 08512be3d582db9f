# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a measurement was taken on: it means little without."""

from __future__ import annotations

import os
import platform
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

import depth_anything_ros

CPUINFO = Path('/proc/cpuinfo')
NOTABLE_FLAGS = ('avx2', 'avx512f', 'avx512_bf16', 'amx_bf16', 'amx_int8', 'asimd', 'bf16', 'i8mm')
"""Instruction sets that decide how fast a network runs."""


def machine_facts(*packages: str) -> dict[str, Any]:
    """Return the date, the machine and the versions, ready for JSON.

    ``packages`` are names of installed distributions whose versions matter beside those of Python,
    torch and this package; one that is not installed has the version None.
    """
    versions: dict[str, str | None] = {
        'depth_anything_ros': depth_anything_ros.__version__,
        'python': platform.python_version(),
        'torch': torch.__version__,
    }
    for name in packages:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    machine: dict[str, Any] = {
        'processor': processor(),
        'cores': os.cpu_count(),
        'instructions': [flag for flag in NOTABLE_FLAGS if flag in _flags()],
        'system': f'{platform.system()} {platform.machine()}',
    }
    if torch.cuda.is_available():
        machine['gpu'] = torch.cuda.get_device_name()
        versions['cuda'] = torch.version.cuda
    return {'date': date.today().isoformat(), 'machine': machine, 'versions': versions}


def processor() -> str:
    """Return the name of the processor, as the system tells it."""
    return _cpuinfo('model name') or platform.processor() or platform.machine()


def _flags() -> list[str]:
    return (_cpuinfo('flags') or _cpuinfo('Features') or '').split()


def _cpuinfo(field: str) -> str | None:
    """Return a field of the first processor, where the system has such a list."""
    try:
        lines = CPUINFO.read_text().splitlines()
    except OSError:
        return None
    values = (line.partition(':')[2].strip() for line in lines if line.startswith(field))
    return next(values, None)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the network runs, and in which number format."""

from __future__ import annotations

import torch

PRECISIONS = {
    'float32': torch.float32,
    'bfloat16': torch.bfloat16,
    'float16': torch.float16,
}


class DeviceError(ValueError):
    """A device or precision this machine does not have."""


def resolve_device(name: str) -> torch.device:
    """Return the device called ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps`` ...

    ``auto`` takes CUDA, then MPS, then the CPU. Raises DeviceError for a device that torch does
    not find here.
    """
    if name == 'auto':
        if torch.cuda.is_available():
            return torch.device('cuda')
        return torch.device('mps' if torch.backends.mps.is_available() else 'cpu')
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition('\n')[0]
        raise DeviceError(
            f'device {name!r} cannot be used here ({reason}); choose auto, cpu, cuda or mps'
        ) from error
    return device


def resolve_precision(name: str, device: torch.device) -> torch.dtype:
    """Return the number format called ``auto``, ``float32``, ``bfloat16`` or ``float16``.

    ``auto`` takes float16 on CUDA, bfloat16 on CPUs with instructions for it, else float32.
    Raises DeviceError for an unknown name, and for float16 on a CPU, where it is slow and
    overflows.
    """
    if name == 'auto':
        if device.type == 'cuda':
            return torch.float16
        if device.type == 'cpu' and _cpu_multiplies_bfloat16():
            return torch.bfloat16
        return torch.float32
    if name not in PRECISIONS:
        choices = ', '.join(('auto', *PRECISIONS))
        raise DeviceError(f'precision {name!r} is unknown; choose one of {choices}')
    if name == 'float16' and device.type == 'cpu':
        raise DeviceError('precision float16 needs a GPU; on a CPU choose bfloat16 or float32')
    return PRECISIONS[name]


def _cpu_multiplies_bfloat16() -> bool:
    """Say whether the CPU has AVX-512 or AMX instructions for bfloat16 products."""
    checks = ('_is_avx512_bf16_supported', '_is_amx_tile_supported')
    return any(getattr(torch.cpu, check, lambda: False)() for check in checks)

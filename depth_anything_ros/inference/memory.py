# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How much memory this process holds, on the machine and on a GPU."""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

LOGGER = logging.getLogger(__name__)
STATM = Path('/proc/self/statm')


def resident_bytes() -> int | None:
    """Return the physical memory of this process (RSS), None where the system does not tell."""
    try:
        pages = int(STATM.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf('SC_PAGE_SIZE')


def give_back_memory(gpu: bool = True) -> None:
    """Hand memory that nothing uses any more back to the system, and to a GPU's other users.

    glibc keeps much of what was freed (measured: 20 of nano's 53 MiB on the processor), torch's
    allocator for GPUs all of it. Without ``gpu`` that of a GPU is left alone, as when it does not
    answer any more. Never raises.
    """
    trim = _malloc_trim()
    if trim is not None:
        trim(0)
    torch = sys.modules.get('torch')
    if torch is None or not gpu or not torch.cuda.is_initialized():
        return
    try:
        torch.cuda.empty_cache()
    except RuntimeError as error:  # a graph is being captured, or the device was lost
        LOGGER.info('memory of the GPU is not given back now: %s', str(error).partition('\n')[0])


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    """Return glibc's malloc_trim, None where there is another C library."""
    return getattr(ctypes.CDLL(None), 'malloc_trim', None) if sys.platform == 'linux' else None


def cuda_bytes(device: str) -> tuple[int, int] | None:
    """Return what torch has allocated and reserved on a CUDA device; None for any other.

    The numbers are those of torch's allocator: the device is not asked, which may be lost.
    """
    torch = sys.modules.get('torch')
    if torch is None or not device.startswith('cuda') or not torch.cuda.is_initialized():
        return None
    return torch.cuda.memory_allocated(device), torch.cuda.memory_reserved(device)

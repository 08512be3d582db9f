# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How much memory this process holds, on the machine and on a GPU."""

from __future__ import annotations

import os
import sys
from pathlib import Path

STATM = Path('/proc/self/statm')


def resident_bytes() -> int | None:
    """Return the physical memory of this process (RSS), None where the system does not tell."""
    try:
        pages = int(STATM.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf('SC_PAGE_SIZE')


def cuda_bytes(device: str) -> tuple[int, int] | None:
    """Return what torch has allocated and reserved on a CUDA device; None for any other.

    The numbers are those of torch's allocator: the device is not asked, which may be lost.
    """
    torch = sys.modules.get('torch')
    if torch is None or not device.startswith('cuda') or not torch.cuda.is_initialized():
        return None
    return torch.cuda.memory_allocated(device), torch.cuda.memory_reserved(device)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a process uses of the processor and the memory, read from /proc."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch

PROC = Path('/proc')


@dataclass(frozen=True)
class Usage:
    """Seconds of processor time so far, the most memory resident so far in bytes, and when (s)."""

    processor_time: float
    peak_memory: int
    at: float


def usage_of(pid: int) -> Usage | None:
    """Return what a process has used; None where it cannot be known: no Linux, or it has ended."""
    try:
        # The name, in parentheses, may have spaces and parentheses itself.
        fields = (PROC / str(pid) / 'stat').read_text().rpartition(')')[2].split()
        status = (PROC / str(pid) / 'status').read_text()
    except OSError:
        return None
    ticks = int(fields[11]) + int(fields[12])  # utime and stime, the 14th and 15th of proc(5)
    peaks = [line.split()[1] for line in status.splitlines() if line.startswith('VmHWM:')]
    if not peaks:
        return None
    return Usage(ticks / os.sysconf('SC_CLK_TCK'), int(peaks[0]) * 1024, time.monotonic())


def processor_percent(before: Usage, after: Usage) -> float:
    """Return the load between two looks at a process; 100 is one core."""
    return 100 * (after.processor_time - before.processor_time) / (after.at - before.at)


def gpu_memory_in_use() -> int | None:
    """Return the bytes in use on the current CUDA device by all processes; None without one."""
    if not torch.cuda.is_available():
        return None
    free, total = torch.cuda.mem_get_info()
    return total - free

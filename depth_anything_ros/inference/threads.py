# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How many threads torch computes with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute in the calling thread alone, for work that is small or has company.

    OpenMP's threads spin while they wait for one another, which stalls where other threads want
    the same cores. Beside a busy process on two cores, rendering a frame took 1 to 20 s with two
    threads instead of 0.25 s with one, and clouds and scan of a frame 460 ms instead of 7.5.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)

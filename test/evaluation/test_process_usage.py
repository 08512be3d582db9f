# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of evaluation/process_usage.py."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from depth_anything_ros.evaluation import process_usage
from depth_anything_ros.evaluation.process_usage import Usage, processor_percent, usage_of


def test_work_and_memory_of_this_process_are_seen():
    before = usage_of(os.getpid())
    if before is None:
        pytest.skip('this system has no /proc')
    ballast = np.ones(before.peak_memory // 8 + 2**22)
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    after = usage_of(os.getpid())
    assert after.processor_time >= before.processor_time + 0.05
    assert after.peak_memory > before.peak_memory and ballast.size


def test_the_fields_are_those_of_proc_whatever_the_name_of_the_process(tmp_path, monkeypatch):
    monkeypatch.setattr(process_usage, 'PROC', tmp_path)
    (tmp_path / '7').mkdir()
    fields = ' '.join(str(number) for number in range(4, 53))
    (tmp_path / '7' / 'stat').write_text(f'7 (a (b) c) S {fields}\n')
    (tmp_path / '7' / 'status').write_text('Name:\ta\nVmPeak:\t9 kB\nVmHWM:\t  2048 kB\n')
    usage = usage_of(7)
    assert usage.processor_time == (14 + 15) / os.sysconf('SC_CLK_TCK')
    assert usage.peak_memory == 2048 * 1024


def test_a_process_that_is_not_there_is_not_known(tmp_path, monkeypatch):
    monkeypatch.setattr(process_usage, 'PROC', tmp_path)
    assert usage_of(os.getpid()) is None


def test_100_percent_is_one_core():
    assert processor_percent(Usage(2.0, 0, 10.0), Usage(5.0, 0, 12.0)) == 150.0

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How much memory is left: of the machine, and of control groups with a limit."""

import sys

import pytest

from depth_anything_ros.inference.free_memory import available_bytes

GIB = 2**30


def system(root, **files):
    """Write a system's files; a double underscore stands for a slash."""
    for name, text in files.items():
        path = root / name.replace('__', '/').replace('-', '.')
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def machine(root, gib=8):
    return system(
        root, proc__meminfo=f'MemTotal: 99 kB\nMemAvailable:   {gib * 2**20} kB\nX: 1 kB\n'
    )


def group(root, folder, limit, used, cache, v1=False):
    names = ('limit_in_bytes', 'usage_in_bytes') if v1 else ('max', 'current')
    path = root / 'sys/fs/cgroup' / folder
    path.mkdir(parents=True, exist_ok=True)
    for name, text in (
        *zip(names, (limit, used), strict=True),
        ('stat', f'inactive_file {cache}\n'),
    ):
        (path / f'memory.{name}').write_text(f'{text}\n')


def test_a_machine_without_limits_tells_what_is_available(tmp_path):
    machine(tmp_path)
    assert available_bytes(tmp_path) == 8 * GIB
    system(tmp_path, proc__self__cgroup='0::/\n')
    group(tmp_path, '', 'max', GIB, 0)
    assert available_bytes(tmp_path) == 8 * GIB


@pytest.mark.parametrize('folder', ['', 'user/job', 'user'])
def test_the_limit_of_a_group_or_of_one_above_it_counts(tmp_path, folder):
    system(machine(tmp_path), proc__self__cgroup='0::/user/job\n')
    group(tmp_path, 'user/job', 'max', 5, 0)
    group(tmp_path, folder, 3 * GIB, 2 * GIB, GIB // 2)
    assert available_bytes(tmp_path) == GIB + GIB // 2


def test_a_group_of_version_1_counts(tmp_path):
    system(machine(tmp_path), proc__self__cgroup='5:cpu:/a\n4:hugetlb,memory:/a\n')
    group(tmp_path, 'memory/a', 2 * GIB, GIB, 0, v1=True)
    assert available_bytes(tmp_path) == GIB


def test_a_limit_that_is_reached_leaves_nothing_and_no_files_tell_nothing(tmp_path):
    assert available_bytes(tmp_path) is None
    system(tmp_path, proc__self__cgroup='0::/\n')
    group(tmp_path, '', GIB, 2 * GIB, 0)
    assert available_bytes(tmp_path) == 0


@pytest.mark.skipif(sys.platform != 'linux', reason='of Linux')
def test_this_machine_tells():
    assert 0 < (available_bytes() or 0) < 2**50

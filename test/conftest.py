# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures that more than one room's tests use."""

from __future__ import annotations

import fcntl
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# A machine of CI has few cores; tests of small tensors only lose time to more threads.
os.environ.setdefault('OMP_NUM_THREADS', '2')

DOMAINS = range(1, 100)
"""Domain ids whose ports stay below the range the system hands out to clients."""


def pytest_configure() -> None:
    """Have Ctrl-C work in the programs that tests start, also where this one began without it.

    A shell's background jobs ignore SIGINT, and what they start does so, too.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is marked ``cuda`` where there is no GPU."""
    if item.get_closest_marker('cuda') is not None:
        torch = pytest.importorskip('torch')
        if not torch.cuda.is_available():
            pytest.skip('there is no GPU')


@pytest.fixture
def ros_domain(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Give the test a ROS domain that no other test on this machine uses, with rclpy running."""
    rclpy = pytest.importorskip('rclpy')
    for domain in DOMAINS:
        lock = open(Path(tempfile.gettempdir()) / f'ros_domain_{domain}.lock', 'w')  # noqa: SIM115
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        break
    else:
        pytest.fail('every ROS domain is in use by another test')
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    if os.environ.get('ROS_DISTRO') == 'humble':  # which does not know that; later ones warn
        monkeypatch.setenv('ROS_LOCALHOST_ONLY', '1')
    rclpy.init()
    yield domain
    rclpy.try_shutdown()
    lock.close()


@pytest.fixture
def shared_data() -> Path:
    """Return the folder of real pictures with measured depth, or skip where it is not there."""
    folder = Path(__file__).resolve().parents[2] / 'shared' / 'data'
    if not folder.is_dir():
        pytest.skip('real pictures with measured depth are not on this machine')
    return folder

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The programs of the fault and soak runs, each in a process of its own, and their domain."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO

HERE = Path(__file__).resolve().parent
PROFILE = HERE.parent / 'config/fastdds_large_images.xml'
DOMAINS = range(101, 1, -1)
"""From the end: benchmarks and tests take theirs from the others."""
_locks: list[IO[str]] = []


def take_domain() -> int:
    """Take a ROS domain that no run or test on this machine has, over loopback; return its id.

    It is held until the process ends. Images go through shared memory that holds whole ones.
    """
    for domain in DOMAINS:
        lock = open(Path(tempfile.gettempdir()) / f'ros_domain_{domain}.lock', 'w')  # noqa: SIM115
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _locks.append(lock)
        os.environ['ROS_DOMAIN_ID'] = str(domain)
        os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
        for name in ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE'):
            os.environ.setdefault(name, str(PROFILE))
        return domain
    raise RuntimeError('every ROS domain of this machine is in use')


class Child:
    """A Python program in a process of its own, its output in a log file.

    With ``speaks`` the lines it prints are kept for ``take_lines`` instead, and only its errors go
    to the log.
    """

    def __init__(self, log: Path, arguments: Sequence[str], speaks: bool = False) -> None:
        self.log = log
        self._lines: deque[str] = deque()
        with open(log, 'wb') as file:
            self._popen = subprocess.Popen(
                [sys.executable, *arguments],
                stdout=subprocess.PIPE if speaks else file,
                stderr=file if speaks else subprocess.STDOUT,
                # Ctrl-C reaches this process, which then ends the others in order.
                start_new_session=True,
                cwd=log.parent,
                text=speaks or None,
            )
        self._reader: threading.Thread | None = None
        if speaks:
            self._reader = threading.Thread(target=self._read, daemon=True)
            self._reader.start()

    @classmethod
    def node(cls, log: Path, module: str, parameters: Sequence[str], *arguments: str) -> Child:
        """Start a node: a module of ros/, or a program beside this one (which ends in .py)."""
        program = [str(HERE / module)] if module.endswith('.py') else ['-m', _ROS + module]
        ros = [part for parameter in parameters for part in ('-p', parameter)]
        return cls(log, [*program, *arguments, *(['--ros-args', *ros] if ros else [])])

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._popen.pid

    @property
    def code(self) -> int | None:
        """The exit code, negative for the signal that ended it, None while it runs."""
        return self._popen.poll()

    @property
    def output(self) -> str:
        """What the log has."""
        return self.log.read_text(errors='replace')

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._popen.send_signal(number)

    def wait(self, limit: float) -> float | None:
        """Wait until it ends; return the seconds that took, None when ``limit`` was too short."""
        start = time.monotonic()
        try:
            self._popen.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        took = time.monotonic() - start
        if self._reader is not None:
            self._reader.join()
        return took

    def take_lines(self) -> list[str]:
        """Return what it printed since the last call."""
        return [self._lines.popleft() for _ in range(len(self._lines))]

    def kill(self) -> None:
        """End it as the kernel does when memory is short, and read what it had printed."""
        self._popen.kill()
        self._popen.wait()
        if self._reader is not None:
            self._reader.join()

    def stop(self) -> None:
        """Interrupt it as Ctrl-C does, and end it by force when it stays."""
        if self.code is None:
            self.send(signal.SIGINT)
            if self.wait(10) is None:
                self.kill()

    def _read(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            self._lines.append(line)


_ROS = 'depth_anything_ros.ros.'

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The package's nodes as processes, in a ROS domain of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from depth_anything_ros.ros.shared_files import shared_file

PROFILES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
"""Where Fast DDS reads settings from, in newer and in older versions."""
ROOM = 512 * 2**20
"""Bytes of shared memory that must be free for the segments of a few processes."""


class NodeError(RuntimeError):
    """Nodes did not do what they were started for."""


class NodeEndedError(NodeError):
    """A node ended by itself."""


def keep_to_this_machine() -> None:
    """Let ROS in this process, and those it starts, use loopback and a domain of its own."""
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    if os.environ.get('ROS_DISTRO') == 'humble':  # which does not know that; later ones warn
        os.environ['ROS_LOCALHOST_ONLY'] = '1'
    os.environ['ROS_DOMAIN_ID'] = str(10 + os.getpid() % 90)


def give_images_room() -> None:
    """Let the middleware of this process, and those it starts, hold whole images in shared memory.

    Fast DDS's own segment is smaller than one image; while it is full, messages beside the images
    are lost. What the user has set stays, and so does all where little shared memory is free.
    """
    profile = shared_file('config/fastdds_large_images.xml')
    if profile is None or any(name in os.environ for name in PROFILES):
        return
    try:
        free = shutil.disk_usage('/dev/shm').free
    except OSError:
        return
    if free >= ROOM:
        os.environ.update(dict.fromkeys(PROFILES, str(profile)))


@contextmanager
def signals_held() -> Iterator[None]:
    """Hold back SIGINT and SIGTERM until the end of the block.

    By handlers, not by a mask: a process started in the block would inherit that.
    """
    held: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _: held.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if held:
            signal.raise_signal(held[0])


class NodeProcess:
    """One of the package's nodes in a process of its own, its output in a log file.

    ``name`` is that of its module in ros/, ``parameters`` are written 'name:=value', ``arguments``
    are for the module itself.
    """

    def __init__(
        self, name: str, folder: Path, parameters: Sequence[str], arguments: Sequence[str] = ()
    ) -> None:
        self.name, self.log = name, folder / f'{name}.log'
        module = f'depth_anything_ros.ros.{name}'
        command = [sys.executable, '-m', module, *arguments, '--ros-args']
        for parameter in parameters:
            command += ['-p', parameter]
        with open(self.log, 'wb') as log:
            # A group of its own: Ctrl-C reaches this process, which then ends the nodes in order.
            self._process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def check(self) -> None:
        """Raise NodeEndedError when the process has ended, which no node does by itself."""
        code = self._process.poll()
        if code is None:
            return
        lines = self.log.read_text(errors='replace').strip().splitlines() or ['no output']
        raise NodeEndedError(f'{self.name} ended with exit code {code}: {lines[-1]}')

    def stop(self) -> None:
        """Interrupt the process as Ctrl-C does, and end it by force when it stays."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

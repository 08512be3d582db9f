# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node opens no socket beside those of the middleware, and nothing waits for connections."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

pytest.importorskip('rclpy')

LISTENS = '0A'
"""State of a TCP socket in /proc/net/tcp that waits for connections."""
ACCEPTS = 0x10000
"""Flag of a Unix socket in /proc/net/unix that does."""


def inodes() -> set[str]:
    """Return the inodes of the sockets of this process."""
    found = set()
    for entry in Path('/proc/self/fd').iterdir():
        try:
            match = re.fullmatch(r'socket:\[(\d+)\]', os.readlink(entry))
        except FileNotFoundError:  # the one that lists the folder
            continue
        if match:
            found.add(match[1])
    return found


def table(name: str) -> list[list[str]]:
    """Return the rows of a table of the kernel's sockets."""
    path = Path('/proc/self/net') / name
    return [line.split() for line in path.read_text().splitlines()[1:]] if path.is_file() else []


def listening() -> list[str]:
    """Return where this process waits for connections."""
    own = inodes()
    found = [
        row[1] for name in ('tcp', 'tcp6') for row in table(name)
        if row[3] == LISTENS and row[9] in own
    ]  # fmt: skip
    return found + [row[-1] for row in table('unix') if int(row[3], 16) & ACCEPTS and row[6] in own]


def test_an_active_node_has_the_sockets_of_the_middleware_alone(graph):
    if not Path('/proc/self/net/tcp').is_file():
        pytest.skip('this system does not tell the sockets of a process')
    middleware = inodes()
    assert middleware, 'the middleware has none, so that nothing can be told'

    node = graph.active_node()
    images = graph.listen('depth/disparity_relative')
    graph.connect(node)
    graph.send_image()
    graph.spin_until(lambda: images)

    assert inodes() <= middleware
    assert listening() == []


def test_a_socket_that_listens_is_found():
    import socket

    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        server.listen()
        assert len(listening()) == 1

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A Ray cluster that is joined, or run here meanwhile, and its cores and GPUs shared."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

OBJECT_STORE = 256 * 2**20
"""Bytes of shared memory of a local cluster; the keys of a set lie there, what is more on disk."""
LOOPBACK = '127.0.0.1'
KNOCK = 10
"""Seconds within which the head of a cluster must answer."""
_NOTHING_TO_SHARE = 0.0


class ClusterError(RuntimeError):
    """A cluster that cannot be had, or that lost its actors; the message says what to do."""


class Crew(NamedTuple):
    """How many actors, and what each has of cores and of a GPU."""

    actors: int
    cpus: int
    gpus: float


def require_ray() -> Any:
    """Return the module ray. Raises ClusterError."""
    # It must be known before Ray is imported: nothing is sent to anybody.
    os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')
    # Its errors are told as exceptions, and here.
    os.environ.setdefault('RAY_BACKEND_LOG_LEVEL', 'fatal')
    try:
        import ray
        import ray.data
    except ModuleNotFoundError as error:
        raise ClusterError(
            f"no {error.name}: pip install 'depth_anything_ros[distributed]'"
        ) from error
    return ray


@contextmanager
def cluster(address: str | None, actors: int) -> Iterator[None]:
    """Join the Ray cluster of an address, or run one here that listens on 127.0.0.1 alone.

    That one has no dashboard, little shared memory, and ends with everything it started. Raises
    ClusterError.
    """
    ray = require_ray()
    logging.getLogger('ray').setLevel(logging.ERROR)
    if address:
        _knock(address)
    # Sockets lie below it, whose paths may have 107 letters.
    own = None if address else tempfile.mkdtemp(prefix='label_')
    try:
        try:
            _start(ray, address, own, actors)
        except (OSError, ray.exceptions.RaySystemError) as error:
            raise ClusterError(f'no Ray cluster at {address or LOOPBACK}: {error}') from error
        yield
    finally:
        ray.shutdown()
        if own:
            shutil.rmtree(own, ignore_errors=True)


def _start(ray: Any, address: str | None, own: str | None, actors: int) -> None:
    quiet: dict[str, Any] = {'logging_level': logging.ERROR, 'log_to_driver': False}
    if address:
        ray.init(address, **quiet)
        return
    ray.init(
        num_cpus=max(actors, os.cpu_count() or 1),
        include_dashboard=False,
        object_store_memory=OBJECT_STORE,
        _node_ip_address=LOOPBACK,
        _temp_dir=own,
        **quiet,
    )


def _knock(address: str) -> None:
    """Raise ClusterError where nobody listens at host:port or ray://host:port.

    Ray itself would go on asking for minutes.
    """
    host, _, port = address.removeprefix('ray://').rpartition(':')
    if not (host and port.isdigit()):
        return
    try:
        socket.create_connection((host.strip('[]'), int(port)), KNOCK).close()
    except OSError as error:
        raise ClusterError(f'no Ray cluster at {address}: {error}') from error


def crew_for(actors: int, device: str) -> Crew:
    """Share the cores, and the GPUs unless ``device`` is another, of the cluster among actors.

    Raises ClusterError where there are fewer cores than actors.
    """
    ray = require_ray()
    nodes = [node['Resources'] for node in ray.nodes() if node['Alive']]
    cores = [int(node.get('CPU', 0)) for node in nodes]
    cpus = max(cores, default=0)
    while cpus and sum(each // cpus for each in cores) < actors:
        cpus -= 1
    if not cpus:
        raise ClusterError(f'{sum(cores)} cores for {actors} actors: give fewer --actors')
    gpus = int(sum(node.get('GPU', 0) for node in nodes))
    if device not in ('auto', 'cuda') or not gpus:
        return Crew(actors, cpus, _NOTHING_TO_SHARE)
    return Crew(actors, cpus, 1 / -(-actors // gpus))

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the machine: weights, disk, clock and the buffers of the kernel."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from pathlib import Path

from depth_anything_ros.check import CheckResult, Verdict, first_line
from depth_anything_ros.model.catalog import CATALOG, ModelCard

LEAST_SPACE = 500e6
"""Bytes of a metric-*-base and what the download of it needs meanwhile."""
BUFFER_1080P = 33554432
"""Bytes of net.core.rmem_max that hold five 1920x1080 rgb8 images (6.2 MB each)."""
FRAGMENTS_1080P = 134217728
"""Bytes of net.ipv4.ipfrag_high_thresh that DDS guides name for large images on a network."""
EARLIEST = datetime(2025, 1, 1, tzinfo=timezone.utc).timestamp()
"""Before this package was written: a clock that says so was never set."""
PROC_SYS = Path('/proc/sys')


def check_weights(
    cards: Iterable[ModelCard] = tuple(CATALOG.values()),
    has_torch: bool | None = None,
) -> Iterator[CheckResult]:
    """Compare the shipped and the cached weights with their digests, and load the shipped ones."""
    try:
        from depth_anything_ros.model import hub
    except ImportError as error:
        yield CheckResult(
            'weights',
            Verdict.FAIL,
            f'huggingface_hub cannot be imported ({first_line(error)})',
            'pip install huggingface_hub',
        )
        return
    if has_torch is None:
        has_torch = importlib.util.find_spec('torch') is not None
    settings = hub.HubSettings.from_environment()
    missing = []
    for card in cards:
        if card.shipped:
            yield _shipped(card, hub.fetch, has_torch)
        elif card.repository and card.filename:
            cached = hub.try_to_load_from_cache(
                card.repository, card.filename, cache_dir=settings.cache, revision=card.revision
            )
            if isinstance(cached, str):
                yield _cached(card, Path(cached), hub.is_whole)
            else:
                missing.append(card.name)
    if missing:
        yield CheckResult(
            'other weights',
            Verdict.ABSENT,
            f'not in {settings.cache}: {", ".join(missing)}',
            'before the robot leaves the network: depth-anything download NAME',
        )


def _shipped(card: ModelCard, fetch: Callable[[ModelCard], Path], has_torch: bool) -> CheckResult:
    name = f'weights {card.name}'
    try:
        path = fetch(card)
        if not has_torch:
            return CheckResult(name, Verdict.OK, f'{_size(path)}, in the package, whole')
        load = importlib.import_module('depth_anything_ros.model.checkpoint').load_network
        load(card, path)
    except Exception as error:  # each kind says what is wrong with the file
        return CheckResult(name, Verdict.FAIL, first_line(error), 'install the package again')
    return CheckResult(name, Verdict.OK, f'{_size(path)}, in the package, whole, loads')


def _cached(
    card: ModelCard, path: Path, is_whole: Callable[[ModelCard, Path], bool]
) -> CheckResult:
    name = f'weights {card.name}'
    try:
        if is_whole(card, path):
            return CheckResult(name, Verdict.OK, f'{_size(path)}, whole')
        reason = f'{path} is damaged: its sha256 is not the one of the hub'
    except OSError as error:
        reason = f'{path} cannot be read ({error.strerror})'
    return CheckResult(name, Verdict.FAIL, reason, f'depth-anything download {card.name}')


def _size(path: Path) -> str:
    return f'{path.stat().st_size / 1e6:.1f} MB'


def check_disk(folder: Path | None = None) -> Iterator[CheckResult]:
    """Look whether the cache folder of weights can be written and has room for a download."""
    if folder is None:
        from depth_anything_ros.model.hub import HubSettings

        folder = HubSettings.from_environment().cache
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    found = f'{free / 1e9:.1f} GB free for {folder}'
    if not os.access(there, os.W_OK):
        yield CheckResult(
            'disk', Verdict.WARN, f'{there} cannot be written', 'set HF_HOME to a folder that can'
        )
    elif free < LEAST_SPACE:
        yield CheckResult(
            'disk', Verdict.WARN, found, 'make room, or set HF_HOME to a folder on a larger disk'
        )
    else:
        yield CheckResult('disk', Verdict.OK, found)


def check_clock(now: Callable[[], float] = time.time) -> Iterator[CheckResult]:
    """Look whether the clock was ever set; ``now`` gives seconds since 1970."""
    seconds = now()
    found = datetime.fromtimestamp(seconds, timezone.utc).strftime('%Y-%m-%d %H:%M:%S UTC')
    if seconds < EARLIEST:
        yield CheckResult(
            'clock',
            Verdict.FAIL,
            f'{found}: it was never set',
            'start chrony or systemd-timesyncd; stamps of other machines never fit this clock',
        )
    else:
        yield CheckResult('clock', Verdict.OK, found)


def check_socket_buffers(proc_sys: Path = PROC_SYS) -> Iterator[CheckResult]:
    """Compare the kernel's limits for UDP with what 1920x1080 images want."""
    for setting, wanted in (
        ('net.core.rmem_max', BUFFER_1080P),
        ('net.core.wmem_max', BUFFER_1080P),
        ('net.ipv4.ipfrag_high_thresh', FRAGMENTS_1080P),
    ):
        try:
            value = int(proc_sys.joinpath(*setting.split('.')).read_text())
        except OSError as error:
            yield CheckResult(
                setting, Verdict.ABSENT, f'not told here ({error.strerror})', 'look on the host'
            )
            continue
        if value < wanted:
            yield CheckResult(
                setting,
                Verdict.WARN,
                f'{value}, 1080p images over the network want {wanted}',
                f'sudo sysctl -w {setting}={wanted} (to keep it: a file in /etc/sysctl.d)',
            )
        else:
            yield CheckResult(setting, Verdict.OK, str(value))

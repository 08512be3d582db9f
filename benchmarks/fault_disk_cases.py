# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of the disk: it is full while frames are saved."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fault_account import Account
from fault_bench import Bench, BenchError
from std_srvs.srv import Trigger

SMALL, LARGE = '64k', '64m'
"""Size of the file system: less than one frame takes, and plenty."""
SAVES = 10


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a file system in memory with room for less than a frame; raises BenchError."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ['mount', '-t', 'tmpfs', '-o', f'size={SMALL}', 'tmpfs', str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f'a small file system needs root: {done.stderr.strip()}')
    try:
        yield
    finally:
        subprocess.run(['umount', '--lazy', str(folder)], check=True)


def disk_full(bench: Bench, quick: bool) -> Account:
    """Ask for frames to be saved on a full disk while the camera goes on; then make room."""
    saves, disk = 2 if quick else SAVES, bench.folder / 'disk'
    with small_disk(disk), bench.node(f'save_folder:={disk}/frames') as node:
        bench.open()
        for _ in range(saves):
            _save(bench)
            bench.stream(10)
        bench.settle_frames()
        left = _files(disk)
        subprocess.run(['mount', '-o', f'remount,size={LARGE}', str(disk)], check=True)
        start = time.monotonic()
        _save(bench)
        while not _files(disk) and time.monotonic() - start < 60:
            bench.stream(1)
        took = time.monotonic() - start if _files(disk) else None
        bench.stream(10)
        account = bench.close()
        said = [line for line in node.output.splitlines() if 'could not be saved' in line]
    account.recoveries.append(took)
    account.more['times'] = saves
    account.more['log'] = said[0].partition(']: ')[2] if said else ''
    account.require(not left, f'{len(left)} files of frames that could not be saved stay')
    account.require(bool(said), 'the log does not say that a frame could not be saved')
    account.expect(skipped=0, rejected=0, failed=0)
    return account


def _save(bench: Bench) -> None:
    answer = bench.call(Trigger, '/depth_node/save_frame', Trigger.Request())
    if not answer.success:
        raise BenchError(f'save_frame: {answer.message}')


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob('*') if path.is_file()]

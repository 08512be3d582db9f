# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of the network: its weights go away or change, its engine breaks."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from fault_account import Account
from fault_bench import Bench
from fault_node import ORDER
from safetensors.numpy import load_file, save_file

import depth_anything_ros

NANO = Path(depth_anything_ros.__file__).parent / 'model/weights/nano.safetensors'
WAITING = 'sent while the node was not active'
JOINING = 'sent before the node had found the camera again'
SLOWEST = 60.0
"""Seconds to recover with a network to load, and its graph to compile, on a busy machine."""
UNHEARD = 'published before the subscriber had found the node again'


def weights_deleted(bench: Bench, quick: bool) -> Account:
    """Delete the weights file while the node runs; then clean up and configure."""
    return _damaged(bench, quick, Path.unlink)


def weights_truncated(bench: Bench, quick: bool) -> Account:
    """Cut the weights file in half while the node runs; then clean up and configure."""

    def cut(path: Path) -> None:
        with open(path, 'r+b') as file:
            file.truncate(path.stat().st_size // 2)

    return _damaged(bench, quick, cut)


def weights_overwritten(bench: Bench, quick: bool) -> Account:
    """Write noise over the weights file while the node runs; then clean up and configure."""

    def overwrite(path: Path) -> None:
        with open(path, 'r+b') as file:
            file.write(np.random.default_rng(0).bytes(path.stat().st_size))

    return _damaged(bench, quick, overwrite)


def _damaged(bench: Bench, quick: bool, damage: Callable[[Path], None]) -> Account:
    """Damage the weights under a running node; configuring must fail, and work when repaired."""
    each, path = 5 if quick else 20, bench.folder / 'nano.safetensors'
    shutil.copyfile(NANO, path)
    with bench.node(f'weights:={path}') as node:
        bench.open()
        bench.stream(each)
        damage(path)
        bench.stream(each)
        bench.settled()
        undamaged = len({heard.mean for heard in bench.ear.heard}) == 1
        stopped = bench.transition('deactivate', 'cleanup')
        bench.until(lambda: bench.camera.readers == 0, 'the node has unsubscribed')
        refused = not bench.transition('configure')
        bench.stream(each)
        path.unlink(missing_ok=True)
        shutil.copyfile(NANO, path)
        repaired = time.time_ns()
        started = bench.transition('configure', 'activate')
        lost = bench.meet()
        bench.stream(each)
        account = bench.close()
        said = [line for line in node.output.splitlines() if 'cannot configure' in line]
    account.known = {WAITING: each, JOINING: lost}
    account.known_after = {UNHEARD: lost}
    account.recovered(repaired)
    account.slowest = SLOWEST
    account.more['log'] = said[-1].partition('cannot configure: ')[2] if said else ''
    account.require(undamaged, 'the depth changed under the running node')
    account.require(stopped and started, 'a transition failed that had to succeed')
    account.require(refused, 'the node was configured from damaged weights')
    account.require(bool(said), 'the log does not say why')
    account.expect(skipped=0, rejected=0, failed=0)
    return account


def weights_swapped(bench: Bench, quick: bool) -> Account:
    """Put other weights into the file's place while the node runs; then clean up and configure."""
    each, path = 5 if quick else 20, bench.folder / 'nano.safetensors'
    shutil.copyfile(NANO, path)
    with bench.node(f'weights:={path}'):
        bench.open()
        bench.stream(each)
        _save_other(bench.folder / 'other.safetensors', 0.9)
        (bench.folder / 'other.safetensors').replace(path)
        bench.stream(each)
        bench.settled()
        running = {heard.mean for heard in bench.ear.heard}
        since = time.time_ns()
        done = bench.transition('deactivate', 'cleanup', 'configure', 'activate')
        lost = bench.meet()
        bench.stream(each)
        account = bench.close()
    account.known = {JOINING: lost}
    account.known_after = {UNHEARD: lost}
    account.recovered(since)
    account.slowest = SLOWEST
    new = {heard.mean for heard in account.heard if heard.published > since}
    account.require(done, 'a transition failed that had to succeed')
    account.require(len(running) == 1, 'the depth changed under the running node')
    account.require(len(new) == 1 and new != running, 'the new weights were not taken')
    account.expect(skipped=0, rejected=0, failed=0)
    return account


def weights_set_live(bench: Bench, quick: bool) -> Account:
    """Set the parameter weights to a broken file while the camera goes on, then to good ones."""
    each, broken = 5 if quick else 20, bench.folder / 'broken.safetensors'
    broken.write_bytes(NANO.read_bytes()[:100_000])
    other = bench.folder / 'other.safetensors'
    _save_other(other, 0.95)
    with bench.node() as node:
        bench.open()
        bench.stream(3 * each)
        times = [time.time_ns()]
        bench.set_parameter('weights', str(broken))
        bench.stream(3 * each)
        first = {heard.mean for heard in bench.ear.heard}
        for weights in (str(other), ''):
            times.append(time.time_ns())
            bench.set_parameter('weights', weights)
            _await_change(bench)
        times.append(time.time_ns())
        bench.stream(each)
        account = bench.close()
        said = [line for line in node.output.splitlines() if 'could not be loaded' in line]
    _, to_new, to_known, end = times
    account.recoveries += [(to_known - to_new) / 1e9, (end - to_known) / 1e9]
    account.slowest = SLOWEST
    account.more['longest_gap_s'] = {
        'before': _longest_gap(account, 0, times[0]),
        'broken weights': _longest_gap(account, times[0], to_new),
        'weights never seen before': _longest_gap(account, to_new, to_known),
        'weights whose graph is on the disk': _longest_gap(account, to_known, end),
    }
    account.more['times'] = 2
    account.more['log'] = said[0].partition(']: ')[2] if said else ''
    account.require(len(first) == 1, 'the depth changed with broken weights')
    account.require(len({h.mean for h in account.heard}) == 2, 'more or less than two networks')
    account.require(account.heard[-1].mean in first, 'the first weights did not come back')
    account.require(bool(said), 'the log does not say that the weights are broken')
    account.expect(skipped=0, rejected=0, failed=0)
    return account


def _await_change(bench: Bench) -> None:
    """Send frames until their depth is that of another network, and a few more."""
    before, end = bench.ear.heard[-1].mean, time.monotonic() + SLOWEST
    while bench.ear.heard[-1].mean == before and time.monotonic() < end:
        bench.stream(1)
    bench.stream(5)


def _longest_gap(account: Account, start: int, end: int) -> float:
    """Return the most seconds between two depth images published between two times (ns)."""
    times = sorted(heard.published for heard in account.heard if start <= heard.published < end)
    gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    return round(max(gaps, default=0) / 1e9, 3)


def _save_other(path: Path, factor: float) -> None:
    """Write weights of nano's kind that give another depth, one for each factor."""
    save_file({name: values * factor for name, values in load_file(NANO).items()}, path)


def engine_raises(bench: Bench, quick: bool) -> Account:
    """Raise an exception in the engine for some frames, again and again."""
    return _injected(bench, quick, 'exception', 'wrong type')


def engine_out_of_memory(bench: Bench, quick: bool) -> Account:
    """Have the engine find no memory: the host's, torch's and the device's, again and again."""
    return _injected(bench, quick, 'host memory', 'torch memory', 'device memory')


def _injected(bench: Bench, quick: bool, *faults: str) -> Account:
    each, order = 5, bench.folder / ORDER
    times = len(faults) * (1 if quick else 5)
    with bench.node(module='fault_node.py', arguments=[str(bench.folder)]):
        bench.open()
        starts = []
        for number in range(times):
            bench.stream(each)
            bench.settle_frames()
            order.write_text(faults[number % len(faults)])
            bench.stream(each)
            bench.settle_frames()
            order.unlink()
            starts.append(bench.stream(each))
            bench.settle_frames()
        account = bench.close()
    for start in starts:
        account.recovered(start)
    account.more['times'] = times
    account.expect(skipped=0, rejected=0)
    lost = account.counts['failed'] + account.counts['dropped']
    account.require(
        account.counts['failed'] > 0 and lost >= each * times,
        f'{account.counts["failed"]} frames failed of {each * times} sent to a broken engine',
    )
    return account


def device_lost(bench: Bench, quick: bool) -> Account:
    """Lose the device for good in mid-stream; then configure and activate."""
    each, order = 5 if quick else 20, bench.folder / ORDER
    with bench.node(module='fault_node.py', arguments=[str(bench.folder)]):
        bench.open()
        bench.stream(each)
        bench.settled()
        order.write_text('device lost')
        bench.stream(1)
        bench.until(lambda: bench.state == 'unconfigured', 'the node gives the device back')
        bench.until(lambda: bench.camera.readers == 0, 'the node has unsubscribed')
        bench.stream(each)
        order.unlink()
        since = time.time_ns()
        done = bench.transition('configure', 'activate')
        lost = bench.meet()
        bench.stream(each)
        account = bench.close()
    account.known = {WAITING: each, JOINING: lost}
    account.known_after = {UNHEARD: lost}
    account.recovered(since)
    account.slowest = SLOWEST
    account.require(done, 'a transition failed that had to succeed')
    account.expect(skipped=0, rejected=0, failed=1)
    return account

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of the camera: it dies, changes its images, sends bad ones, or too many."""

from __future__ import annotations

import random
import time
from pathlib import Path

from fault_account import Account
from fault_bench import RATE, Bench
from fault_camera import Sent, Shape
from fault_child import HERE, Child

KILLS = 50
FORMATS = (
    Shape(640, 480),
    Shape(641, 481, 'bgr8'),
    Shape(64, 48),
    Shape(encoding='mono8'),
    Shape(encoding='bgra8'),
    Shape(frame_id='another_optical_frame'),
)
BAD_FORMATS = (Shape(encoding='holography'), Shape(0, 0), Shape(20000, 20))
"""An encoding that nobody knows, no pixels, and a strip that would be minutes of attention."""
TOO_FAST = 10
SLOW_INPUT = 518
"""input_size at which nano takes long enough for a camera ten times as fast."""


def camera_killed(bench: Bench, quick: bool) -> Account:
    """Kill the camera's process while it sends, and start it again."""
    chance, lives = random.Random(0), []
    with bench.node() as node:
        # Where the bench itself has no camera, so that only this one sends.
        bench.open()
        memory = _memory(node.pid)
        for _ in range(3 if quick else KILLS):
            lives.append(_life(bench, chance.uniform(0.2, 0.7)))
        account = bench.close([sent for life in lives for sent in life])
        account.more['memory_grew_mb'] = round((_memory(node.pid) - memory) / 1e6, 1)
    answered = {heard.stamp for heard in account.heard}
    alone = half = late = 0
    for life in lives:
        known = [number for number, sent in enumerate(life) if sent.stamp in answered]
        first, last = (known[0], known[-1]) if known else (len(life), len(life))
        alone += sum(not sent.readers for sent in life[:first])
        half += sum(bool(sent.readers) for sent in life[:first])
        late += min(1, len(life[last + 1 :]))
        account.recovered(life[0].at)
    account.known = {
        'sent before the camera had found a subscriber': alone,
        'being sent as the camera was killed': late,
        'sent before the node had found the camera': half,
    }
    account.more['times'] = len(lives)
    account.expect(skipped=0, rejected=0, failed=0)
    return account


def _life(bench: Bench, seconds: float) -> list[Sent]:
    """Let a camera live until some seconds after its first depth; return what it sent."""
    start = time.time_ns()
    camera = Child(
        bench.folder / 'camera.log', [str(HERE / 'fault_camera.py'), str(RATE)], speaks=True
    )
    try:
        # The last depth of the camera before may still be under way.
        bench.until(
            lambda: bench.ear.heard and bench.ear.heard[-1].stamp > start,
            'depth for the new camera',
        )
        bench.spin(seconds)
    finally:
        camera.kill()
    pairs = [tuple(map(int, line.split())) for line in camera.take_lines()]
    return [Sent(stamp, stamp, Shape(), readers) for stamp, readers in pairs]


def _memory(pid: int) -> int:
    """Return the resident bytes of a process."""
    return int(Path(f'/proc/{pid}/statm').read_text().split()[1]) * 4096


def format_changed(bench: Bench, quick: bool) -> Account:
    """Change size, encoding and frame_id in mid-stream, also to what cannot be used."""
    each = 5 if quick else 20
    with bench.node():
        bench.open()
        starts = []
        for shape in FORMATS:
            starts.append(bench.stream(each, shape))
        for shape in BAD_FORMATS:
            bench.stream(each, shape)
            starts.append(bench.stream(each))
        account = bench.close()
    for start in starts:
        account.recovered(start)
    account.more['times'] = len(starts)
    _expect_rejected(account, each * len(BAD_FORMATS))
    return account


def _expect_rejected(account: Account, bad: int) -> None:
    """Note it unless all bad frames were rejected, but for those dropped before anybody looked."""
    rejected, dropped = account.counts['rejected'], account.counts['dropped']
    account.require(
        rejected <= bad <= rejected + dropped, f'{rejected} frames were rejected of {bad} bad ones'
    )
    account.expect(skipped=0, failed=0)


def stamps_wrong(bench: Bench, quick: bool) -> Account:
    """Send stamps that run backwards, lie ahead, are zero and before 1970; max_age is off."""
    return _stamps(bench, quick, max_age=0.0, refused=1)


def stamps_wrong_with_max_age(bench: Bench, quick: bool) -> Account:
    """Send the same stamps to a node that takes nothing older than half a second."""
    return _stamps(bench, quick, max_age=0.5, refused=3)


def _stamps(bench: Bench, quick: bool, max_age: float, refused: int) -> Account:
    """Send wrong stamps; ``refused`` of the four kinds are to be rejected."""
    each, second = 5 if quick else 20, 10**9
    with bench.node(f'max_age:={max_age}'):
        bench.open()
        now = bench.camera.get_clock().now().nanoseconds
        wrong = (
            lambda number: now - (60 + number) * second,
            lambda number: now + (3600 + number) * second,
            lambda number: 0,
            lambda number: -number * second - second,
        )
        starts = []
        for stamp in wrong:
            bench.stream(each, stamp=stamp)
            starts.append(bench.stream(each))
        account = bench.close()
    for start in starts:
        account.recovered(start)
    account.more['times'] = len(starts)
    _expect_rejected(account, each * refused)
    return account


def too_fast(bench: Bench, quick: bool) -> Account:
    """Send ten times what the node can take, every frame delivered to it."""
    with bench.node(f'input_size:={SLOW_INPUT}', 'device:=cpu'):
        return _flood(bench, 2 if quick else 20)


def too_fast_as_shipped(bench: Bench, quick: bool) -> Account:
    """Send ten times what the node can take, to the quality of service that it ships with."""
    with bench.node(f'input_size:={SLOW_INPUT}', 'device:=cpu', as_shipped=True):
        account = _flood(bench, 2 if quick else 20)
    account.known = {'replaced by a newer one in the middleware (keep last 1)': len(account.sent)}
    account.known_after = dict(account.known)
    return account


def _flood(bench: Bench, seconds: float) -> Account:
    bench.stream(10, rate=2.0)
    settled = bench.settled().node
    rate = TOO_FAST * 1e3 / settled.stages['inference']['p50']
    bench.open()
    bench.stream(round(seconds * rate), rate=rate)
    last = bench.sent[-1].stamp
    bench.settled()
    calm = bench.stream(20, rate=2.0)
    account = bench.close()
    account.recovered(calm)
    account.more['rate_hz'] = round(rate, 1)
    ages = sorted((h.published - h.stamp) / 1e6 for h in account.heard if h.stamp <= last)
    account.more['age_p99_ms'] = round(ages[int(0.99 * len(ages))], 1)
    answered = {heard.stamp for heard in account.heard}
    account.require(last in answered, 'the newest frame of the flood was not answered')
    account.expect(skipped=0, rejected=0, failed=0)
    return account

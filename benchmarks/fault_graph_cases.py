# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of what is around: the clock jumps, subscribers come and go, another has our name."""

from __future__ import annotations

import time
from collections import Counter

from builtin_interfaces.msg import Time
from fault_account import Account
from fault_bench import RATE, RELIABLE, Bench
from fault_child import Child
from fault_ear import Report
from rosgraph_msgs.msg import Clock

from depth_anything_ros.evaluation.run_report import COUNTERS

SECOND = 10**9
JUMPS = (-100, 1000, -5000, 0.4, 86400)
"""Seconds by which the clock jumps, one after the other."""
VISITS = 20
INPUT_SIZES = (252, 238)
"""Two nodes of one name are told apart by theirs."""


class SimulatedClock:
    """Publishes /clock before each frame, as a bag player does, and stamps the frame with it."""

    def __init__(self, bench: Bench, start: float) -> None:
        self._publisher = bench.ear.create_publisher(Clock, '/clock', 10)
        self.now, self.runs = round(start * SECOND), True

    def tick(self, number: int) -> int:
        """Go on by one frame, say so, and return the time in ns."""
        if self.runs:
            self.now += round(SECOND / RATE)
        sec, nanosec = divmod(self.now, SECOND)
        self._publisher.publish(Clock(clock=Time(sec=sec, nanosec=nanosec)))
        return self.now


def clock_jumps(bench: Bench, quick: bool) -> Account:
    """Let the simulated clock jump back and ahead, and stand still; the node has max_age 0.3 s."""
    each = 8 if quick else 30
    clock = SimulatedClock(bench, 1_000_000.0)
    parameters = ('use_sim_time:=true', 'max_age:=0.3', 'filter.temporal:=0.5')
    with bench.node(*parameters, stamp=clock.tick):
        bench.open()
        bench.stream(each, stamp=clock.tick)
        starts = []
        for jump in JUMPS:
            clock.now += round(jump * SECOND)
            starts.append(bench.stream(each, stamp=clock.tick))
        clock.runs = False
        starts.append(bench.stream(each, stamp=clock.tick))
        account = bench.close()
    for start in starts:
        account.recovered(start)
    account.more['times'] = len(starts)
    back = sum(jump < 0 for jump in JUMPS)
    # The image may overtake the /clock before it; it is then as old as the jump is long.
    account.require(account.counts['rejected'] <= 2 * back, 'more than two rejected for a jump')
    account.expect(skipped=0, failed=0)
    return account


def subscribers(bench: Bench, quick: bool) -> Account:
    """Let the only subscriber leave and join again while the camera goes on."""
    visits = 3 if quick else VISITS
    with bench.node():
        bench.open()
        joins, gaps = [], []
        for _ in range(visits):
            bench.stream(10)
            bench.ear.leave()
            bench.stream(15)
            joins.append(time.time_ns())
            bench.ear.join()
            heard = len(bench.ear.heard)
            while len(bench.ear.heard) == heard and time.time_ns() - joins[-1] < 60 * SECOND:
                bench.stream(1)
            gaps.append(time.time_ns() - joins[-1])
        account = bench.close()
    met = 0
    for join, gap in zip(joins, gaps, strict=True):
        account.recovered(join)
        met += sum(join <= sent.at < join + gap for sent in account.sent)
    account.known_after = {'published as the subscriber was joining or leaving': met + 2 * visits}
    account.more['times'] = visits
    account.require(account.counts['skipped'] > 0, 'nothing was skipped while nobody listened')
    account.expect(rejected=0, failed=0)
    return account


def one_name(bench: Bench, quick: bool) -> Account:
    """Start a second node of the same name on the same topics, and end it again."""
    each = 10 if quick else 60
    first, second = map(str, INPUT_SIZES)
    with bench.node(f'input_size:={first}'):
        log = bench.folder / 'second.log'
        other = Child.node(log, 'depth_node', (*RELIABLE, f'input_size:={second}'))
        try:
            bench.until(lambda: bench.camera.readers == 2, 'the second node subscribes')
            bench.until(lambda: second in bench.ear.reports, 'the second node reports')
            while _received(bench, second) == 0:
                bench.stream(5)
            before = _counts(bench, first, second)
            bench.sent.clear()
            bench.ear.heard.clear()
            bench.stream(each)
            both = _counts(bench, first, second)
        finally:
            other.stop()
        bench.until(lambda: bench.camera.readers == 1, 'the second node has gone')
        together, heard = list(bench.sent), list(bench.ear.heard)
        bench.open()
        start = bench.stream(each)
        alone = bench.close()
    alone.recovered(start)
    account = Account(
        together,
        heard,
        {name: both[name] - before[name] for name in COUNTERS},
        nodes=2,
        recoveries=alone.recoveries,
        more={'said': alone.more['said'], 'times': 1},
    )
    account.require(alone.unexplained == 0, 'the node that stays lost frames')
    told = any('are named' in said for said in alone.more['said'])
    account.require(told, '/diagnostics does not tell of the other node')
    account.require(other.code == 0, f'the second node ended with {other.code}')
    account.expect(skipped=0, rejected=0, failed=0)
    return account


def _received(bench: Bench, key: str) -> int:
    return bench.ear.reports[key].node.counts['received']


def _counts(bench: Bench, *keys: str) -> Counter[str]:
    """Return the counters of several nodes together, when none has anything in hand."""
    since = time.time_ns() + SECOND

    def reports() -> list[Report]:
        return [bench.ear.reports[key] for key in keys]

    bench.until(
        lambda: all(report.arrived > since and report.settled for report in reports()),
        'both nodes have answered every frame',
    )
    total: Counter[str] = Counter()
    for report in reports():
        total.update(report.node.counts)
    return total

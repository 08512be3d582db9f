#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""depth_node under full load for long: whether its memory grows, and its answers get older.

nano with metres by a fixed scale, so that depth, clouds, obstacles and scan go out, each heard by a
subscriber, all with the quality of service that the node ships with: keep last 1, so that what the
middleware replaces by something newer is lost in it. The camera is faster than the node. Every ten
seconds memory, threads, ages and counters are noted; `--minutes 1440` is a day. What this script
keeps is thinned out, so it does not grow.

Ages follow the load of the machine, which others may share. So the age times the rate of publishing
is noted as well: how many frames are in the node on average, which only a queue makes more.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from fault_bench import ARRIVAL, Bench, open_bench
from fault_child import HERE, Child
from sensor_msgs.msg import LaserScan, PointCloud2
from soak_report import Sample, in_lines, plot, report

from depth_anything_ros.evaluation.run_report import COUNTERS
from depth_anything_ros.ros.bench_runs import facts_of_run

RESULTS = HERE / 'results/soak.json'
TOPIC = 'depth/image_rect'
SIZE = '640x480'
CAMERA = ('--size', SIZE, '--queue', '1', '--wait')
CLOUDS = {'points': PointCloud2, 'obstacles': PointCloud2, 'scan': LaserScan}
PARAMETERS = (
    *('model:=nano', 'scale.source:=fixed', 'scale.a:=0.3', 'scale.b:=0.05'),
    *('pose.source:=fixed', 'pose.height:=1.0'),
)
KEPT = 720
"""Samples kept; beyond, every second one goes and they are taken half as often."""


class Soak:
    """One run; its figures are ready after ``run``."""

    def __init__(self, bench: Bench, rate: float, period: float) -> None:
        self._bench, self._rate, self._period = bench, rate, period
        self.samples: list[Sample] = []
        self.reports = self.uneven = self.clouds = self.sent = self.heard = 0
        self.counts: dict[str, int] = {}
        for topic, kind in CLOUDS.items():
            bench.ear.create_subscription(kind, topic, self._on_cloud, 1, raw=True)

    def run(self, node: Child, seconds: float) -> None:
        """Load a node for a time, and account for every frame at the end."""
        before = self._bench.settled().node.counts
        self._bench.ear.heard.clear()
        camera = Child(
            self._bench.folder / 'camera.log',
            [str(HERE / 'fault_camera.py'), str(self._rate), *CAMERA],
            speaks=True,
        )
        try:
            self._watch(node, camera, seconds)
            camera.send(signal.SIGTERM)
            self._bench.until(lambda: camera.code is not None, 'the camera ends')
            camera.wait(10)
        finally:
            camera.kill()
        self._take_sent(camera)
        after = self._bench.settled().node.counts
        self._bench.spin(ARRIVAL / 1e9)
        self.heard += len(self._take_ages())
        self.counts = {name: after[name] - before[name] for name in COUNTERS}

    def _watch(self, node: Child, camera: Child, seconds: float) -> None:
        self._bench.until(lambda: self._take_sent(camera) or self.sent, 'the camera sends')
        start, due = time.monotonic(), self._period
        while (at := time.monotonic() - start) < seconds:
            self._bench.spin(min(1.0, max(0.0, min(due, seconds) - at)))
            self._take_sent(camera)
            self._check_report()
            if time.monotonic() - start >= due:
                self._sample(node, time.monotonic() - start)
                due += self._period

    def _sample(self, node: Child, at: float) -> None:
        ages = self._take_ages()
        self.heard += len(ages)
        p50, p99 = np.percentile(ages, (50, 99)) if ages else (np.nan, np.nan)
        status = _status(node.pid)
        self.samples.append(
            Sample(
                round(at, 1),
                status['VmRSS'] / 1e3,
                status['RssAnon'] / 1e3,
                _status(os.getpid())['VmRSS'] / 1e3,
                status['Threads'],
                len(os.listdir(f'/proc/{node.pid}/fd')),
                round(os.getloadavg()[0], 2),
                len(ages),
                round(float(p50), 2),
                round(float(p99), 2),
                round(sum(ages) / 1e3 / self._period, 3),
            )
        )
        if len(self.samples) >= KEPT:
            del self.samples[::2]
            self._period *= 2

    def _take_ages(self) -> list[float]:
        heard, self._bench.ear.heard = self._bench.ear.heard, []
        return [(each.published - each.stamp) / 1e6 for each in heard]

    def _take_sent(self, camera: Child) -> None:
        self.sent += len(camera.take_lines())

    def _check_report(self) -> None:
        """Look at the newest counters: all but the frames in hand must add up at any moment."""
        report = self._bench.ear.last
        if report is not None:
            self.reports += 1
            self.uneven += not 0 <= report.node.pending <= IN_HAND

    def _on_cloud(self, serialized: bytes) -> None:
        self.clouds += 1


IN_HAND = 2
"""Frames received and not yet answered: one with the engine, one waiting."""


def main() -> int:
    """Run, write the results and the chart beside them, and return 1 unless all held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--minutes', type=float, default=30.0)
    parser.add_argument('--rate', type=float, default=60.0, help='of the camera, Hz')
    parser.add_argument('--period', type=float, default=10.0, help='between samples, s')
    parser.add_argument('--param', action='append', default=[], help="of the node, 'name:=value'")
    parser.add_argument('--note', help='what else ran on the machine, for the results')
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_bench(Path(folder), (TOPIC,), 2, arguments.param) as bench,
    ):
        facts = facts_of_run()
        with bench.node(*PARAMETERS, as_shipped=True) as node:
            soak = Soak(bench, arguments.rate, arguments.period)
            soak.run(node, arguments.minutes * 60)
    results = {
        **facts,
        'note': arguments.note,
        'parameters': [*PARAMETERS, *arguments.param],
        'camera': {'hz': arguments.rate, 'size': SIZE},
        **report(soak, arguments.minutes * 60),
    }
    arguments.output.write_text(in_lines(results, soak.samples))
    plot(soak.samples, arguments.output.with_suffix('.png'))
    print(results['verdict'])
    return int(results['verdict'] != 'held')


def _status(pid: int) -> dict[str, int]:
    """Return the numbers of /proc/PID/status by name; memory is in kB."""
    lines = Path(f'/proc/{pid}/status').read_text().splitlines()
    pairs = (line.split()[:2] for line in lines if len(line.split()) > 1)
    return {name.rstrip(':'): int(value) for name, value in pairs if value.isdigit()}


if __name__ == '__main__':
    sys.exit(main())

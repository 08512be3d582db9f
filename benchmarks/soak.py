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
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from fault_bench import ARRIVAL, Bench, open_bench
from fault_child import HERE, Child
from sensor_msgs.msg import LaserScan, PointCloud2

from depth_anything_ros.evaluation.run_report import COUNTERS
from depth_anything_ros.media.line_chart import line_chart
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
MOST_GROWTH = 1.0
"""MB of resident memory in 10 minutes."""
MOST_DRIFT = 0.25
"""Part by which age and frames inside may both rise from the first to the last third."""
WARM_UP = 300.0
"""Seconds left out at the start, at most a fifth of the run."""
KEPT = 720
"""Samples kept; beyond, every second one goes and they are taken half as often."""


@dataclass(frozen=True)
class Sample:
    """What was seen at a time (s since the start), and since the sample before."""

    at: float
    rss_mb: float
    anonymous_mb: float
    own_rss_mb: float
    threads: int
    files: int
    load: float
    published: int
    age_p50_ms: float
    age_p99_ms: float
    frames_inside: float


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


def report(soak: Soak, seconds: float) -> dict[str, Any]:
    """Return the figures of a run, ready for JSON, with the verdict."""
    warm_up = min(WARM_UP, seconds / 5)
    samples = [sample for sample in soak.samples if sample.at >= warm_up]
    third = max(1, len(samples) // 3)
    first, last = samples[:third], samples[-third:]
    ages = {
        name: {
            'first_third': _median(first, name),
            'last_third': _median(last, name),
            'drift': round(_median(last, name) / _median(first, name) - 1, 3),
        }
        for name in ('age_p50_ms', 'age_p99_ms', 'frames_inside')
    }
    counts = soak.counts
    growth = slope(samples, 'rss_mb')
    lost = {
        'before_node': soak.sent - counts['received'],
        'after_node': counts['published'] - soak.heard,
    }
    exact = counts['received'] == sum(counts[name] for name in COUNTERS[1:]) and not soak.uneven
    flat = min(ages[name]['drift'] for name in ('age_p50_ms', 'frames_inside')) < MOST_DRIFT
    wrong = [
        sentence
        for holds, sentence in (
            (growth < MOST_GROWTH, f'memory grows by {growth:.2f} MB in 10 minutes'),
            (flat, 'the age drifts'),
            (exact, 'the counters do not add up'),
            (min(lost.values()) >= 0, f'more came than went: {lost}'),
            (counts['dropped'] > 0, 'the camera was not faster than the node'),
            (not counts['failed'], 'frames failed'),
        )
        if not holds
    ]
    return {
        'minutes': round(seconds / 60, 1),
        'warm_up_minutes': round(warm_up / 60, 1),
        'rss_growth_mb_per_10_min': round(growth, 3),
        'anonymous_growth_mb_per_10_min': round(slope(samples, 'anonymous_mb'), 3),
        'rss_mb': {
            'first': samples[0].rss_mb,
            'last': samples[-1].rss_mb,
            'most': max(s.rss_mb for s in samples),
        },
        'own_rss_growth_mb_per_10_min': round(slope(samples, 'own_rss_mb'), 3),
        'ages': ages,
        'threads': {
            'least': min(s.threads for s in samples),
            'most': max(s.threads for s in samples),
        },
        'files': {'least': min(s.files for s in samples), 'most': max(s.files for s in samples)},
        'load_average': {'median': _median(samples, 'load'), 'most': max(s.load for s in samples)},
        'published_hz': round(counts['published'] / seconds, 2),
        'frames': {'sent': soak.sent, **counts, 'heard': soak.heard, 'clouds_heard': soak.clouds},
        'replaced_in_the_middleware': lost,
        'counters': {'looked_at': soak.reports, 'did_not_add_up': soak.uneven},
        'verdict': '; '.join(wrong) or 'held',
    }


def slope(samples: Sequence[Sample], name: str) -> float:
    """Return by how much a figure grows in 10 minutes, by least squares."""
    if len(samples) < 2:
        return 0.0
    values = [getattr(sample, name) for sample in samples]
    return float(np.polyfit([sample.at / 600 for sample in samples], values, 1)[0])


def plot(samples: Sequence[Sample], path: Path) -> None:
    """Draw memory and age over time."""

    def line(name: str) -> list[tuple[float, float]]:
        return [(sample.at / 60, getattr(sample, name)) for sample in samples]

    memory = line_chart({'node': line('rss_mb')}, 'Resident memory', ('minutes', 'MB'))
    ages = {'p50': line('age_p50_ms'), 'p99': line('age_p99_ms')}
    age = line_chart(ages, 'Age of depth as it is published', ('minutes', 'ms'))
    cv2.imwrite(str(path), np.vstack([memory, age])[..., ::-1])


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
    arguments.output.write_text(_in_lines(results, soak.samples))
    plot(soak.samples, arguments.output.with_suffix('.png'))
    print(results['verdict'])
    return int(results['verdict'] != 'held')


def _in_lines(results: dict[str, Any], samples: Sequence[Sample]) -> str:
    """Return JSON of the results and the samples, those a line each."""
    lines = ',\n'.join(f'  {json.dumps(asdict(sample))}' for sample in samples)
    return f'{json.dumps(results, indent=2)[:-2]},\n  "samples": [\n{lines}\n  ]\n}}\n'


def _median(samples: Sequence[Sample], name: str) -> float:
    return float(np.median([getattr(sample, name) for sample in samples]))


def _bounds(samples: Sequence[Sample], name: str) -> dict[str, float]:
    values = [getattr(sample, name) for sample in samples]
    return {'least': min(values), 'most': max(values)}


def _status(pid: int) -> dict[str, int]:
    """Return the numbers of /proc/PID/status by name; memory is in kB."""
    lines = Path(f'/proc/{pid}/status').read_text().splitlines()
    pairs = (line.split()[:2] for line in lines if len(line.split()) > 1)
    return {name.rstrip(':'): int(value) for name, value in pairs if value.isdigit()}


if __name__ == '__main__':
    sys.exit(main())

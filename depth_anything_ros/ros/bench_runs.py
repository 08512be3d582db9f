# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of depth_node, in the manner of ros2_benchmark.

Frames are made and serialized first, then replayed at a set rate by one process into the node in
another; a third hears what comes out. A search finds the highest rate with less than 5 % loss, then
runs at fixed rates tell age, jitter, losses and costs.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

from rclpy.utilities import get_rmw_implementation_identifier

from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.evaluation.rate_search import MOST_LOSS, Probe, highest_rate
from depth_anything_ros.ros.bench_graph import Graph, GraphSettings, Measured
from depth_anything_ros.ros.node_process import PROFILES

LOWEST, HIGHEST = 0.5, 300.0
"""Hz; bounds of the search."""
PROBE_SECONDS = 3.0
CALM_SECONDS = 5.0
OVERLOAD = 3.0
AGE_LIMIT = 2.2
"""Times the engine's time that the p99 of the age may reach under overload, beside transport."""
NODE_STAGES = ('wait', 'decode', 'publish')

METHOD = {
    'stamp': "the system's clock right before an image is sent",
    'age': 'from the stamp to the source timestamp that the middleware takes in the node as depth '
    'is published: one clock, as all processes are on one machine',
    'age_at_monitor': 'to the arrival at a reliable subscriber in a third process',
    'jitter': 'standard deviation of the intervals between published depths',
    'loss': 'frames sent that the monitor did not hear an answer to',
    'stages': 'in the node, over its last 1,000 frames, warm-up included',
    'cpu': 'of the process of the node; 100 is one core',
    'rss_peak': 'of the process of the node since its start',
    'gpu': 'of the device, above what was in use before the first node',
}

Say = Callable[[str], None]


def facts_of_run() -> dict[str, Any]:
    """Return date, machine, versions, middleware and the state of the source, ready for JSON."""
    facts = machine_facts('numpy', 'opencv-python-headless')
    facts['rmw'] = get_rmw_implementation_identifier()
    for module in ('rclpy', facts['rmw']):
        names = packages_distributions().get(module)
        facts['versions'][module] = version(names[0]) if names else None
    facts['source_state'] = _git_describe()
    return facts


def run_fixed(
    graph: Graph, rates: Sequence[float], seconds: float, delay: float | None, say: Say
) -> list[dict[str, Any]]:
    """Run at each rate, with a new node each time; ``delay`` is that of a stand-in engine."""
    reports = []
    for rate in rates:
        with graph.node():
            measured = graph.run(rate, seconds)
        report = measured.report()
        if delay is not None:
            report['own_cost_ms'] = own_cost(measured.node.stages, delay)
        reports.append({'node': measured.node.facts, **report})
        say(f'{rate:g} Hz: {_in_words(report)}')
    return reports


def run_search(graph: Graph, say: Say) -> dict[str, Any]:
    """Find the highest rate, with one node; return it with every probe."""
    probes: list[dict[str, Any]] = []

    def probe(rate: float) -> Probe:
        measured = graph.run(rate, max(PROBE_SECONDS, 4 / rate))
        report = measured.report()
        del report['stages_ms']  # of all probes so far
        probes.append(report)
        say(f'  {rate:.1f} Hz: {_in_words(report)}')
        return Probe(rate, measured.run.rate_in, measured.run.loss)

    say(f'searching the highest rate with less than {MOST_LOSS:.0%} loss')
    with graph.node():
        highest = highest_rate(probe, LOWEST, HIGHEST)
    say(f'highest rate: {highest.rate:.1f} Hz, limited by the {highest.limit}')
    return {'highest_hz': round(highest.rate, 2), 'limited_by': highest.limit, 'probes': probes}


def run_overload(graph: Graph, seconds: float, say: Say) -> dict[str, Any]:
    """Send three times what the engine can take, and see whether ages stay low and flat.

    The engine's time and the transport are measured first, in a calm run: transport is the age
    less the stages in the node.
    """
    with graph.node():
        warm = graph.run(1.0, 3.0)
        calm = graph.run(0.5 / _seconds_of(warm, 'inference'), CALM_SECONDS)
        rate = min(HIGHEST, OVERLOAD / _seconds_of(calm, 'inference'))
        say(f'overload: {rate:.1f} Hz for {seconds:g} s')
        measured = graph.run(rate, seconds)
    report = {'node': measured.node.facts, **measured.report()}
    minutes = measured.run.age_by_minute()
    verdict = overload_verdict(calm.report(), report, minutes)
    say(
        f'overload: {_in_words(report)}; the limit is {verdict["age_limit_ms"]:.1f} ms, engine '
        f'{verdict["engine_ms"]:.1f} and transport {verdict["transport_ms"]:.1f}; p99 of the first '
        f'and last minute: {verdict["first_and_last_minute_ms"]}'
    )
    return {**report, **verdict, 'age_p99_ms_by_minute': minutes}


def overload_verdict(
    calm: Mapping[str, Any], loaded: Mapping[str, Any], minutes: Sequence[float]
) -> dict[str, Any]:
    """Compare the reports of a calm and an overloaded run: engine time, transport, limit, in ms."""
    stages = (*NODE_STAGES, 'inference')
    inside = sum(calm['stages_ms'][stage]['p50'] for stage in stages)
    transport = max(0.0, (calm['age_ms'] or {'p50': 0.0})['p50'] - inside)
    engine = loaded['stages_ms']['inference']['p50']
    limit = AGE_LIMIT * engine + transport
    ages = loaded['age_ms']
    return {
        'engine_ms': engine,
        'transport_ms': round(transport, 3),
        'age_limit_ms': round(limit, 3),
        'within_limit': bool(ages and ages['p99'] < limit),
        'first_and_last_minute_ms': [minutes[0], minutes[-1]] if minutes else None,
    }


def own_cost(stages: Mapping[str, Mapping[str, float]], delay: float) -> dict[str, float]:
    """Return the node's own time for a frame in ms: all stages less the stand-in's ``delay`` (s).

    From the arrival of the message to the return of publish. Percentiles of the stages are added
    up, which for p99 is more than the p99 of the sum.
    """
    return {
        name: round(
            sum(stages[stage][name] for stage in (*NODE_STAGES, 'inference')) - delay * 1e3, 3
        )
        for name in ('p50', 'p99')
    }


def settings_of_run(settings: GraphSettings, size: tuple[int, int]) -> dict[str, Any]:
    """Return what was measured, ready for JSON."""
    footage = settings.footage
    return {
        'source': footage.source,
        'size': f'{size[0]}x{size[1]}',
        'encoding': footage.encoding,
        'cameras': len(footage.cameras),
        'parameters': list(settings.parameters),
        'engine_delay_s': settings.engine_delay,
        'delivery': 'reliable' if settings.reliable else 'best effort',
        'fast_dds_profile': next(
            (Path(os.environ[k]).name for k in PROFILES if k in os.environ), None
        ),
    }


def _seconds_of(measured: Measured, stage: str) -> float:
    return max(1e-3, measured.node.stages[stage]['p50'] / 1e3)


def _in_words(report: Mapping[str, Any]) -> str:
    ages, frames = report['age_ms'], report['frames']
    age = f'age p50 {ages["p50"]:.1f} p99 {ages["p99"]:.1f} ms' if ages else 'no answer'
    sums = '' if frames['add_up'] else '; THE COUNTERS DO NOT ADD UP'
    return f'{report["out_hz"]:.1f} of {report["in_hz"]:.1f} Hz answered, {age}{sums}'


def _git_describe() -> str | None:
    command = ['git', 'describe', '--always', '--dirty', '--tags']
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of a soak run: growth, drift, counters, and whether they are as they should be."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from depth_anything_ros.evaluation.run_report import COUNTERS
from depth_anything_ros.media.line_chart import line_chart

MOST_GROWTH = 1.0
"""MB of resident memory in 10 minutes."""
MOST_DRIFT = 0.25
"""Part by which age and frames inside may both rise from the first to the last third."""
WARM_UP = 300.0
"""Seconds left out at the start, at most a fifth of the run."""


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


class Account(Protocol):
    """What a run has counted: frames by what became of them, and looks at the node's counters.

    ``uneven`` is how many of the ``reports`` did not add up.
    """

    samples: Sequence[Sample]
    counts: Mapping[str, int]
    sent: int
    heard: int
    clouds: int
    reports: int
    uneven: int


def report(soak: Account, seconds: float) -> dict[str, Any]:
    """Return the figures of a run of some seconds, ready for JSON, with the verdict."""
    warm_up = min(WARM_UP, seconds / 5)
    samples = [sample for sample in soak.samples if sample.at >= warm_up]
    third = max(1, len(samples) // 3)
    first, last = samples[:third], samples[-third:]
    ages = {
        name: {
            'first_third': round(_median(first, name), 3),
            'last_third': round(_median(last, name), 3),
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
        'rss_mb': _bounds(samples, 'rss_mb'),
        'own_rss_growth_mb_per_10_min': round(slope(samples, 'own_rss_mb'), 3),
        'ages': ages,
        'threads': _bounds(samples, 'threads'),
        'files': _bounds(samples, 'files'),
        'load_average': _bounds(samples, 'load'),
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


def in_lines(results: dict[str, Any], samples: Sequence[Sample]) -> str:
    """Return JSON of the results and the samples, those a line each."""
    lines = ',\n'.join(f'  {json.dumps(asdict(sample))}' for sample in samples)
    return f'{json.dumps(results, indent=2)[:-2]},\n  "samples": [\n{lines}\n  ]\n}}\n'


def _median(samples: Sequence[Sample], name: str) -> float:
    return float(np.median([getattr(sample, name) for sample in samples]))


def _bounds(samples: Sequence[Sample], name: str) -> dict[str, float]:
    values = [getattr(sample, name) for sample in samples]
    return {'least': min(values), 'median': float(np.median(values)), 'most': max(values)}

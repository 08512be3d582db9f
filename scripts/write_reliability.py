#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Write the tables of docs/reliability.md from the results; a test holds them equal.

A table stands between `<!-- NAME -->` and `<!-- end -->`; the rest of the page is left as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / 'docs/reliability.md'
RESULTS = ROOT / 'benchmarks/results'
COUNTS = ('sent', 'received', 'published', 'dropped', 'skipped', 'rejected', 'failed')
FIGURES = {
    'memory_grew_mb': 'memory of the node after less before, MB',
    'rate_hz': 'rate of the camera, Hz',
    'age_p99_ms': 'p99 of the age of depth, ms',
}
Row = Mapping[str, Any]


def page() -> str:
    """Return the page with its tables as the results have them."""
    results = {
        name: json.loads((RESULTS / f'{name}.json').read_text()) for name in ('faults', 'soak')
    }
    tables: dict[str, Callable[[], str]] = {
        'faults': lambda: _faults(results['faults']['faults']),
        'losses': lambda: _losses(results['faults']['faults']),
        'figures': lambda: _figures(results['faults']['faults']),
        'signals': lambda: _signals(results['faults']['faults']),
        'soak': lambda: _soak(results['soak']),
    }
    return re.sub(
        r'(<!-- (\w+) -->\n).*?(<!-- end -->)',
        lambda match: match[1] + tables[match[2]]() + match[3],
        PAGE.read_text(),
        flags=re.DOTALL,
    )


def _faults(rows: Mapping[str, Row]) -> str:
    head = [
        'fault',
        'times',
        *COUNTS,
        'lost before, after',
        'unexplained',
        'recovery, s',
        'verdict',
    ]
    return _table(
        head,
        (
            [
                name,
                row.get('times', 1),
                *(row[column] for column in COUNTS),
                f'{row["lost_before_node"]["frames"]}, {row["lost_after_node"]["frames"]}',
                row['unexplained'],
                _spread(row['recover_s']),
                row['verdict'],
            ]
            if 'sent' in row
            else [name, *[''] * (len(head) - 2), row['verdict']]
            for name, row in rows.items()
            if 'exit_codes' not in row
        ),
    )


def _losses(rows: Mapping[str, Row]) -> str:
    return _table(
        ['fault', 'frames lost', 'reason'],
        (
            [name, frames, reason]
            for name, row in rows.items()
            for side in ('lost_before_node', 'lost_after_node')
            for reason, frames in row.get(side, {}).get('reasons', {}).items()
        ),
    )


def _figures(rows: Mapping[str, Row]) -> str:
    lines: list[Sequence[object]] = []
    for name, row in rows.items():
        lines += [[name, text, row[key]] for key, text in FIGURES.items() if key in row]
        gaps = row.get('longest_gap_s', {})
        lines += [[name, f'longest gap between depth images, s: {at}', gaps[at]] for at in gaps]
    return _table(['fault', 'figure', ''], lines)


def _signals(rows: Mapping[str, Row]) -> str:
    return _table(
        ['moment', 'times', 'exit code: times', 'end, s', 'verdict'],
        (
            [
                name,
                row['times'],
                ', '.join(f'{code}: {times}' for code, times in row['exit_codes'].items()),
                _spread(row['exit_s']),
                row['verdict'],
            ]
            for name, row in rows.items()
            if 'exit_codes' in row
        ),
    )


def _soak(soak: Row) -> str:
    ages, frames, lost = soak['ages'], soak['frames'], soak['replaced_in_the_middleware']
    counters = soak['counters']
    return _table(
        ['', ''],
        [
            ['minutes, of which warm-up', f'{soak["minutes"]:g}, {soak["warm_up_minutes"]:g}'],
            ['camera, published', f'{soak["camera"]["hz"]:g} Hz, {soak["published_hz"]:g} Hz'],
            ['memory grows in 10 minutes', f'{soak["rss_growth_mb_per_10_min"]:g} MB'],
            ['memory, MB', _range(soak['rss_mb'])],
            ['threads', _range(soak['threads'])],
            ['open files', _range(soak['files'])],
            ['age p50, first and last third, ms', _thirds(ages['age_p50_ms'])],
            ['age p99, first and last third, ms', _thirds(ages['age_p99_ms'])],
            ['frames inside (age times rate), the same', _thirds(ages['frames_inside'])],
            ['load average of the machine', _range(soak['load_average'])],
            *([name, frames[name]] for name in (*COUNTS, 'heard')),
            ['images replaced before the node took them', lost['before_node']],
            ['depth images replaced before they were heard', lost['after_node']],
            [
                'looks at the counters, that did not add up',
                f'{counters["looked_at"]}, {counters["did_not_add_up"]}',
            ],
            ["memory of the script's own process grows in 10 minutes",
             f'{soak["own_rss_growth_mb_per_10_min"]:g} MB'],
            ['beside it', soak['note'] or 'nothing known'],
            ['verdict', soak['verdict']],
        ],
    )  # fmt: skip


def _spread(seconds: Mapping[str, float] | None) -> str:
    return f'{seconds["median"]:g}, {seconds["max"]:g}' if seconds else ''


def _range(bounds: Mapping[str, float]) -> str:
    return f'{bounds["least"]:g} to {bounds["most"]:g}, median {bounds["median"]:g}'


def _thirds(values: Mapping[str, float]) -> str:
    return f'{values["first_third"]:g}, {values["last_third"]:g}'


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    cells = [head, ['---'] * len(head), *rows]
    return ''.join('| ' + ' | '.join(map(str, row)) + ' |\n' for row in cells)


if __name__ == '__main__':
    PAGE.write_text(page())

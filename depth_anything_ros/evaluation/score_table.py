# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A run's figures beside the published ones, as rows of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from depth_anything_ros.evaluation.benchmark_summary import NAMES, Evaluation

LABELS = {
    'abs_rel': 'AbsRel', 'sq_rel': 'SqRel', 'rmse': 'RMSE', 'rmse_log': 'RMSElog',
    'log10': 'log10', 'silog_half': 'SILog half', 'silog_100': 'SILog 100', 'delta1': 'δ1',
    'delta2': 'δ2', 'delta3': 'δ3', 'boundary_f1': 'boundary F1',
}  # fmt: skip
"""The figures for people."""

IN_TABLES = ('abs_rel', 'rmse', 'rmse_log', 'log10', 'silog_100', 'delta1', 'delta2', 'delta3')
"""Those that a table has beside published ones; JSON and the page have all."""


@dataclass(frozen=True)
class TableRow:
    """A method and its figures as text, '' where there is none. ``ours`` were measured here."""

    method: str
    cells: Sequence[str]
    source: str
    ours: bool = False


def rows_beside(evaluation: Evaluation) -> list[TableRow]:
    """Return the run's row, its interval, and those of others that are about the benchmark.

    The source of a row of others says 'published', who says so, what outsiders could reproduce,
    and where it was taken in another protocol than the run's.
    """
    count = len(evaluation.pairs)
    told = f'measured here, {count} pairs'
    if not evaluation.complete:
        expected = evaluation.expected
        told += f' of {expected}: NOT comparable' if expected else ', some could not be scored'
    rows = [
        TableRow(evaluation.method, [cell(evaluation.mean.get(n)) for n in IN_TABLES], told, True),
        TableRow('  95 % interval', [_interval(evaluation, n) for n in IN_TABLES], '', True),
    ]
    for row in evaluation.published:
        other = row.protocol and row.protocol != evaluation.protocol.name
        parts = [
            f'published: {row.source}', row.reproduced, 'another protocol' if other else '',
        ]  # fmt: skip
        cells = [cell(row.scores.get(name)) for name in IN_TABLES]
        rows.append(TableRow(row.method, cells, '; '.join(filter(None, parts))))
    return rows


def cell(value: float | None) -> str:
    """Return a figure as text."""
    if value is None:
        return ''
    return f'{value:.2f}' if value >= 10 else f'{value:.3f}' if value >= 0.2 else f'{value:.4f}'


def _interval(evaluation: Evaluation, name: str) -> str:
    if name not in evaluation.interval:
        return ''
    low, high = evaluation.interval[name]
    return f'{cell(low)}-{cell(high)}'


def all_figures(evaluation: Evaluation) -> list[tuple[str, str, str]]:
    """Return each figure of a run: its label, its mean, its interval."""
    return [
        (LABELS[name], cell(evaluation.mean[name]), _interval(evaluation, name))
        for name in NAMES
        if name in evaluation.mean
    ]

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `depth-anything evaluate` does with its options: open, run, gather, write, show."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from depth_anything_ros.cli.fail import fail
from depth_anything_ros.cli.progress import Progress
from depth_anything_ros.data.sample import DataError, Problem
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.answers import Answers
from depth_anything_ros.evaluation.benchmark_run import BenchmarkRun, collect
from depth_anything_ros.evaluation.benchmark_set import BenchmarkSet
from depth_anything_ros.evaluation.benchmark_summary import Evaluation, evaluation_of
from depth_anything_ros.evaluation.benchmarks import BENCHMARKS, open_benchmark, presence
from depth_anything_ros.evaluation.evaluation_files import (
    ErrorMaps,
    worst_pictures,
    write_evaluation,
)
from depth_anything_ros.evaluation.journalled_run import (
    BENCHMARK,
    JournalledRun,
    journal_name,
    journals,
)
from depth_anything_ros.evaluation.processes import Processes
from depth_anything_ros.evaluation.protocols import Protocol, ProtocolError, protocol_for
from depth_anything_ros.evaluation.score_table import IN_TABLES, LABELS, rows_beside
from depth_anything_ros.media.run_journal import RunJournal

MOST_SHOWN = 20
"""Pairs that could not be scored and are listed; the JSON has all."""

INTERRUPTED = 130

Told = Callable[[object, str | None], None]
"""What is called after each picture, with the reason where it failed."""

SHOWN = ('abs_rel', 'rmse', 'delta1')
"""The figures of the table; the page and the JSON have all."""


@dataclass(frozen=True)
class Method:
    """What is scored: its name, its depth, what that is, and all that its numbers depend on."""

    name: str
    answers: Answers
    kind: DepthKind
    settings: dict[str, Any]


@dataclass(frozen=True)
class EvaluationJob:
    """What was asked for on the command line, but the method."""

    dataset: str
    path: Path
    split: str | None
    options: dict[str, str]
    protocol: str
    alignment: str | None
    clamp: str | None
    crop: str | None
    output: Path
    worst: int
    error_maps: bool
    resume: bool
    batch: int
    jobs: int
    as_json: bool


def run_job(
    job: EvaluationJob, processes: Processes, method_of: Callable[[BenchmarkSet], Method]
) -> int:
    """Do all of it and return the exit code. ``method_of`` loads what is scored."""
    try:
        benchmark = open_benchmark(job.dataset, job.path, job.split, **job.options)
    except DataError as error:
        fail(error)
    if processes.is_main:
        typer.echo(f'{BENCHMARKS[job.dataset].title}: {presence(benchmark)}', err=True)
    method = method_of(benchmark)
    protocol = _protocol(job, method.kind, benchmark.metric)
    split = job.split or BENCHMARKS[job.dataset].splits[0]
    settings = {
        'benchmark': job.dataset,
        'path': str(job.path.resolve()),
        'split': split,
        'options': job.options,
        'protocol': protocol.facts(),
        'batch': job.batch,
        'error_maps': job.error_maps,
        **method.settings,
    }
    journal = open_journal(job, processes, settings)
    done = {pair.key for pair in collect(job.output, journal.settings, benchmark)[0]}
    seen = {'seen': ErrorMaps(job.output)} if job.error_maps else {}

    def run_of(told: Told) -> JournalledRun:
        return BenchmarkRun(
            benchmark, method.answers, protocol, journal, job.batch, job.jobs, told, **seen
        )

    if not run_rest(job, processes, journal, run_of, done, len(benchmark)):
        return INTERRUPTED
    processes.wait()
    if not processes.is_main:
        return 0
    pairs, problems = collect(job.output, journal.settings, benchmark)
    shown_settings = {**method.settings, 'batch': job.batch}
    result = evaluation_of(
        job.dataset, split, method.name, protocol, pairs, problems, shown_settings
    )
    return _finish(job, result, benchmark, method.answers)


def _protocol(job: EvaluationJob, kind: DepthKind, metric: bool) -> Protocol:
    """Return the protocol; metres are taken as they are where nothing else is asked for."""
    alignment = job.alignment
    if alignment is None and kind is DepthKind.METRIC and metric and job.clamp is None:
        alignment = 'none'
    if alignment == 'none' and not metric:
        raise typer.BadParameter(f'{job.dataset} is not in metres: depth has to be aligned')
    if alignment in ('depth', 'median', 'none') and kind is DepthKind.RELATIVE:
        raise typer.BadParameter(
            f'--alignment {alignment} takes depth, and this is disparity, which has a shift of '
            'its own: leave it out'
        )
    try:
        return protocol_for(job.protocol, job.dataset, alignment, job.clamp, job.crop)
    except ProtocolError as error:
        raise typer.BadParameter(str(error)) from error


def open_journal(
    job: EvaluationJob, processes: Processes, settings: dict[str, Any], kind: str = BENCHMARK
) -> RunJournal:
    """Open this process's journal of a kind, empty but for --resume, or end the command."""
    try:
        if processes.is_main and not job.resume:
            for path in journals(job.output, kind):
                path.unlink()
        processes.wait()
        name = journal_name(processes.share.process, kind)
        return RunJournal(job.output, settings, resume=True, name=name)
    except OSError as error:
        fail(f'the output folder {job.output} cannot be written: {error}')


def run_rest(
    job: EvaluationJob, processes: Processes, journal: RunJournal,
    run_of: Callable[[Told], JournalledRun], done: set[str], count: int,
) -> bool:  # fmt: skip
    """Score what of ``count`` is not done; return whether it came to its end, not to Ctrl-C."""
    left = count - len(done)
    with Progress(-(-left // processes.share.processes)) as progress:
        try:
            run_of(progress.told)(done, processes.share)
        except KeyboardInterrupt:
            typer.echo('interrupted: --resume goes on from here', err=True)
            return False
        except OSError as error:
            fail(f'{job.output} cannot be written: {error}')
        finally:
            journal.close()
    return True


def _finish(
    job: EvaluationJob, result: Evaluation, benchmark: BenchmarkSet, answers: Answers
) -> int:
    """Write the files and show the table; return the exit code."""
    show_problems(result.problems)
    try:
        shown = worst_pictures(result, benchmark, answers, job.worst)
        written = write_evaluation(result, job.output, shown)
    except (OSError, DataError) as error:
        fail(f'the results cannot be written to {job.output}: {error}')
    if job.as_json:
        typer.echo(json.dumps(result.summary(), indent=2, allow_nan=False))
    elif result.pairs:
        show_table(result, Console())
        typer.echo(f'{", ".join(path.name for path in written)} are in {job.output}')
    if not result.pairs:
        typer.echo('error: no pair could be scored', err=True)
    return 1 if result.problems or not result.pairs else 0


def show_problems(problems: Sequence[Problem]) -> None:
    """Tell on stderr what could not be scored."""
    for problem in problems[:MOST_SHOWN]:
        typer.echo(f'not scored: {problem.name}: {problem.reason}', err=True)
    if len(problems) > MOST_SHOWN:
        typer.echo(f'... and {len(problems) - MOST_SHOWN} more, see the JSON', err=True)


def show_table(result: Evaluation, console: Console) -> None:
    """Print the run beside published rows; what is to be said of rows stands below as notes."""
    p = result.protocol
    fit = p.alignment if p.alignment != 'disparity' else f'disparity, clamp {p.clamp}'
    table = Table(
        title=f'{result.title}, protocol {p.name} (alignment {fit}; {p.crop or "no crop"})'
    )
    table.add_column('method', no_wrap=True)
    for name in SHOWN:
        table.add_column(LABELS[name], justify='right', no_wrap=True)
    table.add_column('note', justify='right')
    notes: dict[str, int] = {}
    for row in rows_beside(result):
        cells = [row.cells[IN_TABLES.index(name)] for name in SHOWN]
        note = str(notes.setdefault(row.source, len(notes) + 1)) if row.source else ''
        table.add_row(escape(row.method), *cells, note, style='bold' if row.ours else None)
    console.print(table)
    for text, number in notes.items():
        console.print(f'{number:3}  {text}', markup=False, highlight=False, soft_wrap=True)

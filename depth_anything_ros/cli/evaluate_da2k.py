# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `depth-anything evaluate --dataset da-2k` does, once its options are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import typer

from depth_anything_ros.cli.evaluation_job import (
    INTERRUPTED,
    EvaluationJob,
    Method,
    Told,
    open_journal,
    run_rest,
)
from depth_anything_ros.cli.fail import fail
from depth_anything_ros.data.sample import DataError
from depth_anything_ros.evaluation.da2k_benchmark import (
    JOURNALS,
    Da2kBenchmark,
    Da2kRun,
    collect_da2k,
)
from depth_anything_ros.evaluation.da2k_run import (
    Da2kOutcome,
    outcome_of,
    summary,
    table,
    write_outcome,
)
from depth_anything_ros.evaluation.journalled_run import JournalledRun
from depth_anything_ros.evaluation.processes import Processes

MOST_SHOWN = 10
"""Problems that are listed; da-2k.json has all."""


def run_da2k(job: EvaluationJob, processes: Processes, method_of: Callable[[Any], Method]) -> int:
    """Score a network, or stored predictions, on DA-2K and write what came of it to a folder.

    Of the job it takes the path of the released archive or its folder, the output folder, resume,
    batch, jobs and as_json. ``method_of`` loads what is scored. Returns the exit code: 1 where some
    pictures could not be scored, or none, and 130 after Ctrl-C. Ends the command for a path that is
    not DA-2K and a disk that is full.
    """
    try:
        pictures = Da2kBenchmark(job.path)
        files = pictures.stamp()
    except (DataError, OSError) as error:
        fail(error)
    method = method_of(pictures)
    settings = {
        'benchmark': pictures.name,
        'path': str(job.path.resolve()),
        'files': files,
        'batch': job.batch,
        **method.settings,
    }
    journal = open_journal(job, processes, settings, JOURNALS)
    done = set(collect_da2k(job.output, journal.settings, pictures)[0])

    def run_of(told: Told) -> JournalledRun:
        return Da2kRun(pictures, method.answers, journal, job.batch, job.jobs, told)

    if not run_rest(job, processes, journal, run_of, done, len(pictures)):
        return INTERRUPTED
    processes.wait()
    if not processes.is_main:
        return 0
    right, problems = collect_da2k(job.output, journal.settings, pictures)
    return _finish(job, outcome_of(pictures, right, problems), pictures, method.name)


def _finish(job: EvaluationJob, outcome: Da2kOutcome, pictures: Da2kBenchmark, method: str) -> int:
    """Write the files and show the table; return the exit code."""
    try:
        write_outcome(outcome, pictures, method, job.output)
    except (DataError, OSError) as error:
        fail(f'the results cannot be written to {job.output}: {error}')
    for problem in outcome.problems[:MOST_SHOWN]:
        typer.echo(f'{problem.name}: {problem.reason}', err=True)
    if len(outcome.problems) > MOST_SHOWN:
        typer.echo(f'... and {len(outcome.problems) - MOST_SHOWN} more', err=True)
    if job.as_json:
        told = {**summary(outcome, method), 'output': str(job.output)}
        typer.echo(json.dumps(told, indent=2))
    else:
        mean = outcome.score.mean
        typer.echo(table(outcome, method), nl=False)
        typer.echo(
            f'{mean.right} of {mean.pairs} pairs are right; {job.output} has the numbers and '
            f'{len(outcome.wrong)} pictures with wrong pairs'
        )
    return 0 if outcome.score.mean.pairs and not outcome.problems else 1

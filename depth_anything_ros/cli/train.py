# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything train`: teachers, students and metric networks."""

from __future__ import annotations

import json
import signal
import time
from enum import Enum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from depth_anything_ros.cli.fail import fail

if TYPE_CHECKING:
    from depth_anything_ros.training.run import Run
    from depth_anything_ros.training.settings import RunSettings

INTERRUPTED = 130


class Stage(str, Enum):
    """What is trained."""

    teacher = 'teacher'
    student = 'student'
    metric = 'metric'


def train(
    stage: Annotated[Stage, typer.Argument(help='What to train.')],
    config: Annotated[
        Path, typer.Option('--config', '-c', help='Settings, such as config/training/*.yaml.')
    ],
    output: Annotated[
        Path | None, typer.Option('--output', '-o', help='Folder of the run (runs/NAME).')
    ] = None,
    path: Annotated[
        list[str] | None,
        typer.Option(help='Where a set of the settings lies: NAME=FOLDER.', metavar='NAME=FOLDER'),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option(help='Where its pseudo-labels lie: NAME=FOLDER.', metavar='NAME=FOLDER'),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            '--set', help='Another value for a setting: optimiser.warm_up=500.', metavar='KEY=VALUE'
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option('--json', help='Print a summary as JSON on standard output.')
    ] = False,
) -> None:
    """Train a network; the same command goes on where it was stopped.

    Exit codes: 0 trained to the last step, 1 could not go on, 2 wrong usage, 130 interrupted: the
    same command goes on. Several GPUs and machines: torchrun, see docs/training.md.
    """
    from depth_anything_ros.training.plain_settings import SettingsError

    try:
        settings = _settings(stage, config, path or [], labels or [], set_ or [])
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from error
    folder = output or Path('runs') / config.stem
    from depth_anything_ros.data.sample import DataError
    from depth_anything_ros.model.catalog import UnknownModelError
    from depth_anything_ros.model.checkpoint_file import CheckpointError
    from depth_anything_ros.model.hub import DownloadError
    from depth_anything_ros.training.errors import TrainingError
    from depth_anything_ros.training.run import Run

    known = (CheckpointError, DataError, DownloadError, SettingsError, TrainingError)
    try:
        run = Run(settings, folder)
        _obey_signals(run)
        _train(run)
    except (*known, UnknownModelError, OSError) as error:
        fail(error)
    if run.is_main:
        _report(run, as_json)
    raise typer.Exit(0 if run.step == run.steps else INTERRUPTED)


def _report(run: Run, as_json: bool) -> None:
    done, last = run.step == run.steps, str(run.folder / 'last.safetensors')
    if not done:
        typer.echo(f'stopped at step {run.step}: the same command goes on', err=True)
    if as_json:
        facts = {'folder': str(run.folder), 'step': run.step, 'steps': run.steps}
        scores = run.best_scores
        typer.echo(json.dumps({**facts, 'last': last if done else None, 'best': scores}, indent=2))
    elif done:
        typer.echo(f'{run.steps} steps; the network is {last}')


def _train(run: Run) -> None:
    """Train with a bar on a terminal, or else a line now and then, on standard error."""
    console = Console(stderr=True)
    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn('{task.description}'),
        console=console,
        disable=not (console.is_terminal and run.is_main),
    )
    task = bar.add_task('', total=run.steps, completed=run.step)
    spoke = -60.0

    def told(row: dict[str, float]) -> None:
        nonlocal spoke
        numbers = ' '.join(f'{k} {v:.4g}' for k, v in row.items() if k != 'step')
        if bar.disable:
            if time.monotonic() - spoke > 10 or 'val_abs_rel' in row:
                spoke = time.monotonic()
                typer.echo(f'step {int(row["step"])}/{run.steps}: {numbers}', err=True)
        else:
            bar.update(task, completed=row['step'], description=numbers)

    if run.is_main:
        where = f', from step {run.step}' if run.step else ''
        typer.echo(
            f'{run.settings.stage} {run.settings.model}: {run.steps} steps of '
            f'{run.settings.batch} pictures{where}, in {run.folder}',
            err=True,
        )
    with bar:
        run(told)


def _obey_signals(run: Run) -> None:
    """End after the step under way at the first signal, at once at the second."""

    def stop(number: int, _frame: FrameType | None) -> None:
        run.stop()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _settings(
    stage: Stage, config: Path, paths: list[str], labels: list[str], changes: list[str]
) -> RunSettings:
    """Read the settings of a file with what the command line changes. Raises SettingsError."""
    import yaml

    from depth_anything_ros.media.plain_yaml import PlainYamlError, read_plain_yaml
    from depth_anything_ros.training.plain_settings import (
        SettingsError,
        overridden,
        read_settings,
    )
    from depth_anything_ros.training.settings import RunSettings

    try:
        given = read_plain_yaml(config)
    except (OSError, PlainYamlError) as error:
        raise SettingsError(f'{config}: {error}') from error
    for text in changes:
        key, equals, value = text.partition('=')
        if not equals:
            raise SettingsError(f'--set {text}: give KEY=VALUE')
        try:
            given = overridden(given, key, yaml.safe_load(value))
        except yaml.YAMLError as error:
            raise SettingsError(f'--set {text}: {value!r} is no value of YAML') from error
    for option, what in (('path', paths), ('labels', labels)):
        for text in what:
            given = _placed(given, option, text)
    settings = read_settings(RunSettings, given)
    if settings.stage != stage.value:
        raise SettingsError(f'{config} has the settings of a {settings.stage}, not a {stage.value}')
    return settings


def _placed(given: Any, option: str, text: str) -> Any:
    """Return settings with the folder of a set, wherever it is named."""
    from depth_anything_ros.training.plain_settings import SettingsError, overridden

    name, equals, folder = text.partition('=')
    found = False
    validation = given.get('validation') if isinstance(given, dict) else None
    for where, holder in (('', given), ('validation.', validation)):
        sets = holder.get('data') if isinstance(holder, dict) else None
        for number, each in enumerate(sets if isinstance(sets, list) else []):
            if isinstance(each, dict) and each.get('name') == name and equals:
                if option == 'labels' and where:
                    continue
                given = overridden(given, f'{where}data.{number}.{option}', folder)
                found = True
    if not found:
        raise SettingsError(f'--{option} {text}: give NAME=FOLDER of a set in the settings')
    return given

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything pseudo-label`: a teacher's depth for the pictures of a set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from depth_anything_ros.cli.fail import fail
from depth_anything_ros.cli.loading import (
    DeviceOption,
    ModelOption,
    PrecisionOption,
    WeightsOption,
    load_estimator,
)
from depth_anything_ros.cli.progress import Progress

if TYPE_CHECKING:
    from depth_anything_ros.data.dataset import Dataset
    from depth_anything_ros.training.pseudo_labels import LabelOutcome, Part

INTERRUPTED = 130
MOST_SHOWN = 20


def pseudo_label(
    name: Annotated[str, typer.Argument(help='A set of pictures by its name (docs/data.md).')],
    path: Annotated[
        Path | None, typer.Argument(help='The folder it lies in; procedural has none.')
    ] = None,
    output: Annotated[Path, typer.Option('--output', '-o', help='Folder for the labels.')] = Path(
        'labels'
    ),
    model: ModelOption = 'large',
    weights: WeightsOption = None,
    input_size: Annotated[
        int, typer.Option(min=14, help="Shorter side of the teacher's input, and of labels.")
    ] = 518,
    device: DeviceOption = 'auto',
    precision: PrecisionOption = 'auto',
    shard_size: Annotated[int, typer.Option(min=1, help='Pictures to a shard.')] = 1000,
    batch: Annotated[
        int, typer.Option(min=0, help='Pictures of one size at once; 0: 1, or 8 on a GPU.')
    ] = 0,
    workers: Annotated[int, typer.Option(min=0, help='Processes that read pictures.')] = 2,
    part: Annotated[
        str, typer.Option(help='K/N: one of N processes that share the shards, from 0.')
    ] = '0/1',
    option: Annotated[
        list[str] | None, typer.Option(help='An option of the set: KEY=VALUE.', metavar='KEY=VALUE')
    ] = None,
    as_json: Annotated[
        bool, typer.Option('--json', help='Print a summary as JSON on standard output.')
    ] = False,
) -> None:
    """Write a teacher's depth of a set's pictures, in shards that students learn from.

    The same command goes on where it was stopped; each picture has its label once. It works in
    this process; `label` makes the same folder on a Ray cluster, and either goes on where the
    other was stopped. Exit codes: 0 all labelled, 1 some pictures failed or it could not go on, 2
    wrong usage, 130 interrupted.
    """
    share = _part(part)
    dataset = open_set(name, path, option or [])
    from depth_anything_ros.media.label_shards import LabelError

    try:
        outcome = _label(
            *(dataset, model, weights, input_size, device, precision),
            *(output, shard_size, batch, workers, share),
        )
    except LabelError as error:
        fail(error)
    except (OSError, RuntimeError) as error:
        fail(f'{error}; what is written is whole, and the same command goes on from there')
    except KeyboardInterrupt:
        typer.echo('interrupted: the same command goes on from here', err=True)
        raise typer.Exit(INTERRUPTED) from None
    report(outcome, len(dataset), output, as_json)
    raise typer.Exit(1 if outcome.failed else 0)


def _label(
    dataset: Dataset,
    model: str,
    weights: Path | None,
    input_size: int,
    device: str,
    precision: str,
    output: Path,
    shard_size: int,
    batch: int,
    workers: int,
    part: Part,
) -> LabelOutcome:
    from depth_anything_ros.inference.onnx_card import file_sha256
    from depth_anything_ros.model.hub import locate
    from depth_anything_ros.training.pseudo_labels import facts_of, write_labels

    teacher = load_estimator(model, weights, device, precision, input_size)
    digest = file_sha256(weights or locate(model)[1])
    facts = facts_of(dataset, Path(model).stem, digest, input_size, shard_size)
    batch = batch or (8 if teacher.device.startswith(('cuda', 'mps')) else 1)
    with Progress(len(dataset)) as progress:
        return write_labels(dataset, teacher, output, facts, batch, workers, part, progress.told)


def _part(text: str) -> Part:
    from depth_anything_ros.training.pseudo_labels import Part

    number, _, count = text.partition('/')
    if not (number.isdecimal() and count.isdecimal() and int(number) < int(count)):
        raise typer.BadParameter(f'--part must be K/N with K from 0 to below N, got {text!r}')
    return Part(int(number), int(count))


def open_set(name: str, path: Path | None, option: list[str]) -> Dataset:
    """Open a set with its options as text, or end the command saying why it cannot be."""
    options = _options(option)
    from depth_anything_ros.data.dataset import open_dataset
    from depth_anything_ros.data.sample import DataError

    try:
        return open_dataset(name, path, **options)
    except DataError as error:
        fail(error)


def _options(texts: list[str]) -> dict[str, Any]:
    import yaml

    options = {}
    for text in texts:
        key, equals, value = text.partition('=')
        try:
            options[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            equals = ''
        if not equals:
            raise typer.BadParameter(f'--option {text}: give KEY=VALUE')
    return options


def report(outcome: LabelOutcome, pictures: int, output: Path, as_json: bool) -> None:
    """Print what came of a run."""
    for key, reason in list(outcome.failed.items())[:MOST_SHOWN]:
        typer.echo(f'failed: {key}: {reason}', err=True)
    if as_json:
        summary = {
            'output': str(output),
            'pictures': pictures,
            'labels': outcome.labels,
            'shards': outcome.shards,
            'shards_done_before': outcome.there,
            'failed': outcome.failed,
        }
        typer.echo(json.dumps(summary, indent=2))
        return
    typer.echo(
        f'{outcome.labels} labels in {outcome.shards} shards written to {output}, '
        f'{outcome.there} shards done before, {len(outcome.failed)} pictures failed'
    )

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything label`: the labels of `pseudo-label`, made on a Ray cluster."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depth_anything_ros.cli.fail import fail
from depth_anything_ros.cli.loading import JsonOption, ModelOption, PrecisionOption, WeightsOption
from depth_anything_ros.cli.progress import Progress
from depth_anything_ros.cli.pseudo_label import INTERRUPTED, MOST_SHOWN, open_set, report

if TYPE_CHECKING:
    from depth_anything_ros.data.dataset import Dataset
    from depth_anything_ros.training.pseudo_labels import LabelOutcome
    from depth_anything_ros.training.ray_labels import Work


def label(
    name: Annotated[str, typer.Argument(help='A set of pictures by its name (docs/data.md).')],
    path: Annotated[
        Path | None, typer.Argument(help='Where it lies; procedural lies nowhere.')
    ] = None,
    output: Annotated[Path, typer.Option('--output', '-o', help='Folder for the labels.')] = Path(
        'labels'
    ),
    model: ModelOption = 'large',
    weights: WeightsOption = None,
    input_size: Annotated[
        int, typer.Option(min=14, help="Shorter side of the network's input, and of labels.")
    ] = 518,
    actors: Annotated[int, typer.Option(min=1, help='Networks at work at once.')] = 1,
    address: Annotated[
        str | None,
        typer.Option(
            help='A Ray cluster to join, such as auto or ray://head:10001, whose machines all see '
            'the pictures and the output under the same paths. Else one runs here meanwhile.'
        ),
    ] = None,
    device: Annotated[
        str, typer.Option(help='auto, cpu, openvino, cuda; Ray says which GPU is whose.')
    ] = 'auto',
    precision: PrecisionOption = 'auto',
    shard_size: Annotated[int, typer.Option(min=1, help='Pictures to a shard.')] = 1000,
    batch: Annotated[
        int, typer.Option(min=0, help='Pictures of one size at once; 0: 1, or 8 on a GPU.')
    ] = 0,
    workers: Annotated[
        int, typer.Option(min=0, help='Processes that read pictures, for each actor; 0: itself.')
    ] = 0,
    option: Annotated[
        list[str] | None, typer.Option(help='An option of the set: KEY=VALUE.', metavar='KEY=VALUE')
    ] = None,
    verify: Annotated[
        bool, typer.Option('--verify', help='Make nothing: read all labels again and check them.')
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the depth of a set's pictures in shards, by many networks on a Ray cluster.

    It makes the same folder as `pseudo-label`, which does so in its own process: either goes on
    where the other was stopped, and each picture has its label once. Give `label` more than one
    GPU or machine. Exit codes: 0 all labelled, 1 some pictures failed or it could not go on, 2
    wrong usage, 130 interrupted.
    """
    if ':' in device:
        raise typer.BadParameter(f'--device {device}: Ray says which GPU is whose, so give cuda')
    dataset = open_set(name, path, option or [])
    from depth_anything_ros.media.label_shards import LabelError
    from depth_anything_ros.training.ray_cluster import ClusterError

    if verify:
        _verify(dataset, output, as_json)
        return
    try:
        work = _work(
            dataset, model, weights, device, precision, input_size, output, shard_size, workers
        )
        outcome = _on_cluster(dataset, work, actors, address, device, batch)
    except LabelError as error:
        fail(error)
    except (ClusterError, OSError, RuntimeError, ValueError) as error:
        fail(f'{error}; shards that are written are whole, and the same command goes on after them')
    except KeyboardInterrupt:
        typer.echo('interrupted: the same command goes on from here', err=True)
        raise typer.Exit(INTERRUPTED) from None
    report(outcome, len(dataset), output, as_json)
    raise typer.Exit(1 if outcome.failed else 0)


def _work(
    dataset: Dataset,
    model: str,
    weights: Path | None,
    device: str,
    precision: str,
    input_size: int,
    output: Path,
    shard_size: int,
    workers: int,
) -> Work:
    from depth_anything_ros.inference.onnx_card import file_sha256
    from depth_anything_ros.model.hub import locate
    from depth_anything_ros.training.pseudo_labels import facts_of
    from depth_anything_ros.training.ray_labels import Network, Work

    # Actors run in folders of their own.
    weights = weights and weights.resolve()
    found = weights or locate(model)[1]
    digest = file_sha256(found)
    facts = facts_of(dataset, Path(model).stem, digest, input_size, shard_size)
    name = str(Path(model).resolve()) if Path(model).is_file() else model
    network = Network(name, weights, device, precision, input_size, digest)
    return Work(network, output.resolve(), facts, 0, workers)


def _on_cluster(
    dataset: Dataset, work: Work, actors: int, address: str | None, device: str, batch: int
) -> LabelOutcome:
    from depth_anything_ros.training.ray_cluster import cluster, crew_for
    from depth_anything_ros.training.ray_labels import write_labels_on

    with cluster(address, actors), Progress(len(dataset)) as progress:
        crew = crew_for(actors, device)
        work = replace(work, batch=batch or (8 if crew.gpus else 1))
        return write_labels_on(crew, dataset, work, progress.told)


def _verify(dataset: Dataset, output: Path, as_json: bool) -> None:
    from depth_anything_ros.media.label_check import check_labels
    from depth_anything_ros.media.label_shards import LabelError, read_facts
    from depth_anything_ros.training.labelled_set import digest_of_keys

    try:
        if read_facts(output).keys_sha256 != digest_of_keys(dataset):
            fail(f'{output} has labels of other pictures: give the set that was labelled')
        with Progress(len(dataset)) as progress:
            faults = check_labels(output, dataset.keys, progress.told)
    except LabelError as error:
        fail(error)
    for shard, fault in list(faults.items())[:MOST_SHOWN]:
        typer.echo(f'shard {shard}: {fault}', err=True)
    if as_json:
        typer.echo(json.dumps({'output': str(output), 'faults': faults}, indent=2))
    else:
        typer.echo(f'{output}: {len(faults)} shards are missing or damaged')
    if faults:
        typer.echo('remove labels_N.json of those that are damaged and make them again', err=True)
        raise typer.Exit(1)

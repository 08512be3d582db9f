# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything evaluate`: how accurate a network, or anybody's predictions, are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from depth_anything_ros.cli.fail import fail
from depth_anything_ros.cli.loading import (
    DeviceOption,
    InputSizeOption,
    JsonOption,
    MaxDepthOption,
    ModelOption,
    PrecisionOption,
    WeightsOption,
)
from depth_anything_ros.cli.scored import Scored
from depth_anything_ros.cli.silence import silence_opencv


def evaluate(
    dataset: Annotated[
        str, typer.Option(help='kitti, nyu, sintel, eth3d, diode, pairs, or da-2k.')
    ],
    path: Annotated[Path, typer.Option(help='Where the data set lies.')],
    output: Annotated[Path, typer.Option('--output', '-o', help='Folder for the results.')] = Path(
        'evaluation'
    ),
    protocol: Annotated[str, typer.Option(help='paper, moge or marigold.')] = 'paper',
    split: Annotated[
        str | None, typer.Option(help="Another split than the set's usual one.")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option('--option', help='NAME=VALUE, an option of the set.')
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help='Score the depth in this folder, of any network.')
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help='What predictions hold that do not say it: metres, disparity.'),
    ] = None,
    scale16: Annotated[
        float, typer.Option(help='Steps of 16-bit predictions to the metre.')
    ] = 1000.0,
    name: Annotated[str | None, typer.Option(help='What the method is called in tables.')] = None,
    alignment: Annotated[
        str | None,
        typer.Option(help="disparity, depth, median or none; else the protocol's, metres as are."),
    ] = None,
    clamp: Annotated[
        str | None, typer.Option(help='midas, moge, marigold or none, of the fit in disparity.')
    ] = None,
    crop: Annotated[
        str | None, typer.Option(help='garg, eigen, kb or none, as the set has it.')
    ] = None,
    model: ModelOption = 'nano',
    weights: WeightsOption = None,
    input_size: InputSizeOption = None,
    device: DeviceOption = 'auto',
    precision: PrecisionOption = 'auto',
    max_depth: MaxDepthOption = None,
    worst: Annotated[int, typer.Option(min=0, help='Worst pairs that are shown.')] = 12,
    error_maps: Annotated[
        bool, typer.Option('--error-maps', help='Write pictures of the errors of every pair.')
    ] = False,
    resume: Annotated[
        bool, typer.Option('--resume', help='Leave out what an earlier run scored.')
    ] = False,
    batch: Annotated[int, typer.Option(min=0, help='Pictures at once; 0: 1, or 8 on a GPU.')] = 0,
    jobs: Annotated[int, typer.Option(min=1, help='Threads that read, and that score.')] = 2,
    as_json: JsonOption = False,
) -> None:
    """Score depth on a benchmark, beside the published numbers.

    Pairs that cannot be read, are in a wrong unit or have no prediction are named and count
    nowhere. Exit codes: 0 all scored, 1 some were not or nothing could be done, 2 wrong usage, 130
    interrupted: --resume goes on.
    """
    from depth_anything_ros.data.sample import DataError
    from depth_anything_ros.depth import DepthKind
    from depth_anything_ros.evaluation.benchmarks import BENCHMARKS

    kinds = {'metres': DepthKind.METRIC, 'disparity': DepthKind.RELATIVE}
    if kind is not None and kind not in kinds:
        raise typer.BadParameter(f'--kind {kind!r}: use metres or disparity')
    ordering = dataset in ('da-2k', 'da2k')
    if not ordering and dataset not in BENCHMARKS:
        known = ', '.join(BENCHMARKS)
        raise typer.BadParameter(f'--dataset {dataset!r}: use one of {known}, da-2k')
    if not scale16 > 0:
        raise typer.BadParameter(f'--scale16 must be above 0, got {scale16}')
    silence_opencv()
    from depth_anything_ros.cli.evaluate_da2k import run_da2k
    from depth_anything_ros.cli.evaluation_job import EvaluationJob, run_job
    from depth_anything_ros.evaluation.processes import Processes

    try:
        processes = Processes(device)
    except DataError as error:
        fail(error)
    scored = Scored(
        model, weights, processes.device, precision, input_size, max_depth, predictions,
        None if kind is None else kinds[kind], scale16, name,
    )  # fmt: skip
    batch = batch or (8 if predictions is None and scored.on_gpu() else 1)
    job = EvaluationJob(
        dataset, path, split, _options(option or []), protocol, alignment, clamp, crop, output,
        worst, error_maps, resume, batch, jobs, as_json,
    )  # fmt: skip
    run = run_da2k if ordering else run_job
    code = run(job, processes, scored.method)
    processes.close()
    raise typer.Exit(code)


def _options(texts: list[str]) -> dict[str, str]:
    pairs = [text.partition('=') for text in texts]
    for name, equals, value in pairs:
        if not (name and equals and value):
            raise typer.BadParameter(f'--option {name}{equals}{value}: give NAME=VALUE')
    return {name: value for name, _, value in pairs}

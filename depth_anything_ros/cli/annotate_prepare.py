# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything annotate prepare`: from pictures to pairs that people are asked about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depth_anything_ros.cli.fail import fail
from depth_anything_ros.cli.loading import (
    DeviceOption,
    JsonOption,
    PrecisionOption,
    load_estimator,
)
from depth_anything_ros.cli.progress import Progress

if TYPE_CHECKING:
    from depth_anything_ros.annotation.key_points import Segmenter
    from depth_anything_ros.annotation.voters import Voter

INTERRUPTED = 130
MOST_SHOWN = 20


def prepare(
    pictures: Annotated[
        list[str],
        typer.Argument(
            help='Files, folders named after scenarios (indoor, outdoor ...), lists, patterns.',
            metavar='PICTURES...',
        ),
    ],
    output: Annotated[
        Path, typer.Option('--output', '-o', help='Folder of the project; it may be there.')
    ],
    model: Annotated[
        list[str] | None,
        typer.Option('--model', '-m', help='A network that votes, MODEL or MODEL@SIZE; repeat it.'),
    ] = None,
    predictions: Annotated[
        list[str] | None,
        typer.Option(
            '--predictions',
            '-p',
            help='Predictions that vote; :metres or :disparity where files do not say it.',
            metavar='NAME=FOLDER[:KIND]',
        ),
    ] = None,
    by_hand: Annotated[
        bool, typer.Option('--by-hand', help='No models: people find all pairs themselves.')
    ] = False,
    scene: Annotated[
        str | None, typer.Option(help='The scenario of pictures whose folders tell none.')
    ] = None,
    everywhere: Annotated[
        bool,
        typer.Option(
            '--everywhere',
            help='Draw pairs in transparent_reflective and object too, which DA-2K left to people.',
        ),
    ] = False,
    sam: Annotated[
        Path | None,
        typer.Option(help='Weights of Segment Anything in a folder; else colours tell segments.'),
    ] = None,
    pairs: Annotated[int, typer.Option(min=1, help='Pairs for people, of a picture.')] = 2,
    attempts: Annotated[int, typer.Option(min=1, help='Pairs drawn for them at most.')] = 100,
    ratio: Annotated[
        float, typer.Option(min=1.0, help='Ratio of depths that some model must see.')
    ] = 3.0,
    apart: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the diagonal between a pair's points.")
    ] = 0.05,
    seed: Annotated[int, typer.Option(min=0, help='Another seed draws other pairs.')] = 0,
    passes: Annotated[int, typer.Option(min=1, help='People who must give the same answer.')] = 3,
    rounds: Annotated[
        int, typer.Option(min=1, help='Times that a pair is asked when they differ.')
    ] = 2,
    device: DeviceOption = 'auto',
    precision: PrecisionOption = 'auto',
    as_json: JsonOption = False,
) -> None:
    """Draw pairs of points on which depth models disagree, for people to answer.

    The same command goes on where it was stopped, and adds pictures that are new. Exit codes: 0
    all done, 1 some pictures failed or nothing could be done, 2 wrong usage, 130 interrupted.
    """
    from depth_anything_ros.annotation.preparation import Preparation, prepare
    from depth_anything_ros.annotation.project import ProjectError, create_project
    from depth_anything_ros.annotation.rounds import Rules
    from depth_anything_ros.annotation.scenes import SCENES
    from depth_anything_ros.annotation.stored_picture import FILES
    from depth_anything_ros.annotation.voting import Drawing
    from depth_anything_ros.media.picture_list import list_pictures

    names = [*(model or []), *(predictions or [])]
    if len(names) < 2 and not by_hand:
        raise typer.BadParameter(
            'one model cannot disagree: give two or more of --model and --predictions, or --by-hand'
        )
    if by_hand and names:
        raise typer.BadParameter('give either models or --by-hand')
    if scene is not None and scene not in SCENES:
        raise typer.BadParameter(f'--scene {scene} is none of {", ".join(SCENES)}')
    listed = list_pictures(pictures, output, FILES)
    for source, reason in listed.missing.items():
        typer.echo(f'{source}: {reason}', err=True)
    if not listed.entries:
        fail('there is no picture')
    preparation = Preparation(
        _segmenter(sam, device),
        _voters(model or [], predictions or [], device, precision),
        Drawing(pairs, attempts, ratio, apart, seed),
        scene,
        everywhere,
    )
    try:
        project = create_project(output, preparation.settings(Rules(passes, rounds)))
        with Progress(len(listed.entries)) as progress:
            done = prepare(project, listed.entries, preparation, progress.told)
        project.close()
    except ProjectError as error:
        fail(error)
    except OSError as error:
        fail(f'{output} cannot be written: {error.strerror or error}')
    except KeyboardInterrupt:
        typer.echo('interrupted: the same command goes on from here', err=True)
        raise typer.Exit(INTERRUPTED) from None
    for source, reason in list(done.failed.items())[:MOST_SHOWN]:
        typer.echo(f'cannot be used: {source}: {reason}', err=True)
    if done.pairs['faint'] and not done.pairs['review']:
        typer.echo(
            f'models differ on {done.pairs["faint"]} pairs, but none sees a ratio of {ratio:g}: '
            'a lower --ratio, in another folder, gives some to people',
            err=True,
        )
    if as_json:
        typer.echo(json.dumps({'project': str(output), **vars(done)}, indent=2))
    else:
        typer.echo(
            f'{output}: {done.added} pictures added, {done.known} there already; '
            f'{done.pairs["review"]} pairs for people, {done.pairs["agreed"]} on which all models '
            f'agree, {done.pairs["faint"]} without contrast'
        )
    raise typer.Exit(1 if done.failed or listed.missing else 0)


def _segmenter(sam: Path | None, device: str) -> Segmenter:
    from depth_anything_ros.annotation.key_points import ColorSegmenter
    from depth_anything_ros.annotation.segment_anything import (
        SegmentAnything,
        SegmentAnythingError,
    )

    if sam is None:
        return ColorSegmenter()
    from depth_anything_ros.inference.device import DeviceError, resolve_device

    try:
        return SegmentAnything(sam, str(resolve_device('cpu' if device == 'openvino' else device)))
    except (SegmentAnythingError, DeviceError) as error:
        fail(error)


def _voters(models: list[str], predictions: list[str], device: str, precision: str) -> list[Voter]:
    from depth_anything_ros.annotation.voters import VoterError, network_voter, stored_voter
    from depth_anything_ros.inference.estimator import DepthEstimator
    from depth_anything_ros.media.album import AlbumError

    def load(name: str, size: int | None) -> DepthEstimator:
        return load_estimator(name, None, device, precision, size)

    try:
        voters: list[Voter] = [stored_voter(text) for text in predictions]
    except (VoterError, AlbumError) as error:
        raise typer.BadParameter(str(error)) from error
    voters += [network_voter(text, load) for text in models]
    names = [voter.name for voter in voters]
    if len(set(names)) < len(names):
        raise typer.BadParameter(f'two models have the same name: {", ".join(sorted(names))}')
    return voters

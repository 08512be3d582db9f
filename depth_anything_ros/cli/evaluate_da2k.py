# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `depth-anything evaluate --dataset da-2k` does, once its options are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import typer

from depth_anything_ros.cli.fail import fail
from depth_anything_ros.cli.progress import Progress

if TYPE_CHECKING:
    from depth_anything_ros.evaluation.da2k_run import Answer
    from depth_anything_ros.inference.estimator import DepthEstimator

MOST_SHOWN = 10
"""Problems that are listed; da-2k.json has all."""


def run_da2k(
    path: Path,
    load: Callable[[], DepthEstimator],
    method: str,
    output: Path,
    predictions: str | None = None,
    as_json: bool = False,
) -> int:
    """Score a network, or stored predictions, on DA-2K and write what came of it to a folder.

    ``path`` is the released archive or its folder. ``predictions`` is FOLDER, or FOLDER:metres or
    FOLDER:disparity for files that do not say what they hold; then ``load`` is not called.
    ``method`` is what the table calls it. Returns the exit code: 1 where some pictures could not
    be scored, or none. Ends the command for a path that is not DA-2K and a disk that is full.
    """
    from depth_anything_ros.data.sample import DataError
    from depth_anything_ros.evaluation.da2k import Da2k
    from depth_anything_ros.evaluation.da2k_run import score_da2k, summary, table, write_outcome

    try:
        pictures = Da2k(path)
        answer = _stored(method, predictions) if predictions else _estimated(load())
        with Progress(len(pictures)) as progress:
            outcome = score_da2k(pictures, answer, lambda _: progress.told(None, None))
        write_outcome(outcome, pictures, method, output)
    except DataError as error:
        fail(error)
    except OSError as error:
        fail(f'{output} cannot be written: {error}')
    for problem in outcome.problems[:MOST_SHOWN]:
        typer.echo(f'{problem.name}: {problem.reason}', err=True)
    if len(outcome.problems) > MOST_SHOWN:
        typer.echo(f'... and {len(outcome.problems) - MOST_SHOWN} more', err=True)
    if as_json:
        told = {**summary(outcome, method), 'output': str(output)}
        typer.echo(json.dumps(told, indent=2))
    else:
        mean = outcome.score.mean
        typer.echo(table(outcome, method), nl=False)
        typer.echo(
            f'{mean.right} of {mean.pairs} pairs are right; {output} has the numbers and '
            f'{len(outcome.wrong)} pictures with wrong pairs'
        )
    return 0 if outcome.score.mean.pairs and not outcome.problems else 1


def _estimated(estimator: DepthEstimator) -> Answer:
    """Ask a network. What it cannot see is a problem of the picture."""
    from depth_anything_ros.data.sample import SampleError
    from depth_anything_ros.depth import Depth
    from depth_anything_ros.evaluation.da2k import AnnotatedPicture
    from depth_anything_ros.inference.conventions import LongPictureError

    def answer(picture: AnnotatedPicture) -> Depth:
        try:
            return estimator.estimate(picture.rgb)
        except LongPictureError as error:
            raise SampleError(f'{picture.key}: {error}', str(error)) from error

    return answer


def _stored(method: str, folder: str) -> Answer:
    """Look predictions up, as `depth-anything annotate` does."""
    from depth_anything_ros.annotation.voters import VoterError, stored_voter
    from depth_anything_ros.data.sample import DataError, SampleError
    from depth_anything_ros.depth import Depth
    from depth_anything_ros.evaluation.da2k import AnnotatedPicture
    from depth_anything_ros.media.depth_reading import DepthReadingError

    try:
        voter = stored_voter(f'{method.replace("=", "_")}={folder}')
    except VoterError as error:
        raise DataError(str(error)) from error

    # A run of `image` on the folder images/ has names below that folder.
    whole = (Path(folder.removesuffix(':metres').removesuffix(':disparity')) / 'images').is_dir()

    def answer(picture: AnnotatedPicture) -> Depth:
        stem = PurePosixPath(picture.key).with_suffix('')
        if not whole and stem.parts[0] == 'images':
            stem = PurePosixPath(*stem.parts[1:])
        try:
            found = voter.depth(picture.rgb, stem)
        except (VoterError, DepthReadingError, OSError) as error:
            raise SampleError(f'{picture.key}: {error}', str(error)) from error
        return Depth(found.values, found.kind, found.values.shape)

    return answer

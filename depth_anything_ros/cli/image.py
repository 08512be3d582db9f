# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything image`: depth of pictures, folders, lists, patterns and addresses."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    load_estimator,
)
from depth_anything_ros.cli.progress import Progress
from depth_anything_ros.cli.silence import silence_opencv

if TYPE_CHECKING:
    from depth_anything_ros.media.picture_depth import LensChoice
    from depth_anything_ros.media.picture_list import PictureList
    from depth_anything_ros.media.picture_run import Outcome

MOST_SHOWN = 20
"""Failures that are listed; the journal and --json have all."""

INTERRUPTED = 130


def image(
    sources: Annotated[
        list[str],
        typer.Argument(
            help='Pictures, folders (with all below them), .txt lists, patterns in quotes, '
            'http(s) addresses, or - for standard input.',
            metavar='SOURCE...',
        ),
    ],
    output: Annotated[Path, typer.Option('--output', '-o', help='Folder for the results.')] = Path(
        'depth'
    ),
    formats: Annotated[
        str,
        typer.Option(
            '--format',
            '-f',
            help='Any of color, side, gray, png16, npy, npz, tiff, exr, ply, pcd, with commas.',
        ),
    ] = 'color',
    model: ModelOption = 'nano',
    weights: WeightsOption = None,
    input_size: InputSizeOption = None,
    device: DeviceOption = 'auto',
    precision: PrecisionOption = 'auto',
    max_depth: MaxDepthOption = None,
    colormap: Annotated[str, typer.Option(help='Colours of depth.')] = 'spectral',
    scale16: Annotated[
        float, typer.Option(help='Steps of a 16-bit PNG to the metre: 1000, or 256 as in KITTI.')
    ] = 1000.0,
    scale: Annotated[
        tuple[float, float] | None,
        typer.Option(
            help='a and b of 1 / metres = a d + b, from `depth-anything calibrate`: metres from '
            'a relative model.'
        ),
    ] = None,
    refine: Annotated[
        bool, typer.Option('--refine', help='Bring edges of depth to those of the picture.')
    ] = False,
    max_jump: Annotated[
        float | None,
        typer.Option(
            help='Relative jump of metres whose ramp is left out of points, by itself 0.1; 0 keeps '
            'all. Where it is given, also of depth files and colours.'
        ),
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(help='ROS calibration file (YAML) of the camera, for points.')
    ] = None,
    fov: Annotated[
        float | None,
        typer.Option(help='Horizontal field of view in degrees, for points (EXIF, or else 60).'),
    ] = None,
    resume: Annotated[
        bool, typer.Option('--resume', help='Leave out what an earlier run finished.')
    ] = False,
    batch: Annotated[
        int, typer.Option(min=0, help='Pictures of one size at once; 0: 1, or 8 on a GPU.')
    ] = 0,
    jobs: Annotated[int, typer.Option(min=1, help='Threads that read, and that write.')] = 2,
    as_json: JsonOption = False,
) -> None:
    """Estimate the depth of pictures.

    What is found below a folder keeps its path below the output folder, and no two pictures write
    one file. A picture that cannot be read is reported at the end. Exit codes: 0 all done, 1 some
    failed or nothing could be done, 2 wrong usage, 130 interrupted: --resume goes on.
    """
    names = _formats(formats)
    lens = _lens(calibration, fov)
    _check_color(colormap)
    if not (math.isfinite(scale16) and scale16 > 0):
        raise typer.BadParameter(f'--scale16 must be above 0, got {scale16}')
    from depth_anything_ros.depth import DepthKind
    from depth_anything_ros.geometry.edges import EdgeError, EdgeSettings
    from depth_anything_ros.geometry.scale import ScaleError, ScaleEstimate
    from depth_anything_ros.media.depth_files import FORMATS, Style
    from depth_anything_ros.media.picture_depth import DepthOptions
    from depth_anything_ros.media.picture_run import Job, Outcome, OutputError, PictureRun
    from depth_anything_ros.media.run_journal import RunJournal

    try:
        if scale is not None:
            ScaleEstimate.fixed(*scale)
        if max_jump:
            EdgeSettings(max_jump)
    except (EdgeError, ScaleError) as error:
        raise typer.BadParameter(str(error)) from error
    silence_opencv()
    found = _found(sources, output)
    if not found.entries:
        if as_json:
            _report(Outcome(), found, output, 0.0, as_json)
        raise typer.Exit(1)
    estimator = load_estimator(model, weights, device, precision, input_size, max_depth)
    in_space = any(FORMATS[name].in_space for name in names)
    relative = estimator.kind is DepthKind.RELATIVE and scale is None
    if in_space and relative:
        raise typer.BadParameter(
            f'{model} is relative and tells no metres, which points need: take a metric model '
            '(`depth-anything models`) or give --scale'
        )
    if max_jump and relative:
        raise typer.BadParameter(
            f'--max-jump is of metres, and {model} is relative: take a metric model or give --scale'
        )
    options = DepthOptions(
        refine=refine,
        scale=scale,
        max_jump=DepthOptions.max_jump if max_jump is None else max_jump,
        clean=bool(max_jump),
        points=in_space,
        lens=lens,
    )
    job = Job(output, names, Style(colormap, scale16), options)
    settings = {
        'model': model,
        'weights': str(weights) if weights else None,
        'input_size': estimator.input_size,
        'max_depth': estimator.max_depth,
        'formats': sorted(names),
        'colormap': colormap,
        'scale16': scale16,
        'options': asdict(options),
    }
    batch = batch or (8 if estimator.device.startswith(('cuda', 'mps')) else 1)
    start = time.monotonic()
    code = 0
    try:
        journal = RunJournal(output, settings, resume)
    except OSError as error:
        fail(f'the output folder {output} cannot be written: {error}')
    with Progress(len(found.entries)) as progress:
        run = PictureRun(estimator, job, journal, batch, jobs, progress.told)
        try:
            run(found.entries)
        except OutputError as error:
            typer.echo(f'error: {error}', err=True)
            code = 1
        except KeyboardInterrupt:
            typer.echo('interrupted: --resume goes on from here', err=True)
            code = INTERRUPTED
        finally:
            journal.close()
    code = code or (1 if run.outcome.failed or found.missing else 0)
    _report(run.outcome, found, output, time.monotonic() - start, as_json)
    raise typer.Exit(code)


def _formats(text: str) -> list[str]:
    from depth_anything_ros.media.depth_files import FORMATS

    names = list(dict.fromkeys(name.strip() for name in text.split(',') if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise typer.BadParameter(
            f'--format {text!r}: give any of {", ".join(FORMATS)}, with commas between them'
        )
    return names


def _check_color(colormap: str) -> None:
    from depth_anything_ros.media.color import ColorMapError, color_table

    try:
        color_table(colormap)
    except ColorMapError as error:
        raise typer.BadParameter(str(error)) from error


def _lens(calibration: Path | None, fov: float | None) -> LensChoice:
    from depth_anything_ros.media.calibration import CalibrationError, read_calibration
    from depth_anything_ros.media.picture_depth import LensChoice

    if calibration is not None and fov is not None:
        raise typer.BadParameter('give --calibration or --fov, not both')
    if fov is not None and not 0 < fov < 180:
        raise typer.BadParameter(f'--fov must be between 0 and 180 degrees, got {fov}')
    try:
        known = None if calibration is None else read_calibration(calibration)
    except CalibrationError as error:
        fail(error)
    return LensChoice(known, None if fov is None else math.radians(fov))


def _found(sources: list[str], output: Path) -> PictureList:
    from depth_anything_ros.media.picture_list import list_pictures

    folders = [Path(source).expanduser() for source in sources]
    if any(folder.is_dir() and folder.resolve() == output.resolve() for folder in folders):
        raise typer.BadParameter(
            f'--output {output} is one of the sources: its results would be pictures of the '
            'next run'
        )
    found = list_pictures(sources, output)
    for source, reason in found.missing.items():
        typer.echo(f'error: {source}: {reason}', err=True)
    return found


def _report(
    outcome: Outcome, found: PictureList, output: Path, seconds: float, as_json: bool
) -> None:
    """Tell what came of the run: failures on stderr, the sum on stdout."""
    for source, reason in list(outcome.failed.items())[:MOST_SHOWN]:
        typer.echo(f'failed: {source}: {reason}', err=True)
    if len(outcome.failed) > MOST_SHOWN:
        typer.echo(f'... and {len(outcome.failed) - MOST_SHOWN} more (see --json)', err=True)
    if outcome.guessed_cameras:
        typer.echo(
            f'{outcome.guessed_cameras} pictures do not tell their camera: a horizontal field of '
            'view of 60 degrees was assumed; --fov or --calibration say better',
            err=True,
        )
    rate = outcome.written / seconds if seconds > 0 else 0.0
    if not as_json:
        typer.echo(
            f'{outcome.written} written to {output}, {outcome.skipped} done before, '
            f'{len(outcome.failed)} failed, {found.ignored} other files left alone; '
            f'{seconds:.1f} s, {rate:.1f} pictures/s'
        )
        return
    summary: dict[str, Any] = {
        'output': str(output),
        'pictures': len(found.entries),
        'written': outcome.written,
        'done_before': outcome.skipped,
        'failed': outcome.failed,
        'missing': found.missing,
        'ignored': found.ignored,
        'seconds': round(seconds, 3),
        'pictures_per_second': round(rate, 3),
    }
    typer.echo(json.dumps(summary, indent=2))

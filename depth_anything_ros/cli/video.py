# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything video`: depth of video files, cameras and streams."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depth_anything_ros.cli.fail import fail
from depth_anything_ros.cli.loading import (
    DeviceOption,
    InputSizeOption,
    MaxDepthOption,
    ModelOption,
    PrecisionOption,
    WeightsOption,
    load_estimator,
)
from depth_anything_ros.cli.progress import Progress
from depth_anything_ros.cli.silence import silence_opencv
from depth_anything_ros.cli.video_report import FrameBar, report

if TYPE_CHECKING:
    from depth_anything_ros.media.clip_files import ClipStyle
    from depth_anything_ros.media.clip_items import Cut
    from depth_anything_ros.media.picture_list import PictureList

INTERRUPTED = 130
JOURNAL = 'depth_anything_video.jsonl'
GPU_BATCH = 8
LEAST_AV = 17, 1


def video(
    sources: Annotated[
        list[str],
        typer.Argument(
            help='Video files, folders (with all below them), .txt lists, patterns in quotes, '
            'cameras (0, /dev/video0), or addresses (rtsp://, http://, ...).',
            metavar='SOURCE...',
        ),
    ],
    output: Annotated[Path, typer.Option('--output', '-o', help='Folder for the results.')] = Path(
        'depth'
    ),
    formats: Annotated[
        str,
        typer.Option('--format', '-f', help='Any of color, side, gray, ffv1, npz, with commas.'),
    ] = 'color',
    model: ModelOption = 'nano',
    weights: WeightsOption = None,
    input_size: InputSizeOption = None,
    device: DeviceOption = 'auto',
    precision: PrecisionOption = 'auto',
    max_depth: MaxDepthOption = None,
    start: Annotated[
        str | None, typer.Option(help='Where to begin: seconds, or hours:minutes:seconds.')
    ] = None,
    end: Annotated[str | None, typer.Option(help='Where to end, counted as --start is.')] = None,
    max_frames: Annotated[
        int | None, typer.Option(min=1, help='Most frames of each video to do.')
    ] = None,
    stride: Annotated[int, typer.Option(min=1, help='Do every so many-th frame only.')] = 1,
    temporal: Annotated[
        float,
        typer.Option(help='Steadier depth: 0 (off) to below 1, 0.8 is usual. It lags a little.'),
    ] = 0.0,
    refine: Annotated[
        bool, typer.Option('--refine', help='Bring edges of depth to those of the picture.')
    ] = False,
    max_jump: Annotated[
        float,
        typer.Option(help='Relative jump of metres whose ramp is unknown in npz and ffv1; 0 none.'),
    ] = 0.0,
    colormap: Annotated[str, typer.Option(help='Colours of depth.')] = 'spectral',
    quality: Annotated[
        int, typer.Option(min=0, max=51, help="H.264's CRF: less is better and larger.")
    ] = 20,
    no_audio: Annotated[bool, typer.Option('--no-audio', help='Leave the sound out.')] = False,
    scale16: Annotated[float, typer.Option(help='Steps of ffv1 to the metre.')] = 1000.0,
    scale: Annotated[
        tuple[float, float] | None,
        typer.Option(
            help='a and b of 1 / metres = a d + b, from `depth-anything calibrate`: metres from '
            'a relative model.'
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option('--resume', help='Leave out the videos that an earlier run finished.')
    ] = False,
    batch: Annotated[int, typer.Option(min=0, help='Frames at once; 0: 1, or 8 on a GPU.')] = 0,
    as_json: Annotated[
        bool, typer.Option('--json', help='Print a summary as JSON on standard output.')
    ] = False,
) -> None:
    """Estimate the depth of videos, cameras and streams.

    Frames keep their times and videos their sound. A live recording ends with Ctrl-C, and its
    files are whole. Exit codes: 0 all done, 1 some failed or are damaged, 2 wrong usage, 130
    interrupted: --resume goes on with the video that was interrupted.
    """
    names = _formats(formats)
    cut = _cut(start, end, stride, max_frames)
    style = _style(colormap, quality, scale16)
    from depth_anything_ros.depth import DepthKind
    from depth_anything_ros.geometry.edges import EdgeError, EdgeSettings
    from depth_anything_ros.geometry.scale import ScaleError, ScaleEstimate
    from depth_anything_ros.geometry.temporal import TemporalError, TemporalSettings

    try:
        TemporalSettings(temporal)
        if max_jump:
            EdgeSettings(max_jump)
        if scale is not None:
            ScaleEstimate.fixed(*scale)
    except (EdgeError, ScaleError, TemporalError) as error:
        raise typer.BadParameter(str(error)) from error
    _check_av()
    from depth_anything_ros.media.clip_run import ClipOptions
    from depth_anything_ros.media.picture_depth import DepthOptions
    from depth_anything_ros.media.picture_run import OutputError
    from depth_anything_ros.media.run_journal import RunJournal
    from depth_anything_ros.media.video_run import VideoJob, VideoRun

    silence_opencv()
    found = _found(sources, output)
    estimator = load_estimator(model, weights, device, precision, input_size, max_depth)
    if max_jump and scale is None and estimator.kind is DepthKind.RELATIVE:
        raise typer.BadParameter('--max-jump needs metres: a metric model, or --scale')
    options = ClipOptions(DepthOptions(refine=refine, scale=scale), style, temporal, max_jump)
    job = VideoJob(output, names, cut, options, not no_audio)
    settings = {
        'model': model,
        'weights': str(weights) if weights else None,
        'input_size': estimator.input_size,
        'max_depth': estimator.max_depth,
        'formats': sorted(names),
        'audio': not no_audio,
        'cut': asdict(cut),
        'options': asdict(options),
    }
    batch = batch or (GPU_BATCH if estimator.device.startswith(('cuda', 'mps')) else 1)
    began = time.monotonic()
    code = 0
    try:
        journal = RunJournal(output, settings, resume, JOURNAL)
    except OSError as error:
        fail(f'the output folder {output} cannot be written: {error}')
    with Progress(None) as progress:
        total = FrameBar(progress)
        run = VideoRun(estimator, job, journal, batch, total.opened, total.told, _say)
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
    rest = len(found.entries) - len(run.outcome.written) - run.outcome.skipped
    if run.outcome.stopped and rest > len(run.outcome.failed):
        code = INTERRUPTED
    report(run.outcome, found, output, time.monotonic() - began, as_json)
    raise typer.Exit(code)


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _check_av() -> None:
    """End the command where PyAV is missing, or one that mangles the packets it copies."""
    try:
        import av
    except ModuleNotFoundError:
        fail("video needs the package av: pip install 'depth_anything_ros[cli]'")
    if tuple(int(part) for part in av.__version__.split('.')[:2]) < LEAST_AV:
        least = '.'.join(map(str, LEAST_AV))
        fail(f'video needs av {least} or newer, here is {av.__version__}: pip install -U av')


def _formats(text: str) -> list[str]:
    from depth_anything_ros.media.clip_files import FORMATS

    names = list(dict.fromkeys(name.strip() for name in text.split(',') if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise typer.BadParameter(
            f'--format {text!r}: give any of {", ".join(FORMATS)}, with commas between them'
        )
    return names


def _cut(start: str | None, end: str | None, stride: int, max_frames: int | None) -> Cut:
    from depth_anything_ros.media.clip_items import Cut

    begin = _seconds('--start', start) or 0.0
    stop = _seconds('--end', end)
    if stop is not None and stop <= begin:
        raise typer.BadParameter(f'--end {end} is not after --start {start or 0}')
    return Cut(begin, stop, stride, max_frames)


def _seconds(name: str, text: str | None) -> float | None:
    """Read 90, 1:30 or 0:01:30.5."""
    if text is None:
        return None
    parts = text.split(':')
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if not values or len(values) > 3 or not all(0 <= value < 1e9 for value in values):
        raise typer.BadParameter(f'{name} {text!r}: give seconds, or hours:minutes:seconds')
    total = 0.0
    for value in values:
        total = 60 * total + value
    return total


def _style(colormap: str, quality: int, scale16: float) -> ClipStyle:
    from depth_anything_ros.media.clip_files import ClipStyle
    from depth_anything_ros.media.color import ColorMapError, color_table

    if not 0 < scale16 < 1e9:
        raise typer.BadParameter(f'--scale16 must be above 0, got {scale16}')
    try:
        color_table(colormap)
    except ColorMapError as error:
        raise typer.BadParameter(str(error)) from error
    return ClipStyle(colormap, quality, scale16)


def _found(sources: list[str], output: Path) -> PictureList:
    from depth_anything_ros.media.video_list import list_videos, shown

    found = list_videos(sources, output)
    for source, reason in found.missing.items():
        typer.echo(f'error: {shown(source)}: {reason}', err=True)
    if not found.entries:
        raise typer.Exit(1)
    return found

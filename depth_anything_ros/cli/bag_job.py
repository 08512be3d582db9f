# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `depth-anything bag` does, once its options are read."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from depth_anything_ros.cli.bag_report import report, show
from depth_anything_ros.cli.fail import fail
from depth_anything_ros.cli.progress import Progress
from depth_anything_ros.cli.silence import silence_opencv
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.inference.estimator import DepthEstimator
from depth_anything_ros.inference.faults import DeviceLostError
from depth_anything_ros.media.bag import BagError
from depth_anything_ros.media.bag_input import BagInput
from depth_anything_ros.media.bag_output import FORMATS, SUFFIXES, BagOutput
from depth_anything_ros.media.calibration import CalibrationError, read_calibration
from depth_anything_ros.ros.bag_camera import BagCamera, CameraPlan
from depth_anything_ros.ros.bag_items import Cut
from depth_anything_ros.ros.bag_plan import (
    NoCameraError,
    PlanError,
    Wishes,
    parameter_of,
    plan,
    settings_of,
)
from depth_anything_ros.ros.bag_run import BagRun
from depth_anything_ros.ros.bag_survey import Survey, first_info, survey
from depth_anything_ros.ros.bag_topics import BagTransforms
from depth_anything_ros.ros.parameter_table import ParameterError

INTERRUPTED = 130


@dataclass(frozen=True)
class Part:
    """Which part of a bag: seconds from its start, and every how many pictures."""

    start: float = 0.0
    end: float | None = None
    stride: int = 1

    def of(self, span: tuple[int, int]) -> Cut:
        """Return it in nanoseconds for a bag of a span."""
        begin = span[0]
        start = begin + int(self.start * 1e9) if self.start else None
        return Cut(start, None if self.end is None else begin + int(self.end * 1e9), self.stride)

    def share(self, span: tuple[int, int]) -> float:
        """Return about how much of a bag of a span that is."""
        whole = (span[1] - span[0]) / 1e9
        end = whole if self.end is None else min(self.end, whole)
        return max(0.0, end - self.start) / whole if whole else 0.0


@dataclass(frozen=True)
class BagJob:
    """The options as they were given; ``values`` are parameters of the node by name."""

    source: Path
    target: Path
    form: str | None
    cameras: tuple[str, ...]
    prefix: str | None
    topics: str | None
    scale: str | None
    camera_info: str | None
    calibration: Path | None
    values: Mapping[str, Any]
    part: Part
    only: bool
    batch: int

    @property
    def wishes(self) -> Wishes:
        """What is asked for of the cameras."""
        names = None if self.topics is None else self.topics.split(',')
        return Wishes(
            self.cameras,
            self.prefix,
            None if names is None else tuple(name.strip() for name in names if name.strip()),
            self.scale,
            self.camera_info,
            self.values,
        )


def values_of(given: Mapping[str, Any], texts: list[str]) -> dict[str, Any]:
    """Return parameters by name, of options that were given and of NAME=VALUE, checked."""
    values = {name: value for name, value in given.items() if value is not None}
    try:
        for text in texts:
            name, value = parameter_of(text)
            if name in values and values[name] != value:
                raise ParameterError(f'parameter {name} is given twice')
            values[name] = value
        settings_of(values)
    except ParameterError as error:
        raise typer.BadParameter(str(error)) from error
    return values


def show_bag(source: Path, as_json: bool) -> None:
    """Show what a bag has."""
    silence_opencv()
    try:
        with BagInput(source) as opened:
            show(opened, survey(opened), as_json)
    except BagError as error:
        fail(error)


def run_job(job: BagJob, load: Callable[[], DepthEstimator], as_json: bool) -> int:
    """Do it; return the exit code."""
    silence_opencv()
    begin = time.monotonic()
    try:
        with BagInput(job.source) as opened:
            form = _format(job, opened.ros1)
            target = BagOutput(job.target, form)
            if job.source.is_dir() and job.source.resolve() in job.target.resolve().parents:
                raise BagError(f'{job.target} is inside of {job.source}: write somewhere else')
            found = survey(opened)
            _plans(job, found, *DepthKind)  # before a network is loaded, or even downloaded
            estimator = load()
            plans = _plans(job, found, estimator.kind)
            tree = BagTransforms()
            cameras = {each.image: BagCamera(each, estimator, tree) for each in plans}
            _calibrate(job.calibration, cameras)
            _hint_at_lenses(opened, cameras)
            code = _run(job, estimator, cameras, tree, opened, target, found, as_json, begin)
    except BagError as error:
        fail(error)
    except KeyboardInterrupt:
        typer.echo('interrupted: nothing was written', err=True)
        return INTERRUPTED
    return code


def _run(
    job: BagJob,
    estimator: DepthEstimator,
    cameras: Mapping[str, BagCamera],
    tree: BagTransforms,
    opened: BagInput,
    target: BagOutput,
    found: Survey,
    as_json: bool,
    begin: float,
) -> int:
    total = sum(each.count for each in found.cameras if each.topic in cameras)
    total = round(total * job.part.share(opened.span))
    batch = job.batch or (8 if estimator.device.startswith(('cuda', 'mps')) else 1)
    with Progress(total) as progress:
        run = BagRun(
            estimator,
            cameras,
            tree,
            progress.told,
            only=job.only,
            cut=job.part.of(opened.span),
            batch=batch,
        )
        try:
            with target:
                run(opened, target)
        except (BagError, DeviceLostError) as error:
            fail(error)
        except Exception as error:
            if not _is_of_disk(error):
                raise
            fail(f'{job.target} cannot be written: {error}; nothing of it is kept')
    done = report(run.outcome, cameras, found, job.target, time.monotonic() - begin, as_json)
    return 0 if done else 1


def _format(job: BagJob, ros1: bool) -> str:
    """Return the format to write. Raises BadParameter for one that cannot be."""
    by_name = SUFFIXES.get(job.target.suffix)
    form = job.form or by_name or ('ros1' if ros1 else 'mcap')
    if form not in FORMATS:
        raise typer.BadParameter(f'--format {form!r}: give one of {", ".join(FORMATS)}')
    if by_name not in (None, form) or (form == 'ros1' and by_name is None):
        suffix = next(suffix for suffix, name in SUFFIXES.items() if name == form)
        others = ' or '.join(other for other in FORMATS if other != form)
        raise typer.BadParameter(
            f'a bag of format {form} cannot be {job.target}: call it {suffix}, or give --format '
            f'{others}'
        )
    return form


def _plans(job: BagJob, found: Survey, *kinds: DepthKind) -> list[CameraPlan]:
    """Return what is to be done with a network of the first of some kinds that can do it."""
    *others, last = kinds
    for kind in others:
        with suppress(PlanError, ParameterError):
            return plan(job.wishes, found, kind)
    try:
        return plan(job.wishes, found, last)
    except NoCameraError as error:
        fail(f'{job.source}: {error}')
    except (PlanError, ParameterError) as error:
        raise typer.BadParameter(str(error)) from error


def _calibrate(path: Path | None, cameras: Mapping[str, BagCamera]) -> None:
    """Give cameras the camera_info of a file."""
    if path is None:
        return
    if len(cameras) != 1:
        raise typer.BadParameter(f'--calibration is of one camera, there are {len(cameras)}')
    try:
        calibration = read_calibration(path)
    except CalibrationError as error:
        fail(error)
    for camera in cameras.values():
        camera.calibrate(calibration)


def _hint_at_lenses(opened: BagInput, cameras: Mapping[str, BagCamera]) -> None:
    """Say where a lens bends the picture and nobody asked to correct that."""
    for topic, camera in cameras.items():
        info = first_info(opened, camera.plan.sources['camera_info'])
        if (
            info is not None
            and camera.plan.settings.rectified
            and any(info.d)
            and 'rect' not in topic
        ):
            camera.notes.report(
                'lens',
                'the lens bends the picture (D is not zero), which is taken for rectified: take '
                'the topic of a rectified image, or give --param rectified=false',
            )


def _is_of_disk(error: Exception) -> bool:
    """Whether an error is that of a file that cannot be written, sqlite's included."""
    return isinstance(error, OSError) or type(error).__module__ == 'sqlite3'

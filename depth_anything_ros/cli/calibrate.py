# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything calibrate`: a and b of 1 / z = a d + b, measured once and then fixed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    import numpy as np

    from depth_anything_ros.geometry.scale_calibration import FixedScale
    from depth_anything_ros.inference.estimator import DepthEstimator

    Samples = tuple[np.ndarray, np.ndarray]


def calibrate(
    pictures: Annotated[list[Path] | None, typer.Argument(help='Pictures of the camera.')] = None,
    distances: Annotated[
        list[str] | None,
        typer.Option(
            help="'x,y,metres': the depth of a pixel of the one picture; repeat at least twice."
        ),
    ] = None,
    checkerboard: Annotated[
        str | None, typer.Option(help='Inner corners of a board in the pictures, such as 9x6.')
    ] = None,
    square: Annotated[float, typer.Option(help="Side of the board's squares in metres.")] = 0.0,
    calibration: Annotated[
        Path | None, typer.Option(help="The camera's calibration file, for a checkerboard.")
    ] = None,
    bag: Annotated[
        Path | None, typer.Option(help='A bag with images and depth of the same view.')
    ] = None,
    image_topic: Annotated[str, typer.Option(help='Images in the bag.')] = '/image',
    depth_topic: Annotated[
        str, typer.Option(help='Depth images in the bag.')
    ] = '/ground_truth/depth',
    every: Annotated[int, typer.Option(help='Take every so many frames of the bag.', min=1)] = 1,
    model: ModelOption = 'nano',
    weights: WeightsOption = None,
    input_size: InputSizeOption = None,
    device: DeviceOption = 'auto',
    precision: PrecisionOption = 'auto',
    max_depth: MaxDepthOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a fixed scale from typed distances, a checkerboard or a bag with known depth.

    A relative network's scale changes with what it sees: a fixed one serves a camera that stays
    where it is. The deviation among the pictures tells by how much. Exit codes: 0 measured,
    1 it could not be, 2 wrong usage, 130 interrupted.
    """
    chosen = [name for name, given in (('--distances', distances), ('--checkerboard', checkerboard),
                                       ('--bag', bag)) if given]  # fmt: skip
    if len(chosen) != 1:
        raise typer.BadParameter('give one of --distances, --checkerboard and --bag')
    if (bag is None) != bool(pictures):
        raise typer.BadParameter('give pictures, or a --bag')
    if distances and len(pictures or []) != 1:
        raise typer.BadParameter('--distances are of one picture')
    from depth_anything_ros.geometry.affine import AffineSettings, NoFitError
    from depth_anything_ros.geometry.reference import BadReferenceError
    from depth_anything_ros.geometry.scale_calibration import calibrate_distances, calibrate_frames
    from depth_anything_ros.inference.conventions import LongPictureError
    from depth_anything_ros.media.bag import BagError
    from depth_anything_ros.media.calibration import CalibrationError

    corners = None if checkerboard is None else _corners(checkerboard, square, calibration)
    estimator = load_estimator(model, weights, device, precision, input_size, max_depth)
    try:
        if distances:
            scale = calibrate_distances(*_typed(estimator, (pictures or [])[0], distances))
        elif corners is not None:
            scale = calibrate_frames(
                list(_boards(estimator, pictures or [], corners, square, calibration)),
                AffineSettings(min_points=9),
            )
        else:
            frames = _recorded(estimator, Path(str(bag)), image_topic, depth_topic, every)
            scale = calibrate_frames(list(frames))
    except (
        BadReferenceError,
        BagError,
        CalibrationError,
        LongPictureError,
        NoFitError,
        OSError,
    ) as error:
        fail(error)
    _tell(scale, as_json)


def _corners(text: str, square: float, calibration: Path | None) -> tuple[int, int]:
    """Return the inner corners (columns, rows) of a board; wrong usage is exit code 2."""
    columns, _, rows = text.partition('x')
    if not (columns.isdecimal() and rows.isdecimal() and min(int(columns), int(rows)) >= 3):
        raise typer.BadParameter(f'--checkerboard must be COLUMNSxROWS such as 9x6, got {text!r}')
    if not 0 < square < 10:
        raise typer.BadParameter('--checkerboard needs --square, the side of a square in metres')
    if calibration is None:
        raise typer.BadParameter("--checkerboard needs --calibration, the camera's file")
    return int(columns), int(rows)


def _read(path: Path) -> np.ndarray:
    from depth_anything_ros.media.pictures import read_picture

    picture = read_picture(path)
    if picture is None:
        raise FileNotFoundError(f'{path} is missing or no picture')
    return picture


def _disparity(estimator: DepthEstimator, picture: np.ndarray) -> np.ndarray:
    """Return relative disparity, or 1 / z of a metric network."""
    import torch

    from depth_anything_ros.depth import DepthKind
    from depth_anything_ros.geometry.scale import disparity_of_metric

    values = estimator.estimate(picture).values
    if estimator.kind is DepthKind.METRIC:
        return disparity_of_metric(torch.from_numpy(values)).numpy()
    return values


def _typed(estimator: DepthEstimator, path: Path, texts: list[str]) -> Samples:
    import numpy as np

    from depth_anything_ros.geometry.reference import Reference, sample_disparity

    picture = _read(path)
    height, width = picture.shape[:2]
    typed = []
    for text in texts:
        try:
            x, y, z = (float(part) for part in text.split(','))
        except ValueError:
            raise typer.BadParameter(f"--distances must be 'x,y,metres', got {text!r}") from None
        if not (0 <= x < width and 0 <= y < height and 0 < z < 1e4):
            raise typer.BadParameter(
                f'--distances {text!r}: the picture is {width} x {height}, and metres are above 0'
            )
        typed.append((int(y), int(x), z))
    rows, columns, z = np.array(typed).T
    pixels = rows.astype(np.int64), columns.astype(np.int64)
    reference = Reference(*pixels, z, (height, width))
    # Whoever typed a distance meant that pixel, so none is left out as an edge.
    return sample_disparity(_disparity(estimator, picture), reference, edge=1e9)


def _boards(
    estimator: DepthEstimator,
    paths: list[Path],
    corners: tuple[int, int],
    square: float,
    calibration: Path | None,
) -> Iterator[Samples]:
    import numpy as np

    from depth_anything_ros.geometry.reference import sample_disparity
    from depth_anything_ros.geometry.scale_calibration import NoBoardError, checkerboard_reference
    from depth_anything_ros.media.calibration import read_calibration

    camera = read_calibration(str(calibration))
    for path in paths:
        picture = _read(path)
        facts = camera.scaled(picture.shape[1], picture.shape[0])
        matrix = np.array(facts.k).reshape(3, 3)
        fisheye = facts.distortion_model == 'equidistant'
        try:
            reference = checkerboard_reference(
                picture, corners, square, matrix, np.array(facts.d), fisheye
            )
        except NoBoardError as error:
            typer.echo(f'{path}: {error}; left out', err=True)
            continue
        yield sample_disparity(_disparity(estimator, picture), reference, edge=1e9)


def _recorded(
    estimator: DepthEstimator, bag: Path, image_topic: str, depth_topic: str, every: int
) -> Iterator[Samples]:
    from depth_anything_ros.geometry.intrinsics import Intrinsics
    from depth_anything_ros.geometry.reference import from_depth_image, sample_disparity
    from depth_anything_ros.media.reference_bag import pictures_with_depth

    pairs = pictures_with_depth(bag, image_topic, depth_topic)
    for number, (picture, depth) in enumerate(pairs):
        if number % every:
            continue
        # Only sizes count: both show the same view.
        here, there = (
            Intrinsics.from_fov(image.shape[1], image.shape[0], 1.0) for image in (picture, depth)
        )
        reference = from_depth_image(depth, there, here)
        yield sample_disparity(_disparity(estimator, picture), reference)


def _tell(scale: FixedScale, as_json: bool) -> None:
    """Print the scale, how sure it is, and the line for the parameter file."""
    if as_json:
        summary = {
            'a': scale.a,
            'b': scale.b,
            'deviation_a': scale.deviation_a,
            'deviation_b': scale.deviation_b,
            'points': scale.fit.count,
            'pictures': scale.frames,
            'inlier_share': scale.fit.inlier_share,
            'residual': scale.fit.residual,
        }
        typer.echo(json.dumps({name: _plain(value) for name, value in summary.items()}, indent=2))
        return
    typer.echo(f'a = {scale.a:.6g} +- {scale.deviation_a:.2g}')
    typer.echo(f'b = {scale.b:.6g} +- {scale.deviation_b:.2g}')
    typer.echo(
        f'{scale.fit.count} points of {scale.frames} picture(s), {scale.fit.inlier_share:.0%} '
        f'agree to {scale.fit.residual:.1%}'
    )
    typer.echo(f'scale: {{source: fixed, a: {scale.a:.6g}, b: {scale.b:.6g}}}')


def _plain(value: float) -> float | None:
    """Return a number as JSON has it, which has no infinities."""
    return value if math.isfinite(value) else None

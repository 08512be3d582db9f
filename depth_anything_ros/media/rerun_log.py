# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures, depth, cameras and points as a recording for Rerun."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.distortion import Distortion
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.points import back_project
from depth_anything_ros.geometry.rays import rays_of
from depth_anything_ros.media.album import Album, Entry, Shot, reason_of
from depth_anything_ros.media.album_edges import MAX_JUMP, is_ramp
from depth_anything_ros.media.color import color_table, colorize
from depth_anything_ros.media.depth_files import bounds
from depth_anything_ros.media.report_codec import sampled, shrunk
from depth_anything_ros.media.whole_file import whole_file

APPLICATION = 'depth_anything'
WORLD, CAMERA = 'world', 'world/camera'
PICTURE, DEPTH, PAINTED = f'{CAMERA}/picture', f'{CAMERA}/depth', f'{CAMERA}/painted'
CLOUD, DISPARITY, NAME = f'{WORLD}/cloud', 'disparity', 'name'
MOST_POINTS_SIDE = 320
"""Pixels of the longer side that points are made of."""

QUALITY = 90
LONG_AGO_NS = 10**17
"""Times before 1973 are no dates: videos begin at 0, and so do simulators."""


class RerunError(RuntimeError):
    """Rerun is not there, or fails."""


def rerun() -> Any:
    """Return the package rerun. Raises RerunError, which names the extra, where it is missing."""
    try:
        import rerun
        import rerun.blueprint
    except ModuleNotFoundError as error:
        raise RerunError(
            f"no {error.name}: pip install 'depth_anything_ros[view]' for Rerun, or --html for a "
            'report that needs nothing'
        ) from error
    if not hasattr(rerun, 'RecordingStream'):
        raise RerunError(
            'the package rerun that is installed is not the viewer: pip uninstall rerun, then pip '
            "install 'depth_anything_ros[view]'"
        )
    return rerun


def write_recording(
    path: Path,
    album: Album,
    max_side: int = 640,
    colormap: str = 'spectral',
    told: Callable[[Entry, str | None], None] = lambda entry, reason: None,
    max_jump: float = MAX_JUMP,
) -> dict[str, str]:
    """Write an album as a recording (.rrd), which appears under its name when it is whole.

    The time lines are `picture`, a number, and where it is known `time`, or `seconds` where times
    count from the beginning. Metric depth is below the
    pinhole of its camera, in metres, with points in the picture's colours beside it; disparity is
    a tensor of its own, as nothing in space follows from it. Neither pictures nor depth have more
    than ``max_side`` pixels on a side; depth keeps single pixels. ``max_jump`` is that of
    ``is_ramp``. Returns the reason for each picture that cannot be read. Raises RerunError,
    ColorMapError, OSError.
    """
    rr = rerun()
    color_table(colormap)
    failed: dict[str, str] = {}
    with whole_file(path) as unfinished:
        unfinished.touch()  # Rerun's own error for a folder that takes no files is a panic
        recording = rr.RecordingStream(APPLICATION)
        recording.save(str(unfinished))
        recording.send_recording_name(album.title)
        recording.log(WORLD, rr.ViewCoordinates.RDF, static=True)
        there: set[str] = set()
        for index, entry in enumerate(album.entries):
            try:
                shot = entry.load()
            except Exception as error:  # one bad picture must not end the recording
                failed[entry.name] = reason_of(error)
                told(entry, failed[entry.name])
                continue
            recording.set_time('picture', sequence=index)
            if entry.time_ns is not None:
                _set_time(recording, entry.time_ns)
            there |= _log(rr, recording, entry, _small(shot, max_side), colormap, max_jump)
            told(entry, None)
        recording.send_blueprint(_blueprint(rr, there))
        try:
            recording.flush()
        except Exception as error:  # RuntimeError, and of what kind it is differs
            raise RerunError(f'{path} cannot be written, is the disk full? {error}') from error
        finally:
            recording.disconnect()
    return failed


def _set_time(recording: Any, time_ns: int) -> None:
    if time_ns < LONG_AGO_NS:
        recording.set_time('seconds', duration=np.timedelta64(time_ns, 'ns'))
    else:
        recording.set_time('time', timestamp=np.datetime64(time_ns, 'ns'))


def _blueprint(rr: Any, there: set[str]) -> Any:
    """Return views of the entities that are there."""
    views, flat = rr.blueprint, rr.blueprint.Spatial2DView
    names = {PICTURE: 'Picture', PAINTED: 'Depth in colours'}
    pictures = [flat(origin=path, name=names[path]) for path in names if path in there]
    values = [flat(origin=DEPTH, name='Metres')] if DEPTH in there else []
    if DISPARITY in there:
        colours = views.TensorScalarMapping(colormap='turbo')  # red is near
        values.append(views.TensorView(origin=DISPARITY, name='Disparity', scalar_mapping=colours))
    values.append(views.TextDocumentView(origin=NAME, name='Name'))
    column = views.Vertical(*pictures, views.Tabs(*values))
    if CLOUD not in there:
        return views.Blueprint(column, collapse_panels=True)
    # The points have the picture's colours; the depth image would draw them once more.
    contents = ['$origin/**', f'- /{DEPTH}']
    space = views.Spatial3DView(origin=WORLD, name='Points', contents=contents)
    whole = views.Horizontal(space, column, column_shares=[3, 2])
    return views.Blueprint(whole, collapse_panels=True)


def _small(shot: Shot, max_side: int) -> Shot:
    values = None if shot.values is None else sampled(shot.values, max_side)
    camera = shot.camera
    if values is not None and camera is not None:
        camera = camera.scaled(values.shape[1], values.shape[0])
    rgb = None if shot.rgb is None else shrunk(shot.rgb, max_side)
    return replace(shot, rgb=rgb, values=values, camera=camera)


def _log(
    rr: Any, recording: Any, entry: Entry, shot: Shot, colormap: str, max_jump: float
) -> set[str]:
    """Log one picture and return its entities; what an earlier one had alone is cleared."""
    logged = {NAME: rr.TextDocument(entry.name)}
    if shot.rgb is not None:
        logged[PICTURE] = rr.Image(shot.rgb).compress(jpeg_quality=QUALITY)
    painted = shot.painted
    if shot.values is not None and shot.kind is not None:
        painted = colorize(shot.values, shot.kind, colormap)
        if shot.kind is DepthKind.METRIC:
            logged |= _in_space(rr, shot, max_jump)
        else:
            # Unlike an image it has a range of its own, unlike a depth image no metres.
            logged[DISPARITY] = rr.Tensor(
                shot.values, dim_names=('height', 'width'), value_range=bounds(shot.values)
            )
    if painted is not None:
        logged[PAINTED] = rr.Image(painted).compress(jpeg_quality=QUALITY)
    for path in (CAMERA, PICTURE, DEPTH, PAINTED, CLOUD, DISPARITY, NAME):
        recording.log(path, logged.get(path) or rr.Clear(recursive=False))
    return set(logged)


def _in_space(rr: Any, shot: Shot, max_jump: float) -> dict[str, Any]:
    """Return the depth image, and where a camera is known its pinhole and the points."""
    assert shot.values is not None
    # Rerun's colours of that name begin with red, which is near.
    logged = {DEPTH: rr.DepthImage(shot.values, meter=1.0, colormap='spectral')}
    if shot.camera is None:
        return logged
    height, width = shot.size
    camera = shot.camera.scaled(width, height)
    logged[CAMERA] = rr.Pinhole(
        focal_length=[camera.fx, camera.fy],
        principal_point=[camera.cx, camera.cy],
        width=width,
        height=height,
        camera_xyz=rr.ViewCoordinates.RDF,
    )
    points, colours = _points(shot, shot.camera, max_jump)
    logged[CLOUD] = rr.Points3D(points, colors=colours)
    return logged


def _points(shot: Shot, camera: Intrinsics, max_jump: float) -> tuple[np.ndarray, np.ndarray]:
    """Return points (N, 3) m without flying pixels, and their colours (N, 3) uint8."""
    assert shot.values is not None
    values = sampled(shot.values, MOST_POINTS_SIDE)
    height, width = values.shape
    ramps = is_ramp(values, shot.network_width, max_jump)
    kept = np.where(ramps, np.float32(np.nan), values)
    with torch.inference_mode():
        points = back_project(
            torch.from_numpy(kept), rays_of(camera.scaled(width, height), Distortion())
        ).numpy()
    known = np.isfinite(points[..., 2])
    if shot.rgb is None:
        colours = colorize(values, DepthKind.METRIC)
    else:
        import cv2

        colours = cv2.resize(shrunk(shot.rgb, MOST_POINTS_SIDE), (width, height))
    return points[known], colours[known]

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every file that the depth of a picture can become."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media.color import color_indices, color_table, colorize
from depth_anything_ros.media.point_files import pcd, ply
from depth_anything_ros.media.side_by_side import side_by_side
from depth_anything_ros.media.whole_file import whole_file, write_whole

LARGEST = 65535


class DepthFileError(ValueError):
    """Depth that cannot be written in a format; the message says what to do."""


@dataclass(frozen=True)
class DepthPicture:
    """A picture (H, W, 3) uint8 RGB and its depth (H, W) float32.

    Metric depth is in metres, +Inf beyond range, -Inf too near, NaN unknown (REP 117). Both are
    of one size. ``points`` (H, W, 3) float32, metres in the optical frame, NaN where unknown, are
    there where a format wants them.
    """

    rgb: np.ndarray
    values: np.ndarray
    kind: DepthKind
    intrinsics: Intrinsics
    points: np.ndarray | None = None


@dataclass(frozen=True)
class Style:
    """How depth is drawn and rounded.

    ``scale16`` is the number of steps of a 16-bit PNG to the metre: 1000 for millimetres as in
    ROS, 256 as in KITTI.
    """

    colormap: str = 'spectral'
    scale16: float = 1000.0


@dataclass(frozen=True)
class Format:
    """A kind of file: what is added to the picture's name, and what writes it."""

    suffix: str
    write: Callable[[Path, DepthPicture, Style], None]
    about: str
    in_space: bool = False
    """Whether it needs points: metres and a camera."""


def output_path(folder: Path, stem: PurePosixPath, name: str) -> Path:
    """Return where the file of a format goes."""
    return folder / stem.with_name(stem.name + FORMATS[name].suffix)


def depth16(values: np.ndarray, kind: DepthKind, scale: float) -> np.ndarray:
    """Return depth (H, W) as uint16; 0 is unknown in either kind.

    Metric: metres times ``scale``, rounded; what is beyond 65535, +Inf too, is 65535, and -Inf
    is 1. Relative: the picture's least disparity is 1 and its greatest 65535, linearly; ``bounds``
    tells the two.
    """
    if kind is DepthKind.METRIC:
        steps = np.nan_to_num(values * scale, nan=0.0, posinf=LARGEST, neginf=1.0)
        steps = np.where(values > 0, np.clip(np.rint(steps), 1, LARGEST), steps)
        return np.clip(steps, 0, LARGEST).astype(np.uint16)
    low, high = bounds(values)
    known = np.isfinite(values)
    span = high - low if high > low else 1.0
    shares = (np.where(known, values, low).astype(np.float64) - low) / span
    return np.where(known, 1 + np.rint(shares * (LARGEST - 1)), 0).astype(np.uint16)


def bounds(values: np.ndarray) -> tuple[float, float]:
    """Return the least and the greatest finite value; zeros where there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _write_picture(path: Path, picture: np.ndarray) -> None:
    """Write a PNG of (H, W) or (H, W, 3) BGR, 8 or 16 bits."""
    done, content = cv2.imencode('.png', picture)
    if not done:
        raise DepthFileError(f'OpenCV cannot encode a PNG of {picture.shape}')
    write_whole(path, content.data)


def _color(path: Path, picture: DepthPicture, style: Style) -> None:
    from PIL import Image

    index, known = color_indices(picture.values, picture.kind)
    if known.all():
        # With the colours in a palette a PNG takes half the time, and half the bytes.
        image = Image.fromarray(index)
        image.putpalette(color_table(style.colormap).tobytes())
        content = io.BytesIO()
        image.save(content, 'PNG', compress_level=1)
        write_whole(path, content.getbuffer())
    else:
        painted = colorize(picture.values, picture.kind, style.colormap)
        _write_picture(path, painted[..., ::-1])


def _side(path: Path, picture: DepthPicture, style: Style) -> None:
    painted = colorize(picture.values, picture.kind, style.colormap)
    _write_picture(path, side_by_side(picture.rgb, painted)[..., ::-1])


def _gray(path: Path, picture: DepthPicture, style: Style) -> None:
    _write_picture(
        path, np.ascontiguousarray(colorize(picture.values, picture.kind, 'gray')[..., 0])
    )


def _png16(path: Path, picture: DepthPicture, style: Style) -> None:
    _write_picture(path, depth16(picture.values, picture.kind, style.scale16))


def _npy(path: Path, picture: DepthPicture, style: Style) -> None:
    content = io.BytesIO()
    np.save(content, picture.values)
    write_whole(path, content.getbuffer())


def _npz(path: Path, picture: DepthPicture, style: Style) -> None:
    content, c = io.BytesIO(), picture.intrinsics
    matrix = np.array([[c.fx, 0.0, c.cx], [0.0, c.fy, c.cy], [0.0, 0.0, 1.0]])
    np.savez_compressed(content, depth=picture.values, kind=picture.kind.value, K=matrix)
    write_whole(path, content.getbuffer())


def _tiff(path: Path, picture: DepthPicture, style: Style) -> None:
    done, content = cv2.imencode('.tiff', picture.values)
    if not done:
        raise DepthFileError('OpenCV cannot encode a TIFF of float32')
    write_whole(path, content.data)


def _exr(path: Path, picture: DepthPicture, style: Style) -> None:
    try:
        import OpenEXR
    except ModuleNotFoundError as error:
        raise DepthFileError('exr needs the package OpenEXR: pip install openexr') from error
    header = {'compression': OpenEXR.ZIP_COMPRESSION, 'type': OpenEXR.scanlineimage}
    channel = 'Z' if picture.kind is DepthKind.METRIC else 'disparity'
    with whole_file(path) as unfinished, OpenEXR.File(header, {channel: picture.values}) as file:
        file.write(str(unfinished))


def _ply(path: Path, picture: DepthPicture, style: Style) -> None:
    points = _points(picture)
    known = np.isfinite(points[..., 2])
    write_whole(path, ply(points[known], picture.rgb[known]))


def _pcd(path: Path, picture: DepthPicture, style: Style) -> None:
    write_whole(path, pcd(_points(picture), picture.rgb))


def _points(picture: DepthPicture) -> np.ndarray:
    if picture.points is None:
        raise DepthFileError('points need metres: take a metric model, or give --scale')
    return picture.points


FORMATS = {
    'color': Format('_depth.png', _color, 'depth in colours, near red'),
    'side': Format('_side.png', _side, 'the picture and its depth in colours, side by side'),
    'gray': Format('_gray.png', _gray, 'depth in 8-bit gray, near bright'),
    'png16': Format('_depth16.png', _png16, '16-bit PNG, 0 unknown: millimetres, or disparity'),
    'npy': Format('_depth.npy', _npy, 'float32 array: metres, or disparity'),
    'npz': Format('_depth.npz', _npz, 'the same compressed, with its kind and the camera matrix'),
    'tiff': Format('_depth.tiff', _tiff, 'float32 TIFF'),
    'exr': Format('_depth.exr', _exr, 'float32 OpenEXR, channel Z in metres, or disparity'),
    'ply': Format('_points.ply', _ply, 'coloured points, metres', in_space=True),
    'pcd': Format('_points.pcd', _pcd, 'coloured organised points, metres, for PCL', in_space=True),
}
"""By name; ``--format`` takes any combination."""

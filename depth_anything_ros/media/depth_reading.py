# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth back from the files that depth_files writes, and from like files of others."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media.decoding import MAX_PIXELS, DecodingError, decode_values
from depth_anything_ros.media.depth_files import LARGEST
from depth_anything_ros.media.pictures import MAX_BYTES

DEPTH_SUFFIXES = ('.npz', '.npy', '.tiff', '.tif', '.exr', '.png')
"""Suffixes of files that hold depth, those that tell most first."""

METRES_ENDING = '_raw_depth_meter'
"""What the metric scripts of Depth Anything V2 add to the names of their arrays of metres."""

ENDINGS = ('_depth16', METRES_ENDING, '_depth', '')
"""What may stand between the name of a picture and the suffix of its depth."""


class DepthReadingError(ValueError):
    """A file that holds no depth; the message continues 'it ...'."""


@dataclass(frozen=True)
class DepthMap:
    """Depth (H, W) float32, what it is if the file tells, and its camera if the file tells."""

    values: np.ndarray
    kind: DepthKind | None = None
    camera: Intrinsics | None = None


@dataclass(frozen=True)
class Steps:
    """What the steps of whole numbers mean.

    ``scale16`` steps are a metre, and 0 is unknown. ``limits``, the disparity of step 1 and of step
    65535, are for the relative files that depth16 writes; ``ours`` says that it wrote them, so that
    1 and 65535 of metric ones are too near and beyond range.
    """

    scale16: float = 1000.0
    limits: tuple[float, float] | None = None
    ours: bool = False


def read_depth(path: Path, steps: Steps | None = None) -> DepthMap:
    """Read depth from an NPY, NPZ, TIFF, EXR or 16-bit PNG file.

    Arrays of floats are taken as they are, whole numbers as ``steps`` tells. Raises
    DepthReadingError, and OSError.
    """
    steps = steps or Steps()
    if path.stat().st_size > MAX_BYTES:
        raise DepthReadingError(f'it has more than {MAX_BYTES} bytes')
    try:
        found = _READERS[path.suffix.lower()](path)
    except KeyError:
        raise DepthReadingError(f'it is none of {", ".join(DEPTH_SUFFIXES)}') from None
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DepthReadingError(f'it holds no depth: {error}') from error
    values = found.values
    if values.ndim > 2:  # others keep axes of the batch and of the channel
        values = values.reshape([side for side in values.shape if side != 1] or [1, 1])
    if values.ndim != 2 or values.size == 0 or values.dtype.kind not in 'fui':
        raise DepthReadingError(f'it holds {values.dtype} of {found.values.shape}, not one map')
    values = _from_steps(values, steps) if values.dtype.kind in 'ui' else values
    height, width = values.shape
    camera = found.camera and Intrinsics(
        width, height, found.camera.fx, found.camera.fy, found.camera.cx, found.camera.cy
    )
    return DepthMap(np.ascontiguousarray(values, np.float32), found.kind, camera)


def _from_steps(raw: np.ndarray, steps: Steps) -> np.ndarray:
    if steps.limits is not None:
        low, high = steps.limits
        values = low + (raw.astype(np.float64) - 1) / (LARGEST - 1) * (high - low)
    else:
        values = raw / steps.scale16
        if steps.ours:
            values = np.where(raw == LARGEST, np.inf, np.where(raw == 1, -np.inf, values))
    return np.where(raw == 0, np.nan, values)


def _npy(path: Path) -> DepthMap:
    # Mapped, so that a header that claims more than the file has allocates nothing.
    values = np.load(path, mmap_mode='r', allow_pickle=False)
    if not isinstance(values, np.ndarray):
        raise DepthReadingError('it is no NPY file')
    return DepthMap(values)


def _npz(path: Path) -> DepthMap:
    with zipfile.ZipFile(path) as archive:
        claimed = sum(member.file_size for member in archive.infolist())
    if claimed > 8 * MAX_PIXELS:
        raise DepthReadingError(f'it unpacks to {claimed} bytes, above {8 * MAX_PIXELS}')
    with np.load(path, allow_pickle=False) as arrays:
        names = [name for name in arrays.files if arrays[name].ndim >= 2 and name != 'K']
        name = 'depth' if 'depth' in names else next(iter(names), None)
        if name is None:
            raise DepthReadingError(f'it has no map among {", ".join(arrays.files) or "nothing"}')
        kinds = {kind.value: kind for kind in DepthKind}
        told = arrays['kind'].ravel().tolist() if 'kind' in arrays.files else []
        kind = kinds.get(str(told[0])) if len(told) == 1 else None
        camera = None
        if 'K' in arrays.files and arrays['K'].shape == (3, 3):
            k = arrays['K'].astype(float)
            camera = Intrinsics(1, 1, *(float(k[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2))))
        return DepthMap(arrays[name], kind, camera)


def _by_opencv(path: Path) -> DepthMap:
    try:
        return DepthMap(decode_values(path.read_bytes()))
    except DecodingError as error:
        raise DepthReadingError(f'it {error}') from error


def _exr(path: Path) -> DepthMap:
    try:
        import OpenEXR
    except ModuleNotFoundError as error:
        raise DepthReadingError('it needs the package OpenEXR: pip install openexr') from error
    try:
        with OpenEXR.File(str(path)) as file:
            channels = {name: channel.pixels for name, channel in file.channels().items()}
    except RuntimeError as error:
        raise DepthReadingError(f'it is no EXR file: {error}') from error
    for name, kind in (('Z', DepthKind.METRIC), ('disparity', DepthKind.RELATIVE)):
        if name in channels:
            return DepthMap(channels[name], kind)
    raise DepthReadingError(f'it has no channel Z or disparity, but {", ".join(channels)}')


_READERS = {
    '.npy': _npy,
    '.npz': _npz,
    '.tiff': _by_opencv,
    '.tif': _by_opencv,
    '.png': _by_opencv,
    '.exr': _exr,
}

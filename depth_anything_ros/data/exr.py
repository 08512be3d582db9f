# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One map of floats in an OpenEXR file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from depth_anything_ros.data.sample import FormatError, MissingPackageError
from depth_anything_ros.media.decoding import MAX_PIXELS

_MAGIC = b'\x76\x2f\x31\x01'


def require_openexr() -> Any:
    """Return the module OpenEXR. Raises MissingPackageError."""
    try:
        import OpenEXR
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            "EXR files need OpenEXR: pip install 'depth_anything_ros[data]'"
        ) from error
    return OpenEXR


def exr_size(path: Path) -> tuple[int, int]:
    """Return the (height, width) that the header claims.

    Raises FormatError, OSError and MissingPackageError.
    """
    module = require_openexr()
    with path.open('rb') as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise FormatError('is no EXR')
    try:
        with module.File(str(path), separate_channels=True, header_only=True) as file:
            low, high = file.header()['dataWindow']
            channels = [channel.name for channel in file.header()['channels']]
    except (RuntimeError, ValueError, KeyError) as error:
        raise FormatError(f'is no EXR, or cut off: {error}') from error
    width, height = (int(side) for side in np.asarray(high, int) - np.asarray(low, int) + 1)
    if min(width, height) < 1 or width * height * max(1, len(channels)) > 4 * MAX_PIXELS:
        raise FormatError(f'claims {width}x{height} pixels of {len(channels)} channels')
    return height, width


def read_exr(path: Path) -> np.ndarray:
    """Return the values (H, W) as float32: of the only channel, or of the green one of R, G, B.

    Raises FormatError, OSError and MissingPackageError.
    """
    size = exr_size(path)
    try:
        with require_openexr().File(str(path), separate_channels=True) as file:
            channels = {name: channel.pixels for name, channel in file.channels().items()}
    except (RuntimeError, ValueError) as error:
        raise FormatError(f'is damaged or cut off: {error}') from error
    if len(channels) != 1 and set(channels) != {'R', 'G', 'B'}:
        raise FormatError(f'has the channels {", ".join(channels)}: depth has one, or R, G and B')
    values = channels['G'] if 'G' in channels else next(iter(channels.values()))
    if values is None or values.shape != size or values.dtype.kind != 'f':
        raise FormatError('is damaged or cut off')
    return np.asarray(values, np.float32)


def write_exr(path: Path, channels: dict[str, np.ndarray]) -> None:
    """Write channels (H, W) float32 by name. Raises OSError and MissingPackageError."""
    module = require_openexr()
    header = {'compression': module.ZIP_COMPRESSION, 'type': module.scanlineimage}
    with module.File(header, channels) as file:
        file.write(str(path))

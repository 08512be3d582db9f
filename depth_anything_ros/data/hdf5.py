# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One map of floats in an HDF5 file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from depth_anything_ros.data.sample import FormatError, MissingPackageError
from depth_anything_ros.media.decoding import MAX_PIXELS


def require_h5py() -> Any:
    """Return the module h5py. Raises MissingPackageError."""
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            "HDF5 files need h5py: pip install 'depth_anything_ros[data]'"
        ) from error
    return h5py


def hdf5_size(path: Path, name: str) -> tuple[int, int]:
    """Return the (height, width) of the map of that name, without reading it.

    Raises FormatError, OSError and MissingPackageError.
    """
    values = _map(path, name, whole=False)
    return values.shape[0], values.shape[1]


def read_hdf5(path: Path, name: str) -> np.ndarray:
    """Return the values (H, W) of the map of that name as float32.

    Raises FormatError, OSError and MissingPackageError.
    """
    return np.asarray(_map(path, name, whole=True), np.float32)


def write_hdf5(path: Path, name: str, values: np.ndarray) -> None:
    """Write values (H, W) under a name, compressed. Raises OSError and MissingPackageError."""
    with require_h5py().File(path, 'w') as file:
        file.create_dataset(name, data=values, compression='gzip')


def own_array(file: Any, name: str) -> Any:
    """Return the array of that name in an open file, unread. Raises FormatError."""
    h5py = require_h5py()
    # Links and external storage could read any other file of the machine.
    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise FormatError(f'has no array {name!r} of its own')
    found = file[name]
    if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        raise FormatError(f'has no array {name!r} of its own')
    return found


def _map(path: Path, name: str, whole: bool) -> np.ndarray:
    """Return the map, or a stand-in of its shape that takes no memory."""
    h5py = require_h5py()
    if path.stat().st_size == 0:
        raise FormatError('is empty')
    try:
        with h5py.File(path, 'r') as file:
            found = own_array(file, name)
            if found.ndim != 2 or found.dtype.kind != 'f' or not 0 < found.size <= MAX_PIXELS:
                raise FormatError(f'holds {found.dtype} of {found.shape}, not one map of floats')
            return found[...] if whole else np.broadcast_to(np.float32(0), found.shape)
    except FormatError:
        raise
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise FormatError(f'is no HDF5, or damaged: {error}') from error

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where built TensorRT engines lie: one folder for all that makes an engine valid.

An engine serves the GPU, the TensorRT, the model and the shape that it was built for. Used with
another it may load, and give a wrong or jumping depth.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
import shutil
from pathlib import Path

from depth_anything_ros.inference.onnx_card import file_sha256

logger = logging.getLogger(__name__)

_LIBRARIES = ('libnvinfer.so.11', 'libnvinfer.so.10', 'libnvinfer.so.8', 'libnvinfer.so')


def folder_for(path: Path, gpu: int, size: tuple[int, int]) -> Path | None:
    """Return the folder, made where missing, for the engine of a model at a network size.

    None where the GPU or TensorRT cannot be told, or nothing can be written: then an engine is
    built at every start.
    """
    facts = (gpu_name(gpu), tensorrt_version(), runtime_version())
    if None in facts:
        logger.warning('GPU %s, TensorRT %s, runtime %s: not known, so no engine is kept', *facts)
        return None
    key = '-'.join((*map(str, facts), file_sha256(path)[:16], f'{size[0]}x{size[1]}'))
    folder = _root() / re.sub(r'[^\w.-]+', '_', key)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        logger.warning('no engine is kept: %s (%s)', folder, error.strerror)
        return None
    return folder


def discard(folder: Path) -> None:
    """Remove a folder of engines that proved wrong."""
    shutil.rmtree(folder, ignore_errors=True)


def gpu_name(index: int) -> str | None:
    """Return what the CUDA driver calls a GPU, None without a driver or such a GPU."""
    try:
        driver = ctypes.CDLL('libcuda.so.1')
    except OSError:
        return None
    device, name = ctypes.c_int(), ctypes.create_string_buffer(256)
    if driver.cuInit(0) or driver.cuDeviceGet(ctypes.byref(device), index):
        return None
    if driver.cuDeviceGetName(name, len(name), device):
        return None
    return name.value.decode(errors='replace')


def tensorrt_version() -> str | None:
    """Return the number that TensorRT's library gives as its version, None without one."""
    for library in _LIBRARIES:
        try:
            return f'trt{ctypes.CDLL(library).getInferLibVersion()}'
        except (OSError, AttributeError):
            continue
    return None


def runtime_version() -> str | None:
    """Return the version of ONNX Runtime, which cuts the model into TensorRT's parts."""
    try:
        import onnxruntime
    except ImportError:
        return None
    return f'ort{onnxruntime.__version__}'


def _root() -> Path:
    base = os.environ.get('XDG_CACHE_HOME')
    return Path(base or '~/.cache').expanduser() / 'depth_anything_ros' / 'tensorrt'

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sessions of ONNX Runtime: which provider, with which options, and whether it tells the truth."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from depth_anything_ros.inference import tensorrt_cache
from depth_anything_ros.inference.onnx_card import (
    INPUT,
    OUTPUT,
    OnnxCard,
    deviation,
    reference_picture,
    thinned,
)
from depth_anything_ros.inference.onnx_pictures import network_input

logger = logging.getLogger(__name__)

PROVIDERS = {
    'tensorrt': 'TensorrtExecutionProvider',
    'cuda': 'CUDAExecutionProvider',
    'openvino': 'OpenVINOExecutionProvider',
    'cpu': 'CPUExecutionProvider',
}
"""Names for the parameter ``device``, in the order in which ``auto`` tries them."""

TOLERANCE = 0.05
"""Largest deviation from torch that passes. float16 and bfloat16 stay below 0.01; the faults that
this is for are of the size of the depth itself."""


class ProviderError(ValueError):
    """A provider that is not here, does not start, or gives a wrong depth."""


@dataclass(frozen=True)
class OnnxFile:
    """An exported model on disk, and the index of the GPU that shall run it."""

    path: Path
    card: OnnxCard
    gpu: int = 0


def providers_for(device: str) -> tuple[list[str], int]:
    """Return the providers to try, best first, and the index of the GPU.

    ``auto`` is all that this build of ONNX Runtime has; ``tensorrt``, ``cuda``, ``openvino`` or
    ``cpu`` is that one alone, where the first two may name a GPU (``cuda:1``). Raises
    ProviderError for others.
    """
    runtime = _runtime()
    present = set(runtime.get_available_providers())
    here = [name for name, provider in PROVIDERS.items() if provider in present]
    if device == 'auto':
        return here, 0
    name, _, index = device.partition(':')
    indexed = name in ('tensorrt', 'cuda') and index.isdecimal()
    if name not in PROVIDERS or (':' in device and not indexed):
        raise ProviderError(
            f'device {device!r} cannot run an ONNX file; choose one of '
            f'{", ".join(("auto", *PROVIDERS))}'
        )
    if name not in here:
        raise ProviderError(
            f'device {device!r} needs an ONNX Runtime with {PROVIDERS[name]}, and this one '
            f'({runtime.__version__}) has {", ".join(here)}; install another build of it, or '
            'choose auto'
        )
    return [name], int(index or 0)


def open_checked(file: OnnxFile, name: str, size: tuple[int, int]) -> Any:
    """Return an InferenceSession whose depth was compared with torch's.

    The result is compared at the size of the stored reference; for TensorRT, which builds for one
    size, at ``size``, where the CPU provider, itself checked, stands in for torch. Raises
    ProviderError.
    """
    per_size = name == 'tensorrt'
    at = size if per_size else file.card.reference_size
    cache = tensorrt_cache.folder_for(file.path, file.gpu, at) if per_size else None
    session = _open(file, name, at, cache)
    want = file.card.reference if at == file.card.reference_size else _by_cpu(file, at)
    # More than once, for a depth that jumps; what the processor computes does not.
    found = max(
        deviation(_reference_depth(session, at), want) for _ in range(1 if name == 'cpu' else 3)
    )
    if not found <= TOLERANCE:
        if cache is not None:
            tensorrt_cache.discard(cache)  # a damaged engine would come back at every start
        raise ProviderError(
            f'its depth differs from torch by {found:.2g} of the range at {at[0]} x {at[1]}'
        )
    logger.info('%s runs on %s, %.1e from torch', file.path.name, PROVIDERS[name], found)
    return session


def run_session(session: Any, images: np.ndarray) -> np.ndarray:
    """Return the depth (B, H, W) of network input (B, 3, H, W), both float32."""
    depth: np.ndarray = session.run([OUTPUT], {INPUT: images})[0]
    return depth


def _by_cpu(file: OnnxFile, size: tuple[int, int]) -> np.ndarray:
    return _reference_depth(open_checked(file, 'cpu', size), size)


def _reference_depth(session: Any, size: tuple[int, int]) -> np.ndarray:
    images = network_input(reference_picture(*size), size)[None]
    try:
        return thinned(run_session(session, images)[0])
    except Exception as error:  # onnxruntime's errors have no common base
        raise ProviderError(f'it fails at {size[0]} x {size[1]}: {_first_line(error)}') from error


def _open(file: OnnxFile, name: str, size: tuple[int, int], cache: Path | None) -> Any:
    runtime = _runtime()
    settings = runtime.SessionOptions()
    settings.log_severity_level = 3
    chain = [(PROVIDERS[name], _options(file, name, size, cache))]
    if name == 'tensorrt' and PROVIDERS['cuda'] in runtime.get_available_providers():
        chain.append((PROVIDERS['cuda'], _options(file, 'cuda', size, None)))
    if name != 'cpu':
        chain.append((PROVIDERS['cpu'], {}))
    try:
        session = runtime.InferenceSession(str(file.path), settings, providers=chain)
    except Exception as error:  # onnxruntime's errors have no common base
        raise ProviderError(f'it does not start: {_first_line(error)}') from error
    # A provider whose libraries are missing is left out without an error.
    if PROVIDERS[name] not in session.get_providers():
        raise ProviderError('its libraries do not load')
    session.disable_fallback()
    return session


def _options(
    file: OnnxFile, name: str, size: tuple[int, int], cache: Path | None
) -> dict[str, str]:
    """Return a provider's options; precision is the file's own, so none may lower it further."""
    half = file.card.precision == 'float16'
    if name == 'tensorrt':
        shape = f'{INPUT}:1x3x{size[0]}x{size[1]}'
        options = {'device_id': str(file.gpu), 'trt_fp16_enable': str(half)}
        if file.card.fixed_size is None:
            ends = ('min', 'opt', 'max')
            options |= {f'trt_profile_{end}_shapes': shape for end in ends}
        if cache is not None:
            options |= {'trt_engine_cache_enable': 'True', 'trt_engine_cache_path': str(cache)}
        return options
    if name == 'cuda':
        return {'device_id': str(file.gpu)} | ({} if half else {'use_tf32': '0'})
    return {}


def _first_line(error: Exception) -> str:
    return str(error).strip().partition('\n')[0]


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ProviderError(
            f"an ONNX file needs onnxruntime ({error}): pip install 'depth_anything_ros[onnx]', on "
            "a Jetson NVIDIA's build"
        ) from error
    return onnxruntime

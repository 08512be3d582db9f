# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an exported model says of itself: its card, and a result of torch to check runtimes by."""

from __future__ import annotations

import base64
import hashlib
import reprlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.inference.onnx_proto import read_metadata

FORMAT = 'depth_anything_ros 1'
INPUT, OUTPUT = 'image', 'depth'
REFERENCE_STEP = 7
"""The stored reference is every 7th pixel of every 7th row: two a patch."""

MAX_SIDE = 16_384
"""Largest side of a picture for the network, in pixels."""
MOST_METRES = 10_000.0
"""The farthest depth that a network may claim, as for the parameter max_depth."""

_REMEDY = 'make one with "depth-anything export MODEL"'


class OnnxModelError(ValueError):
    """An ONNX file that cannot be used, or that is not what was asked for."""


@dataclass(frozen=True)
class OnnxCard:
    """The facts of an exported model.

    ``model`` and ``size`` name it, ``max_depth`` is in metres and None for a relative network,
    ``input_size`` is the model's own (shorter side in pixels), ``fixed_size`` the only (height,
    width) that the file takes, None when it takes all multiples of 14. ``weights_sha256`` is the
    digest of the weights file, empty for none. ``reference`` is torch's float32 depth of
    ``reference_picture(*reference_size)``, thinned by REFERENCE_STEP.
    """

    model: str
    size: str
    max_depth: float | None
    input_size: int
    fixed_size: tuple[int, int] | None
    precision: str
    licence: str
    weights_sha256: str
    version: str
    reference_size: tuple[int, int]
    reference: np.ndarray

    @property
    def kind(self) -> DepthKind:
        """What the values mean."""
        return DepthKind.RELATIVE if self.max_depth is None else DepthKind.METRIC

    def to_properties(self) -> dict[str, str]:
        """Return the card as metadata properties of an ONNX model."""
        values = np.ascontiguousarray(self.reference, dtype='<f4')
        return {
            'format': FORMAT,
            'model': self.model,
            'size': self.size,
            'kind': self.kind.value,
            'max_depth': '' if self.max_depth is None else repr(self.max_depth),
            'input_size': str(self.input_size),
            'fixed_size': '' if self.fixed_size is None else _written(self.fixed_size),
            'precision': self.precision,
            'licence': self.licence,
            'weights_sha256': self.weights_sha256,
            'version': self.version,
            'reference_size': _written(self.reference_size),
            'reference': base64.b64encode(zlib.compress(values.tobytes(), 9)).decode(),
        }

    @classmethod
    def from_properties(cls, properties: Mapping[str, str], path: Path) -> OnnxCard:
        """Read a card; ``path`` is for the messages of OnnxModelError."""
        found = properties.get('format')
        if found is None:
            raise OnnxModelError(
                f'{path} does not say what it is, so its depth could mean anything; {_REMEDY}'
            )
        if found != FORMAT:
            raise OnnxModelError(
                f'{path} has the format {found!r} and this version reads {FORMAT!r}; {_REMEDY}'
            )
        try:
            reference_size = _read(properties['reference_size'])
            limit, fixed = properties['max_depth'], properties['fixed_size']
            return cls(
                model=properties['model'],
                size=properties['size'],
                max_depth=_within(float(limit), 0, MOST_METRES) if limit else None,
                input_size=int(_within(int(properties['input_size']), 0, MAX_SIDE)),
                fixed_size=_read(fixed) if fixed else None,
                precision=properties['precision'],
                licence=properties['licence'],
                weights_sha256=properties['weights_sha256'],
                version=properties['version'],
                reference_size=reference_size,
                reference=_unpacked(properties['reference'], reference_size),
            )
        except (KeyError, ValueError, OverflowError, zlib.error) as error:
            raise OnnxModelError(
                f'the metadata of {path} is damaged ({reprlib.repr(error)}); {_REMEDY}'
            ) from error


def _written(size: tuple[int, int]) -> str:
    return f'{size[0]}x{size[1]}'


def _read(text: str) -> tuple[int, int]:
    height, width = (int(_within(int(side), 0, MAX_SIDE)) for side in text.split('x'))
    return height, width


def _within(number: float, least: float, most: float) -> float:
    """Return a number that is above ``least`` and at most ``most``, or raise ValueError."""
    if not least < number <= most:
        raise ValueError(f'{number!r} is not within {least:g} and {most:g}')
    return number


def _unpacked(text: str, size: tuple[int, int]) -> np.ndarray:
    """Return the reference for a size; no more is decompressed than it has. Raises ValueError."""
    rows, columns = (-(-side // REFERENCE_STEP) for side in size)
    stream = zlib.decompressobj()
    plain = stream.decompress(base64.b64decode(text), 4 * rows * columns + 1)
    values = np.frombuffer(plain, '<f4')
    if not stream.eof or not np.isfinite(values).all():
        raise ValueError('the reference is cut off or not finite')
    return values.reshape(rows, columns)


def reference_picture(height: int, width: int) -> np.ndarray:
    """Return the (height, width, 3) uint8 picture that runtimes are checked with.

    Waves of three directions and a bright disc: a formula, so that it is the same everywhere.
    """
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    rows, columns = rows / height, columns / width
    waves = [np.sin(2 * np.pi * (a * columns + b * rows)) for a, b in ((1, 2), (3, -1), (5, 4))]
    disc = (columns - 0.6) ** 2 + (rows - 0.55) ** 2 < 0.05
    picture = 120 + 70 * np.stack(waves, axis=-1) + 60 * disc[..., None]
    return picture.astype(np.uint8)


def thinned(depth: np.ndarray) -> np.ndarray:
    """Return the part of a (H, W) depth that a card stores."""
    return depth[::REFERENCE_STEP, ::REFERENCE_STEP]


def deviation(got: np.ndarray, want: np.ndarray) -> float:
    """Return the largest difference as a share of the range of ``want``; inf for NaN.

    The range, and not the values, because a network that gives the same depth everywhere must
    not pass. The shapes must agree.
    """
    if got.shape != want.shape or not np.isfinite(got).all():
        return float('inf')
    # A constant map has no range: its own size is all there is to compare with.
    spread = max(float(np.ptp(want)), 1e-6 * float(np.abs(want).max()), 1e-30)
    return float(np.abs(got - want).max()) / spread


def read_card(path: Path) -> OnnxCard:
    """Return the card of an ONNX file without loading its weights; raises OnnxModelError."""
    try:
        properties = read_metadata(path)
    except OSError as error:
        raise OnnxModelError(f'{path} cannot be read ({error.strerror})') from error
    except ValueError as error:
        raise OnnxModelError(f'{path} is no ONNX model, or is cut off; {_REMEDY}') from error
    return OnnxCard.from_properties(properties, path)


def file_sha256(path: Path) -> str:
    """Return the digest of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()

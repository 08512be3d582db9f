# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Between depth arrays and sensor_msgs/Image."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from depth_anything_ros.ros.image_message import ImageError, check_layout
from depth_anything_ros.ros.raw_image import RawImage
from depth_anything_ros.ros.stamps import Header

if TYPE_CHECKING:
    from sensor_msgs.msg import Image

MAX_MILLIMETRE_DEPTH = 65.535
"""The largest depth in metres that 16UC1 can say."""


def encode_depth(values: np.ndarray, header: Header, encoding: str = '32FC1') -> RawImage:
    """Make a depth image of REP 118 from (H, W) float32 metres along the optical axis.

    '32FC1' carries the values as they are, with REP 117's meanings: NaN unknown, +Inf beyond
    range, -Inf too close. A finite value at or below 0 is no depth and becomes NaN, because
    consumers such as depth_image_proc would draw a point at the lens. '16UC1' carries
    millimetres, rounded, and 0 for all that has none: unknown, infinite, at or below 0, above
    65.535 m. Raises ImageError for another encoding, shape or dtype.
    """
    _require_plane(values)
    if encoding == '32FC1':
        return _image(_without_zeros(values), header, encoding)
    if encoding == '16UC1':
        return _image(millimetres(values), header, encoding)
    raise ImageError(f'depth has no encoding {encoding!r}: choose 32FC1 or 16UC1')


def encode_disparity(values: np.ndarray, header: Header) -> RawImage:
    """Make a 32FC1 image of (H, W) float32 relative inverse depth: larger is nearer, no unit.

    Never publish it where metres are expected. Raises ImageError for another shape or dtype.
    """
    _require_plane(values)
    return _image(values, header, '32FC1')


def encode_color(rgb: np.ndarray, header: Header) -> RawImage:
    """Make an rgb8 image of (H, W, 3) uint8. Raises ImageError for another shape or dtype."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
        raise ImageError(f'a colour image is (H, W, 3) uint8, not {rgb.shape} {rgb.dtype}')
    return _image(rgb, header, 'rgb8')


def decode_depth(message: Image | RawImage) -> np.ndarray:
    """Return a depth image as (H, W) float32 metres.

    32FC1 keeps its values, and, when it is little-endian, is a view of ``message.data``. 16UC1
    and mono16 are millimetres with 0, which becomes NaN, for unknown. Raises ImageError for other
    encodings, an empty size, and a step or data field that is too short.
    """
    kinds = {'32FC1': 'f4', '16UC1': 'u2', 'mono16': 'u2'}
    if message.encoding not in kinds:
        raise ImageError(
            f'{message.encoding!r} is no depth encoding: publish 32FC1 (metres) or '
            '16UC1 (millimetres)'
        )
    dtype = np.dtype(('>' if message.is_bigendian else '<') + kinds[message.encoding])
    check_layout(message, message.height, message.width * dtype.itemsize)
    samples: np.ndarray = np.ndarray(
        (message.height, message.width),
        dtype,
        buffer=message.data,
        strides=(message.step, dtype.itemsize),
    )
    if dtype.kind == 'f':
        return samples.astype(np.float32, copy=False)
    # Dividing, not multiplying by 0.001, gives the float32 nearest to the millimetre.
    metres = samples.astype(np.float32) / np.float32(1000)
    metres[samples == 0] = np.nan
    return metres


def _require_plane(values: np.ndarray) -> None:
    if values.ndim != 2 or values.dtype != np.float32 or values.size == 0:
        raise ImageError(f'a depth map is (H, W) float32, not {values.shape} {values.dtype}')


def _without_zeros(values: np.ndarray) -> np.ndarray:
    """Return ``values`` with NaN for what is finite and not above 0, copied only if need be."""
    nothing = values <= 0
    if not nothing.any():
        return values
    return np.where(nothing & (values != -np.inf), np.float32(np.nan), values)


def millimetres(values: np.ndarray) -> np.ndarray:
    """Return metres (H, W) float32 as uint16 millimetres, 0 for all that has none (16UC1)."""
    # NaN compares false, so it ends with the rest of what has no millimetres.
    told = (values > 0) & (values <= MAX_MILLIMETRE_DEPTH)
    return np.rint(np.where(told, values, np.float32(0)) * np.float32(1000)).astype(np.uint16)


def _image(pixels: np.ndarray, header: Header, encoding: str) -> RawImage:
    """Make an image of a (H, W) or (H, W, C) array; contiguous pixels are not copied."""
    whole = np.ascontiguousarray(pixels)
    return RawImage(
        header=header,
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=int(sys.byteorder == 'big'),
        step=whole.nbytes // pixels.shape[0],
        data=whole.data.cast('B'),
    )

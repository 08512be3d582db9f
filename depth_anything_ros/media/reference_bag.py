# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures and the depth of another sensor, registered to them, out of a bag."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from depth_anything_ros.media import decoding
from depth_anything_ros.media.bag import BagError, BagReader

CHANNELS = {'rgb8': 3, 'bgr8': 3, 'mono8': 1}
DEPTHS = {'32FC1': ('f4', 1.0), '16UC1': ('u2', 1000.0)}
"""Encodings of depth: the type, and units in a metre."""


def pictures_with_depth(
    bag: Path, image_topic: str, depth_topic: str, tolerance: float = 0.02
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pictures (H, W, 3) uint8 RGB with depth (h, w) float32 m of about the same time.

    Images are Image (rgb8, bgr8 or mono8) or CompressedImage, depth is Image (32FC1 or 16UC1) and
    shows the same view; unknown depth is NaN. Stamps match within ``tolerance`` seconds. Raises
    BagError for a missing topic and another encoding.
    """
    with BagReader(bag) as reader:
        for topic in (image_topic, depth_topic):
            if topic not in reader.topics:
                there = ', '.join(sorted(reader.topics)) or 'none'
                raise BagError(f'{bag} has no topic {topic}; it has {there}')
        picture: tuple[float, Any] | None = None
        depth: tuple[float, Any] | None = None
        for topic, message, _ in reader.messages((image_topic, depth_topic)):
            stamp = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
            if topic == image_topic:
                picture = stamp, message
            else:
                depth = stamp, message
            if picture and depth and abs(picture[0] - depth[0]) <= tolerance:
                yield decode_picture(picture[1]), decode_depth(depth[1])
                picture = depth = None


def decode_picture(message: Any) -> np.ndarray:
    """Return (H, W, 3) uint8 RGB of an Image or CompressedImage as rosbags reads it."""
    data = np.asarray(message.data, np.uint8)
    if hasattr(message, 'format'):
        try:
            bgr = decoding.decode_picture(data.tobytes(), turned=False)
        except decoding.DecodingError as error:
            raise BagError(f'a compressed image ({message.format!r}) {error}') from error
        return np.ascontiguousarray(bgr[..., ::-1])
    channels = CHANNELS.get(message.encoding)
    if channels is None:
        raise BagError(f'image is {message.encoding!r}, not one of {", ".join(CHANNELS)}')
    rows = data.reshape(message.height, message.step)[:, : message.width * channels]
    pixels = rows.reshape(message.height, message.width, channels)
    if message.encoding == 'bgr8':
        pixels = pixels[..., ::-1]
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def decode_depth(message: Any) -> np.ndarray:
    """Return (H, W) float32 m of an Image as rosbags reads it, NaN where it is unknown."""
    if message.encoding not in DEPTHS:
        raise BagError(f'depth is {message.encoding!r}, not one of {", ".join(DEPTHS)}')
    name, unit = DEPTHS[message.encoding]
    kind = np.dtype(('>' if message.is_bigendian else '<') + name)
    rows = np.asarray(message.data, np.uint8).reshape(message.height, message.step)
    rows = np.ascontiguousarray(rows[:, : message.width * kind.itemsize])
    depth = rows.view(kind).astype(np.float32) / np.float32(unit)
    depth[depth == 0] = np.nan
    return depth

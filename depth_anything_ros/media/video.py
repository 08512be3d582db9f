# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Videos that show a picture and its depth side by side."""

from __future__ import annotations

import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import av.error
import cv2
import numpy as np

from depth_anything_ros.media.side_by_side import side_by_side


class VideoError(RuntimeError):
    """A video cannot be written."""


def write_side_by_side(
    path: str | Path, frames: Iterable[tuple[np.ndarray, np.ndarray]], rate: float
) -> int:
    """Write (picture, coloured depth) pairs, (H, W, 3) uint8 RGB each, as an H.264 MP4.

    ``rate`` is in frames per second. The first pair sets the size (an odd one loses its last row or
    column, as 4:2:0 colour needs even sizes); later pairs are resized to it. The file appears under
    its name only when it is complete. Returns the number of frames; raises VideoError for none of
    them, a rate not above 0, or a folder or encoder that fails.
    """
    if not (np.isfinite(rate) and rate > 0.0):
        raise VideoError(f'the frame rate of {path} must be above 0, got {rate}')
    path = Path(path)
    unfinished = path.with_name(f'.{path.name}.part')
    try:
        count = _encode(unfinished, frames, rate)
        os.replace(unfinished, path)
    except (OSError, av.error.FFmpegError) as error:
        raise VideoError(f'cannot write video {path}: {error}') from error
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _encode(path: Path, frames: Iterable[tuple[np.ndarray, np.ndarray]], rate: float) -> int:
    pairs = iter(frames)
    first = next(pairs, None)
    if first is None:
        raise VideoError(f'no frames for video {path}')
    picture = side_by_side(*first)
    height, width = (length - length % 2 for length in picture.shape[:2])
    with av.open(str(path), 'w', format='mp4', options={'movflags': 'faststart'}) as container:
        stream = container.add_stream('libx264', rate=Fraction(rate).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = width, height, 'yuv420p'
        stream.options = {'preset': 'veryfast', 'crf': '23'}
        count = 0
        while True:
            fitted = picture[:height, :width]
            if fitted.shape[:2] != (height, width):
                fitted = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(fitted), format='rgb24')
            container.mux(stream.encode(frame))
            count += 1
            pair = next(pairs, None)
            if pair is None:
                break
            picture = side_by_side(*pair)
        container.mux(stream.encode())
    return count

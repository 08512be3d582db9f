# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Open whatever gives pictures: a folder, a picture, a video, a webcam or the procedural world."""

from __future__ import annotations

from pathlib import Path

from depth_anything_ros.media.capture import VideoSource, WebcamSource
from depth_anything_ros.media.frames import DEFAULT_RATE, Frame, Source, SourceError
from depth_anything_ros.media.pictures import PictureSource, is_picture

__all__ = ['DEFAULT_RATE', 'Frame', 'Source', 'SourceError', 'knows_depth', 'open_source']

_PROCEDURAL = 'procedural'


def knows_depth(uri: str) -> bool:
    """Tell whether the frames of a source come with their true depth."""
    return uri.strip() == _PROCEDURAL


def open_source(
    uri: str,
    *,
    size: tuple[int, int] | None = None,
    rate: float = 0.0,
    loop: bool = False,
    seed: int = 0,
    frames: int = 60,
) -> Source:
    """Open a source of frames by its name.

    ``uri`` is 'procedural', a device ('/dev/video0' or its index '0'), or the path of a folder of
    pictures, a picture or a video. ``size`` is (width, height) in pixels, 0 for "follow the other
    one", None for the source's own. ``rate`` is in Hz, 0 for the source's own. ``seed`` and
    ``frames`` (how many are rendered) belong to the procedural world. Raises SourceError saying
    what is wrong.
    """
    uri = uri.strip()
    if not uri:
        raise SourceError(
            'no source given: use procedural, a folder, a picture, a video or /dev/video0'
        )
    if knows_depth(uri):
        # Only this source needs torch, which takes seconds to import.
        from depth_anything_ros.media.world import ProceduralSource

        return ProceduralSource(size, rate, loop, seed, frames)
    if uri.isdecimal() or uri.startswith('/dev/'):
        return WebcamSource(uri, size, rate)
    path = Path(uri).expanduser()
    if path.is_file() and not is_picture(path):
        return VideoSource(path, size, rate, loop)
    return PictureSource(path, size, rate, loop)

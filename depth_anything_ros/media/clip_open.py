# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A clip of whatever a source names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from depth_anything_ros.media.clip_camera import CameraClip
from depth_anything_ros.media.clip_file import FileClip
from depth_anything_ros.media.clip_items import Cut
from depth_anything_ros.media.clip_run import Clip
from depth_anything_ros.media.clip_stream import StreamClip
from depth_anything_ros.media.video_list import is_camera, is_stream


def open_clip(
    source: str,
    cut: Cut | None = None,
    pictures: bool = False,
    sound: bool = True,
    say: Callable[[str], None] = lambda text: None,
) -> Clip:
    """Open a file, an address, or a camera by its number or device.

    ``pictures`` says that frames shall have the planes that a video shows them with. ``say`` is
    told of lost connections. Raises ClipError and SourceError.
    """
    cut = cut or Cut()
    if is_camera(source):
        return CameraClip(source, cut, pictures)
    if is_stream(source):
        return StreamClip(source, cut, pictures, sound, say)
    if '://' not in source or Path(source).exists():
        return FileClip(source, cut, pictures, sound)
    clip = FileClip(source, cut, pictures, sound)
    if clip.has_end:
        return clip
    clip.release()
    return StreamClip(source, cut, pictures, sound, say)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which moving pictures a command was asked for: files, addresses, cameras."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from depth_anything_ros.media.picture_list import PictureList, Search, list_pictures

VIDEO_SUFFIXES = (
    '.3g2', '.3gp', '.asf', '.avi', '.divx', '.flv', '.h264', '.h265', '.hevc', '.m2ts', '.m2v',
    '.m4v', '.mjpeg', '.mjpg', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.mts', '.mxf', '.ogv',
    '.ts', '.vob', '.webm', '.wmv', '.y4m',
)  # fmt: skip
"""By these a folder's videos are known; what is named itself may have any name."""

LIVE_SCHEMES = (
    'rtsp://',
    'rtsps://',
    'rtmp://',
    'rtmps://',
    'udp://',
    'tcp://',
    'srt://',
    'rtp://',
)
"""Addresses of streams without an end."""

SCHEMES = ('http://', 'https://', *LIVE_SCHEMES)
DEVICE = re.compile(r'/dev/video\d+')


def list_videos(sources: Sequence[str], output: Path | None = None) -> PictureList:
    """Find the videos that sources name, as ``list_pictures`` does pictures."""
    search = Search('videos', is_video, SCHEMES, from_stdin=False, device=_device)
    return list_pictures(sources, output, search)


def is_video(path: Path) -> bool:
    """Tell by its name whether a file is a video."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def is_camera(source: str) -> bool:
    """Tell whether a source is a camera of this machine: its number or its device."""
    if source.isdecimal():
        return not Path(source).exists()
    return DEVICE.fullmatch(source) is not None


def is_stream(source: str) -> bool:
    """Tell whether a source is an address of a stream without an end."""
    return source.lower().startswith(LIVE_SCHEMES)


def shown(source: str) -> str:
    """Return a source as it may be told and written down: an address without its password."""
    if '://' not in source or '@' not in source:
        return source
    try:
        parts = urlsplit(source)
    except ValueError:
        return source.rpartition('@')[2]
    return parts._replace(netloc=parts.netloc.rpartition('@')[2]).geturl()


def _device(source: str) -> str | None:
    if not is_camera(source):
        return None
    return f'camera{source}' if source.isdecimal() else source.rpartition('/')[2]

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Opening what holds a moving picture, within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from depth_anything_ros.media.clip_items import ClipError
from depth_anything_ros.media.decoding import MAX_PIXELS

FILE_PROTOCOLS = 'file'
"""What a file may make the libraries open: a playlist must not fetch addresses."""

NET_PROTOCOLS = 'http,https,httpproxy,tls,tcp,udp,udplite,rtp,srtp,rtmp,rtmps,srt,crypto,data'
"""What an address may: a playlist from there must not read files."""

OPEN_SECONDS, READ_SECONDS = 15.0, 15.0
USUAL_RATE = Fraction(25)
HIGHEST_RATE = 1000


def open_container(source: str, options: Mapping[str, str]) -> InputContainer:
    """Open a file, or an address where there is no such file. Raises ClipError."""
    is_file = Path(source).exists()
    if is_file and not Path(source).is_file():  # a pipe would be waited for without end
        raise ClipError('it is no file but a folder, a pipe or a device')
    allowed = FILE_PROTOCOLS if is_file else NET_PROTOCOLS
    try:
        return av.open(
            f'file:{source}' if is_file else source,
            options={'protocol_whitelist': allowed, **options},
            timeout=(OPEN_SECONDS, READ_SECONDS),
            metadata_errors='replace',
        )
    except (OSError, ValueError, av.error.FFmpegError) as error:
        raise ClipError(f'it cannot be opened: {reason_of(error)}') from error


def video_stream(container: InputContainer) -> VideoStream:
    """Return the stream to show. Raises ClipError where there is none."""
    name = container.format.name
    if name.endswith('_pipe') or name == 'image2':
        raise ClipError('it is a picture: `depth-anything image` takes those')
    streams = [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]
    if not streams:
        kinds = sorted({stream.type for stream in container.streams})
        raise ClipError(f'it has no pictures, only {", ".join(kinds) or "nothing"}')
    best = container.streams.best('video')
    stream: VideoStream = best if best in streams else streams[0]
    context = stream.codec_context
    if context is None:
        raise ClipError('its pictures are in a format that FFmpeg does not know, or encrypted')
    if context.width * context.height > MAX_PIXELS:
        raise ClipError(
            f'its frames are {context.width}x{context.height}, above the limit of {MAX_PIXELS} '
            'pixels: make the video smaller'
        )
    # Frames may claim another size than the file.
    context.options = {'max_pixels': str(MAX_PIXELS)}
    return stream


def rate_of(stream: VideoStream) -> Fraction:
    """Return the frames per second that a stream tells, or a usual number."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and 0 < rate <= HIGHEST_RATE:
            return Fraction(rate)
    return USUAL_RATE


def reason_of(error: BaseException) -> str:
    """Return what a library's error says, without the path that the message is about anyway."""
    if isinstance(error, av.error.ExitError):
        return f'no answer for {READ_SECONDS:g} seconds'
    return str(getattr(error, 'strerror', None) or error or type(error).__name__)

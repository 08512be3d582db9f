# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sound on its way from one container to another: copied where browsers play it, else AAC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
import av.error
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer

from depth_anything_ros.media.clip_items import SoundPacket, SoundTrack

COPIED = ('aac', 'mp3', 'opus', 'flac')
"""Codecs that MP4 holds and browsers play."""

AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
USUAL_RATE = 48000
LAYOUTS = {1: 'mono', 2: 'stereo'}


class SoundSource:
    """One track of an input: gives its packets as an MP4 takes them."""

    def __init__(self, index: int, stream: AudioStream) -> None:
        self._index, self._stream = index, stream
        context = stream.codec_context
        layout = LAYOUTS.get(context.channels, 'stereo')
        rate = context.sample_rate if context.sample_rate in AAC_RATES else USUAL_RATE
        copied = context.name.removesuffix('float') in COPIED
        self.track = SoundTrack(context.name, rate, layout, stream if copied else None)
        self._recoder = None if copied else _Recoder(index, rate, layout)

    def packets(self, packet: av.Packet) -> Iterator[SoundPacket]:
        """Yield what a packet of the stream becomes, an empty one flushes. Raises FFmpegError."""
        if self._recoder is not None:
            for frame in self._stream.codec_context.decode(packet if packet.size else None):
                yield from self._recoder.packets(frame)
            if not packet.size:
                yield from self._recoder.packets(None)
        elif packet.size:
            pts = packet.dts if packet.pts is None else packet.pts
            if pts is not None:
                dts = pts if packet.dts is None else packet.dts
                yield SoundPacket(
                    self._index, bytes(packet), pts, dts, packet.duration or 0, packet.time_base
                )


class _Recoder:
    """Decoded sound to AAC."""

    def __init__(self, index: int, rate: int, layout: str) -> None:
        self._index, self._rate = index, rate
        self._encoder = av.CodecContext.create('aac', 'w')
        self._encoder.sample_rate, self._encoder.layout = rate, layout
        self._encoder.format, self._encoder.time_base = 'fltp', Fraction(1, rate)
        self._encoder.open()
        self._resampler = AudioResampler('fltp', layout, rate, self._encoder.frame_size or 1024)

    def packets(self, frame: av.AudioFrame | None) -> Iterator[SoundPacket]:
        if frame is not None and frame.pts is None:
            return
        for part in self._resampler.resample(frame):
            yield from self._encoded(part)
        if frame is None:
            yield from self._encoded(None)

    def _encoded(self, frame: av.AudioFrame | None) -> Iterator[SoundPacket]:
        for packet in self._encoder.encode(frame):
            base = packet.time_base or Fraction(1, self._rate)
            pts = packet.pts or 0
            yield SoundPacket(self._index, bytes(packet), pts, pts, packet.duration or 0, base)


class SoundSink:
    """The tracks of an output."""

    def __init__(self, container: OutputContainer, tracks: Sequence[SoundTrack]) -> None:
        self._container = container
        self._streams = [_added(container, track) for track in tracks]
        self._last: dict[int, int] = {}

    def mux(self, packet: SoundPacket, shift: Fraction) -> None:
        """Write a packet, ``shift`` seconds earlier than it was; nothing begins before 0."""
        earlier = round(shift / packet.time_base)
        pts, dts = packet.pts - earlier, packet.dts - earlier
        # Encoders begin a little before 0, which is left as it is where nothing was cut off.
        if (shift and pts < 0) or dts <= self._last.get(packet.track, dts - 1):
            return
        self._last[packet.track] = dts
        made = av.Packet(packet.data)
        made.pts, made.dts, made.duration = pts, dts, packet.duration
        made.time_base, made.is_keyframe = packet.time_base, True
        made.stream = self._streams[packet.track]
        self._container.mux(made)


def _added(container: OutputContainer, track: SoundTrack) -> AudioStream:
    if track.copied:
        stream: AudioStream = container.add_stream_from_template(track.template)
        return stream
    stream = container.add_stream('aac', rate=track.rate)
    stream.codec_context.layout = track.layout
    return stream

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The frames and the sound of a video file or an address, through FFmpeg's libraries (PyAV)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import av
import av.error

from depth_anything_ros.media.clip_container import (
    open_container,
    rate_of,
    reason_of,
    video_stream,
)
from depth_anything_ros.media.clip_items import (
    ClipError,
    ClipFacts,
    ClipFrame,
    Cut,
    Damage,
    SoundPacket,
)
from depth_anything_ros.media.clip_sound import SoundSource
from depth_anything_ros.media.clip_upright import Orientation, Upright, square_size

BACK_SECONDS = 1
"""How far back times may go within one recording: further, and another one follows in the file."""

MISSING_SECONDS, MISSING_SHARE = 0.5, 0.05
"""How much of its length may be missing at the end of a file that is still whole."""


class FileClip:
    """A video that has an end; iterating yields its frames and packets of sound in file order.

    Raises ClipError where it cannot be opened. What is damaged is passed over and counted in
    ``damage``. ``pictures`` says that frames shall have planes. Times are those of the file.
    ``options`` are for libavformat; ``like`` has the size that frames shall have, and the sound
    without which there shall be none.
    """

    def __init__(
        self,
        source: str,
        cut: Cut | None = None,
        pictures: bool = False,
        sound: bool = True,
        options: dict[str, str] | None = None,
        live: bool = False,
        like: ClipFacts | None = None,
    ) -> None:
        self.damage = Damage()
        self._source, self._live, self._like = source, live, like
        self._cut, self._pictures, self._closed = cut or Cut(), pictures, False
        self._container = open_container(source, options or {})
        try:
            self._stream = video_stream(self._container)
            self._sounds = {
                stream.index: SoundSource(index, stream)
                for index, stream in enumerate(self._audible() if sound else ())
            }
            self._seek()
            self._decoded = self._items()
            self._before: list[SoundPacket] = []
            self._first: av.VideoFrame | None = self._look()
            self.facts = self._gather(self._first)
        except BaseException:
            self._container.close()
            raise

    def _audible(self) -> list[av.AudioStream]:
        found = [stream for stream in self._container.streams.audio if stream.codec_context]
        if self._like is None:
            return found
        same = [track.codec for track in self._like.sound] == [s.codec_context.name for s in found]
        return found if same else []

    def _seek(self) -> None:
        """Go to a frame from which the first wanted one can be decoded."""
        self._stream.thread_type = 'AUTO'
        self._begin = Fraction(self._container.start_time or 0, av.time_base)
        if self._cut.start > 0:
            target = int((self._begin + Fraction(self._cut.start)) * av.time_base)
            try:
                self._container.seek(target, backward=True)
            except av.error.FFmpegError:
                self.damage.notes.append('it cannot be searched: read from its beginning')

    def _look(self) -> av.VideoFrame:
        """Return the first frame, and keep the sound before it: only a frame tells its size."""
        for item in self._decoded:
            if isinstance(item, av.VideoFrame):
                return item
            self._before.append(item)
        reason = self.damage.reason()
        raise ClipError(f'no frame can be decoded{": " + reason if reason else ""}')

    def _gather(self, first: av.VideoFrame) -> ClipFacts:
        stream, orientation = self._stream, Orientation.of(first)
        size = square_size(first.width, first.height, stream.sample_aspect_ratio)
        if self._like is not None:
            size = self._like.width, self._like.height
            size = size[::-1] if orientation.transposed else size
        self._upright = Upright(size, orientation)
        rate = rate_of(stream)
        shift = self._cut.shift
        return ClipFacts(
            self._source,
            *self._upright.size,
            stream.time_base or Fraction(1, 90_000),
            rate,
            None if self._live else self._expected(rate),
            self._live,
            shift + self._begin if shift else Fraction(0),
            tuple(source.track for source in self._sounds.values()),
        )

    def _expected(self, rate: Fraction) -> int | None:
        """Return about how many frames will come, None where the file does not tell its length."""
        length = self._length()
        count = self._stream.frames or (math.ceil(length * rate) if length else None)
        cut = self._cut
        if count and (cut.start or cut.end is not None):
            end = float(length or count / rate)
            share = (min(cut.end or end, end) - min(cut.start, end)) / max(end, 1e-9)
            count = round(count * share)
        if count:
            count = math.ceil(count / cut.stride)
        if cut.max_frames is not None:
            count = min(count or cut.max_frames, cut.max_frames)
        return count or None

    def _length(self) -> Fraction | None:
        """Return the length of the pictures in seconds."""
        if self._stream.duration and self._stream.time_base:
            return self._stream.duration * self._stream.time_base
        if self._container.duration:
            return Fraction(self._container.duration, av.time_base)
        return None

    def __iter__(self) -> Iterator[ClipFrame | SoundPacket]:
        """Yield what is wanted; once."""
        for item in self._cut.of(self._timed()):
            yield item if isinstance(item, SoundPacket) else self._frame(*item)

    def _timed(self) -> Iterator[tuple[Fraction, SoundPacket | tuple[av.VideoFrame, int]]]:
        """Yield all that there is, frames with their time, each after the one before."""
        base, last, offset = self.facts.time_base, None, 0
        step = max(1, round(1 / (self.facts.rate * base)))
        for item in self._all():
            if isinstance(item, SoundPacket):
                item = item.later(offset * base)
                yield item.pts * item.time_base - self._begin, item
                continue
            raw = item.pts if item.pts is not None else item.dts
            pts = (0 if last is None else last + step) if raw is None else raw + offset
            if last is not None and pts <= last:
                self.damage.retimed += 1
                # A little back is one frame's mistake; far back, the times begin anew.
                if (last - pts) * base < BACK_SECONDS:
                    pts = last + 1
                else:
                    pts, offset = last + step, offset + last + step - pts
            last = pts
            yield pts * base - self._begin, (item, pts)
        self._check_end(last)

    def _all(self) -> Iterator[av.VideoFrame | SoundPacket]:
        yield from self._before
        first, self._first, self._before = self._first, None, []
        if first is not None:
            yield first
        yield from self._decoded

    def _frame(self, frame: av.VideoFrame, pts: int) -> ClipFrame:
        planes = self._upright.planes(frame) if self._pictures else None
        return ClipFrame(self._upright.rgb(frame), pts, frame.duration or 0, planes)

    def _items(self) -> Iterator[av.VideoFrame | SoundPacket]:
        """Yield decoded frames and sound up to the end or to what cannot be passed."""
        streams = [self._stream, *(self._container.streams[index] for index in self._sounds)]
        packets = self._container.demux(*streams)
        while not self._closed:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as error:
                self.damage.ended = f'it cannot be read on: {reason_of(error)}'
                packet = None
            if packet is None:
                yield from self._rest()
                return
            if packet.stream_index in self._sounds:
                yield from self._sound(packet)
            elif packet.size:
                yield from self._pictures_of(packet)

    def _rest(self) -> Iterator[av.VideoFrame]:
        """Yield the frames that the decoder still has."""
        try:
            yield from self._stream.codec_context.decode(None)
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            self.damage.packets += 1

    def _pictures_of(self, packet: av.Packet) -> Iterator[av.VideoFrame]:
        if packet.has_sidedata('encryption_info'):
            raise ClipError('it is encrypted')
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            self.damage.packets += 1
            return
        for frame in frames:
            self.damage.frames += bool(frame.is_corrupt)
            yield frame

    def _sound(self, packet: av.Packet) -> Iterator[SoundPacket]:
        try:
            yield from self._sounds[packet.stream_index].packets(packet)
        except av.error.FFmpegError:
            self.damage.sound += 1

    def _check_end(self, last: int | None) -> None:
        """Note that a file ends before the time that it tells."""
        stream = self._stream
        if self.facts.live or self.damage.ended or not stream.duration or last is None:
            return
        base = self.facts.time_base
        end = ((stream.start_time or 0) + stream.duration) * base
        missing = float(end - last * base - 1 / self.facts.rate)
        if missing > max(MISSING_SECONDS, MISSING_SHARE * float(stream.duration * base)):
            self.damage.ended = f'it is cut short: {missing:.1f} s are missing at its end'

    @property
    def has_end(self) -> bool:
        """Whether an address is that of a file, and not of a stream that goes on."""
        known = bool(self._container.duration)
        return known or (self._container.size > 0 and self._container.format.name != 'hls')

    def close(self) -> None:
        """End the iteration after the frame in hand."""
        self._closed = True

    def release(self) -> None:
        """Close the file; nothing may be reading it."""
        self._container.close()

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A stream without an end: RTSP and the like, connected to again when it breaks off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from depth_anything_ros.media.clip_file import FileClip
from depth_anything_ros.media.clip_items import (
    ClipError,
    ClipFacts,
    ClipFrame,
    Cut,
    Damage,
    SoundPacket,
)
from depth_anything_ros.media.video_list import shown

PAUSES = (1.0, 2.0, 4.0, 8.0, 8.0)
"""Seconds before each of the attempts to get a lost stream back."""

STREAM_OPTIONS = {'rtsp_transport': 'tcp'}
"""UDP loses packets on most networks, and one lost packet smears a second of pictures."""


class StreamClip:
    """The frames of a live address, their times counted from the first of them.

    When the stream breaks off it is asked for again as often as there are PAUSES; the time that
    passes is kept, so that sound and picture stay together. Raises ClipError where it does not
    open at first.
    """

    def __init__(
        self,
        source: str,
        cut: Cut,
        pictures: bool = False,
        sound: bool = True,
        say: Callable[[str], None] = lambda text: None,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._source, self._cut, self._pictures, self._sound = source, cut, pictures, sound
        self._say, self._pauses = say, pauses
        self._closed = threading.Event()
        self._clip = self._open(None)
        self.damage = self._clip.damage
        self.facts: ClipFacts = replace(
            self._clip.facts,
            source=shown(source),
            frames=cut.max_frames,
            shift=cut.shift,
        )

    def _open(self, like: ClipFacts | None) -> FileClip:
        options = STREAM_OPTIONS if self._source.lower().startswith('rtsp') else {}
        return FileClip(
            self._source, None, self._pictures, self._sound, options, live=True, like=like
        )

    def __iter__(self) -> Iterator[ClipFrame | SoundPacket]:
        """Yield frames and sound until it is closed, or lost for good."""
        yield from self._cut.of(self._timed())

    def _timed(self) -> Iterator[tuple[Fraction, ClipFrame | SoundPacket]]:
        for item in self._joined():
            base = item.time_base if isinstance(item, SoundPacket) else self.facts.time_base
            yield item.pts * base, item

    def _joined(self) -> Iterator[ClipFrame | SoundPacket]:
        """Yield all that comes, over all connections, counted from the first frame."""
        last, arrived = -1, time.monotonic()
        while not self._closed.is_set():
            offset: Fraction | None = None
            for item in self._clip:
                if isinstance(item, ClipFrame):
                    seconds = item.pts * self._clip.facts.time_base
                    if offset is None:
                        gap = Fraction(time.monotonic() - arrived).limit_denominator(1000)
                        came = Fraction(0) if last < 0 else last * self.facts.time_base + gap
                        offset = came - seconds
                    last = max(last + 1, round((seconds + offset) / self.facts.time_base))
                    arrived = time.monotonic()
                    yield self._at(item, last)
                elif offset is not None and self._clip.facts.sound:
                    yield item.later(offset)
            if self._closed.is_set() or not self._again():
                return

    def _at(self, frame: ClipFrame, pts: int) -> ClipFrame:
        duration = frame.duration * self._clip.facts.time_base / self.facts.time_base
        return ClipFrame(frame.rgb, pts, round(duration), frame.planes)

    def _again(self) -> bool:
        """Connect again; False where that did not work, and then it is noted why."""
        reason = self.damage.ended or 'it ended'
        self.damage.ended = ''
        for attempt, pause in enumerate(self._pauses, 1):
            self._say(
                f'{shown(self._source)}: {reason}; connecting again, attempt {attempt} of '
                f'{len(self._pauses)}'
            )
            if self._closed.wait(pause):
                return False
            try:
                clip = self._open(self.facts)
            except ClipError as error:
                reason = str(error)
                continue
            self._clip.release()
            self._clip, clip.damage = clip, self._join(clip.damage)
            self.damage.notes.append(f'it broke off and came back at attempt {attempt}')
            return True
        self.damage.ended = f'it broke off and did not come back: {reason}'
        return False

    def _join(self, new: Damage) -> Damage:
        """Return the one account of all connections, with what opening a new one found."""
        self.damage.packets += new.packets
        self.damage.frames += new.frames
        self.damage.sound += new.sound
        return self.damage

    def close(self) -> None:
        """End the iteration after the frame in hand, or the wait for the stream."""
        self._closed.set()
        self._clip.close()

    def release(self) -> None:
        """Hang up; nothing may be reading it."""
        self._clip.release()

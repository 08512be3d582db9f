# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What flows from a moving picture to its depth: frames, sound, and the facts of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np

from depth_anything_ros.depth import DepthKind

Item = TypeVar('Item')


class ClipError(RuntimeError):
    """A moving picture cannot be opened or read; the message says why and what to do."""


Planes = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Y (H, W), U and V (half of it, rounded up), uint8: 4:2:0, BT.709, limited range."""


@dataclass(frozen=True, eq=False)
class ClipFrame:
    """One upright frame with square pixels.

    ``rgb`` is (H, W, 3) uint8. ``pts`` and ``duration`` count in the clip's time base; a duration
    of 0 is unknown. ``planes`` are the same picture as a video stores it, None where no output
    shows it.
    """

    rgb: np.ndarray
    pts: int
    duration: int
    planes: Planes | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        return self.rgb.nbytes + sum(plane.nbytes for plane in self.planes or ())


@dataclass(frozen=True)
class SoundPacket:
    """Encoded sound of one track; the times count in ``time_base``."""

    track: int
    data: bytes
    pts: int
    dts: int
    duration: int
    time_base: Fraction

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    def later(self, seconds: Fraction) -> SoundPacket:
        """Return the same at another time."""
        ticks = round(seconds / self.time_base)
        return replace(self, pts=self.pts + ticks, dts=self.dts + ticks) if ticks else self


@dataclass(frozen=True)
class SoundTrack:
    """Sound that goes along: ``template`` is the stream to copy, None where it becomes AAC."""

    codec: str
    rate: int
    layout: str
    template: Any = None

    @property
    def copied(self) -> bool:
        """Whether its packets are those of the source."""
        return self.template is not None


@dataclass(frozen=True)
class ClipFacts:
    """What is known of a clip before its first frame.

    ``width`` and ``height`` are those of upright frames with square pixels. ``frames`` is how many
    are expected, None where nobody knows. ``shift`` is what is taken off each time on output, in
    seconds: where a cut begins.
    """

    source: str
    width: int
    height: int
    time_base: Fraction
    rate: Fraction
    frames: int | None = None
    live: bool = False
    shift: Fraction = Fraction(0)
    sound: tuple[SoundTrack, ...] = ()

    def shifted(self, pts: int) -> int:
        """Return the time of a frame on output, in ``time_base``."""
        return pts - round(self.shift / self.time_base)


@dataclass(frozen=True, eq=False)
class DepthFrame:
    """The depth of a frame, ready to be written.

    ``values`` (H, W) float32, None where no output wants them: metres with REP 117's specials, or
    disparity. ``index`` (h, w) uint8 is each pixel's colour, far to near, at the size of the
    values or at the network's; ``unknown`` (h, w) bool has those without one, None for none.
    """

    pts: int
    duration: int
    kind: DepthKind
    values: np.ndarray | None
    index: np.ndarray
    unknown: np.ndarray | None
    planes: Planes | None

    @property
    def size(self) -> int:
        """Bytes."""
        arrays = (self.values, self.index, self.unknown, *(self.planes or ()))
        return sum(array.nbytes for array in arrays if array is not None)


@dataclass(frozen=True)
class Cut:
    """Which frames are wanted: seconds from the beginning, every so many-th, at most so many."""

    start: float = 0.0
    end: float | None = None
    stride: int = 1
    max_frames: int | None = None

    @property
    def shift(self) -> Fraction:
        """``start`` as it was meant: 0.4 is two fifths, and a frame at that time is in."""
        return _exact(self.start)

    def is_before(self, seconds: Fraction) -> bool:
        """Tell whether a time is before the part that is wanted."""
        return self.start > 0 and seconds < self.shift

    def is_over(self, seconds: Fraction) -> bool:
        """Tell whether the part that is wanted has ended at a time."""
        return self.end is not None and seconds >= _exact(self.end)

    def of(self, items: Iterable[tuple[Fraction, Item]]) -> Iterator[Item]:
        """Yield the wanted ones of frames and sound, which come with their time in seconds."""
        count = kept = 0
        for seconds, item in items:
            over, before = self.is_over(seconds), self.is_before(seconds)
            if isinstance(item, SoundPacket):
                if not over and not before:
                    yield item
                continue
            if over:
                return
            if before:
                continue
            count += 1
            if (count - 1) % self.stride:
                continue
            yield item
            kept += 1
            if kept == self.max_frames:
                return


def _exact(seconds: float) -> Fraction:
    return Fraction(seconds).limit_denominator(1_000_000)


@dataclass
class Damage:
    """What went wrong while a clip was read, as far as it could go on."""

    packets: int = 0
    """Pieces that could not be decoded."""
    frames: int = 0
    """Frames that the decoder says are damaged; they are shown as it mended them."""
    retimed: int = 0
    """Frames whose time was not after the one before: they come right after it. No fault."""
    dropped: int = 0
    """Frames of a live stream that came while no room was: left out."""
    sound: int = 0
    """Pieces of sound that could not be read."""
    ended: str = ''
    """Why reading ended before the end."""
    notes: list[str] = field(default_factory=list)
    """What the user should know and is no fault, such as a lost connection that came back."""

    def reason(self) -> str:
        """Return what is wrong in words; '' for nothing."""
        parts = []
        if self.packets or self.frames:
            parts.append(f'{self.packets + self.frames} damaged places')
        if self.sound:
            parts.append(f'{self.sound} pieces of sound could not be read')
        if self.ended:
            parts.append(self.ended)
        return '; '.join(parts)

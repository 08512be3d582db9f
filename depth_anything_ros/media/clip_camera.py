# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera of this machine as a clip: its frames have the times at which they came."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain

import av
import numpy as np

from depth_anything_ros.media.capture import WebcamSource
from depth_anything_ros.media.clip_items import ClipError, ClipFacts, ClipFrame, Cut, Damage
from depth_anything_ros.media.clip_upright import Orientation, Upright
from depth_anything_ros.media.frames import Source, SourceError

TIME_BASE = Fraction(1, 90_000)


class CameraClip:
    """Frames of a webcam until it is closed; a camera tells no times, so the clock does.

    Raises SourceError where there is no such camera and ClipError where it gives no frames.
    ``source`` stands in for the camera in tests.
    """

    def __init__(
        self,
        device: str,
        cut: Cut,
        pictures: bool = False,
        source: Source | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.damage = Damage()
        self._cut, self._pictures, self._clock = cut, pictures, clock
        self._source = source or WebcamSource(device, None, 0.0)
        self._frames = iter(self._source)
        first = next(self._frames, None)
        if first is None:
            raise ClipError('the camera gives no frames')
        self._begin = clock()
        self._ahead = chain([first], self._frames)
        height, width = first.rgb.shape[:2]
        self._upright = Upright((width, height), Orientation())
        rate = Fraction(self._source.rate).limit_denominator(1001)
        self.facts = ClipFacts(
            device, width, height, TIME_BASE, rate, cut.max_frames, True, cut.shift
        )

    def __iter__(self) -> Iterator[ClipFrame]:
        """Yield the frames as they come."""
        last = -1
        try:
            for seconds, rgb in self._cut.of(self._timed()):
                last = max(last + 1, round(seconds / TIME_BASE))
                picture = av.VideoFrame.from_ndarray(rgb, format='rgb24')
                planes = self._upright.planes(picture) if self._pictures else None
                yield ClipFrame(self._upright.rgb(picture), last, 0, planes)
        except SourceError as error:
            self.damage.ended = str(error)

    def _timed(self) -> Iterator[tuple[Fraction, tuple[Fraction, np.ndarray]]]:
        for frame in self._ahead:
            seconds = Fraction(self._clock() - self._begin).limit_denominator(1_000_000)
            yield seconds, (seconds, frame.rgb)

    def close(self) -> None:
        """End the iteration after the frame in hand."""
        self._source.close()

    def release(self) -> None:
        """Give the camera back."""
        self._source.close()

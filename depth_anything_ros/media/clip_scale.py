# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which depth takes which colour in a moving picture, so that colours do not flicker."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2
import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.color import color_range

LOOK_AHEAD = 1.0
"""Seconds of frames that are known before one is painted, and as many before it."""

SLOWNESS = 4.0
"""Seconds in which the ends of the colours go 63 % of the way to where they would be now."""

MOST_FRAMES = 64
"""Frames ahead, however quick the camera: 240 a second say no more than 30."""

MOST_BYTES = 192 * 2**20
"""Bytes of the frames ahead: large frames are known less long before."""

SAMPLES = 8192
"""Pixels, about, that the percentiles of a frame are taken over; the median over frames evens out
what that misses."""

THUMBNAIL = (32, 18)
CUT_CHANGE = 0.1
"""Mean change of grey (of 1) between two frames from which on there may be a cut."""

CUT_TIMES = 3.0
"""How many times as much as between the frames before a cut changes."""

Item = TypeVar('Item')
Ends = tuple[float, float]


@dataclass
class _Waiting(Generic[Item]):
    item: Item
    seconds: float
    size: int
    ends: Ends
    shot: int


class SteadyRange(Generic[Item]):
    """Gives every frame the far and the near end of its colours, as ``color_range`` means them.

    Of each frame the 2nd and the 98th percentile are taken. What is aimed at is their median over
    the frames within LOOK_AHEAD seconds on either side, which one odd frame does not move; the
    ends go there slowly, so that what one sees is the scene that changes and not the scale. At a
    cut they begin anew, with the frames behind it, which are known by then. Memory is bounded by
    MOST_FRAMES and MOST_BYTES; with ``ahead`` False nothing waits and only the past counts.
    """

    def __init__(self, kind: DepthKind, ahead: bool = True) -> None:
        self._kind, self._ahead = kind, LOOK_AHEAD if ahead else 0.0
        self._waiting: deque[_Waiting[Item]] = deque()
        self._past: deque[tuple[float, Ends]] = deque()
        self._bytes = 0
        self._cuts = _Cuts()
        self._ends: Ends | None = None
        self._last = (0.0, -1)

    def push(
        self, item: Item, values: np.ndarray, rgb: np.ndarray, seconds: float, size: int
    ) -> Iterator[tuple[Item, Ends]]:
        """Take a frame; yield those that are ready, in order, with the ends of their colours.

        ``values`` is its depth (h, w) float32, ``rgb`` its picture and ``seconds`` its time.
        ``size`` is how many bytes wait with the item.
        """
        step = max(1, math.isqrt(values.size // SAMPLES))
        ends = color_range(values[::step, ::step], self._kind)
        self._waiting.append(_Waiting(item, seconds, size, ends, self._cuts.shot(rgb)))
        self._bytes += size
        while self._waiting and self._is_due(seconds):
            yield self._pop()

    def flush(self) -> Iterator[tuple[Item, Ends]]:
        """Yield what still waits."""
        while self._waiting:
            yield self._pop()

    def __len__(self) -> int:
        """Return how many frames wait."""
        return len(self._waiting)

    def _is_due(self, newest: float) -> bool:
        first = self._waiting[0]
        full = len(self._waiting) > MOST_FRAMES or self._bytes > MOST_BYTES
        return full or not 0 <= newest - first.seconds < self._ahead

    def _pop(self) -> tuple[Item, Ends]:
        first = self._waiting[0]
        begins = first.shot != self._last[1] or self._ends is None
        if begins:
            self._past.clear()
        aim = self._aim(first)
        if begins or self._ends is None:
            self._ends = aim
        elif aim is not None:
            passed = max(0.0, first.seconds - self._last[0])
            share = 1 - math.exp(-passed / SLOWNESS)
            low, high = self._ends
            self._ends = low + share * (aim[0] - low), high + share * (aim[1] - high)
        self._last = first.seconds, first.shot
        self._past.append((first.seconds, first.ends))
        while len(self._past) > MOST_FRAMES or self._past[0][0] < first.seconds - LOOK_AHEAD:
            self._past.popleft()
        self._waiting.popleft()
        self._bytes -= first.size
        return first.item, self._ends or first.ends

    def _aim(self, first: _Waiting[Item]) -> Ends | None:
        """Return the median ends around the first frame, None where all are unknown."""
        around = [ends for _, ends in self._past]
        for waiting in self._waiting:
            if waiting.shot != first.shot:
                break
            around.append(waiting.ends)
        known = [ends for ends in around if ends != (0.0, 0.0)]
        if not known:
            return None
        low, high = np.median(np.asarray(known), axis=0).tolist()
        return low, high


class _Cuts:
    """Numbers the shots of a clip by how much the picture changes at once."""

    def __init__(self) -> None:
        self._shot = 0
        self._before: np.ndarray | None = None
        self._changes: deque[float] = deque(maxlen=8)

    def shot(self, rgb: np.ndarray) -> int:
        step = max(1, min(rgb.shape[:2]) // 72)
        green = np.ascontiguousarray(rgb[::step, ::step, 1])
        thumbnail = cv2.resize(green, THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.float32)
        if self._before is not None:
            change = float(np.abs(thumbnail - self._before).mean()) / 255
            usual = float(np.median(self._changes)) if self._changes else 0.0
            if change > max(CUT_CHANGE, CUT_TIMES * usual):
                self._shot += 1
                self._changes.clear()
            else:
                self._changes.append(change)
        self._before = thumbnail
        return self._shot

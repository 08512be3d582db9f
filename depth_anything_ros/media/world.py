# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The procedural world as a source: pictures whose depth is known."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator

from depth_anything_ros.data.clip import ProceduralClip
from depth_anything_ros.inference.threads import one_thread
from depth_anything_ros.media.frames import DEFAULT_RATE, Frame, Source

DEFAULT_SIZE = (640, 480)
DEFAULT_FRAMES = 60
MEMORY_LIMIT = 512 * 2**20  # bytes of rendered frames kept


class ProceduralSource(Source):
    """A flight through a rendered scene with exact depth and intrinsics.

    Rendering is slower than most cameras, so each frame is rendered once and kept: ``length``
    frames, at most ``frames`` and fewer where they would take more than 512 MiB. Looping shows
    them forward and backward, so that the loop has no seam; otherwise they are shown once.
    """

    def __init__(
        self,
        size: tuple[int, int] | None,
        rate: float,
        loop: bool,
        seed: int,
        frames: int = DEFAULT_FRAMES,
    ) -> None:
        super().__init__('procedural', rate or DEFAULT_RATE)
        width, height = size or (0, 0)
        width = width or round(height * DEFAULT_SIZE[0] / DEFAULT_SIZE[1]) or DEFAULT_SIZE[0]
        height = height or max(1, round(width * DEFAULT_SIZE[1] / DEFAULT_SIZE[0]))
        self.loop = loop
        self.clip = ProceduralClip(seed, width, height, self.rate)
        frame_bytes = width * height * (3 + 4)
        self.length = max(1, min(frames, MEMORY_LIMIT // frame_bytes))
        self._rendered: list[Frame] = []
        self._closed = threading.Event()

    def prepare(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Render all frames now; ``progress`` gets (frames done, frames in all), first (0, ...).

        Returns early when the source is closed meanwhile.
        """
        if progress is not None:
            progress(len(self._rendered), self.length)
        for index in range(len(self._rendered), self.length):
            if self._closed.is_set():
                return
            self._frame(index)
            if progress is not None:
                progress(index + 1, self.length)

    def _frame(self, index: int) -> Frame:
        while len(self._rendered) <= index:
            number = len(self._rendered)
            with one_thread():
                rgb, depth = self.clip.frame(number)
            name = f'procedural#{number}'
            self._rendered.append(Frame(rgb, depth, name, self.clip.intrinsics))
        return self._rendered[index]

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames, rendering those that are not rendered yet."""
        forward = range(self.length)
        backward = range(self.length - 2, 0, -1)
        lap = itertools.chain(forward, backward)
        for index in itertools.cycle(lap) if self.loop else forward:
            if self._closed.is_set():
                return
            yield self._frame(index)

    def close(self) -> None:
        """End the iteration and the rendering after the frame in hand."""
        self._closed.set()

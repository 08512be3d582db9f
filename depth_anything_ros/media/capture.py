# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Moving pictures: video files and webcams, both through OpenCV."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from depth_anything_ros.media.frames import DEFAULT_RATE, Frame, Source, SourceError, fit

MAX_RATE = 1000.0  # Hz; some files carry their time base (90000) where the frame rate should be
BAD_READS = 10  # reads in a row that may fail before a file counts as finished


class VideoSource(Source):
    """The frames of a video file, in order.

    Every frame is shown; a ``rate`` other than the file's own plays it slower or faster, and 0
    keeps its own. Frames that cannot be decoded are counted in ``skipped`` and passed over.
    """

    def __init__(self, path: Path, size: tuple[int, int] | None, rate: float, loop: bool) -> None:
        if not path.is_file():
            raise SourceError(f'no such file or folder: {path}')
        self.path = path
        self.size = size
        self.loop = loop
        capture = self._open()
        native = capture.get(cv2.CAP_PROP_FPS)
        capture.release()
        known = np.isfinite(native) and 0.0 < native <= MAX_RATE
        super().__init__(str(path), rate or (native if known else DEFAULT_RATE))

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self.path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            capture.release()
            raise SourceError(
                f'{self.path} is neither a picture nor a video that OpenCV can read; try '
                'converting it to H.264 in an .mp4 file'
            )
        return capture

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames, over and over when looping; each lap opens the file anew."""
        while True:
            shown = 0
            for frame in self._lap():
                shown += 1
                yield frame
            if not shown:
                raise SourceError(f'no frame of {self.path} can be decoded')
            if not self.loop:
                return

    def _lap(self) -> Iterator[Frame]:
        capture = self._open()
        try:
            index = failed = 0
            while failed < BAD_READS:
                ok, bgr = capture.read()
                if not ok:
                    failed += 1  # the end, or a bad frame: only a later good frame tells which
                    continue
                self.skipped += failed
                failed = 0
                rgb = fit(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), self.size)
                yield Frame(rgb, None, f'{self.path.name}#{index}', None)
                index += 1
        finally:
            capture.release()


class WebcamSource(Source):
    """A camera of the operating system, by device path or index.

    The wanted size and rate are requests that the driver may refuse: frames are then resized here.
    A camera that stops answering is reopened ``attempts`` times, ``pause`` seconds apart, and then
    given up with a SourceError.
    """

    live = True

    def __init__(
        self,
        device: str,
        size: tuple[int, int] | None,
        rate: float,
        *,
        attempts: int = 5,
        pause: float = 1.0,
    ) -> None:
        self.device = device
        self.size = size
        self.wanted_rate = rate
        self.attempts = attempts
        self.pause = pause
        self._closed = threading.Event()
        path = Path(f'/dev/video{device}' if device.isdecimal() else device)
        if sys.platform == 'linux' and not path.exists():
            raise SourceError(f'no camera {path}: list the cameras with "ls /dev/video*"')
        self._capture: cv2.VideoCapture | None = self._open()
        if self._capture is None:
            raise SourceError(
                f'cannot open camera {device}: is it plugged in, free, and may this user read it '
                '(group "video")?'
            )
        native = self._capture.get(cv2.CAP_PROP_FPS)
        super().__init__(device, rate or (native if 0.0 < native <= MAX_RATE else DEFAULT_RATE))

    def _open(self) -> cv2.VideoCapture | None:
        capture = cv2.VideoCapture(int(self.device) if self.device.isdecimal() else self.device)
        if not capture.isOpened():
            capture.release()
            return None
        if self.size is not None and all(self.size):
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, self.size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self.size[1])
        if self.wanted_rate:
            capture.set(cv2.CAP_PROP_FPS, self.wanted_rate)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # an older frame is worth nothing
        return capture

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames as they come until the source is closed."""
        index = failed = 0
        try:
            while not self._closed.is_set():
                bgr = self._read()
                if bgr is not None:
                    failed = 0
                    rgb = fit(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), self.size)
                    yield Frame(rgb, None, f'{self.device}#{index}', None)
                    index += 1
                    continue
                self.skipped += 1
                failed += 1
                if failed > self.attempts:
                    raise SourceError(
                        f'camera {self.device} gives no pictures and did not come back after '
                        f'{self.attempts} attempts: is it still plugged in?'
                    )
                self._reopen()
        finally:
            self._release()

    def _read(self) -> np.ndarray | None:
        ok, bgr = self._capture.read() if self._capture is not None else (False, None)
        return bgr if ok else None

    def _reopen(self) -> None:
        self._release()
        if not self._closed.wait(self.pause):
            self._capture = self._open()

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def close(self) -> None:
        """End the iteration after the frame in hand; the iterating thread releases the camera."""
        self._closed.set()

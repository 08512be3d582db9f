# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a recorded run shows: matched frames, a video, a contact sheet."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.bag import BagError, BagReader
from depth_anything_ros.media.color import colorize
from depth_anything_ros.media.contact_sheet import contact_sheet
from depth_anything_ros.media.video import write_side_by_side

TOPIC_KINDS = {
    '/depth/image_rect': DepthKind.METRIC,
    '/depth/disparity_relative': DepthKind.RELATIVE,
}
TRUTH_TOPIC, IMAGE_TOPIC, DIAGNOSTICS_TOPIC = '/ground_truth/depth', '/image', '/diagnostics'
SHEET_ROWS = 6
LATE = 2
"""Depth images after which the other topics of a frame have surely come."""

_CHANNELS = {'rgb8': 3, 'bgr8': 3, 'mono8': 1}


@dataclass(frozen=True)
class RecordedFrame:
    """A picture (H, W, 3) uint8 RGB and the depth that came for it, matched by their stamps.

    ``depth`` is (H, W) float32 of ``kind``; ``truth`` is (H, W) float32 m, None where unknown.
    """

    stamp_ns: int
    rgb: np.ndarray
    depth: np.ndarray
    kind: DepthKind
    truth: np.ndarray | None


class RecordedRun:
    """A bag with ``/image``, one of the depth topics and perhaps ``/ground_truth/depth``."""

    def __init__(self, bag: Path) -> None:
        self._bag = bag
        with BagReader(bag) as reader:
            self.topics = reader.topics

    def frames(self) -> Iterator[RecordedFrame]:
        """Yield the frames that have depth, in the order of the depth images.

        The topics of one frame are recorded in any order but close together: after ``LATE`` more
        depth images, a frame without truth has none, and depth without a picture is left out.
        Raises BagError for encodings that the nodes do not publish.
        """
        pictures: dict[int, np.ndarray] = {}
        truths: dict[int, np.ndarray] = {}
        waiting: deque[tuple[int, np.ndarray, DepthKind]] = deque()
        has_truth = self.topics.get(TRUTH_TOPIC, ('', 0))[1] > 0

        def take(at_end: bool) -> Iterator[RecordedFrame]:
            while waiting:
                stamp, depth, kind = waiting[0]
                complete = stamp in pictures and (stamp in truths or not has_truth)
                if not (complete or at_end or len(waiting) > LATE):
                    return
                waiting.popleft()
                if stamp in pictures:
                    yield RecordedFrame(stamp, pictures[stamp], depth, kind, truths.get(stamp))
                for kept in (pictures, truths):
                    for older in [s for s in kept if s <= stamp]:
                        del kept[older]

        with BagReader(self._bag) as reader:
            for topic, message, _ in reader.messages((IMAGE_TOPIC, TRUTH_TOPIC, *TOPIC_KINDS)):
                stamp = _stamp(message)
                if topic == IMAGE_TOPIC:
                    pictures[stamp] = _picture(message)
                elif topic == TRUTH_TOPIC:
                    truths[stamp] = _floats(message)
                else:
                    waiting.append((stamp, _floats(message), TOPIC_KINDS[topic]))
                yield from take(at_end=False)
        yield from take(at_end=True)

    def diagnostics(self) -> dict[str, str]:
        """Return the last diagnostics of the depth node as plain values."""
        values: dict[str, str] = {}
        with BagReader(self._bag) as reader:
            for _, message, _ in reader.messages((DIAGNOSTICS_TOPIC,)):
                for status in message.status:
                    if status.name.endswith('depth_node: frames'):
                        values = {pair.key: pair.value for pair in status.values}
        return values

    def depth_stamps(self) -> list[int]:
        """Return the stamps of the depth images in nanoseconds, as recorded."""
        with BagReader(self._bag) as reader:
            return [_stamp(message) for _, message, _ in reader.messages(TOPIC_KINDS)]


def _stamp(message: Any) -> int:
    """Return a header stamp in nanoseconds."""
    return int(message.header.stamp.sec) * 10**9 + int(message.header.stamp.nanosec)


def _picture(message: Any) -> np.ndarray:
    """Return RGB pixels of an rgb8, bgr8 or mono8 image as rosbags reads it."""
    if message.encoding not in _CHANNELS:
        raise BagError(f'{IMAGE_TOPIC} is {message.encoding!r}, not one of {", ".join(_CHANNELS)}')
    channels = _CHANNELS[message.encoding]
    rows = np.asarray(message.data, np.uint8).reshape(message.height, message.step)
    pixels = rows[:, : message.width * channels].reshape(message.height, message.width, channels)
    if message.encoding == 'bgr8':
        return pixels[..., ::-1]
    return pixels if channels == 3 else np.repeat(pixels, 3, axis=2)


def _floats(message: Any) -> np.ndarray:
    """Return the values of a 32FC1 image."""
    if message.encoding != '32FC1':
        raise BagError(f'depth is {message.encoding!r}; only 32FC1 can be shown')
    data = np.asarray(message.data, np.uint8).tobytes()
    return np.frombuffer(data, np.float32).reshape(message.height, message.width)


def write_video(run: RecordedRun, path: Path, rate: float) -> int:
    """Write picture beside coloured depth as an MP4; return the number of frames."""
    pairs = ((frame.rgb, colorize(frame.depth, frame.kind)) for frame in run.frames())
    return write_side_by_side(path, pairs, rate)


def write_sheet(run: RecordedRun, path: Path, frames: int) -> None:
    """Write a contact sheet PNG of evenly spaced frames out of ``frames``, truth included."""
    chosen = {int(i) for i in np.linspace(0, frames - 1, min(frames, SHEET_ROWS))}
    rows: list[list[np.ndarray | None]] = []
    captions = []
    for index, frame in enumerate(run.frames()):
        if index in chosen:
            row: list[np.ndarray | None] = [frame.rgb, colorize(frame.depth, frame.kind)]
            if frame.truth is not None:
                row.append(colorize(frame.truth, DepthKind.METRIC))
            rows.append(row)
            captions.append(f'frame {index}')
    width = max(len(row) for row in rows)
    titles = ('image', 'depth', 'ground truth')[:width]
    sheet = contact_sheet(rows, titles=titles, captions=captions)
    if not cv2.imwrite(str(path), sheet[..., ::-1]):
        raise OSError(f'cannot write {path}')

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One frame, and what every source of frames has in common."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType

import cv2
import numpy as np

from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.media.decoding import MAX_PIXELS

DEFAULT_RATE = 10.0  # Hz, for sources without a rate of their own


class SourceError(RuntimeError):
    """A source of pictures cannot be opened, or stopped giving pictures."""


@dataclass(frozen=True)
class Frame:
    """One picture, and what is known about it.

    ``rgb`` is (H, W, 3) uint8. ``depth`` is (H, W) float32 metres along the optical axis with +inf
    for sky, or None where it is unknown. ``name`` says where the picture came from.
    """

    rgb: np.ndarray
    depth: np.ndarray | None
    name: str
    intrinsics: Intrinsics | None


class Source(ABC):
    """A sequence of frames; iterating starts it from its first frame.

    ``rate`` is the number of frames per second at which to show them, ``live`` says that frames
    come when they come and must not be held back, and ``skipped`` counts what could not be read
    so far.
    """

    live = False

    def __init__(self, name: str, rate: float) -> None:
        self.name = name
        self.rate = rate
        self.skipped = 0

    def prepare(self, progress: Callable[[int, int], None] | None = None) -> None:  # noqa: B027
        """Do slow work before the first frame; ``progress`` gets (steps done, steps in all)."""

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames; raises SourceError when there is none to be had."""

    def close(self) -> None:  # noqa: B027 - most sources hold nothing between two frames
        """Release what the source holds; may be called from another thread and more than once."""

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Give the key that sorts numbers inside names by value: 2.png before 10.png."""
    parts = re.split(r'([0-9]+)', name.casefold())
    return [(0, int(p), '') if p.isdecimal() else (1, 0, p) for p in parts if p]


def fit(rgb: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """Resize a picture to (width, height) pixels.

    A width or height of 0 follows from the other one with the aspect kept; None, or both 0, keeps
    the picture as it is. Shrinking averages areas, so that textures do not flicker. Raises
    SourceError for more than MAX_PIXELS, as a long, thin picture would get.
    """
    if size is None or size == (0, 0):
        return rgb
    height, width = rgb.shape[:2]
    new_width = size[0] or max(1, round(width * size[1] / height))
    new_height = size[1] or max(1, round(height * size[0] / width))
    if (new_width, new_height) == (width, height):
        return rgb
    if new_width * new_height > MAX_PIXELS:
        raise SourceError(
            f'a picture of {width}x{height} pixels would become {new_width}x{new_height}, above '
            f'the limit of {MAX_PIXELS} pixels: set a smaller width and height'
        )
    shrinks = new_width < width and new_height < height
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(rgb, (new_width, new_height), interpolation=how)

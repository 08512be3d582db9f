# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Points that stand for the things in a picture, one for each segment, away from its edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

LEAST_AREA, MOST_AREA = 0.002, 0.6
"""Shares of the picture that a segment may cover."""

LEAST_ROOM = 0.004
"""Distance from a point to the edge of its segment, as a share of the picture's longer side."""

SIDE = 640
"""Longer side in pixels at which colours are segmented."""


@dataclass(frozen=True)
class KeyPoint:
    """A pixel that stands for a segment, and the distance to the segment's edge in pixels."""

    row: int
    column: int
    room: float


class Segmenter(Protocol):
    """What finds key points; ``name`` goes into the project's settings."""

    name: str

    def key_points(self, rgb: np.ndarray) -> list[KeyPoint]:
        """Return the key points of a picture (H, W, 3) uint8."""


class ColorSegmenter:
    """Segments of like colour, by OpenCV alone: smooth places grow until they meet.

    Places without gradient are the seeds of a watershed (Meyer's, as OpenCV has it). It knows no
    things, as Segment Anything does: a shirt of two colours is two segments.
    """

    name = 'colors'

    def key_points(self, rgb: np.ndarray) -> list[KeyPoint]:
        """Return the point of each segment that is farthest from its edge, the roomiest first."""
        height, width = rgb.shape[:2]
        scale = min(1.0, SIDE / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        return [
            KeyPoint(
                min(height - 1, int((row + 0.5) * height / size[1])),
                min(width - 1, int((column + 0.5) * width / size[0])),
                room / scale,
            )
            for row, column, room in poles(segments(small))
        ]


def segments(rgb: np.ndarray) -> np.ndarray:
    """Return the number of the segment of each pixel, (H, W) int32, from 1; borders are -1."""
    smooth = cv2.bilateralFilter(rgb, 7, 30, 5)
    lab = cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB).astype(np.float32)
    steps = np.hypot(cv2.Sobel(lab, cv2.CV_32F, 1, 0), cv2.Sobel(lab, cv2.CV_32F, 0, 1))
    gradient = cv2.GaussianBlur(steps.max(axis=2), (0, 0), 1.0)
    # Half of the pixels at most are seeds, and noise of less than about two grey levels is none.
    calm = (gradient <= max(12.0, float(np.median(gradient)))).astype(np.uint8)
    calm = cv2.morphologyEx(calm, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    _, seeds = cv2.connectedComponents(calm, connectivity=4)
    return cv2.watershed(np.ascontiguousarray(smooth), np.ascontiguousarray(seeds, np.int32))


def poles(numbers: np.ndarray) -> list[tuple[int, int, float]]:
    """Return the row, column and distance to the edge of the inmost pixel of each segment.

    Segments that are too small, too large or too thin are left out; the picture's border counts as
    an edge. The order is by distance, the farthest first.
    """
    height, width = numbers.shape
    inside = np.zeros((height + 2, width + 2), np.uint8)
    inside[1:-1, 1:-1] = numbers > 0
    # Neighbours without a border between them, which the watershed leaves at the picture's edge.
    inside[1:-1, 1:-2][numbers[:, 1:] != numbers[:, :-1]] = 0
    inside[1:-2, 1:-1][numbers[1:] != numbers[:-1]] = 0
    room = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    flat = numbers.ravel()
    order = np.lexsort((room.ravel(), flat))
    last = np.flatnonzero(np.diff(flat[order], append=np.iinfo(np.int32).max))
    areas = np.diff(last, prepend=-1) / flat.size
    found = []
    for index, area in zip(order[last], areas, strict=True):
        distance = float(room.ravel()[index])
        roomy = distance >= max(1.0, LEAST_ROOM * max(height, width))
        if flat[index] > 0 and LEAST_AREA <= area <= MOST_AREA and roomy:
            found.append((int(index) // width, int(index) % width, distance))
    return sorted(found, key=lambda pole: -pole[2])

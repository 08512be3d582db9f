# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A plain line chart, drawn with OpenCV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

SIZE = (900, 520)
"""Width and height in pixels."""
LEFT, RIGHT, TOP, BOTTOM = 90, 30, 60, 70
TICKS = 6
STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
COLORS = ((31, 119, 180), (214, 39, 40), (44, 160, 44), (148, 103, 189))
INK, GRID, PAPER = (40, 40, 40), (225, 225, 225), (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def line_chart(
    lines: Mapping[str, Sequence[tuple[float, float]]],
    title: str,
    axes: tuple[str, str],
    marks: Mapping[str, float] | None = None,
) -> np.ndarray:
    """Draw lines of (x, y) points, by their names, from 0 on; return (H, W, 3) uint8 RGB.

    ``axes`` are the labels of x and y; ``marks`` are upright lines, by their names, at values of
    x. Raises ValueError when there is no point.
    """
    points = [point for line in lines.values() for point in line]
    if not points:
        raise ValueError('a chart needs at least one point')
    marks = marks or {}
    chart = np.full((SIZE[1], SIZE[0], 3), PAPER, np.uint8)
    top_x = _round_up(max([x for x, _ in points] + list(marks.values())))
    top_y = _round_up(max(y for _, y in points))
    _draw_axes(chart, (top_x, top_y), title, axes)

    def place(x: float, y: float) -> tuple[int, int]:
        wide, high = SIZE[0] - LEFT - RIGHT, SIZE[1] - TOP - BOTTOM
        return round(LEFT + x / top_x * wide), round(SIZE[1] - BOTTOM - y / top_y * high)

    for name, x in marks.items():
        cv2.line(chart, place(x, 0), place(x, top_y), (150, 150, 150), 1, cv2.LINE_AA)
        _write(chart, name, (place(x, 0)[0] + 4, TOP + 14))
    for number, (name, line) in enumerate(lines.items()):
        color = COLORS[number % len(COLORS)]
        spots = [place(x, y) for x, y in sorted(line)]
        for one, other in zip(spots, spots[1:], strict=False):
            cv2.line(chart, one, other, color, 2, cv2.LINE_AA)
        for spot in spots:
            cv2.circle(chart, spot, 4, color, -1, cv2.LINE_AA)
        _write(chart, name, (LEFT + 10 + 150 * number, TOP - 10), color)
    return chart


def _draw_axes(
    chart: np.ndarray, tops: tuple[float, float], title: str, axes: tuple[str, str]
) -> None:
    right, bottom = SIZE[0] - RIGHT, SIZE[1] - BOTTOM
    for tick in range(TICKS):
        part = tick / (TICKS - 1)
        x, y = round(LEFT + part * (right - LEFT)), round(bottom - part * (bottom - TOP))
        cv2.line(chart, (x, TOP), (x, bottom), GRID, 1)
        cv2.line(chart, (LEFT, y), (right, y), GRID, 1)
        _write(chart, f'{part * tops[0]:g}', (x - 12, bottom + 20))
        _write(chart, f'{part * tops[1]:g}', (LEFT - 60, y + 5))
    cv2.line(chart, (LEFT, TOP), (LEFT, bottom), INK, 1)
    cv2.line(chart, (LEFT, bottom), (right, bottom), INK, 1)
    _write(chart, title, (LEFT, 24), INK, 0.6)
    _write(chart, axes[0], ((LEFT + right) // 2 - 60, SIZE[1] - 20))
    _write(chart, axes[1], (8, TOP - 10))


def _write(
    chart: np.ndarray,
    text: str,
    at: tuple[int, int],
    color: tuple[int, int, int] = INK,
    scale: float = 0.5,
) -> None:
    cv2.putText(chart, text, at, _FONT, scale, color, 1, cv2.LINE_AA)


def _round_up(value: float) -> float:
    """Return the least step times a power of ten that is not below a value."""
    if value <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in STEPS if step * power >= value * 0.999))

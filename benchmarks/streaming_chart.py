# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The chart of benchmarks/streaming.py: accuracy against speed, drawn with OpenCV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

SIZE, SCALE = (900, 560), 2
"""Width and height in pixels, and how many times finer it is drawn at first."""
LEFT, RIGHT, TOP, BOTTOM = 80, 230, 60, 60
"""Margins; the names of the curves stand in that to the right."""
COLORS = ((31, 119, 180), (214, 39, 40), (44, 160, 44), (148, 103, 189), (255, 127, 14))
INK, GRID, FRONT = (40, 40, 40), (225, 225, 225), (255, 225, 140)
_STEPS = np.outer(10.0 ** np.arange(-4, 4), (1, 2, 5)).ravel()


@dataclass(frozen=True)
class Curve:
    """Points (frames a second, delta1, what to write beside) of one setting."""

    name: str
    points: tuple[tuple[float, float, str], ...]


class _Axis:
    """One axis: round limits around values, and where a value is in pixels."""

    def __init__(self, values: Sequence[float], low: int, high: int, from_zero: bool) -> None:
        bottom = 0.0 if from_zero else min(values)
        spread = max(max(values) - bottom, 1e-3)
        self.step = float(_STEPS[spread <= 8 * _STEPS][0])
        self.least = np.floor(bottom / self.step - (0 if from_zero else 0.3)) * self.step
        self.most = np.ceil(max(values) / self.step + 0.3) * self.step
        self._low, self._high = low, high

    def at(self, value: float) -> int:
        part = (value - self.least) / (self.most - self.least)
        return round(SCALE * (self._low + part * (self._high - self._low)))

    def ticks(self) -> list[float]:
        count = round((self.most - self.least) / self.step)
        return [self.least + number * self.step for number in range(count + 1)]


def draw_chart(path: Path, curves: Sequence[Curve], model: str) -> None:
    """Draw the curves and, behind them, the line of the points that none beats; write a PNG."""
    every = [point for curve in curves for point in curve.points]
    x = _Axis([rate for rate, _, _ in every], LEFT, SIZE[0] - RIGHT, True)
    y = _Axis([share for _, share, _ in every], SIZE[1] - BOTTOM, TOP, False)
    chart = np.full((SCALE * SIZE[1], SCALE * SIZE[0], 3), 255, np.uint8)
    _axes(chart, x, y, model)
    best = sorted(
        (rate, share)
        for rate, share, _ in every
        if not any(other > rate and better > share for other, better, _ in every)
    )
    spots = np.array([(x.at(rate), y.at(share)) for rate, share in best])
    cv2.polylines(chart, [spots], False, FRONT, 9 * SCALE, cv2.LINE_AA)
    for number, curve in enumerate(curves):
        color = COLORS[number % len(COLORS)]
        places = [(x.at(rate), y.at(share)) for rate, share, _ in curve.points]
        cv2.polylines(chart, [np.array(places)], False, color, SCALE, cv2.LINE_AA)
        for place, (_, _, label) in zip(places, curve.points, strict=True):
            cv2.circle(chart, place, 4 * SCALE, color, -1, cv2.LINE_AA)
            if number == 0:
                _write(chart, label, (place[0] // SCALE + 8, place[1] // SCALE - 8))
        spot = (SIZE[0] - RIGHT + 24, TOP + 14 + 24 * number)
        cv2.circle(chart, (SCALE * spot[0], SCALE * (spot[1] - 4)), 4 * SCALE, color, -1)
        _write(chart, curve.name, (spot[0] + 14, spot[1]), color)
    spot = (SIZE[0] - RIGHT + 16, TOP + 14 + 24 * len(curves))
    ends = [(SCALE * (spot[0] + long), SCALE * (spot[1] - 4)) for long in (0, 16)]
    cv2.line(chart, *ends, FRONT, 9 * SCALE)
    _write(chart, 'beaten by none in both', (spot[0] + 22, spot[1]))
    small = cv2.resize(chart, SIZE, interpolation=cv2.INTER_AREA)
    if not cv2.imwrite(str(path), cv2.cvtColor(small, cv2.COLOR_RGB2BGR)):
        raise OSError(f'{path} cannot be written')


def _axes(chart: np.ndarray, x: _Axis, y: _Axis, model: str) -> None:
    for value in x.ticks():
        cv2.line(chart, (x.at(value), y.at(y.least)), (x.at(value), y.at(y.most)), GRID, SCALE)
        _write(chart, f'{value:g}', (x.at(value) // SCALE - 8, SIZE[1] - BOTTOM + 20))
    for value in y.ticks():
        cv2.line(chart, (x.at(x.least), y.at(value)), (x.at(x.most), y.at(value)), GRID, SCALE)
        _write(chart, f'{value:.3g}', (LEFT - 50, y.at(value) // SCALE + 5))
    _write(chart, f'{model}: accuracy against speed through the node', (LEFT, 24), INK, 0.6)
    _write(chart, 'delta1 (numbers: input size)', (12, TOP - 14))
    _write(chart, 'frames a second', ((SIZE[0] + LEFT - RIGHT) // 2 - 50, SIZE[1] - 14))


def _write(
    chart: np.ndarray,
    text: str,
    place: tuple[int, int],
    color: tuple[int, int, int] = INK,
    size: float = 0.45,
) -> None:
    spot = (SCALE * place[0], SCALE * place[1])
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(chart, text, spot, font, SCALE * size, color, SCALE, cv2.LINE_AA)

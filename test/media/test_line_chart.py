# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of media/line_chart.py."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.media.line_chart import COLORS, SIZE, line_chart

AXES = ('Hz', 'ms')


def pixels_of(chart, color) -> np.ndarray:
    """Return the (row, column) of the pixels of a color below the legend."""
    rows, columns = np.nonzero((chart == color).all(axis=2))
    return np.stack([rows, columns])[:, rows > 80]


def test_a_rising_line_goes_up_to_the_right():
    chart = line_chart({'age': [(10, 10), (100, 90)]}, 'title', AXES)
    assert chart.shape == (SIZE[1], SIZE[0], 3) and chart.dtype == np.uint8
    rows, columns = pixels_of(chart, COLORS[0])
    assert np.corrcoef(rows, columns)[0, 1] < -0.9


def test_each_line_has_its_colour_and_the_higher_value_is_higher():
    chart = line_chart({'p50': [(1, 3.3), (9, 3.3)], 'p99': [(1, 1), (9, 1)]}, 'title', AXES)
    assert pixels_of(chart, COLORS[0])[0].mean() < pixels_of(chart, COLORS[1])[0].mean()


def test_the_order_of_points_does_not_matter():
    points = [(1.0, 3.0), (7.0, 2.0), (4.0, 8.0)]
    charts = [line_chart({'age': order}, 't', AXES) for order in (points, points[::-1])]
    assert (charts[0] == charts[1]).all()


@pytest.mark.parametrize('lines', [{}, {'age': []}])
def test_nothing_cannot_be_drawn(lines):
    with pytest.raises(ValueError, match='at least one point'):
        line_chart(lines, 'title', AXES)


def test_zeros_and_a_mark_beyond_the_points_can_be_drawn():
    chart = line_chart({'age': [(0, 0)]}, 'title', AXES, {'mark': 50.0})
    assert len(pixels_of(chart, COLORS[0])[0])

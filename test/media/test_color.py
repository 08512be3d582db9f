# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of media/color.py."""

import numpy as np
import pytest

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.color import (
    COLOR_MAPS,
    SPECTRAL,
    ColorMapError,
    color_table,
    colorize,
)


def ramp(low: float, high: float) -> np.ndarray:
    """Give 4x256 values from low to high, left to right."""
    return np.tile(np.linspace(low, high, 256, dtype=np.float32), (4, 1))


def test_near_is_red_and_far_is_violet_in_both_kinds() -> None:
    relative = colorize(ramp(0.0, 5.0), DepthKind.RELATIVE)
    assert tuple(relative[0, -1]) == SPECTRAL[0] and tuple(relative[0, 0]) == SPECTRAL[-1]
    metric = colorize(ramp(0.5, 9.0), DepthKind.METRIC)
    assert tuple(metric[0, 0]) == SPECTRAL[0] and tuple(metric[0, -1]) == SPECTRAL[-1]


def test_the_same_scene_looks_alike_in_both_kinds() -> None:
    metres = ramp(1.0, 20.0)
    metric = colorize(metres, DepthKind.METRIC)
    relative = colorize(1.0 / metres, DepthKind.RELATIVE)
    assert np.abs(metric.astype(int) - relative).max() <= 1


def test_outliers_do_not_eat_the_range() -> None:
    values = ramp(1.0, 2.0)
    values[0, 100] = 1e6
    values[0, 101] = -1e6
    clean = colorize(ramp(1.0, 2.0), DepthKind.RELATIVE)
    spoiled = colorize(values, DepthKind.RELATIVE)
    np.testing.assert_allclose(clean[2].astype(int), spoiled[2], atol=4)


def test_unknown_is_black_and_infinities_take_their_ends() -> None:
    values = ramp(1.0, 4.0)
    values[1, :5] = [np.nan, np.inf, -np.inf, 0.0, -2.0]
    painted = colorize(values, DepthKind.METRIC)[1, :5]
    assert painted[[0, 3, 4]].tolist() == [[0, 0, 0]] * 3
    assert tuple(painted[1]) == SPECTRAL[-1] and tuple(painted[2]) == SPECTRAL[0]
    relative = ramp(1.0, 4.0)
    relative[1, :3] = [np.nan, np.inf, -np.inf]
    assert not colorize(relative, DepthKind.RELATIVE)[1, :3].any()


@pytest.mark.parametrize('kind', list(DepthKind))
@pytest.mark.parametrize('value', [0.0, 3.0, np.nan, np.inf])
def test_constant_maps_are_painted_evenly(kind: DepthKind, value: float) -> None:
    painted = colorize(np.full((5, 7), value, np.float32), kind)
    assert painted.shape == (5, 7, 3)
    assert (painted == painted[0, 0]).all()


def test_a_constant_with_sky_keeps_the_sky_far() -> None:
    values = np.full((4, 4), 2.0, np.float32)
    values[0] = np.inf
    painted = colorize(values, DepthKind.METRIC)
    assert tuple(painted[0, 0]) == SPECTRAL[-1]
    assert tuple(painted[3, 0]) not in (SPECTRAL[0], SPECTRAL[-1])


@pytest.mark.parametrize('name', COLOR_MAPS)
def test_every_map_has_256_colours(name: str) -> None:
    table = color_table(name)
    assert table.shape == (256, 3) and table.dtype == np.uint8
    assert len(np.unique(table, axis=0)) > 100


def test_maps_of_opencv_are_rgb() -> None:
    red, _, blue = color_table('jet')[-1].astype(int)
    assert red > 100 and blue < 50


def test_unknown_names_and_shapes_are_refused() -> None:
    with pytest.raises(ColorMapError, match="'rainbows'.*spectral"):
        colorize(ramp(0, 1), DepthKind.RELATIVE, 'rainbows')
    with pytest.raises(ValueError, match=r'\(H, W\)'):
        colorize(np.zeros((2, 2, 3), np.float32), DepthKind.RELATIVE)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/report_codec.py."""

from __future__ import annotations

import numpy as np
import pytest
from report_page import unpacked

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.report_codec import LAST, coded, packed, sampled, shrunk

RNG = np.random.default_rng(0)


def test_metres_come_back_within_a_step_of_their_ratio():
    metres = np.exp(RNG.uniform(np.log(0.2), np.log(80), (31, 47))).astype(np.float32)

    back = coded(metres, DepthKind.METRIC).values()

    half = np.log(400) / (LAST - 1) / 2
    assert np.abs(np.log(back / metres)).max() <= half * 1.001
    assert half < 1e-3


def test_disparity_comes_back_within_half_a_step():
    disparity = RNG.uniform(-1, 9, (31, 47)).astype(np.float32)

    back = coded(disparity, DepthKind.RELATIVE).values()

    assert np.abs(back - disparity).max() <= np.ptp(disparity) / (LAST - 1) / 2 * 1.001


@pytest.mark.parametrize('kind', DepthKind)
def test_what_is_no_number_keeps_its_name(kind):
    values = np.array([[np.nan, np.inf, -np.inf, 2.0, 4.0]], np.float32)

    back = coded(values, kind).values()

    np.testing.assert_allclose(back, values, rtol=1e-6)


def test_metres_that_are_not_above_0_are_unknown():
    back = coded(np.array([[0.0, -3.0, 1.5]], np.float32), DepthKind.METRIC).values()

    np.testing.assert_allclose(back, [[np.nan, np.nan, 1.5]])


@pytest.mark.parametrize('kind', DepthKind)
@pytest.mark.parametrize('values', [[[5.0]], [[np.nan]], [[3.0, 3.0], [3.0, np.inf]]])
def test_one_value_or_none_is_no_trouble(kind, values):
    np.testing.assert_allclose(coded(np.array(values, np.float32), kind).values(), values)


@pytest.mark.parametrize('shape', [(1, 1), (1, 9), (9, 1), (24, 33)])
def test_codes_survive_packing(shape):
    codes = RNG.integers(0, 4095, shape).astype(np.uint16)

    assert (unpacked(packed(codes), shape[1], shape[0]) == codes).all()


def test_a_surface_takes_less_than_a_byte_a_pixel():
    rows, columns = np.mgrid[:240, :320]
    codes = coded((2 + rows / 100 + columns / 300).astype(np.float32), DepthKind.METRIC).codes

    assert len(packed(codes)) < codes.size


def test_samples_are_pixels_of_the_whole_at_even_spacing():
    values = np.arange(6 * 9, dtype=np.float32).reshape(6, 9)

    np.testing.assert_array_equal(sampled(values, 3), values[[1, 4]][:, [1, 4, 7]])
    assert sampled(values, 9) is not None and (sampled(values, 100) == values).all()
    assert sampled(np.zeros((1, 3000), np.float32), 64).shape == (1, 64)


def test_pictures_are_shrunk_and_never_enlarged():
    assert shrunk(np.zeros((40, 80, 3), np.uint8), 20).shape == (10, 20, 3)
    assert shrunk(np.zeros((40, 80, 3), np.uint8), 200).shape == (40, 80, 3)

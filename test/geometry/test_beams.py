# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for geometry/beams.py."""

import math

import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.beams import beam_map, half_widths


def fan(width, height, spread=0.5):
    """Return the horizontal parts of rays whose angle rises from right to left."""
    angle = np.tile(np.linspace(-spread, spread, width), (height, 1))
    return (torch.from_numpy(f(angle).astype(np.float32)) for f in (np.cos, np.sin))


def members(beams):
    """Return the pixels of each beam, straight from the edges of the pixels."""
    middle = ((beams.right + beams.left) / 2).reshape(-1).tolist()
    right, left = beams.right.reshape(-1).tolist(), beams.left.reshape(-1).tolist()
    found = [[] for _ in range(beams.count)]
    for pixel, centre in enumerate(middle):
        for i in range(beams.count):
            at = (beams.first + i) * beams.increment
            if right[pixel] <= at <= left[pixel] or abs(centre - at) <= beams.increment / 2:
                found[i].append(pixel)
    return found


@pytest.mark.parametrize('increment', [0.3, 0.07, 0.011, 0.0021])
def test_the_least_of_a_beam_is_that_of_its_pixels(increment):
    beams = beam_map(*fan(13, 3), increment)
    values = torch.from_numpy(np.random.default_rng(0).uniform(size=(3, 13)).astype(np.float32))
    expected = [min(values.reshape(-1)[pixel].item() for pixel in row) for row in members(beams)]
    assert beams.least(values).tolist() == pytest.approx(expected)


def test_the_sum_over_beams_wider_than_pixels_is_that_of_its_pixels():
    beams = beam_map(*fan(40, 2), 0.07)
    values = torch.arange(80).reshape(2, 40)
    expected = [sum(values.reshape(-1)[pixel].item() for pixel in row) for row in members(beams)]
    assert beams.total(values).tolist() == expected


@pytest.mark.parametrize('increment', [0.07, 0.011, 0.0021])
def test_a_share_is_that_of_its_pixels(increment):
    beams = beam_map(*fan(9, 2), increment)
    whole = beams.total(torch.ones(2, 9, dtype=torch.int64))
    upper = beams.total(torch.tensor([[1], [0]]).expand(2, 9))
    assert (whole > 0).all() and torch.equal(2 * upper, whole)


def test_of_chosen_pixels_only_those_count():
    beams = beam_map(*fan(40, 2), 0.011)
    values = torch.from_numpy(np.random.default_rng(0).uniform(size=(2, 40)).astype(np.float32))
    chosen = values > 0.6
    expected = beams.least(torch.where(chosen, values, math.inf))
    made = beams.only(chosen).least(values)
    assert torch.equal(made, expected) and torch.isinf(made).any()


def test_beams_span_the_picture_and_one_looks_ahead():
    beams = beam_map(*fan(40, 2), 0.07)
    angles = beams.angles().tolist()
    assert angles[0] == pytest.approx(-0.49) and angles[-1] == pytest.approx(0.49)
    assert min(abs(angle) for angle in angles) == 0


def test_pixels_without_rays_are_in_no_beam():
    ahead, left = fan(40, 2)
    ahead[:, :10] = math.nan
    beams = beam_map(ahead, left, 0.05)
    assert beams.angles()[0] > -0.3
    assert sorted(set(beams.pixels.tolist())) == [p for p in range(80) if p % 40 >= 10]
    nowhere = beam_map(torch.full((2, 3), math.nan), torch.zeros(2, 3), 0.05)
    assert nowhere.count == 0 and nowhere.least(torch.zeros(2, 3)).shape == (0,)


def test_half_widths_are_half_the_larger_change_to_both_sides_and_down():
    values = torch.tensor([[0.0, 1.0, 5.0], [0.5, 1.0, math.nan]])
    expected = [[0.75, 2.0, 2.0], [0.5, 0.25, 0.0]]
    assert half_widths(values).tolist() == expected


def test_half_widths_of_angles_come_round():
    values = torch.tensor([[3.1, -3.1]])
    assert half_widths(values, turn=2 * math.pi).tolist() == [
        pytest.approx([math.pi - 3.1] * 2, abs=1e-5)
    ]

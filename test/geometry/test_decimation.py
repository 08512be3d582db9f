# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of depth by blocks of pixels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.decimation import REDUCTIONS, Decimation, DecimationError
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.points import back_project
from depth_anything_ros.geometry.rays import rays_of

NAN, INF = math.nan, math.inf


def plain(depth: np.ndarray, rows: int, columns: int, reduce: str) -> np.ndarray:
    """Reduce block by block, as the docstring says."""
    height, width = depth.shape[0] // rows, depth.shape[1] // columns
    out = np.full((height, width), NAN, np.float32)
    for i in range(height):
        for j in range(width):
            block = depth[i * rows : (i + 1) * rows, j * columns : (j + 1) * columns]
            told = np.sort(block[~np.isnan(block)])
            if reduce == 'nearest':
                out[i, j] = block[rows // 2, columns // 2]
            elif told.size:
                out[i, j] = told[0] if reduce == 'minimum' else told[(told.size - 1) // 2]
    return out


@pytest.mark.parametrize('reduce', REDUCTIONS)
@pytest.mark.parametrize(
    ('size', 'block'),
    [((6, 8), (2, 2)), ((7, 9), (2, 4)), ((5, 5), (1, 3)), ((4, 4), (4, 4)), ((3, 2), (1, 1))],
    ids=str,
)
def test_blocks_are_reduced_as_one_by_one(reduce, size, block):
    rng = np.random.default_rng(0)
    depth = rng.uniform(1, 9, size).astype(np.float32)
    special = rng.random(size)
    depth[special < 0.4] = NAN
    depth[special > 0.8] = INF
    depth[special > 0.9] = -INF

    reduced = Decimation(*block, reduce).depth(torch.from_numpy(depth))

    np.testing.assert_array_equal(reduced.numpy(), plain(depth, *block, reduce))


@pytest.mark.parametrize(
    ('block', 'nearest'),
    [
        ([5.0, 2.0, NAN, 3.0], 2.0),
        ([INF, 7.0, NAN, NAN], 7.0),
        ([INF, NAN, NAN, NAN], INF),
        ([-INF, 1.0, NAN, INF], -INF),
        ([NAN, NAN, NAN, NAN], NAN),
    ],
    ids=str,
)
def test_the_nearest_of_specials(block, nearest):
    depth = torch.tensor(block).reshape(2, 2)

    assert Decimation(2, 2).depth(depth).tolist() == [[pytest.approx(nearest, nan_ok=True)]]


@pytest.mark.parametrize('reduce', REDUCTIONS)
@pytest.mark.parametrize('block', [(1, 1), (2, 2), (3, 5), (4, 2)], ids=str)
def test_a_block_is_seen_where_its_pixels_are(reduce, block):
    """On a plane that faces the camera a block's point is in the middle of its pixels' points."""
    camera = Intrinsics(31, 23, 20.0, 21.0, 14.3, 12.2)
    blocks = Decimation(*block, reduce)
    depth = torch.full((23, 31), 2.0)
    every = back_project(depth, rays_of(camera)).numpy()

    points = back_project(blocks.depth(depth), rays_of(blocks.intrinsics(camera))).numpy()

    rows, columns = block
    for i, j in ((0, 0), (points.shape[0] - 1, points.shape[1] - 1)):
        its = every[i * rows : (i + 1) * rows, j * columns : (j + 1) * columns]
        middle = its[rows // 2, columns // 2] if reduce == 'nearest' else its.mean(axis=(0, 1))
        np.testing.assert_allclose(points[i, j], middle, atol=1e-5)


def test_the_colour_is_that_of_the_pixel_in_the_middle():
    rgb = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)

    small = Decimation(2, 3).picture(rgb)

    assert small.shape == (2, 2, 3)
    assert small[1, 1].tolist() == rgb[3, 4].tolist()


def test_blocks_of_one_pixel_change_nothing():
    depth, camera = torch.rand(3, 4), Intrinsics(4, 3, 5.0, 6.0, 2.0, 1.0)

    assert torch.equal(Decimation(1, 1).depth(depth), depth)
    assert Decimation(1, 1).intrinsics(camera) == camera


@pytest.mark.parametrize(
    ('values', 'says'),
    [((0, 1), 'rows is 0'), ((1, -2), 'columns is -2'), ((1, 1, 'mean'), "reduce is 'mean'")],
    ids=str,
)
def test_blocks_that_cannot_be_are_refused(values, says):
    with pytest.raises(DecimationError, match=says):
        Decimation(*values)


def test_a_picture_smaller_than_a_block_is_refused():
    with pytest.raises(DecimationError, match='4 x 2 has no block of 2 x 3'):
        Decimation(3, 2).depth(torch.zeros(2, 4))

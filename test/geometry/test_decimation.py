# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for geometry/decimation.py."""

import math

import numpy as np
import pytest
import torch

from depth_anything_ros.geometry.decimation import (
    DecimationError,
    decimate,
    decimate_picture,
    decimated_intrinsics,
)
from depth_anything_ros.geometry.intrinsics import Intrinsics

NAN, INF = math.nan, math.inf


def random_depth(height, width, unknown, seed=0):
    rng = np.random.default_rng(seed)
    depth = rng.uniform(0.5, 9.0, (height, width)).astype(np.float32)
    for value, share in ((np.inf, 0.25), (-np.inf, 0.05), (np.nan, unknown)):
        depth[rng.random(depth.shape) < share] = value
    return depth


def block_minimum(values):
    known = [v for v in values if not math.isnan(v)]
    if any(v < INF for v in known):
        return min(known)
    return INF if 2 * len(known) >= len(values) else NAN


def block_median(values):
    known = sorted(v for v in values if not math.isnan(v))
    return known[(len(known) - 1) // 2] if 2 * len(known) >= len(values) else NAN


def by_loops(depth, rows, columns, reduce):
    made = np.empty((depth.shape[0] // rows, depth.shape[1] // columns), np.float32)
    for i in range(made.shape[0]):
        for j in range(made.shape[1]):
            block = depth[i * rows : (i + 1) * rows, j * columns : (j + 1) * columns]
            made[i, j] = reduce([float(v) for v in block.ravel()])
    return made


@pytest.mark.parametrize('unknown', [0.0, 0.3, 0.7])
@pytest.mark.parametrize('block', [(1, 1), (2, 2), (4, 4), (3, 2), (1, 5), (7, 3)])
@pytest.mark.parametrize(('name', 'reduce'), [('minimum', block_minimum), ('median', block_median)])
def test_blocks_are_those_of_plain_loops(name, reduce, block, unknown):
    depth = random_depth(23, 31, unknown)
    made = decimate(torch.from_numpy(depth), *block, name)
    assert made.dtype == torch.float32 and made.is_contiguous()
    assert np.array_equal(made.numpy(), by_loops(depth, *block, reduce), equal_nan=True)


@pytest.mark.parametrize(
    ('block', 'minimum', 'median'),
    [
        ([4.0, 3.0, 2.0, 9.0], 2.0, 3.0),
        ([NAN, 3.0, NAN, NAN], 3.0, NAN),
        ([NAN, 5.0, NAN, 3.0], 3.0, 3.0),
        ([INF, 5.0, 4.0, INF], 4.0, 5.0),
        ([-INF, 0.5, 4.0, INF], -INF, 0.5),
        ([INF, INF, NAN, NAN], INF, INF),
        ([INF, NAN, NAN, NAN], NAN, NAN),
        ([-INF, NAN, NAN, NAN], -INF, NAN),
        ([NAN, NAN, NAN, NAN], NAN, NAN),
        ([INF, INF, INF, INF], INF, INF),
    ],
)
def test_what_specials_mean(block, minimum, median):
    depth = torch.tensor(block).view(2, 2)
    for reduce, expected in (('minimum', minimum), ('median', median)):
        made = decimate(depth, 2, 2, reduce).item()
        assert made == expected or (math.isnan(made) and math.isnan(expected))


def test_the_centre_pixel_of_odd_and_even_blocks():
    depth = torch.arange(7 * 9, dtype=torch.float32).view(7, 9)
    assert decimate(depth, 3, 3, 'nearest').tolist() == [[10, 13, 16], [37, 40, 43]]
    assert decimate(depth, 2, 4, 'nearest').tolist() == [[11, 15], [29, 33], [47, 51]]


def test_the_colour_is_that_of_the_centre_pixel():
    picture = np.arange(7 * 9 * 3, dtype=np.uint8).reshape(7, 9, 3)
    made = decimate_picture(picture, 2, 4)
    assert made.shape == (3, 2, 3)
    assert np.array_equal(made[1, 1], picture[3, 6])


@pytest.mark.parametrize(('rows', 'columns'), [(2, 2), (4, 3), (1, 1)])
def test_a_decimated_plane_is_the_same_plane(rows, columns):
    """Each block's mean ray is that of the decimated pixel, as disparity is linear in both."""
    camera = Intrinsics(25, 17, 20.0, 21.0, 11.7, 8.1)
    small = decimated_intrinsics(camera, rows, columns)
    assert (small.width, small.height) == (25 // columns, 17 // rows)
    for size, focal, centre, n, new_focal, new_centre in (
        (small.width, camera.fx, camera.cx, columns, small.fx, small.cx),
        (small.height, camera.fy, camera.cy, rows, small.fy, small.cy),
    ):
        slopes = (np.arange(size * n) - centre) / focal
        expected = slopes.reshape(size, n).mean(1)
        assert np.allclose((np.arange(size) - new_centre) / new_focal, expected)


def test_a_block_may_be_the_whole_picture():
    assert decimate(torch.tensor([[3.0, NAN, 1.0]]), 1, 3).tolist() == [[1.0]]


@pytest.mark.parametrize(
    ('rows', 'columns', 'said'),
    [(0, 2, 'rows is 0'), (2, -1, 'columns is -1'), (7, 2, 'rows is 7: give 1 to 6')],
)
def test_says_what_is_wrong_with_a_block(rows, columns, said):
    with pytest.raises(DecimationError, match=said):
        decimate(torch.zeros(6, 8), rows, columns)
    with pytest.raises(DecimationError, match=said):
        decimate_picture(np.zeros((6, 8)), rows, columns)
    with pytest.raises(DecimationError, match=said):
        decimated_intrinsics(Intrinsics(8, 6, 5.0, 5.0, 4.0, 3.0), rows, columns)


def test_says_which_reductions_there_are():
    with pytest.raises(DecimationError, match="'mean'.*minimum, median, nearest"):
        decimate(torch.zeros(6, 8), 2, 2, 'mean')

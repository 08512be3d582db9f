# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The drop of a pseudo-label's largest losses, against sorting by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from depth_anything_ros.training.trimming import keep_smallest

SHAPE = (2, 13, 17)


def plain_kept(losses: np.ndarray, valid: np.ndarray, share: float, block: int) -> np.ndarray:
    """Return what is kept of one map (H, W), region by region."""
    regions = []
    for top in range(0, losses.shape[0], block):
        for left in range(0, losses.shape[1], block):
            inside = [
                (y, x)
                for y in range(top, min(top + block, losses.shape[0]))
                for x in range(left, min(left + block, losses.shape[1]))
                if valid[y, x]
            ]
            if inside:
                regions.append((sum(losses[p] for p in inside) / len(inside), inside))
    regions.sort(key=lambda region: -region[0])
    kept = valid.copy()
    for _, inside in regions[: math.floor(share * len(regions) + 1e-9)]:
        for pixel in inside:
            kept[pixel] = False
    return kept


@pytest.mark.parametrize('block', [1, 2, 4, 7, 50])
@pytest.mark.parametrize('share', [0.0, 0.1, 0.5, 1.0])
def test_keeps_what_sorting_by_hand_keeps(share, block):
    rng = np.random.default_rng(block)
    losses, valid = rng.gamma(1.0, 1.0, SHAPE), rng.random(SHAPE) < 0.6

    kept = keep_smallest(torch.from_numpy(losses), torch.from_numpy(valid), share, block).numpy()

    for one, loss, known in zip(kept, losses, valid, strict=True):
        assert np.array_equal(one, plain_kept(loss, known, share, block))


def test_a_tenth_of_ten_is_one():
    losses = torch.arange(10.0)[None, None]
    assert keep_smallest(losses, losses >= 0, 0.1)[0, 0].tolist() == [True] * 9 + [False]


def test_of_equal_losses_the_first_go():
    losses = torch.ones(1, 2, 5)
    assert keep_smallest(losses, losses > 0, 0.3).flatten().tolist() == [False] * 3 + [True] * 7


@pytest.mark.parametrize('block', [1, 3])
def test_what_is_not_valid_may_be_no_number_and_stays_out(block):
    losses = torch.full((1, 6, 6), float('nan'))
    losses[0, :3] = torch.arange(18.0).reshape(3, 6)
    valid = torch.isfinite(losses)

    kept = keep_smallest(losses, valid, 0.5, block)

    assert kept.sum() == 9
    assert not kept[0, 3:].any()
    assert not keep_smallest(losses, torch.zeros_like(valid), 0.5, block).any()


def test_few_pixels_lose_none():
    losses = torch.rand(1, 3, 3)
    assert keep_smallest(losses, losses >= 0, 0.1).all()

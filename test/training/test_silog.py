# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SiLog against plain loops in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from depth_anything_ros.training.silog import silog

SHAPE = (3, 7, 9)


def maps(seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).gamma(2.0, 3.0, SHAPE) + 0.1)


def mask(seed: int = 0, share: float = 0.7) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed + 50).random(SHAPE) < share)


def plain(prediction: np.ndarray, target: np.ndarray, valid: np.ndarray, balance: float) -> float:
    logs = [
        math.log(target[at]) - math.log(prediction[at])
        for at in np.ndindex(valid.shape)
        if valid[at]
    ]
    if not logs:
        return 0.0
    square, mean = sum(g * g for g in logs) / len(logs), sum(logs) / len(logs)
    return math.sqrt(square - balance * mean**2)


@pytest.mark.parametrize('balance', [0.0, 0.5, 0.85])
def test_equals_plain_loops(balance):
    prediction, target, valid = maps(0), maps(1), mask()
    arrays = prediction.numpy(), target.numpy(), valid.numpy()

    pooled = silog(prediction, target, valid, balance)
    each = silog(prediction, target, valid, balance, over='picture')

    assert pooled.item() == pytest.approx(plain(*arrays, balance))
    assert each.item() == pytest.approx(
        np.mean([plain(*one, balance) for one in zip(*arrays, strict=True)])
    )


def test_gradient_is_that_of_finite_differences():
    target, valid = maps(1), mask()
    for over in ('batch', 'picture'):
        assert torch.autograd.gradcheck(
            lambda prediction, over=over: silog(prediction, target, valid, over=over),
            maps(0).requires_grad_(),
        )


def test_half_of_a_common_factor_is_forgiven():
    target = maps(1)
    everywhere = torch.ones(SHAPE, dtype=torch.bool)
    # g is ln 2 everywhere: sqrt(ln2^2 - ln2^2 / 2).
    assert silog(target / 2, target, everywhere).item() == pytest.approx(math.log(2) / math.sqrt(2))


@pytest.mark.parametrize('hole', [float('nan'), float('inf'), 0.0, -1.0])
def test_what_is_not_valid_does_not_matter_and_gets_no_gradient(hole):
    valid = mask()
    leaf = maps(0).masked_fill(~valid, hole).requires_grad_()

    loss = silog(leaf, maps(1).masked_fill(~valid, hole), valid)
    loss.backward()

    torch.testing.assert_close(loss.detach(), silog(maps(0), maps(1), valid))
    assert (leaf.grad[~valid] == 0).all()
    assert torch.isfinite(leaf.grad).all()


@pytest.mark.parametrize('over', ['batch', 'picture'])
@pytest.mark.parametrize('count', [0, 1])
def test_no_or_one_valid_pixel(over, count):
    valid = torch.zeros(SHAPE, dtype=torch.bool)
    valid[0, 0, :count] = True
    leaf = maps(0).requires_grad_()

    loss = silog(leaf, maps(1), valid, over=over)
    loss.backward()

    g = math.log(maps(1)[0, 0, 0] / maps(0)[0, 0, 0]) * count
    pictures = 1 if over == 'batch' else 3
    assert loss.item() == pytest.approx(abs(g) * math.sqrt(0.5) / pictures)
    assert torch.isfinite(leaf.grad).all()
    assert (leaf.grad != 0).sum() == count


def test_equality_has_no_loss_and_a_finite_gradient():
    leaf = maps(0).requires_grad_()
    loss = silog(leaf, maps(0), mask())
    loss.backward()
    assert loss == 0
    assert (leaf.grad == 0).all()


def test_a_prediction_of_zero_is_finite():
    leaf = torch.zeros(SHAPE).requires_grad_()
    loss = silog(leaf, maps(1), mask())
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(leaf.grad).all()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    rough = maps(0).to(dtype)
    loss = silog(rough, maps(1).float(), mask())
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, silog(rough.float(), maps(1).float(), mask()))

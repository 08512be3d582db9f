# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Feature alignment against loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from depth_anything_ros.training.feature_loss import feature_alignment

SHAPE = (3, 11, 8)


def features(seed: int, near: float = 0.0) -> torch.Tensor:
    """Return random features; a part ``near`` of them is that of seed 0."""
    rng = np.random.default_rng(seed)
    base = np.random.default_rng(0).normal(size=SHAPE)
    return torch.from_numpy(near * base + (1 - near) * rng.normal(size=SHAPE))


def plain(student: np.ndarray, frozen: np.ndarray, tolerance: float) -> float:
    total = 0.0
    for one, other in zip(student, frozen, strict=True):
        cosines = [
            float(a @ b / (np.sqrt(a @ a) * np.sqrt(b @ b)))
            for a, b in zip(one, other, strict=True)
        ]
        left = [cosine for cosine in cosines if cosine <= tolerance]
        total += 1 - sum(left) / len(left) if left else 0.0
    return total / len(student)


@pytest.mark.parametrize('tolerance', [1.0, 0.85, 0.3])
def test_equals_plain_loops(tolerance):
    student, frozen = features(1, near=0.6), features(0)
    expected = plain(student.numpy(), frozen.numpy(), tolerance)
    assert expected > 0.05
    assert feature_alignment(student, frozen, tolerance).item() == pytest.approx(expected)


def test_what_is_near_enough_counts_for_nothing():
    frozen = features(0).requires_grad_()
    student = features(1, near=0.95).requires_grad_()

    loss = feature_alignment(student, frozen)
    loss.backward()

    assert loss == 0
    assert (student.grad == 0).all()
    assert frozen.grad is None


def test_gradient_is_that_of_finite_differences():
    frozen = features(0)
    assert torch.autograd.gradcheck(
        lambda student: feature_alignment(student, frozen), features(1).requires_grad_()
    )


def test_weights_choose_pictures():
    student, frozen = features(1), features(0)
    first = feature_alignment(student, frozen, weights=torch.tensor([1.0, 0, 0]))
    assert first == pytest.approx(feature_alignment(student[:1], frozen[:1]).item() / 3)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    rough = features(1).to(dtype)
    loss = feature_alignment(rough, features(0))
    assert loss.dtype in (torch.float32, torch.float64)
    assert loss == pytest.approx(feature_alignment(rough.float(), features(0)).item())


def test_a_feature_of_nothing_is_finite():
    student = torch.zeros(SHAPE).requires_grad_()
    feature_alignment(student, features(0)).backward()
    assert torch.isfinite(student.grad).all()

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The losses of the stages against plain loops, and their edges."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from depth_anything_ros.training.batch import Batch
from depth_anything_ros.training.losses import aligned_error, relative_loss, scratch_loss
from depth_anything_ros.training.objectives import MetricObjective, RelativeObjective

SHAPE = (3, 12, 10)


def prediction(seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).gamma(2.0, 1.0, SHAPE))


def batch(seed: int = 1, share: float = 0.7, sky: float = 0.1, pseudo: bool = True) -> Batch:
    rng = np.random.default_rng(seed)
    depth = rng.gamma(2.0, 3.0, SHAPE) + 0.2
    depth[rng.random(SHAPE) < sky] = np.inf
    depth[rng.random(SHAPE) >= share] = np.nan
    return Batch(torch.empty(3, 3, 1, 1), torch.from_numpy(depth), torch.full((3,), pseudo))


def plain_standardise(values: dict) -> dict:
    """Standardise a dict of pixels; the lower middle of an even number is the median."""
    inside = sorted(values.values())
    median = inside[(len(inside) - 1) // 2]
    deviation = max(sum(abs(v - median) for v in inside) / len(inside), 1e-6)
    return {at: (v - median) / deviation for at, v in values.items()}


def plain_region(guess: np.ndarray, depth: np.ndarray, at: list, drop: float, scales: int) -> tuple:
    """Return L_ssi and L_gm of the pixels ``at`` of one picture, those of largest loss dropped."""
    at = [p for p in at if not math.isnan(depth[p])]
    if not at:
        return 0.0, 0.0
    disparity = {p: 0.0 if math.isinf(depth[p]) else 1 / depth[p] for p in at}
    mine, wanted = plain_standardise({p: guess[p] for p in at}), plain_standardise(disparity)
    r = {p: mine[p] - wanted[p] for p in at}
    for p in sorted(r, key=lambda p: -abs(r[p]))[: math.floor(drop * len(r) + 1e-9)]:
        del r[p]
    gradient = 0.0
    for scale in range(scales):
        step = 2**scale
        grid = {(y // step, x // step): v for (y, x), v in r.items() if not (y % step or x % step)}
        summed = sum(
            abs(grid[q] - grid[y, x])
            for y, x in grid
            for q in ((y + 1, x), (y, x + 1))
            if q in grid
        )
        gradient += summed / max(len(grid), 1)
    return sum(abs(v) for v in r.values()) / max(len(r), 1), gradient


def plain(guess: torch.Tensor, one: Batch, drop: float = 0.0, scales: int = 4) -> tuple:
    ssi = gradient = 0.0
    for number in range(len(guess)):
        g, d = guess[number].numpy(), one.depth[number].numpy()
        inside = np.ones(g.shape, bool) if one.inside is None else one.inside[number].numpy()
        for region in (inside, ~inside):
            at = [(int(y), int(x)) for y, x in zip(*np.nonzero(region), strict=True)]
            dropped = drop if one.pseudo[number] else 0.0
            parts = plain_region(g, d, at, dropped, scales)
            ssi += parts[0] * region.mean() / len(guess)
            gradient += parts[1] * region.mean() / len(guess)
    return ssi, gradient


def mixed(one: Batch) -> Batch:
    inside = torch.zeros(SHAPE, dtype=torch.bool)
    inside[:, 2:9, 3:8] = True
    inside[2] = True  # not mixed
    return replace(one, inside=inside)


@pytest.mark.parametrize('drop', [0.0, 0.1, 0.4])
@pytest.mark.parametrize('made', [batch(), batch(3, 0.2), mixed(batch()), batch(5, pseudo=False)])
def test_relative_objective_equals_plain_loops(made, drop):
    ssi, gradient = plain(prediction(), made, drop, scales=3)

    total, parts = RelativeObjective(gradient_scales=3, drop_share=drop)(prediction(), made)

    assert parts['ssi'].item() == pytest.approx(ssi)
    assert parts['gradient'].item() == pytest.approx(gradient)
    assert total.item() == pytest.approx(ssi + 2 * gradient)


def test_pooled_over_the_batch_it_is_the_loss_of_the_first_nano():
    one = batch()
    disparity = torch.where(torch.isnan(one.depth), 0, 1 / one.depth)
    valid = ~torch.isnan(one.depth)
    for objective, loss in (
        (RelativeObjective(over='batch'), relative_loss(prediction(), disparity, valid)),
        (
            RelativeObjective(over='batch', standardise='target', error_weight=3.0),
            scratch_loss(prediction(), disparity, valid, 2.0, 3.0),
        ),
    ):
        torch.testing.assert_close(objective(prediction(), one)[0], loss[0])


def test_halves_of_a_batch_are_the_batch():
    # What data-parallel training and accumulation rest on.
    one, guess = batch(2), prediction()
    four = [torch.cat((each, each[:1])) for each in (guess, one.depth, one.pseudo)]
    objective = RelativeObjective(drop_share=0.1)

    def loss(part: slice) -> torch.Tensor:
        return objective(four[0][part], Batch(one.images, four[1][part], four[2][part]))[0]

    torch.testing.assert_close(
        (loss(slice(0, 2)) + loss(slice(2, 4))) / 2, loss(slice(0, 4)), rtol=1e-9, atol=0
    )


@pytest.mark.parametrize('made', [batch(), mixed(batch())])
@pytest.mark.parametrize('settings', [{}, {'drop_share': 0.2}, {'over': 'batch'}])
def test_gradient_is_that_of_finite_differences(made, settings):
    objective = RelativeObjective(**settings)
    assert torch.autograd.gradcheck(
        lambda guess: objective(guess, made)[0], prediction().requires_grad_()
    )


def test_gradient_of_the_other_objectives_is_that_of_finite_differences():
    scratch = RelativeObjective(standardise='target', error_weight=2.0)
    for objective in (scratch, MetricObjective(max_depth=10.0)):
        assert torch.autograd.gradcheck(
            lambda guess, objective=objective: objective(guess, batch())[0],
            prediction().requires_grad_(),
        )


OBJECTIVES = [
    RelativeObjective(),
    RelativeObjective(drop_share=0.1),
    RelativeObjective(drop_share=0.1, drop_block=4),
    RelativeObjective(standardise='target', error_weight=1.0),
    MetricObjective(max_depth=10.0),
]


@pytest.mark.parametrize('objective', OBJECTIVES)
@pytest.mark.parametrize('hole', [float('nan'), float('inf'), -5.0])
def test_unknown_pixels_get_no_gradient_whatever_is_predicted_there(objective, hole):
    unknown = torch.isnan(batch().depth)
    leaf = prediction().masked_fill(unknown, hole).requires_grad_()

    total, _ = objective(leaf, batch())
    total.backward()

    torch.testing.assert_close(total.detach(), objective(prediction(), batch())[0])
    assert (leaf.grad[unknown] == 0).all()
    assert torch.isfinite(leaf.grad).all()


def filled(value: float) -> Batch:
    return replace(batch(), depth=torch.full(SHAPE, value, dtype=torch.float64))


def one_known() -> Batch:
    nothing = filled(float('nan'))
    nothing.depth[0, 3, 3] = 2.0
    return nothing


EDGES = {'nothing': filled(float('nan')), 'one': one_known(), 'wall': filled(2.0)}
EDGES['sky'] = filled(float('inf'))


@pytest.mark.parametrize('objective', OBJECTIVES)
@pytest.mark.parametrize('edge', EDGES)
@pytest.mark.parametrize('guess', [prediction(), torch.zeros(SHAPE), torch.full(SHAPE, 7.0)])
def test_edges_are_finite(objective, edge, guess):
    leaf = guess.clone().requires_grad_()

    total, _ = objective(leaf, EDGES[edge])
    total.backward()

    assert torch.isfinite(total)
    assert torch.isfinite(leaf.grad).all()
    if edge == 'nothing' or (edge == 'sky' and isinstance(objective, MetricObjective)):
        assert total == 0
        assert (leaf.grad == 0).all()


def test_sky_is_learned_as_farthest_or_left_out():
    left = torch.isinf(batch().depth)
    assert left.any()
    for sky, learned in (('zero', True), ('ignore', False)):
        leaf = prediction().requires_grad_()
        RelativeObjective(sky=sky)(leaf, batch())[0].backward()
        assert bool((leaf.grad[left] != 0).any()) is learned


def test_dropped_pixels_can_stay_in_the_gradient_loss():
    one, kept = batch(), RelativeObjective(drop_share=0.3, drop_gradients=False)
    parts = kept(prediction(), one)[1]
    whole = RelativeObjective()(prediction(), one)[1]
    dropped = RelativeObjective(drop_share=0.3)(prediction(), one)[1]
    torch.testing.assert_close(parts['gradient'], whole['gradient'])
    assert dropped['gradient'] < whole['gradient']
    torch.testing.assert_close(parts['ssi'], dropped['ssi'])


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('objective', OBJECTIVES)
def test_half_precision_is_computed_in_float32(objective, dtype):
    rough = prediction().to(dtype)
    one = replace(batch(), depth=batch().depth.float())
    total, _ = objective(rough, one)
    assert total.dtype == torch.float32
    torch.testing.assert_close(total, objective(rough.float(), one)[0])


def test_features_count_on_pseudo_labels_only():
    objective = RelativeObjective(feature_weight=0.5)
    student, frozen = torch.randn(3, 4, 5), torch.randn(3, 4, 5)
    for pseudo, weight in ((True, 0.5), (False, 0.0)):
        one = batch(pseudo=pseudo)
        total, parts = objective(prediction(), one, (student, frozen))
        bare = objective(prediction(), one)[0]
        assert total.item() == pytest.approx((bare + 0.5 * parts['features']).item())
        assert bool(parts['features'] > 0) is bool(weight)


def test_metric_objective_knows_the_range():
    one = filled(5.0)
    one.depth[:, 0] = 11.0
    one.depth[:, 1] = 1e-4
    one.depth[:, 2] = float('inf')
    leaf = prediction().requires_grad_()
    total, parts = MetricObjective(max_depth=10.0)(leaf, one)
    total.backward()
    assert (leaf.grad[:, :3] == 0).all()
    assert (leaf.grad[:, 3:] != 0).all()
    assert parts.keys() == {'silog'}


def test_aligned_error_is_the_third_part():
    one = batch(sky=0.0)
    objective = RelativeObjective(standardise='target', error_weight=2.0)
    parts = objective(prediction(), one)[1]
    valid = ~torch.isnan(one.depth)
    wanted = aligned_error(prediction(), torch.where(valid, 1 / one.depth, 0), valid)
    torch.testing.assert_close(parts['error'], wanted)

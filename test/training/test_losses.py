# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The losses against plain loops in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from depth_anything_ros.training.losses import (
    FARTHEST,
    RIDGE,
    SCRATCH_MEDIAN,
    aligned_error,
    disparity_from_depth,
    gradient_matching,
    relative_loss,
    scratch_loss,
    standardise,
)

SHAPE = (3, 19, 26)


def maps(seed: int = 0, shape: tuple[int, ...] = SHAPE) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).gamma(2.0, 1.0, shape)).float()


def mask(seed: int = 0, share: float = 0.7, shape: tuple[int, ...] = SHAPE) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed + 100).random(shape) < share)


def plain_standardise(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Standardise (H, W); of an even number of values the lower middle one is the median."""
    inside = sorted(values[valid].tolist())
    result = np.zeros(values.shape)
    if not inside:
        return result
    median = inside[(len(inside) - 1) // 2]
    deviation = max(sum(abs(value - median) for value in inside) / len(inside), 1e-6)
    result[valid] = (values[valid] - median) / deviation
    return result


def plain_loss(prediction, target, valid) -> tuple[float, float]:
    """Return L_ssi and L_gm over a batch, pixel by pixel."""
    prediction, target = prediction.double().numpy(), target.double().numpy()
    valid = valid.numpy()
    residual = np.stack(
        [
            plain_standardise(p, v) - plain_standardise(t, v)
            for p, t, v in zip(prediction, target, valid, strict=True)
        ]
    )
    return plain_parts(residual, valid)


def plain_parts(residual: np.ndarray, valid: np.ndarray) -> tuple[float, float]:
    """Return the mean of |residual| and its multi-scale gradient, pixel by pixel."""
    ssi = np.abs(residual[valid]).sum() / max(valid.sum(), 1)
    total = 0.0
    for scale in range(4):
        r, v = residual[:, :: 2**scale, :: 2**scale], valid[:, :: 2**scale, :: 2**scale]
        summed = 0.0
        for b, y, x in np.ndindex(r.shape):
            for yy, xx in ((y, x + 1), (y + 1, x)):
                inside = yy < r.shape[1] and xx < r.shape[2]
                if inside and v[b, y, x] and v[b, yy, xx]:
                    summed += abs(r[b, yy, xx] - r[b, y, x])
        total += summed / max(v.sum(), 1)
    return float(ssi), total


@pytest.mark.parametrize('share', [1.0, 0.7, 0.1])
@pytest.mark.parametrize('seed', range(3))
def test_losses_equal_plain_loops(seed, share):
    prediction, target, valid = maps(seed), maps(seed + 10), mask(seed, share)

    total, parts = relative_loss(prediction, target, valid)

    ssi, gradient = plain_loss(prediction, target, valid)
    assert parts['ssi'].item() == pytest.approx(ssi, rel=1e-5)
    assert parts['gradient'].item() == pytest.approx(gradient, rel=1e-5)
    assert total.item() == pytest.approx(ssi + 2 * gradient, rel=1e-5)


def test_weight_of_the_gradient_loss_is_a_setting():
    total, parts = relative_loss(maps(0), maps(1), mask(), gradient_weight=0.5)

    assert total.item() == pytest.approx((parts['ssi'] + 0.5 * parts['gradient']).item())


def test_odd_and_even_counts_of_valid_pixels():
    values = torch.tensor([[[1.0, 2.0, 4.0, 8.0]]])
    even = torch.ones(1, 1, 4, dtype=torch.bool)
    odd = torch.tensor([[[True, True, True, False]]])

    # Lower median 2, deviation (1 + 0 + 2 + 6) / 4; median 2, deviation (1 + 0 + 2) / 3.
    torch.testing.assert_close(standardise(values, even), (values - 2) / 2.25)
    torch.testing.assert_close(standardise(values, odd), torch.tensor([[[-1.0, 0.0, 2.0, 0.0]]]))


@pytest.mark.parametrize(('scale', 'shift'), [(100.0, 0.0), (0.01, 0.0), (1.0, 30.0), (7.0, -5.0)])
def test_scale_and_shift_of_the_prediction_do_not_matter(scale, shift):
    prediction, target, valid = maps(0), maps(1), mask()

    moved = relative_loss(scale * prediction + shift, target, valid)[0]

    expected = relative_loss(prediction, target, valid)[0]
    assert expected > 0.5
    torch.testing.assert_close(moved, expected, rtol=1e-4, atol=0)


def test_each_map_has_its_own_scale_and_shift():
    prediction, target, valid = maps(0), maps(1), mask()
    factors = torch.tensor([1.0, 10.0, 0.1])[:, None, None]

    torch.testing.assert_close(
        relative_loss(prediction * factors + factors, target, valid)[0],
        relative_loss(prediction, target, valid)[0],
        rtol=1e-4,
        atol=0,
    )


def test_perfect_prediction_up_to_scale_and_shift_has_no_loss():
    target = maps(1)

    assert relative_loss(3 * target + 2, target, mask())[0].item() < 1e-5
    assert relative_loss(-target, target, mask())[0].item() > 1


def test_pixels_that_are_not_valid_do_not_matter():
    prediction, target, valid = maps(0), maps(1), mask()

    total = relative_loss(
        prediction.masked_fill(~valid, 1e4), target.masked_fill(~valid, -1e4), valid
    )[0]

    torch.testing.assert_close(total, relative_loss(prediction, target, valid)[0])


@pytest.mark.parametrize('hole', [float('nan'), float('inf')])
def test_pixels_that_are_not_valid_may_hold_no_number(hole):
    prediction, target, valid = maps(0), maps(1), mask()

    total = relative_loss(prediction, target.masked_fill(~valid, hole), valid)[0]

    torch.testing.assert_close(total, relative_loss(prediction, target, valid)[0])


def test_gradients_equal_finite_differences():
    # standardise works in float32, so gradcheck's float64 steps would drown in rounding.
    shape = (1, 6, 7)
    prediction, target, valid = maps(0, shape), maps(1, shape), mask(0, 0.8, shape)
    leaf = prediction.clone().requires_grad_()
    relative_loss(leaf, target, valid)[0].backward()
    step = 2e-3

    numeric = torch.zeros(shape)
    for at in np.ndindex(shape):
        high, low = prediction.clone(), prediction.clone()
        high[at] += step
        low[at] -= step
        rise = relative_loss(high, target, valid)[0] - relative_loss(low, target, valid)[0]
        numeric[at] = rise / (2 * step)

    # The loss has kinks; where a step crosses one, the two derivatives rightly differ.
    close = (leaf.grad - numeric).abs() < 0.01 * numeric.abs().max()
    assert close.float().mean() > 0.9
    assert numeric[valid].abs().max() > 0.01
    assert (leaf.grad[~valid] == 0).all()


def test_gradient_is_orthogonal_to_scale_and_shift():
    leaf = maps(0).requires_grad_()
    relative_loss(leaf, maps(1), mask())[0].backward()

    size = leaf.grad.abs().sum()
    assert abs(leaf.grad.sum()) < 1e-4 * size
    assert abs((leaf.grad * leaf.detach()).sum()) < 1e-4 * size


def test_no_valid_pixel_gives_no_loss_and_no_gradient():
    leaf = maps(0).requires_grad_()

    total, parts = relative_loss(leaf, maps(1), torch.zeros(SHAPE, dtype=torch.bool))
    total.backward()

    assert total.item() == 0
    assert {name: part.item() for name, part in parts.items()} == {'ssi': 0, 'gradient': 0}
    assert torch.equal(leaf.grad, torch.zeros(SHAPE))


def test_map_without_a_valid_pixel_leaves_the_others_alone():
    leaf, target, valid = maps(0).requires_grad_(), maps(1), mask()
    valid[1] = False

    total, parts = relative_loss(leaf, target, valid)
    total.backward()

    ssi, gradient = plain_loss(leaf.detach(), target, valid)
    assert total.item() == pytest.approx(ssi + 2 * gradient, rel=1e-5)
    assert torch.isfinite(leaf.grad).all()
    assert (leaf.grad[1] == 0).all()
    assert (leaf.grad[0] != 0).any()


@pytest.mark.parametrize('value', [0.0, 5.0])
def test_constant_maps_are_finite(value):
    leaf = torch.full(SHAPE, value).requires_grad_()

    total, _ = relative_loss(leaf, maps(1), mask())
    total.backward()

    ssi, gradient = plain_loss(leaf.detach(), maps(1), mask())
    assert total.item() == pytest.approx(ssi + 2 * gradient, rel=1e-5)
    assert torch.isfinite(leaf.grad).all()


def test_nothing_but_sky_is_finite():
    disparity, valid = disparity_from_depth(torch.full(SHAPE, float('inf')))
    leaf = maps(0).requires_grad_()

    total, _ = relative_loss(leaf, disparity, valid)
    total.backward()

    assert (disparity == 0).all()
    assert valid.all()
    assert total.item() > 0
    assert torch.isfinite(leaf.grad).all()


def test_gradient_loss_skips_pairs_with_an_unknown_pixel():
    residual = torch.zeros(1, 1, 16)
    residual[0, 0, 8:] = 1.0
    valid = torch.ones(1, 1, 16, dtype=torch.bool)
    # One step of 1 between pixels 7 and 8 at every scale, over 16, 8, 4 and 2 pixels.
    assert gradient_matching(residual, valid).item() == pytest.approx(
        1 / 16 + 1 / 8 + 1 / 4 + 1 / 2
    )

    valid[0, 0, 8] = False
    # Pixel 8 is on every scale's grid, so no valid neighbours straddle the step any more.
    assert gradient_matching(residual, valid).item() == 0


def test_gradient_loss_looks_both_ways():
    residual = maps(3)
    valid = mask(3)

    across = gradient_matching(residual, valid)

    turned = gradient_matching(residual.transpose(1, 2), valid.transpose(1, 2))
    torch.testing.assert_close(across, turned)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    rough = maps(0).to(dtype)

    total, _ = relative_loss(rough, maps(1), mask())

    assert total.dtype == torch.float32
    torch.testing.assert_close(total, relative_loss(rough.float(), maps(1), mask())[0])


def test_disparity_is_inverse_depth_and_unknown_where_nothing_was_measured():
    depth = torch.tensor([[[2.0, 0.5, float('inf'), 0.0, -1.0, float('nan'), 1e-6]]])

    disparity, valid = disparity_from_depth(depth)

    assert valid[0, 0].tolist() == [True, True, True, False, False, False, True]
    torch.testing.assert_close(disparity, torch.tensor([[[0.5, 2.0, 0.0, 0.0, 0.0, 0.0, 1000.0]]]))


@pytest.mark.parametrize('share', [1.0, 0.7, 0.1])
def test_scratch_loss_equals_plain_loops_with_only_the_target_standardised(share):
    prediction, target, valid = maps(0), maps(10), mask(0, share)

    total, parts = scratch_loss(prediction, target, valid, gradient_weight=0.3)

    wanted = [
        np.maximum(SCRATCH_MEDIAN + plain_standardise(t, v), 0)
        for t, v in zip(target.double().numpy(), valid.numpy(), strict=True)
    ]
    residual = np.where(valid.numpy(), prediction.double().numpy() - np.stack(wanted), 0)
    ssi, gradient = plain_parts(residual, valid.numpy())
    assert parts['ssi'].item() == pytest.approx(ssi, rel=1e-5)
    assert parts['gradient'].item() == pytest.approx(gradient, rel=1e-5)
    assert total.item() == pytest.approx(ssi + 0.3 * gradient, rel=1e-5)


def test_scratch_loss_knows_the_scale_of_the_prediction_but_not_of_the_target():
    target, valid = maps(1), mask()
    perfect = (SCRATCH_MEDIAN + standardise(target, valid)).clamp(min=0)

    assert scratch_loss(perfect, 7 * target, valid)[0].item() == pytest.approx(0, abs=1e-4)
    assert scratch_loss(2 * perfect, target, valid)[0] > 1


def test_scratch_loss_bounds_the_gradient_where_the_prediction_is_nearly_flat():
    target, valid = maps(1), torch.ones(SHAPE, dtype=torch.bool)
    largest = {}
    for loss in (relative_loss, scratch_loss):
        leaf = (SCRATCH_MEDIAN + 1e-4 * maps(0)).requires_grad_()
        loss(leaf, target, valid, gradient_weight=0.0)[0].backward()
        largest[loss] = leaf.grad.abs().max().item() * valid.sum().item()

    assert largest[scratch_loss] == pytest.approx(1)
    assert largest[relative_loss] > 100


def test_scratch_loss_asks_for_nothing_below_the_reach_of_a_relu():
    # A few far pixels among many near ones lie many spreads below the median.
    target = torch.ones(1, 10, 10)
    target[0, 0, :2] = 0
    floor = (SCRATCH_MEDIAN + standardise(target, target > -1)).clamp(min=0)
    assert standardise(target, target > -1).min() < -2 * SCRATCH_MEDIAN
    assert floor.min() == 0
    assert scratch_loss(floor, target, target > -1)[0] == 0


@pytest.mark.parametrize('hole', [float('nan'), float('inf')])
def test_scratch_loss_ignores_what_is_not_valid(hole):
    valid = mask()
    expected = scratch_loss(maps(0), maps(1), valid)[0]
    leaf = maps(0).requires_grad_()
    target = maps(1).masked_fill(~valid, hole)

    total = scratch_loss(leaf.masked_fill(~valid, hole), target, valid)[0]
    total.backward()

    torch.testing.assert_close(total, expected)
    assert torch.isfinite(leaf.grad).all()
    assert scratch_loss(maps(0), maps(1), torch.zeros_like(valid))[0] == 0


def plain_error(prediction: np.ndarray, disparity: np.ndarray, valid: np.ndarray) -> float:
    """Return the error of one picture from numpy's own least squares, ridge included."""
    inside = valid & (disparity > 1 / FARTHEST)
    if not inside.any():
        return 0.0
    known, target = prediction[inside], disparity[inside]
    # The ridge is that of n more observations of the centred prediction's slope, all zero.
    rows = np.append(known - known.mean(), np.sqrt(RIDGE * len(known)))
    slope = np.linalg.lstsq(rows[:, None], np.append(target - target.mean(), 0), rcond=None)[0][0]
    total = 0.0
    for k, t in zip(known, target, strict=True):
        ratio = (slope * (k - known.mean()) + target.mean()) / t
        if ratio < 0:
            total += 3
        elif ratio < 0.5:
            total += 3 - 4 * ratio
        else:
            total += abs(1 / ratio - 1)
    return total / len(known)


@pytest.mark.parametrize('share', [1.0, 0.7, 0.02])
@pytest.mark.parametrize('seed', range(3))
def test_aligned_error_equals_plain_least_squares(seed, share):
    # Of the small disparities some lie beyond the farthest depth, some are fitted below zero.
    prediction, disparity = maps(seed), maps(seed + 10) ** 3 / 20
    valid = mask(seed, share)
    assert (disparity < 1 / FARTHEST).any()

    error = aligned_error(prediction, disparity, valid).item()

    each = zip(prediction.double().numpy(), disparity.double().numpy(), valid.numpy(), strict=True)
    assert error == pytest.approx(np.mean([plain_error(*one) for one in each]), rel=1e-4)
    assert error > 0.1


def test_aligned_error_is_the_relative_error_of_depth_after_alignment():
    disparity = torch.tensor([[[1.0, 0.6, 0.5, 0.4]]])
    everywhere = torch.ones(1, 1, 4, dtype=torch.bool)
    # Far from zero spread the ridge does not matter, nor do scale and shift.
    assert aligned_error(1e3 * disparity + 7, disparity, everywhere).item() < 1e-4

    slope, shift = np.polyfit([1.0, 2, 3, 4], disparity[0, 0].double(), 1)
    fitted = slope * np.arange(1, 5) + shift
    wanted = np.mean(np.abs(1 / fitted - 1 / disparity[0, 0].numpy()) * disparity[0, 0].numpy())
    found = aligned_error(1e3 * torch.tensor([[[1.0, 2, 3, 4]]]), disparity, everywhere)
    assert (fitted > 0.5 * disparity[0, 0].numpy()).all()
    assert found.item() == pytest.approx(wanted, rel=1e-4)


def test_aligned_error_counts_a_fit_to_zero_or_below_as_three():
    # The fit of a step with one wild pixel goes below zero at that pixel.
    disparity = torch.ones(1, 1, 200)
    disparity[..., :2] = torch.tensor([0.1, 100.0])
    prediction = torch.zeros(1, 1, 200)
    prediction[..., :2] = torch.tensor([-1e4, 1e4])

    leaf = prediction.clone().requires_grad_()
    error = aligned_error(leaf, disparity, torch.ones(1, 1, 200, dtype=torch.bool))
    error.backward()

    assert error.item() < 3
    wanted = plain_error(_one(prediction), _one(disparity), np.ones((1, 200), bool))
    assert error.item() == pytest.approx(wanted, rel=1e-4)
    assert torch.isfinite(leaf.grad).all()


def _one(values: torch.Tensor) -> np.ndarray:
    return values[0].double().numpy()


@pytest.mark.parametrize('far', [0.0, 1 / (2 * FARTHEST)])
def test_aligned_error_passes_over_sky_and_what_is_too_far(far):
    disparity, everywhere = maps(1), torch.ones(SHAPE, dtype=torch.bool)
    disparity[:, :4] = far
    leaf = maps(0).requires_grad_()

    error = aligned_error(leaf, disparity, everywhere)
    error.backward()

    near = everywhere.clone()
    near[:, :4] = False
    torch.testing.assert_close(error, aligned_error(maps(0), disparity, near))
    assert torch.isfinite(leaf.grad).all()
    assert (leaf.grad[:, :4] == 0).all()
    assert (leaf.grad[:, 4:] != 0).any()


@pytest.mark.parametrize(
    ('prediction', 'disparity', 'valid'),
    [
        (maps(0), maps(1), torch.zeros(SHAPE, dtype=torch.bool)),
        (maps(0), torch.zeros(SHAPE), mask()),
        (maps(0), torch.full(SHAPE, 0.5), mask()),
    ],
    ids=['nothing valid', 'nothing but sky', 'constant depth'],
)
def test_aligned_error_of_what_cannot_be_wrong_is_nothing(prediction, disparity, valid):
    leaf = prediction.clone().requires_grad_()

    error = aligned_error(leaf, disparity, valid)
    error.backward()

    assert error.item() == pytest.approx(0, abs=1e-6)
    assert torch.isfinite(leaf.grad).all()


def test_aligned_error_of_a_constant_prediction_is_that_of_the_mean_disparity():
    disparity, valid = maps(1), mask()
    leaf = torch.full(SHAPE, 2.0).requires_grad_()

    error = aligned_error(leaf, disparity, valid)
    error.backward()

    each = zip(np.full(SHAPE, 2.0), disparity.double().numpy(), valid.numpy(), strict=True)
    assert error.item() == pytest.approx(np.mean([plain_error(*one) for one in each]), rel=1e-4)
    assert torch.isfinite(leaf.grad).all()


def test_gradient_of_the_aligned_error_equals_finite_differences():
    shape = (1, 6, 7)
    target, valid = maps(1, shape), mask(0, 0.8, shape)
    prediction = target + 0.5 * maps(0, shape)
    leaf = prediction.clone().requires_grad_()
    aligned_error(leaf, target, valid).backward()
    step = 2e-3

    numeric = torch.zeros(shape)
    for at in np.ndindex(shape):
        high, low = prediction.clone(), prediction.clone()
        high[at] += step
        low[at] -= step
        rise = aligned_error(high, target, valid) - aligned_error(low, target, valid)
        numeric[at] = rise / (2 * step)

    close = (leaf.grad - numeric).abs() < 0.02 * numeric.abs().max()
    assert close.float().mean() > 0.9
    assert numeric[valid].abs().max() > 3e-3
    assert (leaf.grad[~valid] == 0).all()


def test_scratch_loss_adds_the_aligned_error_by_its_weight():
    without, parts = scratch_loss(maps(0), maps(1), mask(), 0.3)
    total, _ = scratch_loss(maps(0), maps(1), mask(), 0.3, error_weight=10.0)

    error = aligned_error(maps(0), maps(1), mask())
    assert parts['error'].item() == pytest.approx(error.item())
    assert total.item() == pytest.approx((without + 10 * error).item())

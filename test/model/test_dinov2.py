# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The encoder: position embedding, taps and input checks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from depth_anything_ros.model.dinov2 import resize_position_embedding

SIDE = 37


def cubic_weights(grid: int, source_step: float) -> np.ndarray:
    """Return (grid, 37) float64 weights of bicubic interpolation (a = -0.75, borders repeated).

    Sample i lies at (i + 0.5) * source_step - 0.5 in the stored grid.
    """
    a = -0.75
    weights = np.zeros((grid, SIDE))
    for row in range(grid):
        position = (row + 0.5) * source_step - 0.5
        base = int(np.floor(position))
        for tap in range(base - 1, base + 3):
            x = abs(position - tap)
            if x <= 1:
                weight = (a + 2) * x**3 - (a + 3) * x**2 + 1
            else:
                weight = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
            weights[row, min(max(tap, 0), SIDE - 1)] += weight
    return weights


def resample(field: np.ndarray, height: int, width: int, offset: float) -> np.ndarray:
    """Resample (37, 37, D) float64 to (height, width, D) with steps 37 / (grid + offset)."""
    rows = cubic_weights(height, SIDE / (height + offset))
    columns = cubic_weights(width, SIDE / (width + offset))
    return np.einsum('yr,xc,rcd->yxd', rows, columns, field)


@pytest.fixture(scope='module')
def stored() -> torch.Tensor:
    """A smooth random position embedding, (1, 1370, 8), like a trained one."""
    coarse = torch.randn(1, 8, 10, 10, generator=torch.Generator().manual_seed(0))
    field = F.interpolate(coarse, size=(SIDE, SIDE), mode='bicubic', align_corners=True)
    class_slot = torch.full((1, 1, 8), 7.0)
    return torch.cat((class_slot, field.flatten(2).transpose(1, 2)), dim=1)


@pytest.mark.parametrize(('height', 'width'), [(37, 49), (18, 18), (49, 37), (20, 66), (74, 74)])
def test_the_position_embedding_follows_the_scale_factor_rule(stored, height, width):
    field = stored[0, 1:].double().numpy().reshape(SIDE, SIDE, -1)

    result = resize_position_embedding(stored, height, width)

    patches = result[0, 1:].reshape(height, width, -1).numpy()
    expected = resample(field, height, width, offset=0.1)
    by_size = resample(field, height, width, offset=0.0)
    error = np.abs(patches - expected).max()
    assert error < 2e-4 * np.abs(expected).max()
    assert np.abs(by_size - expected).max() > 20 * error
    assert torch.equal(result[:, 0], stored[:, 0])


@pytest.mark.parametrize(('height', 'width', 'least'), [(37, 49, 0.005), (18, 18, 0.02)])
def test_a_resize_to_a_target_size_is_something_else(stored, height, width, least):
    field = stored[:, 1:].reshape(1, SIDE, SIDE, -1).permute(0, 3, 1, 2)
    by_size = F.interpolate(field, size=(height, width), mode='bicubic', align_corners=False)

    ours = resize_position_embedding(stored, height, width)[:, 1:]

    difference = (ours - by_size.flatten(2).transpose(1, 2)).abs().mean()
    assert difference > least * by_size.abs().mean()


def test_the_stored_grid_is_used_as_it_is(stored):
    assert resize_position_embedding(stored, 37, 37) is stored


def test_a_resize_keeps_half_precision(stored):
    half = stored.half()

    result = resize_position_embedding(half, 20, 30)

    assert result.dtype == torch.float16
    whole = resize_position_embedding(half.float(), 20, 30)
    assert torch.allclose(result.float(), whole, atol=1e-3, rtol=1e-3)


def test_taps_are_patch_tokens_behind_the_final_norm(tiny, random_network):
    encoder = random_network(tiny).pretrained
    outputs = []
    for block in encoder.blocks:
        block.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))

    with torch.inference_mode():
        taps = encoder(torch.randn(2, 3, 28, 42, generator=torch.Generator().manual_seed(1)))

    norm = encoder.norm
    assert [tuple(tap.shape) for tap in taps] == [(2, 6, 32)] * 4
    for tap, output in zip(taps, outputs, strict=True):
        mean = output.mean(-1, keepdim=True)
        spread = (output.var(-1, unbiased=False, keepdim=True) + 1e-6).sqrt()
        expected = ((output - mean) / spread * norm.weight + norm.bias)[:, 1:]
        torch.testing.assert_close(tap, expected, rtol=1e-4, atol=1e-5)


def test_only_the_tapped_blocks_are_returned_shallowest_first(tiny, random_network):
    encoder = random_network(tiny).pretrained
    picture = torch.randn(1, 3, 28, 28, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        every = encoder(picture)
        encoder.taps = (1, 3)
        some = encoder(picture)

    assert len(some) == 2
    assert torch.equal(some[0], every[1])
    assert torch.equal(some[1], every[3])


@pytest.mark.parametrize(('height', 'width'), [(28, 30), (27, 28)])
def test_sides_that_are_no_multiples_of_14_are_refused(tiny, random_network, height, width):
    with pytest.raises(ValueError, match=f'multiples of 14, got {height} x {width}'):
        random_network(tiny).pretrained(torch.zeros(1, 3, height, width))


def test_pictures_of_a_batch_do_not_mix(tiny, random_network):
    encoder = random_network(tiny).pretrained
    batch = torch.randn(3, 3, 28, 28, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        together = encoder(batch)
        alone = encoder(batch[1:2])

    for whole, single in zip(together, alone, strict=True):
        torch.testing.assert_close(whole[1:2], single, rtol=1e-4, atol=1e-5)

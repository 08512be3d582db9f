# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Noise, patterns, surface colours and the sky."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from depth_anything_ros.data import shading
from depth_anything_ros.data.primitives import TEXTURES, Material, Pattern


def test_noise_fills_zero_to_one(noise_bank):
    assert noise_bank.shape == (TEXTURES, shading.SIDE, shading.SIDE)
    torch.testing.assert_close(noise_bank.amin((1, 2)), torch.zeros(TEXTURES))
    torch.testing.assert_close(noise_bank.amax((1, 2)), torch.ones(TEXTURES))


@pytest.mark.parametrize('axis', [1, 2])
def test_noise_tiles_without_a_seam(noise_bank, axis):
    steps = (noise_bank - noise_bank.roll(1, axis)).abs()

    seam = steps.select(axis, 0).mean(1)
    inside = steps.narrow(axis, 1, shading.SIDE - 1).mean((1, 2))
    # Where the pattern did not tile, the step at the seam would be that of unrelated values.
    assert (seam < 2.5 * inside).all()
    assert seam.mean() < 1.15 * inside.mean()


def test_textures_differ_and_follow_the_generator(noise_bank):
    again = shading.noise_bank(torch.Generator().manual_seed(0))
    other = shading.noise_bank(torch.Generator().manual_seed(1))

    assert torch.equal(again, noise_bank)
    assert not torch.equal(other, noise_bank)
    assert len({tuple(page[0, :4].tolist()) for page in noise_bank}) == TEXTURES
    roughness = (noise_bank[:, :, 1:] - noise_bank[:, :, :-1]).abs().mean((1, 2))
    assert roughness.max() > 2 * roughness.min()


def test_look_up_is_bilinear_and_wraps(noise_bank):
    rng = np.random.default_rng(0)
    u, v = rng.uniform(-300, 300, (2, 50))
    page = rng.integers(0, TEXTURES, 50)
    bank = noise_bank.numpy().astype(np.float64)
    expected = []
    for texture, x, y in zip(page, u, v, strict=True):
        column, row = int(np.floor(x)), int(np.floor(y))
        fx, fy = x - column, y - row
        total = 0.0
        for dy, wy in ((0, 1 - fy), (1, fy)):
            for dx, wx in ((0, 1 - fx), (1, fx)):
                texel = bank[texture, (row + dy) % shading.SIDE, (column + dx) % shading.SIDE]
                total += wy * wx * texel
        expected.append(total)

    found = shading.look_up(
        noise_bank, torch.from_numpy(page), torch.from_numpy(u), torch.from_numpy(v)
    )

    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


def weight(pattern: Pattern, u: float, v: float, noise: float = 0.37) -> float:
    values = (torch.tensor([float(value)]) for value in (pattern, u, v, noise))
    return shading.pattern_weight(*values).item()


@pytest.mark.parametrize(
    ('pattern', 'u', 'v', 'expected'),
    [
        (Pattern.NOISE, 0.2, 0.9, 0.37),
        (Pattern.STRIPES, 0.2, 0.9, 0.0),
        (Pattern.STRIPES, 0.7, 0.2, 1.0),
        (Pattern.STRIPES, -0.3, 0.2, 1.0),
        (Pattern.CHECKER, 0.2, 0.2, 0.0),
        (Pattern.CHECKER, 0.2, 0.7, 1.0),
        (Pattern.CHECKER, 0.7, 0.2, 1.0),
        (Pattern.CHECKER, 0.7, 0.7, 0.0),
        (Pattern.TILES, 0.5, 0.5, 0.0),
        (Pattern.TILES, 0.03, 0.5, 1.0),
        (Pattern.TILES, 0.5, 5.03, 1.0),
        (Pattern.BRICKS, 1.0, 0.5, 0.0),
        (Pattern.BRICKS, 0.04, 0.5, 1.0),  # the joint at a brick's end
        (Pattern.BRICKS, 1.0, 0.05, 1.0),  # the joint below a course
        (Pattern.BRICKS, 1.04, 1.5, 1.0),  # the next course is shifted by half a brick
        (Pattern.BRICKS, 0.04, 1.5, 0.0),
    ],
)
def test_pattern_has_the_second_colour_in_its_places(pattern, u, v, expected):
    assert weight(pattern, u, v) == pytest.approx(expected)


def color_at(bank, material: Material, u: float, v: float, footprint: float = 0.0) -> np.ndarray:
    at = (torch.tensor([value]) for value in (u, v, footprint))
    return shading.albedo(bank, torch.from_numpy(material.row())[None], *at)[0].numpy()


def stripes(grain: float = 0.0, period: float = 0.5) -> Material:
    first, second = np.array([0.1, 0.2, 0.3]), np.array([0.9, 0.6, 0.5])
    return Material(first, second, Pattern.STRIPES, period, grain, 3)


def test_albedo_repeats_with_the_period_in_metres(noise_bank):
    first, second = stripes().first, stripes().second

    np.testing.assert_allclose(color_at(noise_bank, stripes(), 0.1, 0.0), first, atol=1e-6)
    np.testing.assert_allclose(color_at(noise_bank, stripes(), 0.4, 0.0), second, atol=1e-6)
    np.testing.assert_allclose(color_at(noise_bank, stripes(), 0.6, 9.0), first, atol=1e-6)


def test_detail_finer_than_a_pixel_fades_to_the_mean(noise_bank):
    mean = (stripes().first + stripes().second) / 2

    for u in (0.1, 0.4):
        color = color_at(noise_bank, stripes(), u, 0.0, footprint=1.0)
        np.testing.assert_allclose(color, mean, atol=1e-6)
    half = color_at(noise_bank, stripes(), 0.1, 0.0, footprint=0.5 / 3)
    np.testing.assert_allclose(half, (stripes().first + mean) / 2, atol=1e-6)


def test_grain_varies_the_brightness_and_is_never_negative(noise_bank):
    u = torch.linspace(0, 5, 400)
    row = torch.from_numpy(stripes(grain=1.0).row()).expand(400, -1)

    rough = shading.albedo(noise_bank, row, u, 0.3 * u, torch.zeros(400))
    plain = shading.albedo(
        noise_bank, row * torch.tensor([1.0] * 8 + [0.0] + [1.0] * 4), u, 0.3 * u, torch.zeros(400)
    )

    gain = rough / plain
    assert gain.min() >= 0
    assert gain.std() > 0.1
    # Grain changes how much light comes back, not its hue.
    torch.testing.assert_close(gain[:, 0], gain[:, 2], rtol=1e-4, atol=1e-5)


def sky_at(bank, up: float, cloud: float) -> torch.Tensor:
    level = np.sqrt(1 - up * up)
    direction = torch.tensor([[[level * np.cos(a), level * np.sin(a), up] for a in range(6)]])
    tint = torch.tensor([[0.3, 0.5, 0.8]])
    return shading.sky(bank, direction.float(), tint, torch.tensor([cloud]))[0]


def test_clear_sky_is_its_tint_overhead_and_pale_at_the_horizon(noise_bank):
    overhead, low = sky_at(noise_bank, 0.99, -5.0), sky_at(noise_bank, 0.02, -5.0)

    torch.testing.assert_close(
        overhead, torch.tensor([[0.3, 0.5, 0.8]]).expand(6, 3) * 0.505, rtol=1e-3, atol=1e-4
    )
    assert (low > overhead + 0.2).all()
    assert (low[:, 0] / low[:, 2] > overhead[:, 0] / overhead[:, 2]).all()


def test_overcast_sky_is_even_and_gray(noise_bank):
    torch.testing.assert_close(sky_at(noise_bank, 0.5, 5.0), torch.full((6, 3), 0.9))

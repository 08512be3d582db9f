# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The encoder of the CPU engine against the network's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from depth_anything_ros.inference.cpu_encoder import (
    LEAST_PADDED,
    MOST_GRIDS,
    CpuAttention,
    CpuEncoder,
)
from depth_anything_ros.inference.preprocessing import preprocess
from depth_anything_ros.model.configuration import DepthAnythingConfig, config_for
from depth_anything_ros.model.dinov2 import Attention, DinoVisionTransformer

SMALL = replace(config_for('nano'), depth=4, taps=(0, 1, 2, 3))
GATED = replace(SMALL, ffn='swiglu')


@pytest.fixture(autouse=True)
def inference():
    torch.manual_seed(0)
    with torch.inference_mode():
        yield


def encoder_of(config: DepthAnythingConfig) -> DinoVisionTransformer:
    """Return an encoder whose every weight matters: biases, scales and positions are random."""
    encoder = DinoVisionTransformer(config).eval()
    for name, parameter in encoder.named_parameters():
        around = 1.0 if 'gamma' in name or 'norm' in name and 'weight' in name else 0.0
        parameter.copy_(around + torch.randn_like(parameter) * 0.05)
    return encoder


def pixels_of(height: int, width: int) -> torch.Tensor:
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize('config', [SMALL, GATED], ids=['mlp', 'swiglu'])
@pytest.mark.parametrize('size', [(42, 56), (14, 14), (70, 28)], ids=str)
def test_float32_taps_are_those_of_the_network(config, size):
    encoder = encoder_of(config)
    pixels = pixels_of(*size)

    taps = CpuEncoder(encoder, torch.float32)(pixels)

    wanted = encoder(preprocess(pixels[None], size))
    assert len(taps) == len(wanted) == 4
    for got, want in zip(taps, wanted, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('config', [SMALL, GATED], ids=['mlp', 'swiglu'])
def test_bfloat16_taps_are_no_worse_than_the_rounded_network(config):
    # With the class token 1025 rows, which are padded to 1056.
    assert LEAST_PADDED < 32 * 32 + 1
    encoder = encoder_of(config)
    pixels, size = pixels_of(448, 448), (448, 448)
    image = preprocess(pixels[None], size)
    wanted = encoder(image)

    taps = CpuEncoder(encoder, torch.bfloat16)(pixels)

    rounded = encoder.to(torch.bfloat16)(image.to(torch.bfloat16))
    for got, plain, want in zip(taps, rounded, wanted, strict=True):
        assert got.shape == want.shape
        error, plain_error = ((x.float() - want).abs().mean() for x in (got, plain))
        assert 0 < error < 1.2 * plain_error


def test_pixels_may_be_fractions_of_8_bit_steps():
    encoder = encoder_of(SMALL)
    pixels = pixels_of(28, 28).float() + 0.25

    got = CpuEncoder(encoder, torch.float32)(pixels)[-1]

    want = encoder(preprocess(pixels[None], (28, 28)))[-1]
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-4)


def test_pixels_are_left_as_they_are():
    for pixels in (pixels_of(28, 42), pixels_of(28, 42).float()):
        before = pixels.clone()

        CpuEncoder(encoder_of(SMALL), torch.float32)(pixels)

        assert torch.equal(pixels, before)


@pytest.mark.parametrize('offset', [0.0, 300.0, -300.0])
def test_padding_takes_no_part_whatever_the_scores(offset):
    # A bias of the keys shifts all scores of a query alike, by up to some hundreds here: without
    # the centring, padding of score 0 would be all that counts, or the correction 0 / 0.
    attention = Attention(64, 1).eval()
    attention.qkv.weight.mul_(3)
    attention.qkv.bias[64:128] = offset
    tokens, scale = torch.randn(1, 21, 64), torch.ones(64)
    want = attention.double()(tokens.double()).float()
    attention.float()
    padded = torch.cat((tokens, torch.randn(1, 11, 64)), dim=1)

    zeros = torch.zeros_like(padded)
    for dtype, tolerance in ((torch.float32, 1e-4), (torch.bfloat16, 0.03)):
        fast = CpuAttention(attention, scale, dtype)
        got = fast.onto(padded.to(dtype), zeros.to(dtype), count=21)[:, :21]

        torch.testing.assert_close(got.float(), want, rtol=0, atol=tolerance)


def test_position_embeddings_of_the_last_few_grids_are_kept():
    encoder = CpuEncoder(encoder_of(SMALL), torch.float32)
    first = encoder(pixels_of(14, 14))[-1]
    kept = encoder._position_of((1, 1))

    assert encoder._position_of((1, 1)) is kept
    for columns in range(2, MOST_GRIDS + 2):
        encoder(pixels_of(14, 14 * columns))
    assert len(encoder._positions) == MOST_GRIDS
    assert encoder._position_of((1, 1)) is not kept
    torch.testing.assert_close(encoder(pixels_of(14, 14))[-1], first)

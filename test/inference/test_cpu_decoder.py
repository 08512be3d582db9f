# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The decoder of the CPU engine against the network's own."""

from __future__ import annotations

import pytest
import torch

from depth_anything_ros.inference.cpu_decoder import ROWS, CpuDecoder
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.dpt import DPTHead


@pytest.fixture(autouse=True)
def inference():
    torch.manual_seed(0)
    with torch.inference_mode():
        yield


def head_of(max_depth: float | None) -> DPTHead:
    """Return a decoder with biases that matter and an output that is not all below zero."""
    head = DPTHead(config_for('nano', max_depth)).eval()
    for name, parameter in head.named_parameters():
        if name.endswith('bias'):
            parameter.copy_(torch.randn_like(parameter) * 0.2)
    return head


def taps_of(grid: tuple[int, int]) -> list[torch.Tensor]:
    return [torch.randn(1, grid[0] * grid[1], 256) for _ in range(4)]


# The last grid has more rows of pixels than the last projection takes at a time.
@pytest.mark.parametrize('grid', [(1, 1), (3, 4), (5, 2), (7, 3)], ids=str)
@pytest.mark.parametrize('max_depth', [None, 20.0], ids=['relative', 'metric'])
def test_float32_depth_is_that_of_the_network(grid, max_depth):
    head, taps = head_of(max_depth), taps_of(grid)

    got = CpuDecoder(head, max_depth, torch.float32)(taps, grid)

    want = head(taps, grid)[0, 0] * (max_depth or 1.0)
    assert got.shape == (14 * grid[0], 14 * grid[1])
    assert got.dtype == torch.float32
    assert want.std() > 0
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-5)
    assert grid[0] < 7 or len(got) > ROWS


def test_bfloat16_depth_is_no_worse_than_that_of_the_rounded_network():
    head, taps, grid = head_of(20.0), taps_of((5, 6)), (5, 6)
    want = head(taps, grid)[0, 0] * 20

    half = [tap.to(torch.bfloat16) for tap in taps]
    got = CpuDecoder(head, 20.0, torch.bfloat16)(half, grid)

    last = head.scratch.output_conv2[2]
    head.to(torch.bfloat16)
    last.float()
    plain = head(half, grid)[0, 0].float() * 20
    assert 0 < (got - want).abs().mean() < 1.2 * (plain - want).abs().mean()


def test_depth_has_more_steps_than_bfloat16_could_tell():
    # The head's last layer stays float32: 8 bits of mantissa would show as terraces.
    depth = CpuDecoder(head_of(20.0), 20.0, torch.bfloat16)(
        [tap.to(torch.bfloat16) for tap in taps_of((5, 6))], (5, 6)
    )

    assert not torch.equal(depth, depth.to(torch.bfloat16).float())
    assert depth.unique().numel() > 0.9 * depth.numel()


def test_taps_are_left_as_they_are():
    taps = taps_of((3, 4))
    before = [tap.clone() for tap in taps]

    CpuDecoder(head_of(None), None, torch.float32)(taps, (3, 4))

    assert all(torch.equal(*pair) for pair in zip(taps, before, strict=True))

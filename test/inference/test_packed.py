# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fused layers against the plain ones, with oneDNN and without it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from depth_anything_ros.inference import packed
from depth_anything_ros.inference.packed import PackedConv, PackedLinear, onednn_runs

FLOAT32, BFLOAT16 = torch.float32, torch.bfloat16
TOLERANCE = {FLOAT32: 1e-5, BFLOAT16: 2e-2}
"""24 and 8 bits of mantissa, with some room."""


@pytest.fixture(params=['fused', 'plain'])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test with oneDNN's fused layers, and once more without them."""
    if request.param == 'plain':
        monkeypatch.setattr(packed, 'onednn_runs', lambda dtype: False)
    elif not onednn_runs(FLOAT32):
        pytest.skip('this build of torch has no oneDNN')
    return request.param


@pytest.fixture(autouse=True)
def inference():
    torch.manual_seed(0)
    with torch.inference_mode():
        yield


def assert_near(got: torch.Tensor, want: torch.Tensor) -> None:
    assert got.shape == want.shape
    tolerance = TOLERANCE[got.dtype]
    torch.testing.assert_close(got.float(), want.float(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize('dtype', TOLERANCE, ids=str)
@pytest.mark.parametrize('gelu', [False, True], ids=['linear', 'gelu'])
@pytest.mark.parametrize('biased', [False, True], ids=['no bias', 'bias'])
def test_linear(way, dtype, gelu, biased):
    x = torch.randn(2, 37, 48)
    weight, bias = torch.randn(24, 48) / 7, torch.randn(24) if biased else None
    layer = PackedLinear(weight, bias, dtype, gelu=gelu)

    got = layer(x.to(dtype))

    want = F.linear(x, weight, bias)
    assert got.dtype == dtype
    assert_near(got, F.gelu(want) if gelu else want)


@pytest.mark.parametrize('dtype', TOLERANCE, ids=str)
def test_linear_with_another_bias(way, dtype):
    x, weight = torch.randn(5, 48), torch.randn(24, 48) / 7
    bias, other = torch.randn(2, 24)

    got = PackedLinear(weight, bias, dtype)(x.to(dtype), other.to(dtype))

    assert_near(got, F.linear(x, weight, other))


@pytest.mark.parametrize('dtype', TOLERANCE, ids=str)
def test_linear_onto_a_residual_leaves_the_residual_alone(way, dtype):
    x, weight, bias = torch.randn(1, 5, 48), torch.randn(24, 48) / 7, torch.randn(24)
    residual = torch.randn(1, 5, 24).to(dtype)
    before = residual.clone()

    got = PackedLinear(weight, bias, dtype).onto(x.to(dtype), residual)

    assert_near(got, before.float() + F.linear(x, weight, bias))
    assert torch.equal(residual, before)


@pytest.mark.parametrize('dtype', TOLERANCE, ids=str)
@pytest.mark.parametrize('relu', [False, True], ids=['linear', 'relu'])
@pytest.mark.parametrize('stride', [1, 2])
def test_convolution(way, dtype, relu, stride):
    conv = nn.Conv2d(16, 8, 3, stride=stride, padding=1)
    maps = torch.randn(1, 16, 11, 14).contiguous(memory_format=torch.channels_last)

    got = PackedConv(conv, dtype, relu=relu)(maps.to(dtype))

    want = conv(maps)
    assert got.dtype == dtype
    assert got.is_contiguous(memory_format=torch.channels_last)
    assert_near(got, F.relu(want) if relu else want)


@pytest.mark.parametrize('dtype', TOLERANCE, ids=str)
@pytest.mark.parametrize('biased', [False, True], ids=['no bias', 'bias'])
def test_convolution_onto_a_target_is_in_place(way, dtype, biased):
    conv = nn.Conv2d(16, 8, 3, padding=1, bias=biased)
    maps = torch.randn(1, 16, 11, 14).contiguous(memory_format=torch.channels_last)
    target = torch.randn(1, 8, 11, 14).contiguous(memory_format=torch.channels_last).to(dtype)
    before = target.clone()

    got = PackedConv(conv, dtype).onto(maps.to(dtype), target)

    assert got.data_ptr() == target.data_ptr()
    assert_near(target, before.float() + conv(maps))


def test_number_formats_that_onednn_has_no_layers_for_take_the_plain_ones():
    assert not onednn_runs(torch.float16)
    assert not onednn_runs(torch.float64)


def test_a_build_without_onednn_takes_the_plain_layers(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, 'is_available', lambda: False)

    assert not onednn_runs(FLOAT32)
    x, weight = torch.randn(5, 48), torch.randn(24, 48) / 7
    assert_near(PackedLinear(weight, None, FLOAT32)(x), F.linear(x, weight))

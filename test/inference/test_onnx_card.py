# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What exported models say of themselves."""

from __future__ import annotations

import base64
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.inference.onnx_card import (
    OnnxCard,
    OnnxModelError,
    deviation,
    read_card,
    reference_picture,
)

PATH = Path('model.onnx')
CARD = OnnxCard(
    model='metric-indoor-small',
    size='small',
    max_depth=20.0,
    input_size=518,
    fixed_size=None,
    precision='float32',
    licence='Apache-2.0',
    weights_sha256='0' * 64,
    version='0.1.0',
    reference_size=(28, 42),
    reference=np.arange(24, dtype=np.float32).reshape(4, 6) / 7,
)


@pytest.mark.parametrize(
    'card',
    [CARD, replace(CARD, max_depth=None), replace(CARD, fixed_size=(28, 42), max_depth=0.1)],
    ids=['metric', 'relative', 'fixed'],
)
def test_a_card_comes_back_as_it_was(card):
    again = OnnxCard.from_properties(card.to_properties(), PATH)

    np.testing.assert_array_equal(again.reference, card.reference)
    # Python 3.13 compares fields one by one, and an array has no truth value.
    assert replace(again, reference=None) == replace(card, reference=None)
    assert again.kind is (DepthKind.METRIC if card.max_depth else DepthKind.RELATIVE)


def test_a_model_without_a_card_is_refused_with_the_command_that_makes_one():
    with pytest.raises(OnnxModelError, match='model.onnx does not say.*"depth-anything export'):
        OnnxCard.from_properties({'author': 'somebody'}, PATH)


def test_a_card_of_another_format_is_refused():
    with pytest.raises(OnnxModelError, match="format 'depth_anything_ros 9'"):
        OnnxCard.from_properties({**CARD.to_properties(), 'format': 'depth_anything_ros 9'}, PATH)


@pytest.mark.parametrize('name', [*CARD.to_properties()][1:])
def test_a_card_that_lacks_something_is_refused(name):
    properties = CARD.to_properties()
    del properties[name]

    if name == 'kind':  # for people who look into the file; max_depth says the same
        assert OnnxCard.from_properties(properties, PATH).kind is DepthKind.METRIC
        return
    with pytest.raises(OnnxModelError, match='damaged'):
        OnnxCard.from_properties(properties, PATH)


@pytest.mark.parametrize(
    'change',
    [
        {'reference': 'bm8='},
        {'reference': CARD.to_properties()['reference'][:-8]},
        {
            'reference': replace(CARD, reference=CARD.reference * np.nan).to_properties()[
                'reference'
            ]
        },
        {'reference_size': '42'},
        {'reference_size': '-28x-42'},
        {'reference_size': '-7x168'},
        {'reference_size': '999999999x999999999'},
        {'fixed_size': '0x14'},
        {'max_depth': 'far'},
        {'max_depth': 'nan'},
        {'max_depth': '-20'},
        {'max_depth': '1e300'},
        {'input_size': '0'},
        {'input_size': '9' * 30},
    ],
    ids=str,
)
def test_a_damaged_card_is_refused(change):
    with pytest.raises(OnnxModelError, match='damaged'):
        OnnxCard.from_properties({**CARD.to_properties(), **change}, PATH)


def test_a_reference_that_grows_when_unpacked_is_not_unpacked():
    packed = base64.b64encode(zlib.compress(bytes(200_000_000), 9)).decode()
    tracemalloc.start()
    try:
        with pytest.raises(OnnxModelError, match='damaged'):
            OnnxCard.from_properties({**CARD.to_properties(), 'reference': packed}, PATH)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(OnnxModelError, match='nothing.onnx cannot be read'):
        read_card(tmp_path / 'nothing.onnx')
    text = tmp_path / 'text.onnx'
    text.write_text('version https://git-lfs.github.com/spec/v1')
    with pytest.raises(OnnxModelError, match='text.onnx is no ONNX model'):
        read_card(text)


def test_the_reference_picture_has_contrast_everywhere():
    rgb = reference_picture(140, 182)

    assert (rgb.shape, rgb.dtype) == ((140, 182, 3), np.uint8)
    for part in (rgb[:70, :91], rgb[:70, 91:], rgb[70:, :91], rgb[70:, 91:]):
        assert (np.ptp(part, axis=(0, 1)) > 60).all()


def test_deviation_is_a_share_of_the_range():
    want = np.float32([[1, 2], [3, 5]])

    assert deviation(want, want) == 0
    assert deviation(want + np.float32([[0, 0], [0, 1]]), want) == pytest.approx(0.25)


@pytest.mark.parametrize(
    'wrong', [np.full((2, 2), np.nan), np.full((2, 2), np.inf), np.zeros((2, 3))], ids=str
)
def test_no_deviation_is_larger_than_that_of_nonsense(wrong):
    assert deviation(wrong, np.ones((2, 2))) == np.inf


def test_constant_depth_has_a_deviation_too():
    flat = np.ones((2, 2), np.float32)

    assert deviation(flat, flat) == 0
    assert deviation(flat + 0.01, flat) > 1
    assert deviation(flat * 0, flat * 0) == 0

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sheets of training samples."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.data.sample import Sample
from depth_anything_ros.media.color import ColorMapError
from depth_anything_ros.media.contact_sheet import BACKGROUND
from depth_anything_ros.media.sample_sheet import sample_sheet


def sample(key: str, depth: bool = True) -> Sample:
    values = np.tile(np.linspace(1, 5, 32, dtype=np.float32), (24, 1)) if depth else None
    return Sample(key, np.full((24, 32, 3), 255, np.uint8), values, True)


def test_each_picture_is_beside_its_depth():
    sheet = sample_sheet([sample('a')], 'gray', 64)
    picture, depth = sheet[30, 20:60], sheet[30, 90:130].astype(int)

    assert (picture == 255).all()
    assert depth[2, 0] > depth[-3, 0] + 50  # near is bright
    assert (depth[:, 0] == depth[:, 1]).all()


def test_samples_fill_rows():
    one = sample_sheet([sample('a')] * 2, 'spectral', 64)
    two = sample_sheet([sample('a')] * 3, 'spectral', 64)
    assert one.shape[1] == two.shape[1] and two.shape[0] > 1.8 * one.shape[0]
    bare = sample_sheet([sample('b', depth=False)] * 4, 'spectral', 64)
    assert bare.shape == one.shape


def test_hostile_keys_are_written_in_one_line():
    plain, odd = (
        sample_sheet([sample(key)], 'spectral', 64) for key in ('x', '\x1b[2J\n\udcff' * 50)
    )
    assert odd.shape == plain.shape
    assert (odd[0] == BACKGROUND).all()


def test_an_unknown_colour_map_is_refused():
    with pytest.raises(ColorMapError):
        sample_sheet([sample('a')], 'rainbows', 64)

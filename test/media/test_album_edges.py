# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/album_edges.py."""

import numpy as np

from depth_anything_ros.media.album_edges import is_ramp


def test_a_ramp_between_two_walls_is_found_and_walls_are_not():
    row = np.concatenate([np.full(20, 2.0), [2.5, 3.0, 3.5], np.full(20, 4.0)])
    metres = np.tile(row.astype(np.float32), (16, 1))

    ramp = is_ramp(metres, 0)

    assert ramp[:, 20:23].all() and not ramp[:, :19].any() and not ramp[:, 24:].any()


def test_ramps_are_as_wide_as_the_network_was_enlarged():
    step = np.repeat(np.array([2.0] * 8 + [3.0] + [4.0] * 8, np.float32), 4)
    smooth = np.convolve(np.pad(step, 2, mode='edge'), np.full(5, 0.2, np.float32), 'valid')
    metres = np.tile(smooth.astype(np.float32), (16, 1))

    known, unknown = is_ramp(metres, metres.shape[1] // 4), is_ramp(metres, 0)

    assert known[:, 32:36].all() and known.sum() > unknown.sum()


def test_what_is_unknown_or_beyond_is_no_ramp():
    metres = np.full((8, 12), 2.0, np.float32)
    metres[2:4, 3:6], metres[5:, 8:] = np.nan, np.inf

    assert not is_ramp(metres, 0).any()


def test_the_jump_decides_and_0_finds_none():
    row = np.concatenate([np.full(20, 2.0), [2.5, 3.0, 3.5], np.full(20, 4.0)])
    metres = np.tile(row.astype(np.float32), (16, 1))

    assert not is_ramp(metres, 0, 0.0).any() and not is_ramp(metres, 0, 5.0).any()
    assert is_ramp(metres, 0, 0.2)[:, 21].all()

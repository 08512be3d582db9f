# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The numbers of every size."""

from __future__ import annotations

from dataclasses import replace

import pytest

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.model.configuration import SIZES, ConfigurationError, config_for


@pytest.mark.parametrize(
    ('size', 'hidden', 'heads_of'),
    [('nano', 1024, 64), ('small', 1536, 64), ('base', 3072, 64), ('large', 4096, 64)],
)
def test_mlp_hidden_width_is_four_times_the_embedding(size, hidden, heads_of):
    config = config_for(size)

    assert config.ffn_hidden == hidden
    assert config.embed_dim // config.num_heads == heads_of


def test_swiglu_hidden_width_is_two_thirds_of_that_in_steps_of_eight():
    assert config_for('giant').ffn_hidden == 4096
    narrow = replace(config_for('giant'), embed_dim=40, num_heads=1)
    assert narrow.ffn_hidden == 112  # 160 * 2 / 3 = 106.7, truncated to 106, rounded up


@pytest.mark.parametrize(
    ('size', 'taps'),
    [('small', (2, 5, 8, 11)), ('large', (4, 11, 17, 23)), ('giant', (9, 19, 29, 39))],
)
def test_taps_end_with_the_last_block(size, taps):
    assert config_for(size).taps == taps
    assert taps[-1] == config_for(size).depth - 1


def test_a_farthest_depth_makes_the_network_metric():
    assert config_for('base').kind is DepthKind.RELATIVE
    assert config_for('base', 80.0).kind is DepthKind.METRIC
    assert SIZES['base'].max_depth is None


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'num_heads': 5}, 'not divisible by num_heads 5'),
        ({'taps': (2, 5, 5, 11)}, 'four rising block indices'),
        ({'taps': (11, 8, 5, 2)}, 'four rising block indices'),
        ({'taps': (-1, 5, 8, 11)}, 'four rising block indices'),
        ({'taps': (2, 5, 8, 12)}, 'tap 12 lies beyond the 12 blocks'),
        ({'features': 63}, 'features 63 must be even'),
        ({'ffn': 'moe'}, "ffn 'moe' is not one of"),
        ({'max_depth': 0.0}, 'max_depth 0.0 must be a finite number above 0'),
        ({'max_depth': float('inf')}, 'must be a finite number'),
    ],
)
def test_what_no_network_can_be_is_refused(change, message):
    with pytest.raises(ConfigurationError, match=message):
        replace(config_for('small'), **change)


def test_an_unknown_size_lists_the_known_ones():
    with pytest.raises(ConfigurationError, match="'huge'; choose one of nano, small, base"):
        config_for('huge')

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of training/initialisation.py."""

import pytest
import torch

from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.training.initialisation import cosine_patches, initialise_for_scratch


def test_patterns_are_orthogonal_and_begin_with_the_mean():
    flat = cosine_patches(260).flatten(1)
    gram = flat @ flat.T
    off_diagonal = gram - torch.diag(gram.diagonal())
    assert off_diagonal.abs().max() < 1e-5
    assert torch.allclose(flat[0], flat[0, 0].expand_as(flat[0]))


def test_finer_patterns_have_more_gain():
    gains = cosine_patches(260).flatten(1).norm(dim=1)
    assert gains[-1] > 5 * gains[0]


def test_more_channels_than_patterns_are_refused():
    with pytest.raises(ValueError, match='300 channels'):
        cosine_patches(300)


def test_a_fresh_network_shows_its_input_in_every_tap():
    torch.manual_seed(0)
    network = initialise_for_scratch(DepthAnything(config_for('nano'))).eval()
    with torch.inference_mode():
        taps = network.pretrained(torch.randn(1, 3, 56, 70))
        depth = network(torch.randn(1, 3, 56, 70))
    for tokens in taps:
        assert tokens.std(dim=1).mean() > 0.3 * tokens.std()
    assert (depth > 0).float().mean() > 0.5

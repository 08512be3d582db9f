# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a name, a file and a device become; errors are tested through DepthEstimator."""

from __future__ import annotations

import torch

from depth_anything_ros.inference.loading import load, runnable
from depth_anything_ros.model.catalog import card_for
from depth_anything_ros.model.hub import locate


def test_a_name_is_loaded_with_its_card_and_file():
    loaded = load('nano')

    assert (loaded.card, loaded.path) == locate('nano')
    assert loaded.input_size == card_for('nano').input_size


def test_a_path_is_loaded_without_a_card():
    path = locate('nano')[1]

    loaded = load(str(path))

    assert (loaded.card, loaded.path) == (None, path)
    assert loaded.network.config.size == 'nano'


def test_random_weights_have_no_file():
    loaded = load('small', 'random', max_depth=7.0)

    assert (loaded.path, loaded.card) == (None, card_for('small'))
    assert (loaded.network.config.size, loaded.network.config.max_depth) == ('small', 7.0)


def test_a_runnable_model_says_how_it_runs():
    torch.manual_seed(0)
    model = runnable('nano', 'random', 'cpu', 'bfloat16', 7.0)

    assert (model.device(), model.precision) == ('cpu', 'bfloat16')
    assert (model.max_depth, model.fixed_size) == (7.0, None)

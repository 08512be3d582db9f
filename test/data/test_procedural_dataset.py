# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The procedural world as a set."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from depth_anything_ros.data.dataset import open_dataset
from depth_anything_ros.data.sample import DataError


def made(seed: int = 0):
    return open_dataset('procedural', length=5, height=24, width=32, seed=seed)


def test_a_sample_has_the_promised_form():
    dataset = made()
    sample = dataset[1]

    assert (len(dataset), dataset.name, dataset.keys[1]) == (5, 'procedural', '0/00000001')
    assert (sample.rgb.shape, sample.rgb.dtype) == ((24, 32, 3), np.uint8)
    assert (sample.depth.shape, sample.depth.dtype) == ((24, 32), np.float32)
    assert sample.metric and (sample.depth > 0).all() and sample.rgb.std() > 5


def test_samples_do_not_depend_on_order_nor_on_the_process():
    dataset = made()
    last, first = dataset[-1], dataset[0]
    copy = pickle.loads(pickle.dumps(dataset))

    np.testing.assert_array_equal(copy[0].rgb, first.rgb)
    np.testing.assert_array_equal(copy[4].depth, last.depth)
    assert not np.array_equal(made(1)[0].rgb, first.rgb)


def test_what_is_not_there_is_refused():
    with pytest.raises(IndexError, match='sample 5 of procedural, which has 5'):
        made()[5]
    with pytest.raises(DataError, match='leave the path'):
        open_dataset('procedural', '/somewhere')
    with pytest.raises(DataError, match='length is 0'):
        open_dataset('procedural', length=0)
    with pytest.raises(DataError, match="no option 'lenght': it takes length, height, width, seed"):
        open_dataset('procedural', lenght=3)
    with pytest.raises(DataError, match="no set is called 'vkitti'"):
        open_dataset('vkitti', '/somewhere')

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Protocols: crops and ranges by hand, and perfect numbers for the measured depth itself."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.benchmarks import BENCHMARKS
from depth_anything_ros.evaluation.crops import CROPS, kitti_window, nearest_mask
from depth_anything_ros.evaluation.metrics import score_depth
from depth_anything_ros.evaluation.protocols import (
    ALIGNMENTS,
    PROTOCOLS,
    ProtocolError,
    protocol_for,
)


def depth_for(dataset: str) -> np.ndarray:
    """Return depth (H, W) of a set, some of it out of range and some unknown."""
    facts = BENCHMARKS[dataset]
    shape = (375, 1242) if dataset == 'kitti' else (480, 640)
    depth = np.random.default_rng(0).uniform(0.9, min(facts.max_depth, 90) - 0.5, shape)
    depth[60, 60], depth[61, 60] = np.nan, 500.0
    return depth.astype(np.float32)


@pytest.mark.parametrize('dataset', [*BENCHMARKS])
@pytest.mark.parametrize('name', PROTOCOLS)
def test_measured_depth_scores_perfectly_on_every_protocol(name, dataset):
    depth = depth_for(dataset)
    for alignment in ALIGNMENTS:
        protocol = protocol_for(name, dataset, alignment)
        valid = protocol.valid(depth)
        given = {DepthKind.METRIC: depth}
        if alignment == 'disparity':
            given[DepthKind.RELATIVE] = 3 / depth + 0.7
        for kind, values in given.items():
            values = np.where(np.isnan(values), np.float32(1), values)
            score = score_depth(protocol.aligned(values, kind, depth, valid), depth, valid)
            assert max(score.abs_rel, score.rmse_log, score.log10) < 1e-5
            assert (score.delta1, score.pixels) == (1, valid.sum())
            assert valid.sum() > 50_000


def test_crops_by_hand():
    assert CROPS['kitti-garg'](375, 1242) == (slice(153, 371), slice(44, 1197))
    assert CROPS['kitti-eigen'](375, 1242) == (slice(124, 342), slice(44, 1197))
    assert CROPS['nyu-eigen'](480, 640) == (slice(45, 471), slice(41, 601))
    assert CROPS['nyu-eigen'](240, 320)[0].stop == 236
    assert kitti_window(375, 1242) == (slice(23, 375), slice(13, 1229))
    assert kitti_window(300, 1000) == (slice(0, 300), slice(0, 1000))


def test_range_and_crop_decide_what_counts():
    depth = np.full((480, 640), 2.0)
    depth[100, 100], depth[101, 100], depth[102, 100] = 10.0, 10.01, 5e-4
    depth[10, 10] = 3.0

    valid = protocol_for('paper', 'nyu').valid(depth)

    assert valid[100, 100] and not valid[101, 100] and not valid[102, 100] and not valid[10, 10]
    assert valid.sum() == (471 - 45) * (601 - 41) - 2
    assert protocol_for('moge', 'nyu').valid(depth)[10, 10]


def test_protocols_by_name():
    kitti = protocol_for('paper', 'kitti')
    assert (kitti.crop, kitti.clamp, kitti.max_depth, kitti.window) == (
        'kitti-garg', 'midas', 80, False,
    )  # fmt: skip
    marigold = protocol_for('marigold', 'kitti')
    assert (marigold.crop, marigold.clamp, marigold.clip, marigold.window) == (
        'kitti-eigen', 'marigold', True, True,
    )  # fmt: skip
    assert protocol_for('moge', 'kitti').crop is None
    assert protocol_for('marigold', 'eth3d').fit_side == 1024
    assert protocol_for('paper', 'kitti', crop='eigen').crop == 'kitti-eigen'
    assert protocol_for('paper', 'kitti', crop='none').crop is None
    assert protocol_for('paper', 'eth3d').facts()['max_depth'] is None


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'name': 'zoe'}, "'zoe': use one of paper"),
        ({'alignment': 'log'}, "no alignment is called 'log'"),
        ({'clamp': 'hard'}, "no clamp is called 'hard'"),
        ({'crop': 'garg'}, "no crop is called 'garg': use one of none, eigen"),
        ({'alignment': 'median', 'clamp': 'moge'}, 'a clamp is for the fit in disparity'),
    ],
)
def test_wrong_choices_are_named(arguments, message):
    with pytest.raises(ProtocolError, match=message):
        protocol_for(**{'name': 'paper', 'dataset': 'nyu', **arguments})


@pytest.mark.parametrize('alignment', ['depth', 'median', 'none'])
def test_disparity_is_not_taken_for_depth(alignment):
    depth = np.ones((4, 4))
    protocol = protocol_for('paper', 'eth3d', alignment)

    with pytest.raises(ProtocolError, match="use 'disparity'"):
        protocol.aligned(depth, DepthKind.RELATIVE, depth, depth > 0)


def test_clipping_brings_what_is_endless_into_the_range():
    depth = np.array([[1.0, 2.0, 4.0, 9.0]])
    protocol = protocol_for('marigold', 'nyu', 'none', crop='none')

    found = protocol.aligned(np.array([[1.0, -2, np.inf, 0]]), DepthKind.METRIC, depth, depth > 0)

    np.testing.assert_array_equal(found, [[1.0, 1e-3, 10.0, 1e-3]])


def test_fit_on_a_part_by_hand():
    rows, columns = nearest_mask((4, 6), 3).nonzero()

    assert [*zip(rows, columns, strict=True)] == [(y, x) for y in (0, 2) for x in (0, 2, 4)]
    assert nearest_mask((4, 6), 6).all()

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The shipped nano scores what it scored when its numbers were published."""

from __future__ import annotations

import numpy as np
import pytest

from depth_anything_ros import DepthEstimator
from depth_anything_ros.data.procedural import ProceduralWorld
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.benchmark_set import BenchmarkPair
from depth_anything_ros.evaluation.metrics import mean_score
from depth_anything_ros.evaluation.pair_scoring import compare, score_pair
from depth_anything_ros.evaluation.protocols import protocol_for

SEED, COUNT, ROWS, COLUMNS = 987_654_321, 4, 84, 112

PINNED = {'abs_rel': 0.18425, 'rmse_log': 0.25173, 'silog_100': 24.72705, 'delta1': 0.66066}
"""Measured with torch in float32 on a processor; other processors differ in the last bits."""

CORNERS = [
    [1.8252, 1.7002, 3.3876, 3.5468],
    [1.5682, 1.6139, 3.5060, 3.3335],
    [1.6636, 1.7871, 4.8608, 4.9558],
    [1.5123, 1.7704, 3.1027, 3.3957],
]
"""Disparity at the top left, top right, bottom left and bottom right of each picture."""


@pytest.fixture(scope='module')
def answers() -> list[tuple[BenchmarkPair, np.ndarray]]:
    """Return held-out scenes and what nano says of them."""
    world = ProceduralWorld(SEED)
    estimator = DepthEstimator('nano', device='cpu', precision='float32')
    found = []
    for index in range(COUNT):
        sample = world.sample(1, ROWS, COLUMNS)
        rgb = (sample.rgb[0].permute(1, 2, 0) * 255).round().byte().numpy()
        depth = sample.depth[0].numpy()
        depth = np.where(np.isfinite(depth), depth, np.nan).astype(np.float32)
        pair = BenchmarkPair(f'made/{index}', np.ascontiguousarray(rgb), depth, 'made')
        found.append((pair, estimator.estimate(pair.rgb).values))
    return found


def test_scores_are_the_published_ones(answers):
    protocol = protocol_for('paper', 'pairs')
    scores = [
        score_pair(pair, compare(pair, (ROWS, COLUMNS), values, DepthKind.RELATIVE, protocol)).score
        for pair, values in answers
    ]
    mean = mean_score(scores)

    assert {key: getattr(mean, key) for key in PINNED} == pytest.approx(PINNED, rel=0.01)


def test_corners_are_the_published_ones(answers):
    corners = [values[[0, 0, -1, -1], [0, -1, 0, -1]] for _, values in answers]

    np.testing.assert_allclose(corners, CORNERS, rtol=0.01, atol=0.003)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""benchmarks/streaming.py: a bag goes through, truth scores perfectly, the front is the front."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('rosbags')
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'benchmarks'))

import streaming  # noqa: E402
import streaming_chart  # noqa: E402

from depth_anything_ros import DepthEstimator  # noqa: E402


@pytest.fixture(scope='module')
def film() -> streaming.Film:
    """Return two frames of each scene, small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streaming, 'WIDTH', 64)
        patch.setattr(streaming, 'HEIGHT', 48)
        return streaming.Film(2)


def test_truth_is_perfect_and_another_fit_changes_nothing(film):
    disparity = [(3 / depth + 0.7).astype(np.float32) for depth in film.truth]

    found = streaming.score(disparity, film)

    assert found['delta1'] == found['delta1_at_edges'] == 1.0
    assert found['abs_rel'] < 1e-3
    assert found['flicker'] < 0.02  # pixels of one frame fall between those of the next


def test_errors_are_seen(film):
    disparity = [1 / depth[::-1] for depth in film.truth]

    assert streaming.score(disparity, film)['delta1'] < 0.8
    with pytest.raises(RuntimeError, match='11 of 12'):
        streaming.score(disparity[1:], film)


def test_bag_goes_through_with_its_settings(film, tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, 'WIDTH', 64)
    monkeypatch.setattr(streaming, 'HEIGHT', 48)
    streaming.write_bag(tmp_path / 'in', film)
    estimator = DepthEstimator('nano', device='cpu', precision='float32')
    came = {}
    for size in (42, 56):
        rate = streaming.through_the_node(
            tmp_path / 'in', tmp_path / f'{size}', estimator, {'input_size': size}
        )
        assert rate > 0
        came[size] = streaming.read_depth(tmp_path / f'{size}')

    assert [values.shape for values in came[42]] == [(48, 64)] * 12
    assert not np.array_equal(came[42][0], came[56][0])
    estimator.input_size = 42
    expected = estimator.estimate(film.pictures[0]).values
    np.testing.assert_allclose(came[42][0], expected, rtol=1e-5, atol=1e-6)


def test_front_has_what_nothing_beats():
    rows = [
        {'frames_per_second': rate, 'delta1': share}
        for rate, share in ((10, 0.9), (20, 0.8), (15, 0.7), (5, 0.9), (30, 0.1))
    ]

    assert [row['frames_per_second'] for row in streaming.front(rows)] == [10, 20, 5, 30]


def test_chart_shows_the_points(tmp_path):
    curves = [
        streaming_chart.Curve('one', ((10.0, 0.9, '56'), (5.0, 0.95, '112'))),
        streaming_chart.Curve('other', ((8.0, 0.8, '56'),)),
    ]

    streaming_chart.draw_chart(tmp_path / 'chart.png', curves, 'nano')

    chart = cv2.imread(str(tmp_path / 'chart.png'))[..., ::-1]
    assert chart.shape == (560, 900, 3)
    for color in streaming_chart.COLORS[:2]:
        assert (np.abs(chart.astype(int) - color).max(2) < 20).sum() > 60

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Samples that cannot be read, depth upside down, and what statistics make of a set."""

from __future__ import annotations

from dataclasses import replace

import made_sets
import numpy as np
import pytest

from depth_anything_ros.data.checking import edge_fit, fault, orientation, readable
from depth_anything_ros.data.dataset import Dataset, open_dataset
from depth_anything_ros.data.sample import Problem, Sample, SampleError
from depth_anything_ros.data.statistics import statistics


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv('DEPTH_ANYTHING_CACHE', str(tmp_path_factory.mktemp('cache')))


class Listed(Dataset):
    """Samples, or reasons why there is none."""

    name, metric, labelled = 'made', True, True

    def __init__(self, samples, metric=True):
        self.samples, self.metric = samples, metric
        self.keys = [f'k{index}' for index in range(len(samples))]

    def _read(self, index):
        sample = self.samples[index]
        if isinstance(sample, str):
            raise SampleError(f'made {sample}', sample)
        return sample


def of(depth, metric=True) -> Sample:
    depth = np.asarray(depth, np.float32)
    return Sample('x', np.zeros((*depth.shape, 3), np.uint8), depth, metric)


def nothing(*_: object) -> None:
    pass


def test_every_sample_is_read_and_what_is_wrong_comes_in_order():
    samples = [of([[1.0]])] * 40
    samples[3], samples[30] = 'is broken', of([[np.nan, np.inf]])
    told = []
    found = readable(Listed(samples), 3, lambda key, reason: told.append((key, reason)))

    assert found == [Problem('k3', 'is broken'), Problem('k30', 'has no pixel of known depth')]
    assert [key for key, _ in told] == [f'k{index}' for index in range(40)]
    assert told[3][1] == 'is broken' and told[4][1] is None


def test_a_broken_file_between_sound_ends_is_found_by_reading(tmp_path):
    """The index looks at both ends; damage in the middle is found by the check alone."""
    made_sets.vkitti2(tmp_path, 3)
    path = made_sets.depth_files(tmp_path, 'vkitti2')[1]
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    dataset = open_dataset('vkitti2', tmp_path)
    assert len(dataset) == 3 and not dataset.problems

    (problem,) = readable(dataset, 2, nothing)
    assert problem.name == dataset.keys[1] and 'checksum' in problem.reason
    dataset.exclude([problem])
    assert len(open_dataset('vkitti2', tmp_path)) == 2
    assert fault(open_dataset('vkitti2', tmp_path, fresh=True), 1) == problem.reason


def boxes(seed: int) -> Sample:
    """Return boxes before a wall, some painted on it, which have no edge of depth."""
    rng = np.random.default_rng(seed)
    rgb = np.full((60, 80, 3), 120, np.uint8)
    depth = np.full((60, 80), 6, np.float32)
    for _ in range(5):
        top, left = int(rng.integers(50)), int(rng.integers(60))
        part = slice(top, top + int(rng.integers(5, 30))), slice(left, left + 15)
        rgb[part] = rng.integers(0, 255, 3)
        if rng.random() < 0.7:
            depth[part] = rng.uniform(1, 4)
    return Sample(f'{seed}', rgb, depth, True)


def test_depth_that_is_upside_down_is_told():
    samples = [boxes(seed) for seed in range(24)]
    turned = [replace(sample, depth=sample.depth[::-1]) for sample in samples]

    assert orientation(Listed(samples)) is None
    problem = orientation(Listed(turned))
    assert problem is not None and problem.name == 'made' and 'upside down' in problem.reason


def test_an_edge_fits_where_it_is():
    rgb = np.zeros((64, 64, 3), np.uint8)
    rgb[16:24] = 200
    depth = np.where(rgb[..., 0] > 0, 2.0, 5.0).astype(np.float32)
    fits = edge_fit(Sample('x', rgb, depth, True))

    assert fits[0] > 0.9 > 0.5 > fits[1]
    assert edge_fit(Sample('x', rgb, np.ones((64, 64), np.float32), True)) is None
    assert edge_fit(Sample('x', rgb, np.full((64, 64), np.nan, np.float32), True)) is None
    assert orientation(Listed([Sample('x', rgb, depth, True)])) is None  # one tells nothing


def test_statistics_are_those_of_the_depths():
    ramp = np.linspace(1, 101, 10_000).reshape(100, 100)
    half = np.where(np.arange(100)[:, None] < 50, np.inf, ramp)
    found = statistics(Listed([of(ramp), 'is broken', of(half)]), 100, nothing)

    assert (found.total, found.samples, found.unreadable) == (3, 2, 1)
    assert found.sky == pytest.approx(0.25) and found.unknown == 0
    assert (found.nearest, found.farthest) == (1, 101)
    assert found.depth['p50'] == pytest.approx(66.6, abs=2)  # one of all, one of the far half
    assert found.sizes == {'100x100': 2}


def test_scenes_without_metres_are_measured_by_their_own_median():
    found = statistics(
        Listed([of(np.full((4, 4), 7.0), False), of(np.full((4, 4), 0.1), False)], False),
        100,
        nothing,
    )
    assert found.depth['p1'] == pytest.approx(1) and found.farthest == pytest.approx(1)


def test_a_part_of_a_large_set_is_spread_over_it():
    seen = []
    samples = [of(np.full((2, 2), float(i + 1))) for i in range(101)]
    found = statistics(Listed(samples), 3, lambda key, _: seen.append(key))

    assert seen == ['k0', 'k50', 'k100'] and found.samples == 3
    assert found.depth['p50'] == 51


def test_pictures_without_depth_have_sizes_alone():
    bare = Sample('x', np.zeros((2, 3, 3), np.uint8), None, False)
    found = statistics(Listed([bare]), 10, nothing)
    assert found.sizes == {'3x2': 1} and found.sky is None and not found.depth


def test_a_set_without_a_known_pixel_has_no_percentiles():
    found = statistics(Listed([of([[np.nan]])]), 10, nothing)
    assert found.unknown == 1 and found.depth == {} and found.nearest is None

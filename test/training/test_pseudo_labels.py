# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pseudo-labels: each picture once, however often it is stopped, and back as a set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from depth_anything_ros import DepthEstimator
from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.data.sample import DataError, Sample, SampleError
from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.media.label_shards import LabelError, LabelShards
from depth_anything_ros.training.labelled_set import LabelledSet
from depth_anything_ros.training.pseudo_labels import Part, facts_of, write_labels


class Pictures(Dataset):
    """Unlabelled pictures of two sizes; some cannot be read."""

    name, metric, labelled = 'made', False, False

    def __init__(self, count: int = 10, broken: Sequence[int] = ()) -> None:
        self.keys = [f'picture {number}' for number in range(count)]
        self.broken = broken

    def _read(self, index: int) -> Sample:
        if index in self.broken:
            raise SampleError(f'{self.keys[index]} is cut off')
        rgb = np.full((40, 60 + 20 * (index % 2), 3), index, np.uint8)
        return Sample(self.keys[index], rgb, None, False)


class Brightness:
    """A teacher whose disparity is the brightness and the column; dies after so many pictures."""

    def __init__(self, dies_after: int = 1000, kind: DepthKind = DepthKind.RELATIVE) -> None:
        self.seen: list[int] = []
        self.dies_after, self.kind = dies_after, kind

    def estimate_batch(
        self, pictures: Sequence[np.ndarray], at_network_size: bool = False
    ) -> list[Depth]:
        assert at_network_size
        if len(self.seen) + len(pictures) > self.dies_after:
            raise KeyboardInterrupt
        self.seen += [int(rgb[0, 0, 0]) for rgb in pictures]
        return [Depth(self.values(rgb), self.kind, (28, 42)) for rgb in pictures]

    @staticmethod
    def values(rgb: np.ndarray) -> np.ndarray:
        ramp = np.arange(42, dtype=np.float32).repeat(28).reshape(42, 28).T
        return np.asarray(ramp * (1 + rgb[0, 0, 0]), np.float32)


def facts(dataset: Dataset):
    return facts_of(dataset, 'brightness', 'sha', 28, 3)


@pytest.mark.parametrize(('batch', 'workers'), [(1, 0), (4, 0), (2, 1)])
def test_every_picture_has_its_label(tmp_path, batch, workers):
    dataset, told = Pictures(), []
    outcome = write_labels(
        dataset, Brightness(), tmp_path, facts(dataset), batch, workers,
        told=lambda *each: told.append(each),
    )  # fmt: skip
    assert (outcome.shards, outcome.labels, outcome.there, outcome.failed) == (4, 10, 0, {})
    assert told == [(key, None) for key in dataset.keys]
    shards = LabelShards(tmp_path)
    for index, key in enumerate(dataset.keys):
        wanted = Brightness.values(dataset[index].rgb)
        np.testing.assert_allclose(shards.read(key), wanted, atol=wanted.max() / 60000)


def test_a_picture_too_long_for_the_network_costs_no_other_its_label(tmp_path):
    class Long(Pictures):
        def _read(self, index: int) -> Sample:
            if index == 1:
                return Sample(self.keys[index], np.zeros((2, 30000, 3), np.uint8), None, False)
            return super()._read(index)

    dataset, teacher = Long(4), DepthEstimator('nano', device='cpu', input_size=28)
    outcome = write_labels(dataset, teacher, tmp_path, facts(dataset), batch=4)
    assert outcome.labels == 3
    assert list(outcome.failed) == ['picture 1'] and '30000x2' in outcome.failed['picture 1']


@pytest.mark.parametrize('dies_after', [0, 2, 3, 5, 9])
def test_stopped_anywhere_it_goes_on_and_no_picture_is_labelled_twice(tmp_path, dies_after):
    dataset = Pictures()
    with pytest.raises(KeyboardInterrupt):
        write_labels(dataset, Brightness(dies_after), tmp_path, facts(dataset))
    done = dies_after // 3
    teacher = Brightness()

    outcome = write_labels(dataset, teacher, tmp_path, facts(dataset))

    assert (outcome.there, outcome.shards) == (done, 4 - done)
    assert teacher.seen == list(range(3 * done, 10))
    assert list(LabelShards(tmp_path).entries) == dataset.keys
    assert not [path for path in tmp_path.iterdir() if path.name.startswith('.')]


def test_processes_share_the_shards(tmp_path):
    dataset, seen = Pictures(), []
    for number in range(3):
        teacher = Brightness()
        write_labels(dataset, teacher, tmp_path, facts(dataset), part=Part(number, 3))
        seen += teacher.seen
    assert sorted(seen) == list(range(10))
    assert len(LabelShards(tmp_path).entries) == 10


def test_what_cannot_be_labelled_is_noted_and_left_out_of_the_set(tmp_path):
    dataset = Pictures(broken=(1, 4))

    class Sick(Brightness):
        def estimate_batch(self, pictures, at_network_size=False):
            found = super().estimate_batch(pictures, at_network_size)
            for depth in found:
                if depth.values.max() == 41 * 7:
                    depth.values[0, 0] = np.nan
            return found

    outcome = write_labels(dataset, Sick(), tmp_path, facts(dataset), batch=4)

    assert outcome.failed == {
        'picture 1': 'picture 1 is cut off',
        'picture 4': 'picture 4 is cut off',
        'picture 6': 'the teacher gave depth that is not finite',
    }
    left = LabelledSet(dataset, tmp_path)
    assert list(left.keys) == [dataset.keys[i] for i in (0, 2, 3, 5, 7, 8, 9)]
    assert left[2].key == 'picture 3'


def test_labels_are_depth_of_a_unit_of_its_own(tmp_path):
    dataset = Pictures()
    write_labels(dataset, Brightness(), tmp_path, facts(dataset))
    made = LabelledSet(dataset, tmp_path)
    assert (len(made), made.metric, made.labelled) == (10, False, True)
    sample = made[4]
    assert sample.rgb.shape == (28, 42, 3)
    assert sample.depth.shape == (28, 42)
    assert np.isposinf(sample.depth[:, 0]).all()
    # The nearest column is at 1, the one with half its disparity at 2.
    assert sample.depth[0, 41] == pytest.approx(1, rel=1e-3)
    assert sample.depth[0, 20] == pytest.approx(41 / 20, rel=1e-3)


def test_metric_teachers_label_with_inverse_depth(tmp_path):
    dataset = Pictures(3)
    write_labels(dataset, Brightness(kind=DepthKind.METRIC), tmp_path, facts(dataset))
    label = LabelShards(tmp_path).read('picture 0')
    assert label[0, 2] == pytest.approx(0.5, rel=0.02)


def test_other_pictures_and_unfinished_labels_are_refused(tmp_path):
    dataset = Pictures()
    write_labels(dataset, Brightness(), tmp_path, facts(dataset), part=Part(0, 2))
    with pytest.raises(DataError, match='has labels of 6 of 10 pictures: run'):
        LabelledSet(dataset, tmp_path)
    with pytest.raises(DataError, match='not the 9 of made'):
        LabelledSet(Pictures(9), tmp_path)
    with pytest.raises(LabelError, match='give another folder'):
        write_labels(Pictures(9), Brightness(), tmp_path, facts(Pictures(9)))
    with pytest.raises(DataError, match='describes no labels'):
        LabelledSet(dataset, tmp_path / 'nowhere')

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which pictures come when, and what becomes of them on the way."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
import torch

from depth_anything_ros.data.dataset import Dataset
from depth_anything_ros.data.sample import Sample
from depth_anything_ros.inference.preprocessing import normalise
from depth_anything_ros.training.plain_settings import SettingsError
from depth_anything_ros.training.sample_order import SampleOrder, Ticket
from depth_anything_ros.training.sample_views import Collate, SampleViews, Source
from depth_anything_ros.training.settings import ViewSettings

VIEW = ViewSettings(side=28)


class Ramps(Dataset):
    """Pictures whose red is their column and whose depth is its inverse; blue is the number."""

    name, metric, labelled = 'ramps', False, True

    def __init__(self, count: int = 6) -> None:
        self.keys = [str(number) for number in range(count)]

    def _read(self, index: int) -> Sample:
        rgb = np.zeros((28, 56, 3), np.uint8)
        rgb[..., 0], rgb[..., 2] = 2 * np.arange(56) + 1, index
        depth = (1 / (2 * np.arange(56, dtype=np.float32) + 1)).repeat(28).reshape(56, 28).T
        return Sample(self.keys[index], rgb, depth, False)


def views(pseudo: bool = True, view: ViewSettings = VIEW, **options) -> SampleViews:
    return SampleViews([Source(Ramps(), 1, pseudo)], view, options.get('seed', 0), True)


def tickets(order: SampleOrder, step: int = 0, steps: int = 1, process=(0, 1), parts: int = 1):
    found = order.parts(step, *process, parts)
    return [list(part) for part in itertools.islice(found, steps * parts)]


def test_an_epoch_shows_every_picture_once_at_most_and_each_has_its_own_order():
    order = SampleOrder(11, 4, seed=3)
    assert order.steps_per_epoch == 2
    epochs = [[t.number for part in tickets(order, 2 * e, 2) for t in part] for e in range(30)]
    assert all(len(set(epoch)) == 8 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 30
    counts = np.bincount(np.concatenate(epochs), minlength=11)
    assert counts.min() > 12
    places = [t.place for part in tickets(order, 0, 10) for t in part]
    assert places == list(range(40))


def test_a_step_is_the_same_wherever_one_begins():
    order = SampleOrder(11, 4, seed=3)
    whole = tickets(order, 0, 9)
    for step in range(9):
        assert tickets(order, step) == [whole[step]]
    assert tickets(SampleOrder(11, 4, seed=4), 0, 9) != whole


@pytest.mark.parametrize(('processes', 'parts'), [(1, 4), (2, 2), (4, 1), (2, 1)])
def test_processes_and_parts_cut_the_same_batch(processes, parts):
    order = SampleOrder(20, 8, seed=0)
    whole = tickets(order, 5)[0]
    cut = [
        ticket
        for process in range(processes)
        for part in tickets(order, 5, 1, (process, processes), parts)
        for ticket in part
    ]
    assert cut == whole


def test_data_smaller_than_a_batch_are_refused():
    with pytest.raises(SettingsError, match='the data have 3 pictures, and a batch takes 4'):
        SampleOrder(3, 4, 0)


def test_sets_are_joined_and_repeated():
    first, second = Ramps(2), Ramps(3)
    joined = SampleViews([Source(first, 2, False), Source(second, 1, True)], VIEW, 0, True)
    assert len(joined) == 7
    found = [joined[Ticket(0, number)] for number in range(7)]
    assert [view.sample.key for view in found] == ['0', '1', '0', '1', '0', '1', '2']
    assert [view.pseudo for view in found] == [False] * 4 + [True] * 3


def test_depth_moves_with_its_picture():
    mirrored = set()
    for place in range(20):
        sample = views()[Ticket(place, 0)].sample
        assert sample.rgb.shape == (28, 28, 3)
        np.testing.assert_allclose(1 / sample.depth, sample.rgb[..., 0], rtol=1e-5)
        mirrored.add(bool(sample.rgb[0, 0, 0] > sample.rgb[0, -1, 0]))
    assert mirrored == {False, True}


def test_a_view_depends_on_its_ticket_alone():
    strong = ViewSettings(side=28, strong=True)
    one, other = views(view=strong), pickle.loads(pickle.dumps(views(view=strong)))
    list(map(one.__getitem__, [Ticket(5, 1), Ticket(9, 2)]))
    a, b = one[Ticket(7, 3)].sample, other[Ticket(7, 3)].sample
    assert np.array_equal(a.rgb, b.rgb)
    assert not np.array_equal(a.rgb, one[Ticket(8, 3)].sample.rgb)
    assert not np.array_equal(a.rgb, views(view=strong, seed=1)[Ticket(7, 3)].sample.rgb)


def test_only_pictures_with_pseudo_labels_are_perturbed():
    strong = ViewSettings(side=28, strong=True)
    places = range(12)
    plain = [views(False, strong)[Ticket(place, 2)].sample for place in places]
    assert all((sample.rgb[..., 2] == 2).all() for sample in plain)
    changed = [views(True, strong)[Ticket(place, 2)].sample for place in places]
    assert any((sample.rgb[..., 2] != 2).any() for sample in changed)
    for one, other in zip(plain, changed, strict=True):
        assert np.array_equal(one.depth, other.depth)


def test_a_batch_is_what_the_network_takes():
    made = Collate(0.0, 0)([views()[Ticket(place, place)] for place in range(3)])
    assert (made.images.shape, made.images.dtype) == ((3, 3, 28, 28), torch.uint8)
    assert made.depth.shape == (3, 28, 28)
    assert made.pseudo.tolist() == [True] * 3
    assert made.inside is None
    ready = made.ready_on(torch.device('cpu'))
    torch.testing.assert_close(ready.images, normalise(made.images.float() / 255))
    assert torch.equal(ready.ready_on(torch.device('cpu')).images, ready.images)


@pytest.mark.parametrize('probability', [0.0, 0.5, 1.0])
def test_cutmix_puts_two_pictures_and_their_depths_into_one(probability):
    found = [views()[Ticket(place, place)] for place in range(6)]
    mixed = 0
    for seed in range(20):
        made = Collate(probability, seed)(found)
        for number in range(6):
            partner = number ^ 1
            inside = made.inside[number] if made.inside is not None else torch.tensor(False)
            if not inside.any():
                assert (made.images[number, 2] == number).all()
                continue
            mixed += 1
            blue = made.images[number, 2]
            assert (blue[inside] == number).all()
            assert (blue[~inside] == partner).all()
            np.testing.assert_allclose(1 / made.depth[number], made.images[number, 0], rtol=1e-5)
    assert mixed == pytest.approx(120 * probability, abs=25 if probability == 0.5 else 0)


def test_true_labels_are_never_mixed():
    assert (
        Collate(1.0, 0)([views(False)[Ticket(place, place)] for place in range(6)]).inside is None
    )


def test_cutmix_is_the_same_however_a_batch_is_cut():
    found = [views()[Ticket(place, place)] for place in range(4)]
    whole, halves = Collate(1.0, 0)(found), [Collate(1.0, 0)(found[i : i + 2]) for i in (0, 2)]
    for name in ('images', 'depth', 'inside'):
        joined = torch.cat([getattr(half, name) for half in halves])
        assert torch.equal(getattr(whole, name), joined)


def test_pictures_without_depth_are_unknown():
    view = views()[Ticket(0, 0)]
    bare = view._replace(sample=Sample('0', view.sample.rgb, None, False))
    assert torch.isnan(Collate(0.0, 0)([bare]).depth).all()

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batches of the procedural world."""

from __future__ import annotations

from itertools import islice

import pytest
import torch

from depth_anything_ros.data.procedural import Pictures
from depth_anything_ros.training.procedural_batches import (
    ASPECTS,
    ProceduralBatches,
    shapes_for,
)

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def source(seed: int = 0, batch: int = 2, replay: int = 0) -> ProceduralBatches:
    return ProceduralBatches(seed, batch, short_side=28, replay=replay)


def take(source: ProceduralBatches, count: int) -> list[Batch]:
    return list(islice(source, count))


def same(first: Batch, second: Batch) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.fixture(scope='module')
def batches() -> list[Batch]:
    return take(source(), 4)


def test_batch_has_the_promised_form(batches):
    for images, disparity, valid in batches:
        assert images.shape == (2, 3, *disparity.shape[1:])
        assert disparity.shape == valid.shape == (2, *images.shape[2:])
        assert images.shape[-2] % 14 == images.shape[-1] % 14 == 0
        assert (images.dtype, disparity.dtype, valid.dtype) == (
            torch.float32,
            torch.float32,
            torch.bool,
        )
        assert torch.isfinite(images).all()
        assert torch.isfinite(disparity).all()
        assert (disparity >= 0).all()
        # Normalised pictures: 0 becomes -2.1 at the least and 1 becomes 2.7 at the most.
        assert -2.2 < images.min() < 0 < images.max() < 2.7


def test_batches_depend_on_seed_and_number_alone(batches):
    assert all(same(a, b) for a, b in zip(take(source(), 4), batches, strict=True))
    # The depth too: the seed of the noise textures alone would only change the pictures.
    assert not torch.equal(batches[0][1], take(source(1), 1)[0][1])
    assert len({batch[0].numpy().tobytes() for batch in batches}) == 4


def test_source_goes_on_where_its_state_was_taken(batches):
    first = source()
    take(first, 2)
    state = first.state_dict()

    resumed = source()
    resumed.load_state_dict(state)

    assert state == {'index': 2, 'rendered': 4}
    assert all(same(a, b) for a, b in zip(take(resumed, 2), batches[2:], strict=True))


def test_state_changes_before_a_batch_is_used(batches):
    # A trainer saves after using a batch; the next run must begin with the one after it.
    feed = source()
    stream = iter(feed)
    for number in range(1, 3):
        next(stream)
        assert feed.state_dict()['index'] == number


def mirrored(batch: Batch) -> Batch:
    images, disparity, valid = batch
    return images.flip(-1), disparity.flip(-1), valid.flip(-1)


def test_replay_shows_the_same_batches_mirrored_before_it_renders_the_next(batches):
    replayed = take(source(replay=2), 7)
    for shown, expected in zip(replayed, [0, 1, 0, 1, 2, 3, 2], strict=True):
        assert same(shown, batches[expected]) or same(shown, mirrored(batches[expected]))
    assert all(same(replayed[i], batches[i]) for i in (0, 1))
    assert all(same(replayed[i], mirrored(batches[i - 2])) for i in (2, 3))


def test_replay_renders_every_batch_once():
    feed, world = stubbed(batch=1, replay=3)
    take(feed, 12)
    assert len(world.asked) == feed.rendered == 6


@pytest.mark.parametrize('steps', [1, 3, 4])
def test_replay_goes_on_where_its_state_was_taken(steps):
    whole = take(source(replay=2), 6)
    resumed = source(replay=2)
    resumed.load_state_dict({'index': steps, 'rendered': 0})
    assert all(same(a, b) for a, b in zip(take(resumed, 6 - steps), whole[steps:], strict=True))


def test_shapes_are_whole_patches_of_every_aspect():
    assert shapes_for(168) == tuple((14 * rows, 14 * columns) for rows, columns in ASPECTS)
    assert shapes_for(336)[0] == (336, 448)
    for height, width in shapes_for(100):
        assert height % 14 == width % 14 == 0
        assert height > 0


class StubWorld:
    """Pictures whose brightness and inverse depth are the column, with a hole on the left."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int, int]] = []

    def reseed(self, seed: int) -> None:
        pass

    def sample(self, count: int, height: int, width: int) -> Pictures:
        self.asked.append((count, height, width))
        ramp = (torch.arange(width) + 1.0).expand(count, height, width)
        depth = 1 / ramp
        depth[..., 0] = float('nan')
        return Pictures(ramp[:, None].expand(-1, 3, -1, -1) / width, depth, torch.ones(count))


def stubbed(batch: int = 64, replay: int = 0) -> tuple[ProceduralBatches, StubWorld]:
    feed, world = source(batch=batch, replay=replay), StubWorld()
    feed._world = world
    return feed, world


def test_every_shape_is_drawn_and_no_other():
    feed, world = stubbed(batch=1)
    take(feed, 100)

    assert {shape[1:] for shape in world.asked} == set(feed.shapes)
    assert {shape[0] for shape in world.asked} == {1}


def test_depth_is_mirrored_with_its_picture():
    feed, _ = stubbed()
    images, disparity, _ = take(feed, 1)[0]
    rising = images[:, 0, 0, -1] > images[:, 0, 0, 0]

    assert 0.2 < rising.float().mean() < 0.8
    middle = disparity[:, 0, 1:-1]
    assert torch.equal(middle[:, -1] > middle[:, 0], rising)


def test_mask_is_mirrored_with_its_picture():
    feed, _ = stubbed()
    images, disparity, valid = take(feed, 1)[0]
    rising = images[:, 0, 0, -1] > images[:, 0, 0, 0]

    hole = torch.where(rising, 0, valid.shape[-1] - 1)
    for row, column in zip(valid[:, 0], hole, strict=True):
        assert (~row).nonzero().flatten().tolist() == [column.item()]
    assert (disparity[valid] > 0).all()

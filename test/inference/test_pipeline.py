# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batches that are under way while others begin: their results, and what breaks them."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pytest

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.inference.estimator import MOST_SIZES, DepthEstimator, RunnableModel
from depth_anything_ros.inference.faults import DeviceLostError, OutOfMemoryError
from depth_anything_ros.inference.stage_times import StageTimes

LOGGER = 'depth_anything_ros.inference.pipeline'


class PlainEngine:
    """Gives each pixel's red for its depth, and notes what it is asked."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.broken: dict[str, Exception] = {}

    def note(self, what: str, reds: Sequence[int]) -> None:
        self.events.append(f'{what} {" ".join(map(str, reds))}')
        if what in self.broken:
            raise self.broken[what]

    def run(self, pictures, size, at_network_size):
        self.note('run', [rgb[0, 0, 0] for rgb in pictures])
        return [rgb[..., 0].astype(np.float32) for rgb in pictures]


class HalvedEngine(PlainEngine):
    """The same in two halves."""

    def submit(self, pictures, size, at_network_size):
        self.note('submit', [rgb[0, 0, 0] for rgb in pictures])
        return pictures

    def collect(self, ticket):
        self.note('collect', [rgb[0, 0, 0] for rgb in ticket])
        return [rgb[..., 0].astype(np.float32) for rgb in ticket]


class Estimator(DepthEstimator):
    """A DepthEstimator on an engine of the test's own."""

    def __init__(self, engine: PlainEngine, device: str = 'cuda:0') -> None:
        self._model = RunnableModel(
            engine, DepthKind.METRIC, 20.0, 42, 'float32', device=lambda: device
        )
        self._engine, self._stages = engine, StageTimes()
        self.model, self.input_size = 'test', 42


def picture(red: int, height: int = 42, width: int = 56) -> np.ndarray:
    return np.full((height, width, 3), red, np.uint8)


def reds(depths):
    return [depth.values[0, 0] for depth in depths]


@pytest.mark.parametrize(
    ('engine', 'device', 'most'),
    [
        (HalvedEngine(), 'cuda:0', 2),
        (HalvedEngine(), 'cuda', 2),
        (HalvedEngine(), 'cpu', 1),
        (PlainEngine(), 'cuda:0', 1),
        (PlainEngine(), 'cpu', 1),
    ],
)
def test_two_batches_are_in_flight_where_an_engine_has_halves_and_a_gpu(engine, device, most):
    assert Estimator(engine, device).in_flight == most


def test_the_next_batch_is_submitted_before_the_last_is_collected():
    engine = HalvedEngine()
    estimator = Estimator(engine)

    first = estimator.submit([picture(1), picture(2)])
    second = estimator.submit([picture(3)])

    assert engine.events == ['submit 1 2', 'submit 3']
    assert reds(first.result()) == [1, 2]
    assert reds(second.result()) == [3]
    assert engine.events[2:] == ['collect 1 2', 'collect 3']


def test_a_plain_engine_computes_at_once():
    engine = PlainEngine()

    pending = Estimator(engine).submit([picture(1)])

    assert engine.events == ['run 1']
    (depth,) = pending.result()
    assert (depth.kind, depth.network_size, depth.values[0, 0]) == (DepthKind.METRIC, (42, 56), 1)


def test_pictures_of_several_network_sizes_keep_their_order():
    engine = HalvedEngine()

    pending = Estimator(engine).submit([picture(1), picture(2, 56, 42), picture(3)])

    assert engine.events == ['submit 1 3', 'submit 2']
    depths = pending.result()
    assert reds(depths) == [1, 2, 3]
    assert [depth.network_size for depth in depths] == [(42, 56), (56, 42), (42, 56)]


@pytest.mark.parametrize('half', ['submit', 'collect'])
def test_a_half_that_breaks_is_run_again_as_a_whole(half, caplog):
    engine = HalvedEngine()
    engine.broken[half] = RuntimeError('no room\nwith details')

    with caplog.at_level(logging.WARNING, LOGGER):
        depths = Estimator(engine).submit([picture(1), picture(2)]).result()

    assert reds(depths) == [1, 2]
    assert engine.events[-1] == 'run 1 2'
    assert caplog.messages == ['a pass broke and is run again by itself: no room']


def test_what_the_engine_has_told_of_its_memory_is_not_told_with_every_batch(caplog):
    engine = HalvedEngine()
    engine.broken['submit'] = OutOfMemoryError('memory for 1 pictures')

    with caplog.at_level(logging.WARNING, LOGGER):
        assert reds(Estimator(engine).submit([picture(1)]).result()) == [1]

    assert caplog.messages == []


@pytest.mark.parametrize('engine', [PlainEngine(), HalvedEngine()])
def test_an_error_comes_out_of_the_result_of_its_own_batch(engine):
    estimator = Estimator(engine)
    lost = DeviceLostError('the GPU does not answer any more')

    fine = estimator.submit([picture(1)])
    engine.broken = {'submit': RuntimeError('CUDA error'), 'run': lost}
    broken = estimator.submit([picture(2)])

    assert reds(fine.result()) == [1]
    with pytest.raises(DeviceLostError) as raised:
        broken.result()
    assert raised.value is lost


def test_every_pass_is_collected_when_one_breaks():
    engine = HalvedEngine()
    pending = Estimator(engine).submit([picture(1), picture(2, 56, 42)])
    engine.broken = {'collect': RuntimeError('broken'), 'run': ValueError('broken for good')}

    with pytest.raises(ValueError, match='for good'):
        pending.result()

    assert engine.events[2:] == ['collect 1', 'run 1', 'collect 2', 'run 2']


def test_a_wrong_picture_is_refused_before_anything_starts():
    engine = HalvedEngine()

    with pytest.raises(ValueError, match='a picture must be'):
        Estimator(engine).submit([picture(1), np.zeros((5, 5), np.uint8)])

    assert engine.events == []


def test_the_last_network_sizes_are_told_newest_last():
    estimator = Estimator(PlainEngine())
    for width in (56, 70, 56):
        estimator.estimate(picture(1, 42, width))
    assert estimator.network_sizes == ((42, 70), (42, 56))
    for width in range(84, 84 + 14 * 2 * MOST_SIZES, 14):
        estimator.estimate(picture(1, 42, width))
    assert len(estimator.network_sizes) == MOST_SIZES

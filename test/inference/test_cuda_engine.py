# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The CUDA engine: its steps on any device, its graphs and streams where there is a GPU."""

from __future__ import annotations

import copy
import gc
import logging
import threading
import weakref

import numpy as np
import pytest
import torch

from depth_anything_ros.inference.cuda_engine import MOST_SHAPES, SLOTS, CudaEngine
from depth_anything_ros.inference.cuda_slot import OUT_OF_MEMORY, STAGES
from depth_anything_ros.inference.engine import EagerEngine
from depth_anything_ros.inference.engine_counts import EngineCounts
from depth_anything_ros.inference.faults import DeviceLostError, OutOfMemoryError
from depth_anything_ros.inference.pipeline import start
from depth_anything_ros.inference.worker import Worker
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything

CPU = torch.device('cpu')
gpu = pytest.mark.cuda
DEVICES = ['cpu', pytest.param('cuda', marks=gpu)]


@pytest.fixture(scope='module', params=[None, 20.0], ids=['relative', 'metric'])
def network(request: pytest.FixtureRequest) -> DepthAnything:
    torch.manual_seed(0)
    return DepthAnything(config_for('nano', request.param)).initialise()


def engine_of(network: DepthAnything, device: str, dtype=torch.float32) -> CudaEngine:
    return CudaEngine(copy.deepcopy(network), torch.device(device), dtype)


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize('device', DEVICES)
@pytest.mark.parametrize('at_network_size', [False, True])
def test_depth_is_that_of_the_plain_engine(network, device, at_network_size):
    pictures = [picture(40, 50), picture(80, 100, 1), picture(42, 56, 2)[:, ::-1]]
    want = EagerEngine(copy.deepcopy(network), CPU, torch.float32).run(
        pictures, (42, 56), at_network_size
    )

    engine = engine_of(network, device)

    # The second time runs what the first has captured.
    for _ in range(2):
        got = engine.run(pictures, (42, 56), at_network_size)
        for one, other in zip(got, want, strict=True):
            assert (one.dtype, one.shape) == (np.float32, other.shape)
            np.testing.assert_allclose(one, other, rtol=2e-3)


@pytest.mark.parametrize('device', DEVICES)
def test_a_shape_that_comes_again_gives_the_depth_of_the_new_pictures(network, device):
    engine = engine_of(network, device)
    first, second = picture(42, 56), picture(42, 56, 1)

    one = engine.run([first], (42, 56), True)[0]
    before = one.copy()
    other = engine.run([second], (42, 56), True)[0]

    assert np.abs(one - other).max() > 1e-3
    np.testing.assert_array_equal(one, before)  # nobody else writes to what was handed out
    for _ in range(3):
        np.testing.assert_allclose(engine.run([first], (42, 56), True)[0], one, rtol=1e-5)


@pytest.mark.parametrize('device', DEVICES)
def test_two_batches_may_be_under_way_at_once(network, device):
    engine = engine_of(network, device)
    pictures = [picture(42, 56, seed) for seed in range(6)]
    want = [engine.run([rgb], (42, 56), True)[0] for rgb in pictures]

    got, under_way = [], []
    for rgb in pictures:
        under_way.append(engine.submit([rgb], (42, 56), True))
        if len(under_way) == 2:
            got += engine.collect(under_way.pop(0))
    got += engine.collect(under_way.pop())

    np.testing.assert_allclose(got, want, rtol=1e-5)


@pytest.mark.parametrize('device', DEVICES)
def test_pictures_in_another_order_share_a_graph_and_keep_their_places(network, device):
    engine = engine_of(network, device)
    pictures = [picture(40, 50), picture(80, 100, 1), picture(40, 50, 2)]
    want = [engine.run([rgb], (42, 56), False)[0] for rgb in pictures]
    misses = []

    for order in ((0, 1, 2), (1, 0, 2), (2, 0, 1), (1, 2, 0)):
        got = engine.run([pictures[index] for index in order], (42, 56), False)
        misses.append(engine.counts.graph_misses)
        for depth, index in zip(got, order, strict=True):
            np.testing.assert_allclose(depth, want[index], rtol=2e-3)

    assert misses == [misses[0]] * 4


def test_buffers_of_the_last_few_shapes_are_kept(network):
    engine = engine_of(network, 'cpu')
    for columns in range(2, 3 + MOST_SHAPES):
        engine.run([picture(28, 14 * columns)], (28, 14 * columns), True)

    assert len(engine._slots) == MOST_SHAPES
    assert len(engine._positions) == MOST_SHAPES
    assert (28, 28) not in {shape.size for shape in engine._slots}


@pytest.mark.parametrize('device', DEVICES)
def test_passes_are_counted_by_how_they_ran(network, device):
    engine = engine_of(network, device)
    for rgb in (picture(42, 56), picture(42, 56, 1), picture(28, 56), picture(42, 56, 2)):
        engine.run([rgb], (42, 56), True)
    hits, eager = (2, 0) if device == 'cuda' else (0, 4)
    assert engine.counts == EngineCounts(hits, graph_misses=2, eager_runs=eager)


def fail_above(engine: CudaEngine, most: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the network run out of memory with more than ``most`` pictures; return what it saw."""
    seen: list[int] = []
    forward = engine._network.forward

    def limited(image, position):
        seen.append(len(image))
        if len(image) > most:
            raise torch.cuda.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB')
        return forward(image, position)

    monkeypatch.setattr(engine._network, 'forward', limited)
    return seen


def test_a_batch_that_does_not_fit_is_halved_and_so_are_later_ones(network, monkeypatch, caplog):
    engine = engine_of(network, 'cpu')
    pictures = [picture(42, 56, seed) for seed in range(5)]
    want = engine.run(pictures, (42, 56), True)
    seen = fail_above(engine, 1, monkeypatch)

    with caplog.at_level(logging.WARNING):
        got = engine.run(pictures, (42, 56), True)
    again = engine.run(pictures, (42, 56), True)

    # Each size is tried once more after all that was kept is given back.
    assert seen == [5, 5, 2, 2, *[1] * 5, *[1] * 5]
    assert engine.counts.out_of_memory == 4
    assert '5 pictures at once; 2 from now on' in caplog.text
    for depths in (got, again):
        for one, other in zip(depths, want, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4)


def test_a_picture_that_does_not_fit_is_an_error_that_says_what_to_do(network, monkeypatch):
    engine = engine_of(network, 'cpu')
    fail_above(engine, 0, monkeypatch)

    with pytest.raises(OutOfMemoryError, match='56x42 does not fit .* lower input_size'):
        engine.run([picture(42, 56)], (42, 56), True)


def test_memory_that_other_shapes_hold_is_given_back_and_the_batch_fits(network, monkeypatch):
    engine = engine_of(network, 'cpu')
    pictures = [picture(42, 56, seed) for seed in range(2)]
    want = engine.run(pictures, (42, 56), True)
    engine.run([picture(28, 28)], (28, 28), True)
    forward = engine._network.forward

    def full(image, position):
        if any(shape.size == (28, 28) for shape in engine._slots):
            raise torch.cuda.OutOfMemoryError('CUDA out of memory')
        return forward(image, position)

    monkeypatch.setattr(engine._network, 'forward', full)

    got = engine.run(pictures, (42, 56), True)

    np.testing.assert_allclose(got, want, rtol=1e-5)
    assert engine._most_pictures is None


@pytest.mark.parametrize('by_halves', [False, True], ids=['run', 'submit and collect'])
def test_what_a_failed_pass_held_is_free_before_the_next_try(network, monkeypatch, by_halves):
    engine = engine_of(network, 'cpu')
    held: list[weakref.ref] = []
    alive: list[int] = []
    forward = engine._network.forward

    def limited(image, position):
        alive.append(sum(one() is not None for one in held))
        intermediate = image * 2
        held.append(weakref.ref(intermediate))
        if len(held) < 4:
            raise torch.cuda.OutOfMemoryError('CUDA out of memory')
        return forward(image, position)

    monkeypatch.setattr(engine._network, 'forward', limited)
    pictures = [picture(42, 56, seed) for seed in range(2)]

    if by_halves:
        start(engine, pictures, (42, 56), True)()
    else:
        engine.run(pictures, (42, 56), True)

    assert len(alive) >= 4 and not any(alive)


@pytest.mark.parametrize('text', OUT_OF_MEMORY)
def test_memory_that_a_library_lacks_is_no_lost_device(network, monkeypatch, text):
    engine = engine_of(network, 'cpu')

    def full(image, position):
        raise RuntimeError(f'{text} when calling `cublasCreate(handle)`')

    monkeypatch.setattr(engine._network, 'forward', full)

    with pytest.raises(OutOfMemoryError, match='does not fit'):
        engine.run([picture(42, 56)], (42, 56), True)


def test_a_lost_device_is_named(network, monkeypatch):
    engine = engine_of(network, 'cpu')

    def lost(image, position):
        raise RuntimeError('CUDA error: unspecified launch failure\nCompile with ...')

    monkeypatch.setattr(engine._network, 'forward', lost)

    with pytest.raises(DeviceLostError, match=r'\(CUDA error: unspecified launch failure\)'):
        engine.run([picture(42, 56)], (42, 56), True)


def test_other_errors_pass_unchanged(network, monkeypatch):
    engine = engine_of(network, 'cpu')

    def broken(image, position):
        raise RuntimeError('sizes do not match')

    monkeypatch.setattr(engine._network, 'forward', broken)

    with pytest.raises(RuntimeError, match='^sizes do not match$'):
        engine.run([picture(42, 56)], (42, 56), True)


@gpu
def test_steady_state_never_waits_for_the_device_and_allocates_nothing(network):
    engine = engine_of(network, 'cuda', torch.float16)
    rgb = picture(480, 640)
    for _ in range(4):
        engine.run([rgb], (252, 336), False)
    reserved = torch.cuda.memory_reserved()

    torch.cuda.set_sync_debug_mode('error')
    try:
        for _ in range(1000):
            engine.run([rgb], (252, 336), False)
    finally:
        torch.cuda.set_sync_debug_mode('default')

    assert torch.cuda.memory_reserved() == reserved


@gpu
def test_two_batches_in_flight_never_wait_for_the_device_and_allocate_nothing(network):
    engine = engine_of(network, 'cuda', torch.float16)
    rgb = picture(480, 640)
    under_way = [engine.submit([rgb], (252, 336), False) for _ in range(2)]
    reserved = torch.cuda.memory_reserved()

    torch.cuda.set_sync_debug_mode('error')
    try:
        for _ in range(1000):
            engine.collect(under_way.pop(0))
            under_way.append(engine.submit([rgb], (252, 336), False))
    finally:
        torch.cuda.set_sync_debug_mode('default')
        for slot in under_way:
            engine.collect(slot)

    assert torch.cuda.memory_reserved() == reserved


@gpu
def test_four_cameras_take_less_than_twice_the_memory_of_one():
    def reserved(cameras: int) -> int:
        gc.collect()
        torch.cuda.empty_cache()
        before = torch.cuda.memory_reserved()
        small = DepthAnything(config_for('small')).initialise()
        engine = CudaEngine(small, torch.device('cuda'), torch.float16)
        for count in range(1, cameras + 1):  # as the node warms up
            engine.run([picture(480, 640)] * count, (518, 686), False)
        return torch.cuda.memory_reserved() - before

    one = reserved(1)
    assert reserved(4) < 2 * one


@pytest.mark.parametrize('device', DEVICES)
def test_stages_are_timed_in_their_order(network, device):
    engine = engine_of(network, device)
    for seed in range(3):
        engine.run([picture(480, 640, seed)], (42, 56), False)

    times = engine.stages.percentiles()

    assert tuple(times) == STAGES
    assert all(0 < p50 <= p99 < 60 for p50, p99 in times.values())


@gpu
def test_graphs_are_captured_and_a_failing_capture_runs_eagerly(network, monkeypatch, caplog):
    engine = engine_of(network, 'cuda')
    want = engine.run([picture(42, 56)], (42, 56), True)[0]
    assert all(slot.graph for slots in engine._slots.values() for slot in slots)

    def refuse(*arguments, **options):
        raise RuntimeError('operation not permitted when stream is capturing')

    monkeypatch.setattr(torch.cuda, 'graph', refuse)
    plain = engine_of(network, 'cuda')
    got = plain.run([picture(42, 56)], (42, 56), True)[0]

    assert 'running eagerly: operation not permitted' in caplog.text
    np.testing.assert_allclose(got, want, rtol=1e-3)


def test_more_batches_of_a_shape_than_it_has_buffers_do_not_mix(network):
    engine = engine_of(network, 'cpu')
    pictures = [picture(42, 56, seed) for seed in range(2 * SLOTS + 1)]
    want = [engine.run([rgb], (42, 56), True)[0] for rgb in pictures]

    under_way = [engine.submit([rgb], (42, 56), True) for rgb in pictures]
    got = [engine.collect(slot)[0] for slot in under_way]

    np.testing.assert_array_equal(got, want)


def test_buffers_are_used_again(network):
    engine = engine_of(network, 'cpu')
    engine.run([picture(42, 56)], (42, 56), True)
    made = {id(slot) for slots in engine._slots.values() for slot in slots}

    used = set()
    for _ in range(3):
        under_way = [engine.submit([picture(42, 56)], (42, 56), True) for _ in range(SLOTS)]
        used |= {id(slot) for slot in under_way}
        for slot in under_way:
            engine.collect(slot)

    assert used == made


def test_a_batch_whose_shape_is_given_up_while_it_is_under_way_ends_well(network):
    engine = engine_of(network, 'cpu')
    want = engine.run([picture(42, 56)], (42, 56), True)[0]

    slot = engine.submit([picture(42, 56)], (42, 56), True)
    for columns in range(5, 5 + MOST_SHAPES):
        engine.run([picture(28, 14 * columns)], (28, 14 * columns), True)

    np.testing.assert_array_equal(engine.collect(slot)[0], want)
    assert slot.shape not in engine._slots


def test_more_pictures_than_there_was_room_for_are_not_submitted_again(network, monkeypatch):
    engine = engine_of(network, 'cpu')
    pictures = [picture(42, 56, seed) for seed in range(3)]
    seen = fail_above(engine, 1, monkeypatch)
    engine.run(pictures, (42, 56), True)
    seen.clear()

    with pytest.raises(OutOfMemoryError, match='memory for 1 pictures'):
        engine.submit(pictures, (42, 56), True)

    assert seen == []


def test_what_a_graph_refers_to_lives_as_long_as_its_slot(network):
    engine = engine_of(network, 'cpu')
    engine.run([picture(42, 56)], (42, 56), True)
    position = weakref.ref(engine._positions[42, 56])

    engine._positions.clear()
    assert position() is not None
    engine._slots.clear()
    gc.collect()
    assert position() is None


def test_two_threads_with_two_batches_in_flight_give_what_one_gives(network):
    engine = engine_of(network, 'cpu')
    shapes = [(42, 56), (84, 112), (56, 42)]
    pictures = [picture(*shapes[number % 3], number) for number in range(12)]
    want = [engine.run([rgb], (42, 56), False)[0] for rgb in pictures]
    got: dict[int, np.ndarray] = {}
    errors: list[Exception] = []
    begun = threading.Semaphore(0)

    def begin(items: dict[str, int]):
        number = items['camera']
        values = start(engine, [pictures[number]], (42, 56), False)
        begun.release()
        return lambda: got.update({number: values()[0]})

    worker: Worker[int] = Worker(
        ('camera',), begin, lambda error, _: errors.append(error), in_flight=2
    )
    worker.start()
    for number in range(len(pictures)):
        worker.mailboxes['camera'].put(number)
        assert begun.acquire(timeout=30.0)
    worker.stop()

    assert errors == [] and list(got) == list(range(len(pictures)))
    for number, depth in got.items():
        np.testing.assert_array_equal(depth, want[number])


@pytest.mark.parametrize('pictures', [1, 3])
def test_memory_that_runs_out_under_way_halves_the_batch(network, monkeypatch, pictures):
    engine = engine_of(network, 'cpu')
    batch = [picture(42, 56, seed) for seed in range(pictures)]
    want = engine.run(batch, (42, 56), True)
    before = start(engine, batch, (42, 56), True)
    finish, failures = engine._lanes.finish, [torch.cuda.OutOfMemoryError('CUDA out of memory')]

    def fail_once(slot):
        if failures:
            raise failures.pop()
        return finish(slot)

    monkeypatch.setattr(engine._lanes, 'finish', fail_once)
    fail_above(engine, 1, monkeypatch)

    for values in (before, None):  # what broke in collect, then what breaks in submit
        got = (values or start(engine, batch, (42, 56), True))()
        for one, other in zip(got, want, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4)
    assert engine._most_pictures == (1 if pictures > 1 else None)

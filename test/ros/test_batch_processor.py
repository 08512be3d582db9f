# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/batch_processor.py: frames share passes, and no fault."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip('rclpy')

from std_msgs.msg import Header

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.inference.counters import FrameCounters
from depth_anything_ros.inference.faults import DeviceLostError
from depth_anything_ros.inference.preprocessing import network_size
from depth_anything_ros.ros.batch_processor import BatchProcessor
from depth_anything_ros.ros.frame_processor import Frame
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS, DepthSettings

SETTINGS = DepthSettings.of({row.name: row.default for row in DEPTH_PARAMETERS})


class Camera:
    """Reads a message as a picture whose pixels all have the number in it."""

    def __init__(self, input_size=42, size=(48, 64), **settings):
        self.size, self.input_size = size, input_size
        self.settings = replace(SETTINGS, **settings)
        self.published, self.failed, self.cannot_publish = [], [], False
        self.counters = FrameCounters()

    def read(self, serialized):
        if serialized == b'broken':
            raise RuntimeError('cannot read')
        if serialized == b'rejected':
            return None
        rgb = np.full((*self.size, 3), serialized[0], np.uint8)
        shape = network_size(*self.size, self.input_size)
        return Frame(Header(), 0, rgb, self.settings, self.input_size, shape)

    def publish(self, frame, depth):
        if self.cannot_publish:
            raise RuntimeError('cannot publish')
        self.published.append((frame.rgb[0, 0, 0], depth.values[0, 0]))

    def fail(self, error):
        self.failed.append(str(error))


class Estimator:
    """Gives the red of each pixel for its depth, and breaks over 255."""

    def __init__(self):
        self.passes = []

    def estimate_batch(self, pictures, at_network_size, input_size):
        self.passes.append((len(pictures), input_size, at_network_size))
        if any(rgb[0, 0, 0] == 255 for rgb in pictures):
            raise RuntimeError('the pass broke')
        return [Depth(rgb[..., 0].astype(np.float32), DepthKind.METRIC, (1, 1)) for rgb in pictures]


def run(cameras, **messages):
    estimator = Estimator()
    BatchProcessor(estimator, cameras, on_lost=lambda: None).process(messages)
    return estimator.passes


def test_frames_of_one_size_share_a_pass_and_each_gets_its_own_depth():
    cameras = {name: Camera() for name in 'abcd'}
    assert run(cameras, a=b'\1', b=b'\2', d=b'\4') == [(3, 42, False)]
    assert [c.published for c in cameras.values()] == [[(1, 1.0)], [(2, 2.0)], [], [(4, 4.0)]]
    assert not any(camera.failed for camera in cameras.values())
    timed = [list(camera.counters.stages.percentiles()) for camera in cameras.values()]
    assert timed == [['inference'], ['inference'], [], ['inference']]


def test_pictures_of_other_pixels_share_a_pass_when_the_network_sees_one_size():
    cameras = {'a': Camera(size=(48, 64)), 'b': Camera(size=(96, 128))}
    assert run(cameras, a=b'\1', b=b'\2') == [(2, 42, False)]


def test_other_sizes_of_input_or_output_are_passes_of_their_own():
    cameras = {
        'a': Camera(),
        'b': Camera(input_size=56),
        'c': Camera(size=(64, 48)),
        'd': Camera(output_size='network'),
        'e': Camera(input_size=56),
    }
    passes = run(cameras, a=b'\1', b=b'\2', c=b'\3', d=b'\4', e=b'\5')
    assert passes == [(1, 42, False), (2, 56, False), (1, 42, False), (1, 42, True)]
    assert [c.published for c in cameras.values()] == [[(n, float(n))] for n in range(1, 6)]


@pytest.mark.parametrize(('bad', 'failed'), [(b'broken', ['cannot read']), (b'rejected', [])])
def test_a_frame_that_cannot_be_read_does_not_touch_the_others(bad, failed):
    cameras = {name: Camera() for name in 'abc'}
    assert run(cameras, a=b'\1', b=bad, c=b'\3') == [(2, 42, False)]
    assert (cameras['b'].published, cameras['b'].failed) == ([], failed)
    assert cameras['a'].published and cameras['c'].published
    assert not cameras['a'].failed + cameras['c'].failed


def test_a_pass_that_breaks_fails_its_own_frames_only():
    cameras = {'a': Camera(), 'b': Camera(), 'c': Camera(input_size=56)}
    assert len(run(cameras, a=b'\1', b=b'\xff', c=b'\3')) == 2
    assert cameras['a'].failed == cameras['b'].failed == ['the pass broke']
    assert cameras['c'].published == [(3, 3.0)] and not cameras['c'].failed


def test_a_frame_that_cannot_be_published_does_not_touch_the_others():
    cameras = {name: Camera() for name in 'ab'}
    cameras['a'].cannot_publish = True
    run(cameras, a=b'\1', b=b'\2')
    assert (cameras['a'].failed, cameras['a'].published) == (['cannot publish'], [])
    assert (cameras['b'].failed, cameras['b'].published) == ([], [(2, 2.0)])


def test_without_frames_the_network_does_not_run():
    assert run({'a': Camera()}, a=b'rejected') == []


class HalvedEstimator(Estimator):
    """Computes a pass when it is asked for the result; ``faults`` break the halves."""

    def __init__(self, **faults):
        super().__init__()
        self.events, self.faults = [], faults

    def note(self, half, number):
        self.events.append(f'{half} {number}')
        if self.events[-1] in self.faults.get('at', ()):
            raise self.faults['error']

    def submit(self, pictures, at_network_size, input_size):
        number = pictures[0][0, 0, 0]
        self.note('submit', number)

        def result():
            self.note('result', number)
            return self.estimate_batch(pictures, at_network_size, input_size)

        return SimpleNamespace(result=result)


def processor_of(estimator, cameras):
    lost = []
    return BatchProcessor(estimator, cameras, on_lost=lambda: lost.append(True)), lost


def test_begin_leaves_the_wait_and_the_publishing_to_what_it_returns():
    cameras, estimator = {'a': Camera(), 'b': Camera(input_size=56)}, HalvedEstimator()
    processor, _ = processor_of(estimator, cameras)

    first = processor.begin({'a': b'\1', 'b': b'\2'})
    second = processor.begin({'a': b'\3'})

    assert estimator.events == ['submit 1', 'submit 2', 'submit 3']
    assert not cameras['a'].published + cameras['b'].published
    first()
    assert (cameras['a'].published, cameras['b'].published) == ([(1, 1.0)], [(2, 2.0)])
    second()
    assert cameras['a'].published == [(1, 1.0), (3, 3.0)]
    assert estimator.events[3:] == ['result 1', 'result 2', 'result 3']
    assert list(cameras['a'].counters.stages.percentiles()) == ['inference']
    assert estimator.passes == [(1, 42, False), (1, 56, False), (1, 42, False)]


@pytest.mark.parametrize(('bad', 'failed'), [(b'broken', ['cannot read']), (b'rejected', [])])
def test_begin_leaves_nothing_where_no_frame_can_be_used(bad, failed):
    cameras, estimator = {'a': Camera()}, HalvedEstimator()
    processor, _ = processor_of(estimator, cameras)

    assert processor.begin({'a': bad}) is None

    assert (estimator.events, cameras['a'].failed) == ([], failed)


@pytest.mark.parametrize('half', ['submit', 'result'])
def test_a_fault_of_either_half_fails_its_own_frames_only(half):
    cameras = {'a': Camera(), 'b': Camera(), 'c': Camera(input_size=56)}
    estimator = HalvedEstimator(at=[f'{half} 1'], error=RuntimeError('the pass broke'))
    processor, lost = processor_of(estimator, cameras)

    first = processor.begin({'a': b'\1', 'b': b'\2', 'c': b'\3'})
    second = processor.begin({'a': b'\4'})
    first()
    second()

    assert cameras['a'].failed == cameras['b'].failed == ['the pass broke']
    assert (cameras['a'].published, cameras['c'].published) == ([(4, 4.0)], [(3, 3.0)])
    assert lost == [] and not cameras['c'].failed


@pytest.mark.parametrize('half', ['submit', 'result'])
def test_a_lost_device_is_told_once_by_whatever_was_under_way(half):
    cameras = {'a': Camera()}
    at, error = [f'{half} 1', f'{half} 2'], DeviceLostError('the GPU does not answer')
    processor, lost = processor_of(HalvedEstimator(at=at, error=error), cameras)

    for rest in [processor.begin({'a': b'\1'}), processor.begin({'a': b'\2'})]:
        if rest is not None:
            rest()

    assert lost == [True]
    assert cameras['a'].failed == ['the GPU does not answer'] * 2

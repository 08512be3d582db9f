# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/frame_processor.py for what a graph cannot send; the rest is in test_node.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('rclpy')

from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import Header

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.inference.counters import FrameCounters
from depth_anything_ros.inference.preprocessing import network_size
from depth_anything_ros.ros.batch_processor import BatchProcessor
from depth_anything_ros.ros.depth_message import encode_color
from depth_anything_ros.ros.frame_processor import AGE_TROUBLE, FrameProcessor
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS, DepthSettings

NOW = 1_000_000
SETTINGS = DepthSettings.of({row.name: row.default for row in DEPTH_PARAMETERS})


class Estimator:
    """Gives depth 1 everywhere and remembers the input size it was asked at."""

    own_input_size = 518

    def __init__(self):
        self.input_size = None

    def network_size(self, height, width, input_size):
        return network_size(height, width, input_size)

    def estimate_batch(self, pictures, at_network_size, input_size):
        self.input_size = input_size
        depths = [np.ones(rgb.shape[:2], np.float32) for rgb in pictures]
        return [Depth(values, DepthKind.RELATIVE, values.shape) for values in depths]


class Publisher:
    def __init__(self):
        self.heard = True
        self.published = []

    def publish(self, frame, depth, info):
        self.published.append((depth, info, frame.header))


class Infos:
    def info_for(self, *arguments):
        return None


class Reports:
    def __init__(self):
        self.reported = []

    def report(self, key, message):
        self.reported.append((key, message))

    def clear(self, key, message):
        self.reported.append((key, None))


class Bench:
    """A processor whose surroundings are all of the test's own."""

    def __init__(self, **settings):
        self.estimator, self.publisher, self.reports = Estimator(), Publisher(), Reports()
        self.counters = FrameCounters()
        self.settings = replace(SETTINGS, **settings)
        self.processor = FrameProcessor(
            estimator=self.estimator,
            publisher=self.publisher,
            infos=Infos(),
            counters=self.counters,
            reporter=self.reports,
            now=lambda: NOW * 10**9,
            settings=lambda: self.settings,
        )
        self.batches = BatchProcessor(self.estimator, {'': self.processor}, on_lost=lambda: None)

    def process(self, serialized):
        self.counters.receive()
        self.batches.process({'': serialized})
        assert self.counters.counts().pending == 0
        return self.counters.counts()

    def troubles(self):
        return [(key, message) for key, message in self.reports.reported if message]


def image(age, width=6, height=4):
    header = Header(frame_id='cam')
    header.stamp.sec = NOW - age
    return encode_color(np.zeros((height, width, 3), np.uint8), header).serialize()


def garbage():
    """Return (name, bytes) pairs that are no serialized Image."""
    whole = bytes(image(0))
    return {
        'nothing': b'',
        'one byte': b'\x00',
        'a header only': whole[:4],
        'cut in the stamp': whole[:9],
        'cut in the pixels': whole[:-20],
        'noise': np.random.default_rng(1).integers(0, 256, 500, np.uint8).tobytes(),
        'all ones': b'\xff' * 300,
        'an encoding that is no text': whole.replace(b'rgb8', b'\xff\xfe\xfd\xfc'),
    }


@pytest.mark.parametrize('name', list(garbage()))
def test_bytes_that_are_no_image_are_rejected_with_one_message(name):
    bench = Bench()
    counts = bench.process(garbage()[name])
    assert (counts.rejected, counts.published) == (1, 0)
    ((key, message),) = bench.troubles()
    assert key == 'image' and message.startswith('image rejected: ')


def test_a_compressed_image_that_is_none_is_rejected_and_a_good_one_published():
    bench = Bench(compressed=True)
    message = CompressedImage(format='jpeg')
    message.data = b'\xff\xd8 this is no jpeg'
    assert bench.process(serialize_message(message)).rejected == 1
    assert len(bench.troubles()) == 1


@pytest.mark.parametrize(('age', 'hint'), [(10, False), (3500, False), (5000, True)])
def test_a_stamp_hours_old_hints_at_a_bag(age, hint):
    bench = Bench(max_age=2.0)
    assert bench.process(image(age)).rejected == 1
    ((key, message),) = bench.troubles()
    assert key == 'age' and f'{age:.3f} s behind' in message
    assert ('use_sim_time' in message) == hint


def test_stamps_ahead_of_the_clock_and_any_stamp_without_a_limit_are_taken():
    assert Bench(max_age=2.0).process(image(-100)).published == 1
    assert Bench(max_age=0.0).process(image(NOW)).published == 1


def test_the_stamp_and_the_latency_are_those_of_the_image():
    bench = Bench()
    bench.process(image(3))
    ((depth, info, header),) = bench.publisher.published
    assert (header.stamp.sec, header.frame_id, info) == (NOW - 3, 'cam', None)
    assert depth.values.shape == (4, 6)
    assert bench.counters.latency_percentiles() == (3.0, 3.0)


def test_input_size_zero_is_the_networks_own_also_after_another():
    bench = Bench(input_size=42)
    bench.process(image(0))
    assert bench.estimator.input_size == 42
    bench.settings = replace(bench.settings, input_size=0)
    bench.process(image(0))
    assert bench.estimator.input_size == 518


def test_a_negative_stamp_is_rejected():
    bench = Bench()
    assert bench.process(image(NOW + 1)).rejected == 1
    ((key, message),) = bench.troubles()
    assert key == 'image' and 'its stamp is negative (sec = -1)' in message


def test_a_picture_that_is_long_and_thin_is_rejected_with_both_sizes():
    bench = Bench()
    assert bench.process(image(0, 4000, 1)).rejected == 1
    ((key, message),) = bench.troubles()
    assert key == 'image' and '4000x1 pixels become 2072000x518' in message
    assert Bench(input_size=14).process(image(0, 4000, 1)).published == 1


def test_the_highest_input_size_is_allowed_for_wide_pictures():
    (row,) = (row for row in DEPTH_PARAMETERS if row.name == 'input_size')
    highest = int(row.limits[1])
    assert Bench(input_size=highest).process(image(0, 32, 18)).published == 1
    assert Bench(input_size=highest).process(image(0, 40, 18)).rejected == 1


def test_a_fault_is_reported_with_its_place_and_its_end_is_told():
    bench = Bench()
    bench.counters.receive()
    bench.processor.fail(RuntimeError('the network broke'))
    ((key, message),) = bench.troubles()
    assert key == 'inference' and 'the network broke' in message
    bench.process(image(0))
    assert ('inference', None) in bench.reports.reported


@pytest.mark.parametrize(('age', 'words'), [(-100, 'synchronise'), (-(10**8), 'use_sim_time')])
def test_a_stamp_ahead_by_more_than_max_age_is_used_and_said(age, words):
    bench = Bench(max_age=2.0)

    counts = bench.process(image(age))

    assert counts.published == 1
    ((key, message),) = bench.troubles()
    assert key == AGE_TROUBLE and 'ahead of the node clock' in message and words in message
    bench.process(image(0))
    assert (AGE_TROUBLE, None) in bench.reports.reported


def test_a_disabled_node_skips_what_is_listened_to():
    bench = Bench(skip_unheard=False)
    bench.processor.enabled = lambda: False

    assert bench.process(image(0)).skipped == 1

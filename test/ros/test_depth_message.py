# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for ros/depth_message.py."""

from array import array

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip('sensor_msgs')
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from depth_anything_ros.ros.depth_message import (  # noqa: E402
    decode_depth,
    encode_color,
    encode_depth,
    encode_disparity,
)
from depth_anything_ros.ros.image_message import ImageError, decode_image  # noqa: E402
from depth_anything_ros.ros.raw_image import RawImage  # noqa: E402

NAN, INF = np.nan, np.inf


def header():
    made = Header(frame_id='front_optical')
    made.stamp.sec, made.stamp.nanosec = 12, 345
    return made


def plane(*values):
    return np.array([values], np.float32)


def ramp(height=7, width=9):
    return np.linspace(0.3, 12, height * width, dtype=np.float32).reshape(height, width)


@pytest.mark.parametrize('encoding', ['32FC1', '16UC1'])
def test_the_header_fields_describe_the_data(encoding):
    message = encode_depth(ramp(), header(), encoding)
    bytes_each = {'32FC1': 4, '16UC1': 2}[encoding]
    assert (message.height, message.width, message.encoding) == (7, 9, encoding)
    assert (message.step, message.is_bigendian) == (9 * bytes_each, 0)
    assert len(message.data) == 7 * message.step
    assert message.header == header()


def test_32fc1_carries_the_values_and_the_meanings_of_rep_117():
    values = plane(1.5, NAN, INF, -INF, 70.0)
    message = encode_depth(values, header())
    raw = np.frombuffer(message.data, '<f4')
    np.testing.assert_array_equal(raw, values[0])


def test_32fc1_never_says_zero_or_less():
    values = plane(0.0, -0.0, -2.0, 1.0, -INF)
    message = encode_depth(values, header())
    np.testing.assert_array_equal(decode_depth(message), plane(NAN, NAN, NAN, 1.0, -INF))
    np.testing.assert_array_equal(values, plane(0.0, -0.0, -2.0, 1.0, -INF))


def test_16uc1_is_rounded_millimetres_and_zero_for_the_rest():
    values = plane(1.2344, 1.2346, 0.001, 65.535, 65.536, 1e38, 0.0, -1.0, NAN, INF, -INF)
    message = encode_depth(values, header(), '16UC1')
    raw = np.frombuffer(message.data, '<u2')
    assert raw.tolist() == [1234, 1235, 1, 65535, 0, 0, 0, 0, 0, 0, 0]


def test_16uc1_reads_back_as_metres_with_nan_for_unknown():
    metres = decode_depth(encode_depth(plane(1.234, 0.0, INF, 65.535), header(), '16UC1'))
    assert metres.dtype == np.float32
    np.testing.assert_array_equal(metres, plane(1.234, NAN, NAN, 65.535))


@settings(max_examples=50, deadline=None)
@given(
    values=st.lists(st.floats(width=32), min_size=1, max_size=24),
    encoding=st.sampled_from(['32FC1', '16UC1']),
)
def test_what_comes_back_is_the_depth_or_a_mark_for_none(values, encoding):
    sent = np.array([values], np.float32)
    got = decode_depth(encode_depth(sent, header(), encoding))
    finite = np.isfinite(got)
    assert (got[finite] > 0).all()
    tolerance = 0 if encoding == '32FC1' else 0.00051
    assert (np.abs(got[finite] - sent[finite]) <= tolerance).all()
    reach = 65.535 if encoding == '16UC1' else np.finfo(np.float32).max
    least = 0.001 if encoding == '16UC1' else 0
    assert finite[(sent > least) & (sent <= np.float32(reach))].all()


@pytest.mark.parametrize('view', ['transposed', 'cut', 'turned', 'one row', 'one column'])
def test_arrays_of_any_layout_are_encoded(view):
    whole = ramp(8, 10)
    values = {
        'transposed': whole.T,
        'cut': whole[1:6, 2:9],
        'turned': whole[::-1, ::-2],
        'one row': whole[3:4, 2:7],
        'one column': whole[1:6, 3:4],
    }[view]
    for message in (encode_depth(values, header()), encode_disparity(values, header())):
        assert message.step == 4 * values.shape[1]
        np.testing.assert_array_equal(decode_depth(message), values)


def test_disparity_is_carried_unchanged_zeros_included():
    values = plane(0.0, 3.5, 210.0)
    message = encode_disparity(values, header())
    assert (message.encoding, message.step, message.header) == ('32FC1', 12, header())
    np.testing.assert_array_equal(np.frombuffer(message.data, '<f4'), values[0])


def test_colour_reads_back_and_keeps_the_header():
    rgb = np.random.default_rng(3).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    for picture in (rgb, rgb[:, ::-1], rgb[1:5, 1:4], rgb[..., ::-1]):
        message = encode_color(picture, header())
        assert (message.encoding, message.step) == ('rgb8', 3 * picture.shape[1])
        assert message.header == header()
        np.testing.assert_array_equal(decode_image(message), picture)


def test_contiguous_values_are_copied_by_nothing_but_serialization():
    values = ramp()
    message = encode_depth(values, header())
    assert np.shares_memory(np.frombuffer(message.data, np.uint8), values)
    serialized = message.serialize()
    values[:] = 99
    np.testing.assert_array_equal(decode_depth(RawImage.parse(serialized)), ramp())


@pytest.mark.parametrize(
    'values',
    [
        np.ones((2, 3), np.float64),
        np.ones((2, 3, 1), np.float32),
        np.ones(3, np.float32),
        np.ones((0, 3), np.float32),
    ],
)
def test_arrays_that_are_no_depth_map_are_refused(values):
    for encode in (encode_depth, encode_disparity):
        with pytest.raises(ImageError, match=r'\(H, W\) float32'):
            encode(values, header())


@pytest.mark.parametrize(
    'rgb', [np.ones((2, 3), np.uint8), np.ones((2, 3, 4), np.uint8), np.ones((2, 3, 3), np.float32)]
)
def test_arrays_that_are_no_colour_image_are_refused(rgb):
    with pytest.raises(ImageError, match=r'\(H, W, 3\) uint8'):
        encode_color(rgb, header())


def test_an_encoding_that_is_no_depth_is_refused():
    with pytest.raises(ImageError, match="'mono8'.*32FC1 or 16UC1"):
        encode_depth(ramp(), header(), 'mono8')
    with pytest.raises(ImageError, match="'rgb8'"):
        decode_depth(encode_color(np.ones((2, 2, 3), np.uint8), header()))


@pytest.mark.parametrize('encoding', ['32FC1', '16UC1', 'mono16'])
@pytest.mark.parametrize('order', ['<', '>'])
@pytest.mark.parametrize('padding', [0, 3])
def test_depth_of_either_byte_order_and_any_step_is_read(encoding, order, padding):
    raw = np.array([[1500, 0], [250, 60000]])
    dtype = order + ('f4' if encoding == '32FC1' else 'u2')
    rows = [row.astype(dtype).tobytes() for row in raw]
    message = Image(
        height=2,
        width=2,
        encoding=encoding,
        is_bigendian=order == '>',
        step=len(rows[0]) + padding,
        data=array('B', (b'\xee' * padding).join(rows)),
    )
    expected = raw if encoding == '32FC1' else np.where(raw == 0, NAN, raw / 1000)
    decoded = decode_depth(message)
    assert decoded.dtype == np.float32
    np.testing.assert_array_equal(decoded, expected.astype(np.float32))


def test_float_depth_is_read_without_a_copy():
    message = encode_depth(ramp(), header())
    assert np.shares_memory(decode_depth(message), np.frombuffer(message.data, np.uint8))


@pytest.mark.parametrize('size', [(7, 10), (8, 9), (20000, 20000), (0, 9)])
def test_depth_that_is_too_short_for_its_header_is_refused(size):
    message = encode_depth(ramp(), header())
    message.height, message.width = size
    with pytest.raises(ImageError, match=f'{size[1]}x{size[0]}'):
        decode_depth(message)


@pytest.mark.parametrize('encoding', ['32FC1', '16UC1'])
def test_depth_that_was_sent_reads_the_same(encoding):
    serialization = pytest.importorskip('rclpy.serialization')
    message = encode_depth(ramp(), header(), encoding)
    sent = serialization.deserialize_message(message.serialize(), Image)
    assert sent == message.message()
    np.testing.assert_array_equal(decode_depth(sent), decode_depth(message))

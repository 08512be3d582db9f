# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for ros/raw_image.py against rclpy's own serialization."""

from __future__ import annotations

import struct
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip('rclpy')
from rclpy.serialization import deserialize_message, serialize_message  # noqa: E402
from sensor_msgs.msg import CompressedImage, Image  # noqa: E402
from std_msgs.msg import Header as RosHeader  # noqa: E402

from depth_anything_ros.ros.cdr import CdrError  # noqa: E402
from depth_anything_ros.ros.raw_image import RawCompressedImage, RawImage  # noqa: E402
from depth_anything_ros.ros.stamps import Header, Stamp, header_like  # noqa: E402

NUMBERS = st.integers(0, 2**32 - 1)
# ROS strings end at the first NUL.
TEXTS = st.text(st.characters(blacklist_categories=('Cs',), blacklist_characters='\0'), max_size=9)
HEADERS = st.builds(
    lambda sec, nanosec, frame: _header(sec, nanosec, frame),
    st.integers(-(2**31), 2**31 - 1),
    NUMBERS,
    TEXTS,
)


def _header(sec: int = 12, nanosec: int = 345, frame_id: str = 'cam') -> Header:
    return Header(Stamp(sec, nanosec), frame_id)


def _in_ros(header: Header) -> RosHeader:
    return header_like(RosHeader(), header)


def raw(pixels: bytes = bytes(range(24)), **changes) -> RawImage:
    fields = {
        'header': _header(),
        'height': 2,
        'width': 4,
        'encoding': 'rgb8',
        'is_bigendian': 0,
        'step': 12,
        'data': memoryview(pixels),
    }
    return RawImage(**{**fields, **changes})


def big_endian(image: Image) -> bytes:
    """Serialize an Image as CDR, big-endian, field by field from the message definition."""
    out = bytearray(b'\0\0\0\0')

    def text(value: str) -> None:
        raw_text = value.encode() + b'\0'
        out.extend(bytes(-len(out) % 4) + struct.pack('>I', len(raw_text)) + raw_text)

    out += struct.pack('>iI', image.header.stamp.sec, image.header.stamp.nanosec)
    text(image.header.frame_id)
    out.extend(bytes(-len(out) % 4) + struct.pack('>II', image.height, image.width))
    text(image.encoding)
    out.append(image.is_bigendian)
    out.extend(bytes(-len(out) % 4) + struct.pack('>II', image.step, len(image.data)))
    return bytes(out + bytes(image.data))


@settings(max_examples=150, deadline=None)
@given(HEADERS, NUMBERS, NUMBERS, TEXTS, st.integers(0, 255), NUMBERS, st.binary(max_size=40))
def test_both_ways_agree_with_rclpy(header, height, width, encoding, endian, step, pixels):
    image = RawImage(header, height, width, encoding, endian, step, memoryview(pixels))
    serialized = image.serialize()

    message = deserialize_message(serialized, Image)
    assert message == image.message()
    assert len(serialize_message(message)) == len(serialized)  # its padding may hold anything

    back = RawImage.parse(serialize_message(message))
    assert (back.header, back.height, back.width, back.encoding) == (
        header,
        height,
        width,
        encoding,
    )
    assert (back.is_bigendian, back.step, bytes(back.data)) == (endian, step, pixels)


@pytest.mark.parametrize('frame_id', ['', 'a', 'ab', 'abc', 'abcd', 'camera_optical_frame'])
@pytest.mark.parametrize('encoding', ['rgb8', '32FC1', 'bayer_rggb16', ''])
def test_big_endian_messages_are_read(frame_id, encoding):
    message = raw(header=_header(-5, 7, frame_id), encoding=encoding).message()
    back = RawImage.parse(big_endian(message))
    assert back.message() == message


def test_the_pixels_are_a_view_of_the_bytes():
    serialized = raw().serialize()
    view = RawImage.parse(serialized).data
    assert isinstance(view, memoryview) and view.obj is serialized and view.readonly


def test_arrays_of_the_message_are_taken_as_they_are():
    assert raw(data=array('B', bytes(range(24)))).serialize() == raw().serialize()


def test_second_version_of_the_representation_is_read_and_others_are_refused():
    serialized = raw().serialize()
    assert RawImage.parse(b'\0\x07' + serialized[2:]) == raw()
    for identifier in (b'\0\x03', b'\0\x09', b'\x01\x01'):
        with pytest.raises(CdrError, match=f'representation 0x{identifier.hex()}'):
            RawImage.parse(identifier + serialized[2:])


@pytest.mark.parametrize('kind', [RawImage, RawCompressedImage])
def test_every_cut_is_refused_by_name(kind):
    compressed = CompressedImage(
        header=_in_ros(_header()), format='jpeg', data=array('B', b'12345')
    )
    whole = raw().serialize() if kind is RawImage else bytes(serialize_message(compressed))
    kind.parse(whole)
    for length in range(len(whole)):
        with pytest.raises(CdrError, match=f'{length} bytes are no serialized'):
            kind.parse(whole[:length])


def test_a_length_beyond_the_end_is_refused():
    serialized = raw().serialize()
    with pytest.raises(CdrError, match='begins a field of 4294967295'):
        RawImage.parse(serialized[:-28] + b'\xff' * 4 + serialized[-24:])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.booleans())
def test_noise_is_read_or_refused_and_nothing_else(noise, prefixed):
    try:
        RawImage.parse(b'\0\1\0\0' + noise if prefixed else noise)
    except CdrError as error:
        assert 'bytes are no serialized Image' in str(error)


def test_text_that_is_no_utf8_is_read_with_marks():
    serialized = raw().serialize().replace(b'rgb8', b'\xffgb8')
    assert RawImage.parse(serialized).encoding == '\ufffdgb8'


@settings(max_examples=60, deadline=None)
@given(HEADERS, TEXTS, st.binary(max_size=40))
def test_compressed_images_are_read_as_rclpy_reads_them(header, wording, content):
    message = CompressedImage(header=_in_ros(header), format=wording, data=array('B', content))
    back = RawCompressedImage.parse(serialize_message(message))
    assert (back.header, back.format, bytes(back.data)) == (header, wording, content)


def test_a_text_ends_at_its_first_zero_as_for_rclpy():
    sent = raw(encoding='rgb8\0and more').serialize()
    assert RawImage.parse(sent).encoding == deserialize_message(sent, Image).encoding == 'rgb8'


def test_a_text_that_is_longer_than_any_name_is_refused():
    assert RawImage.parse(raw(encoding='x' * 1000).serialize()).encoding == 'x' * 1000
    with pytest.raises(CdrError, match='a text of 100001 bytes at byte 28') as caught:
        RawImage.parse(raw(encoding='x' * 100_000).serialize())
    assert len(str(caught.value)) < 300

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of ros/bench_player.py for what it sends; test/cli/test_bench.py has it play."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy')

from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage
from std_msgs.msg import Header

from depth_anything_ros.media.bag import BagError, BagWriter
from depth_anything_ros.media.frames import SourceError
from depth_anything_ros.ros.bench_player import BUFFERED, Footage, PlayerProcess, Take, load
from depth_anything_ros.ros.depth_message import encode_color
from depth_anything_ros.ros.image_message import decode_image
from depth_anything_ros.ros.raw_image import RawImage

IMAGE = 'sensor_msgs/msg/Image'
STAMP = 1_234_567_890_123_456_789


def footage(source, encoding='rgb8', size=(32, 24)) -> Footage:
    return Footage(str(source), size, encoding, ('',))


def coloured(number: int) -> np.ndarray:
    return np.full((24, 32, 3), number, np.uint8)


@pytest.fixture
def pictures(tmp_path):
    for number in range(3):
        assert cv2.imwrite(str(tmp_path / f'{number}.png'), coloured(40 * number))
    return tmp_path


@pytest.mark.parametrize('encoding', ['rgb8', 'bgr8', 'mono8'])
def test_pictures_are_sent_in_turn_in_the_encoding_asked_for(pictures, encoding):
    reel = load(footage(pictures, encoding))
    images = [RawImage.parse(take.stamped(STAMP)) for take in reel.images]
    assert [image.encoding for image in images] == [encoding] * 3
    assert [decode_image(image)[0, 0, 0] for image in images] == [0, 40, 80]
    assert (reel.size, reel.compressed) == ((32, 24), False)
    header = images[0].header
    assert (header.stamp.sec, header.stamp.nanosec) == divmod(STAMP, 10**9)
    assert header.frame_id == 'bench_optical_frame'


def test_jpeg_is_a_compressed_image_of_its_size(pictures):
    reel = load(footage(pictures, 'jpeg', (64, 48)))
    message = deserialize_message(reel.images[0].stamped(STAMP), CompressedImage)
    assert cv2.imdecode(np.array(message.data, np.uint8), cv2.IMREAD_COLOR).shape == (48, 64, 3)
    assert reel.compressed and message.header.stamp.sec == STAMP // 10**9


def test_camera_info_fits_the_image_and_takes_its_stamp(pictures):
    reel = load(footage(pictures))
    info = deserialize_message(reel.camera_info.stamped(STAMP), CameraInfo)
    assert (info.width, info.height) == (32, 24) and info.k[0] > 0
    assert info.header.stamp.nanosec == STAMP % 10**9


def test_the_stamp_of_a_big_endian_message_is_big_endian():
    message = b'\0\0\0\0' + bytes(8) + b'rest'
    assert Take(message).stamped(STAMP)[4:8] == (STAMP // 10**9).to_bytes(4, 'big')
    assert Take(message).stamped(STAMP).endswith(b'rest')


def bag(path, *topics):
    with BagWriter(path) as writer:
        for topic in topics:
            writer.add_topic(topic, IMAGE)
            for number in range(BUFFERED + 2):
                message = encode_color(coloured(number), Header(frame_id='from_bag'))
                writer.write(topic, serialize_message(message.message()), number + 1)
    return path


def test_images_of_a_bag_are_sent_as_they_are(tmp_path):
    path = bag(tmp_path / 'bag', '/camera/image_raw', '/depth/color')
    reel = load(footage(path, size=(999, 999)))
    images = [RawImage.parse(take.message) for take in reel.images]
    assert [decode_image(image)[0, 0, 0] for image in images] == list(range(BUFFERED))
    assert reel.size == (32, 24) and images[0].header.frame_id == 'from_bag'


def test_a_bag_of_two_cameras_is_refused_by_their_names(tmp_path):
    with pytest.raises(BagError, match='/left/image, /right/image'):
        load(footage(bag(tmp_path / 'bag', '/left/image', '/right/image')))


def test_what_the_player_cannot_load_is_raised_here(tmp_path):
    with (
        PlayerProcess(footage(tmp_path / 'nowhere')) as player,
        pytest.raises(SourceError, match='nowhere'),
    ):
        player.load()

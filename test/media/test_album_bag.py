# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/album_bag.py, on bags made without ROS."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip('rosbags')
from rosbags.typesys import Stores, get_typestore  # noqa: E402

from depth_anything_ros.depth import DepthKind  # noqa: E402
from depth_anything_ros.media.album import AlbumError  # noqa: E402
from depth_anything_ros.media.album_bag import bag_album  # noqa: E402
from depth_anything_ros.media.bag import BagError, BagWriter  # noqa: E402

TYPES = get_typestore(Stores.ROS2_JAZZY)
IMAGE, INFO = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CameraInfo'
HEIGHT, WIDTH = 6, 8
SECOND = 10**9


def header(index):
    stamp = TYPES.types['builtin_interfaces/msg/Time'](sec=100, nanosec=index * 10**8)
    return TYPES.types['std_msgs/msg/Header'](stamp=stamp, frame_id='cam')


def image(index, pixels, encoding):
    rows = np.ascontiguousarray(pixels).view(np.uint8).reshape(HEIGHT, -1)
    message = TYPES.types[IMAGE](
        header=header(index), height=HEIGHT, width=WIDTH, encoding=encoding, is_bigendian=0,
        step=rows.shape[1], data=rows.ravel(),
    )  # fmt: skip
    return bytes(TYPES.serialize_cdr(message, IMAGE))


def info(index):
    types = TYPES.types
    matrix = np.array([50, 0, 4, 0, 0, 51, 3, 0, 0, 0, 1, 0], float)
    message = types[INFO](
        header=header(index), height=HEIGHT, width=WIDTH, distortion_model='plumb_bob',
        d=np.zeros(5), k=np.eye(3).ravel(), r=np.eye(3).ravel(), p=matrix, binning_x=0, binning_y=0,
        roi=types['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False),
    )  # fmt: skip
    return bytes(TYPES.serialize_cdr(message, INFO))


def depth(index, kind=np.float32):
    values = np.full((HEIGHT, WIDTH), index, kind)
    values[0, 0] = 0
    return values


def record(path, topics, frames=10):
    """Write a bag: ``topics`` give the encoding of each; depth comes half a second late."""
    with BagWriter(path) as bag:
        for name, encoding in topics.items():
            bag.add_topic(name, INFO if encoding == 'info' else IMAGE)
        for index in range(frames):
            at = 100 * SECOND + index * SECOND // 10
            for name, encoding in topics.items():
                if encoding == 'info':
                    bag.write(name, info(index), at)
                elif encoding == 'rgb8':
                    pixels = np.full((HEIGHT, WIDTH, 3), index, np.uint8)
                    bag.write(name, image(index, pixels, encoding), at)
                else:
                    kind = np.float32 if encoding == '32FC1' else np.uint16
                    late = 0 if 'ground_truth' in name else SECOND // 2
                    bag.write(name, image(index, depth(index, kind), encoding), at + late)
    return path


OURS = {
    '/ground_truth/depth': '32FC1',
    '/image': 'rgb8',
    '/depth/camera_info': 'info',
    '/depth/image_rect': '32FC1',
    '/depth/color': 'rgb8',
}


def test_frames_are_spread_over_the_time_and_pictures_match_by_their_stamps(tmp_path):
    album = bag_album(record(tmp_path / 'bag', OURS), most=3)

    assert [e.name for e in album.entries] == ['0.10 s', '0.50 s', '0.80 s']
    assert album.settings == {'depth': '/depth/image_rect', 'pictures': '/image'}
    assert album.notes == ['3 of 10 frames are shown, evenly spaced.']
    for entry, index in zip(album.entries, (1, 5, 8), strict=True):
        shot = entry.load()
        assert entry.time_ns == 100 * SECOND + index * SECOND // 10 + SECOND // 2
        assert (shot.rgb == index).all() and shot.kind is DepthKind.METRIC
        assert np.isnan(shot.values[0, 0]) and (shot.values[1:] == index).all()
        assert (shot.camera.fx, shot.camera.cy, shot.camera_from) == (50, 3, 'calibration')


def test_disparity_of_0_is_far_and_not_unknown(tmp_path):
    topics = {'/image': 'rgb8', '/depth/disparity_relative': '32FC1'}
    shot = bag_album(record(tmp_path / 'bag', topics), most=1).entries[0].load()

    assert shot.kind is DepthKind.RELATIVE and shot.values[0, 0] == 0
    assert shot.camera is None and shot.camera_from == ''


def test_each_camera_has_its_picture_and_the_topic_can_be_chosen(tmp_path):
    topics = {
        '/front/image': 'rgb8', '/front/depth/image_rect': '32FC1',
        '/rear/image': 'rgb8', '/rear/depth/image_rect': '16UC1',
    }  # fmt: skip
    bag = record(tmp_path / 'bag', topics)

    front = bag_album(bag, most=100)
    rear = bag_album(bag, 100, '/rear/depth/image_rect')

    assert front.settings['pictures'] == '/front/image' and len(front.entries) == 10
    assert front.notes == ['Other topics with depth: /rear/depth/image_rect.']
    assert rear.settings['pictures'] == '/rear/image'
    assert rear.entries[4].load().values[2, 2] == pytest.approx(0.004)


def test_a_depth_without_pictures_is_shown_alone(tmp_path):
    shot = bag_album(record(tmp_path / 'bag', {'/depth': '32FC1'}), 1).entries[0].load()

    assert shot.rgb is None and shot.values.shape == (HEIGHT, WIDTH)


def test_bags_without_depth_and_what_is_no_bag_are_named(tmp_path):
    bag = record(tmp_path / 'bag', {'/image': 'rgb8'})
    with pytest.raises(AlbumError, match='depth-anything bag'):
        bag_album(bag, 1)
    with pytest.raises(AlbumError, match='no topic /depth'):
        bag_album(bag, 1, '/depth')
    with pytest.raises(BagError):
        bag_album(tmp_path / 'none', 1)


def test_a_single_file_of_a_bag_will_do(tmp_path):
    bag = record(tmp_path / 'bag', OURS, frames=2)

    album = bag_album(bag / 'bag.mcap', most=2)

    assert album.title == 'bag.mcap' and album.entries[1].load().rgb is not None

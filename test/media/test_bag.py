# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of media/bag.py."""

from pathlib import Path

import numpy as np
import pytest
from rosbags.typesys import Stores, get_typestore

from depth_anything_ros.media.bag import BagError, BagReader, BagWriter, TopicQos

TYPES = get_typestore(Stores.ROS2_JAZZY)
IMAGE = 'sensor_msgs/msg/Image'
STRING = 'std_msgs/msg/String'


def image_cdr(sec: int, nanosec: int, value: int = 7) -> bytes:
    """Serialize a 4x3 mono8 image with a stamp."""
    types = TYPES.types
    header = types['std_msgs/msg/Header'](
        stamp=types['builtin_interfaces/msg/Time'](sec=sec, nanosec=nanosec), frame_id='camera'
    )
    message = types[IMAGE](
        header=header, height=3, width=4, encoding='mono8', is_bigendian=0, step=4,
        data=np.full(12, value, np.uint8),
    )  # fmt: skip
    return bytes(TYPES.serialize_cdr(message, IMAGE))


def string_cdr(text: str) -> bytes:
    """Serialize a std_msgs/String."""
    return bytes(TYPES.serialize_cdr(TYPES.types[STRING](data=text), STRING))


def test_messages_come_back_in_order_with_types_stamps_and_times(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag') as bag:
        bag.add_topic('/image', IMAGE, TopicQos(reliable=False, depth=1))
        bag.add_topic('/note', STRING)
        bag.write('/image', image_cdr(5, 250_000_000), 100)
        bag.write('/note', string_cdr('hello'), 200)
        bag.write('/image', image_cdr(6, 0, 9), 300)
    with BagReader(tmp_path / 'bag') as bag:
        assert bag.topics == {'/image': (IMAGE, 2), '/note': (STRING, 1)}
        messages = list(bag.messages())
        assert [(topic, t) for topic, _, t in messages] == [
            ('/image', 100), ('/note', 200), ('/image', 300),
        ]  # fmt: skip
        assert messages[0][1].header.stamp.nanosec == 250_000_000
        assert messages[1][1].data == 'hello'
        assert (messages[2][1].data == 9).all()
        assert [topic for topic, _, _ in bag.messages(['/note'])] == ['/note']
        assert list(bag.messages(['/other'])) == []


def test_the_bag_is_one_mcap_file_with_metadata_and_qos(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag') as bag:
        bag.add_topic('/image', IMAGE, TopicQos(reliable=False, depth=1))
        bag.write('/image', image_cdr(1, 0), 1)
    assert sorted(entry.name for entry in (tmp_path / 'bag').iterdir()) == [
        'bag.mcap', 'metadata.yaml',
    ]  # fmt: skip
    assert (tmp_path / 'bag' / 'bag.mcap').read_bytes().startswith(b'\x89MCAP0\r\n')
    metadata = (tmp_path / 'bag' / 'metadata.yaml').read_text()
    assert 'storage_identifier: mcap' in metadata and 'best_effort' in metadata


def test_a_bag_is_readable_after_an_exception(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match='boom'), BagWriter(tmp_path / 'bag') as bag:
        bag.add_topic('/note', STRING)
        bag.write('/note', string_cdr('kept'), 1)
        raise RuntimeError('boom')
    with BagReader(tmp_path / 'bag') as bag:
        assert [message.data for _, message, _ in bag.messages()] == ['kept']


def test_an_empty_bag_is_readable(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag') as bag:
        bag.add_topic('/note', STRING)
    with BagReader(tmp_path / 'bag') as bag:
        assert list(bag.messages()) == []


def test_an_existing_bag_is_replaced_only_when_asked(tmp_path: Path) -> None:
    BagWriter(tmp_path / 'bag').close()
    with pytest.raises(BagError, match='exists already'):
        BagWriter(tmp_path / 'bag')
    with BagWriter(tmp_path / 'bag', overwrite=True) as bag:
        bag.add_topic('/note', STRING)
    with BagReader(tmp_path / 'bag') as bag:
        assert '/note' in bag.topics


def test_a_bag_that_was_cut_off_is_replaced(tmp_path: Path) -> None:
    BagWriter(tmp_path / 'bag').close()
    (tmp_path / 'bag' / 'metadata.yaml').unlink()
    BagWriter(tmp_path / 'bag', overwrite=True).close()
    assert (tmp_path / 'bag' / 'metadata.yaml').exists()


@pytest.mark.parametrize(
    'names',
    [
        ['thesis.txt'],
        ['metadata.yaml'],
        ['bag_0.mcap', 'metadata.yaml'],
        ['bag.mcap', 'metadata.yaml', 'notes.txt'],
        [],
    ],
    ids=['no bag', 'metadata only', 'ros2 bag record', 'a bag and more', 'empty'],
)
def test_what_is_not_its_own_bag_is_never_removed(tmp_path: Path, names: list[str]) -> None:
    folder = tmp_path / 'bag'
    folder.mkdir()
    for name in names:
        (folder / name).write_text('years of work')
    with pytest.raises(BagError, match=r'something else than bag\.mcap.*move it away'):
        BagWriter(folder, overwrite=True)
    assert sorted(entry.name for entry in folder.iterdir()) == sorted(names)


def test_a_link_to_a_bag_is_not_followed(tmp_path: Path) -> None:
    BagWriter(tmp_path / 'bag').close()
    (tmp_path / 'link').mkdir()
    (tmp_path / 'link' / 'bag').symlink_to(tmp_path / 'bag')
    with pytest.raises(BagError, match='not overwritten'):
        BagWriter(tmp_path / 'link' / 'bag', overwrite=True)
    assert (tmp_path / 'bag' / 'bag.mcap').exists()


def test_wrong_use_is_named(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag') as bag:
        bag.add_topic('/note', STRING)
        with pytest.raises(BagError, match='/note is in the bag'):
            bag.add_topic('/note', STRING)
        with pytest.raises(BagError, match='my_msgs/msg/Unheard is not known'):
            bag.add_topic('/other', 'my_msgs/msg/Unheard')
        with pytest.raises(BagError, match='/other was not added'):
            bag.write('/other', b'', 0)
    with pytest.raises(BagError, match='closed'):
        bag.write('/note', string_cdr('late'), 1)
    with pytest.raises(BagError, match='not a readable bag'):
        BagReader(tmp_path / 'nowhere')

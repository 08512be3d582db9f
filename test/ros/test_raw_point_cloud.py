# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for ros/raw_point_cloud.py against rclpy's own serialization and PointCloud2.msg."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('rclpy')
from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from rclpy.serialization import deserialize_message, serialize_message  # noqa: E402
from sensor_msgs.msg import PointCloud2, PointField  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from depth_anything_ros.ros.cdr import CdrError  # noqa: E402
from depth_anything_ros.ros.raw_point_cloud import PointCloudError, RawPointCloud  # noqa: E402

NAMES = ('x', 'y', 'z', 'rgb')


def header() -> Header:
    made = Header(frame_id='cam')
    made.stamp.sec, made.stamp.nanosec = 12, 345
    return made


def organised(height: int = 3, width: int = 5, fields: int = 4) -> np.ndarray:
    return np.arange(height * width * fields, dtype=np.float32).reshape(height, width, fields)


@pytest.mark.parametrize('frame', ['', 'c', 'ca', 'cam', 'camé'])
@pytest.mark.parametrize('names', [('x',), ('x', 'y', 'z'), ('x', 'y', 'z', 'rgb', 'height')])
def test_a_cloud_reads_as_rclpy_reads_it(frame, names):
    points = organised(fields=len(names))
    cloud = RawPointCloud.of(points, names, Header(frame_id=frame))

    message = deserialize_message(cloud.serialize(), PointCloud2)

    assert (message.height, message.width) == (3, 5)
    assert message.header.frame_id == frame
    assert [(f.name, f.offset, f.datatype, f.count) for f in message.fields] == [
        (name, 4 * number, PointField.FLOAT32, 1) for number, name in enumerate(names)
    ]
    assert (message.point_step, message.row_step) == (4 * len(names), 20 * len(names))
    assert bytes(message.data) == points.tobytes()
    assert not message.is_dense
    assert not message.is_bigendian


@given(st.integers(0, 4), st.integers(0, 4), st.booleans(), st.text('ab', max_size=5))
def test_what_rclpy_wrote_reads_back(height, width, is_dense, frame):
    points = organised(height, width)
    message = PointCloud2(height=height, width=width, is_dense=is_dense, point_step=16)
    message.header.frame_id, message.row_step = frame, 16 * width
    message.fields = [
        PointField(name=name, offset=4 * number, datatype=PointField.FLOAT32, count=1)
        for number, name in enumerate(NAMES)
    ]
    message.data.frombytes(points.tobytes())

    cloud = RawPointCloud.parse(serialize_message(message))

    assert (cloud.height, cloud.width, cloud.is_dense) == (height, width, is_dense)
    assert cloud.header.frame_id == frame
    assert cloud.positions() == pytest.approx(points[..., :3].reshape(-1, 3))
    assert deserialize_message(cloud.serialize(), PointCloud2) == message


def test_unorganised_points_are_one_dense_row():
    cloud = RawPointCloud.of(organised()[0], NAMES, header())

    assert (cloud.height, cloud.width, cloud.is_dense) == (1, 5, True)


def test_no_points_are_a_cloud_too():
    cloud = RawPointCloud.of(np.empty((0, 3), np.float32), ('x', 'y', 'z'), header())

    message = deserialize_message(cloud.serialize(), PointCloud2)

    assert (message.height, message.width, len(message.data)) == (1, 0, 0)
    assert cloud.positions().shape == (0, 3)


def test_a_view_of_points_is_written_in_their_order():
    points = organised()[:, ::2]

    cloud = RawPointCloud.of(points, NAMES, header())

    assert bytes(cloud.data) == points.tobytes()


@pytest.mark.parametrize('order', ['<', '>'], ids=['little', 'big'])
@pytest.mark.parametrize('code', ['f4', 'f8'])
def test_positions_in_any_order_of_bytes_and_padding(order, code):
    size = np.dtype(code).itemsize
    layout = np.dtype(
        {
            'names': ['intensity', 'z', 'x', 'y'],
            'formats': ['u1', *[order + code] * 3],
            'offsets': [0, 8, 8 + size, 8 + 2 * size],
            'itemsize': 40,
        }
    )
    rows = np.zeros((2, 4), layout)  # the last column is padding of the row
    for number, name in enumerate('xyz'):
        rows[name] = np.arange(8).reshape(2, 4) + 100 * number
    datatype = PointField.FLOAT32 if size == 4 else PointField.FLOAT64
    message = PointCloud2(height=2, width=3, point_step=40, row_step=160)
    message.is_bigendian = order == '>'
    message.fields = [
        PointField(name=n, offset=layout.fields[n][1], datatype=datatype, count=1) for n in 'zxy'
    ]
    message.data.frombytes(rows.tobytes())

    positions = RawPointCloud.parse(serialize_message(message)).positions()

    assert positions[:, 0].tolist() == [0, 1, 2, 4, 5, 6]
    assert positions[:, 1].tolist() == [100, 101, 102, 104, 105, 106]
    assert positions[:, 2].tolist() == [200, 201, 202, 204, 205, 206]


@pytest.mark.parametrize(
    ('changes', 'says'),
    [
        ({'width': 6}, 'do not fit'),
        ({'height': 4}, 'do not fit'),
        ({'row_step': 16}, 'do not fit'),
        ({'point_step': 8}, "field 'z' at byte 8 is outside"),
        ({'fields': ()}, "no usable field 'x'; its fields: none"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else '',
)
def test_sizes_that_contradict_the_data_are_refused(changes, says):
    cloud = replace(RawPointCloud.of(organised(), NAMES, header()), **changes)

    with pytest.raises(PointCloudError, match=says):
        cloud.positions()


def test_positions_of_whole_numbers_are_refused():
    cloud = RawPointCloud.of(organised(), NAMES, header())
    fields = tuple(replace(field, datatype=PointField.UINT32) for field in cloud.fields)

    with pytest.raises(PointCloudError, match='must be float'):
        replace(cloud, fields=fields).positions()


@pytest.mark.parametrize(
    ('points', 'says'),
    [
        (np.zeros((3, 4)), 'float64'),
        (np.zeros(4, np.float32), r'\(4,\)'),
        (np.zeros((3, 5), np.float32), 'of 5 numbers'),
    ],
    ids=['dtype', 'shape', 'fields'],
)
def test_what_are_no_points_is_refused(points, says):
    with pytest.raises(PointCloudError, match=says):
        RawPointCloud.of(points, NAMES, header())


def test_cut_and_foreign_bytes_are_refused():
    whole = RawPointCloud.of(organised(), NAMES, header()).serialize()

    for length in range(len(whole)):
        with pytest.raises(CdrError):
            RawPointCloud.parse(whole[:length])
    with pytest.raises(CdrError, match='fields'):
        RawPointCloud.parse(whole[:28] + b'\xff\xff\xff\x00' + whole[32:])


def test_sensor_msgs_py_reads_the_same_points():
    """Its reader keeps the rows of an organised cloud; its create_cloud swaps height and width."""
    point_cloud2 = pytest.importorskip('sensor_msgs_py.point_cloud2')
    points = organised()
    points[1, 2, :3] = np.nan
    cloud = RawPointCloud.of(points, NAMES, header())

    message = deserialize_message(cloud.serialize(), PointCloud2)
    read = point_cloud2.read_points_numpy(message, field_names=['x', 'y', 'z'])
    known = point_cloud2.read_points_numpy(message, field_names=['x', 'y', 'z'], skip_nans=True)

    np.testing.assert_array_equal(read.reshape(3, 5, 3), points[..., :3])
    assert len(known.reshape(-1, 3)) == 14

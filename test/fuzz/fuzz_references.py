# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""References for scale: PointCloud2, LaserScan and depth images of any bytes and fields."""

from __future__ import annotations

import math
import struct
from array import array
from typing import Any

import numpy as np
from fuzzing import Target, damaged, odd_floats, odd_numbers, refused
from hypothesis import strategies as st
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, Image, LaserScan
from std_msgs.msg import Header

from depth_anything_ros.geometry.affine import NoFitError, fit_affine_disparity
from depth_anything_ros.geometry.intrinsics import Intrinsics
from depth_anything_ros.geometry.reference import MIN_RANGE, Reference, sample_disparity
from depth_anything_ros.geometry.transform import Transform
from depth_anything_ros.ros.cdr import CdrError
from depth_anything_ros.ros.node_topics import NodeTopics
from depth_anything_ros.ros.pinhole import camera_info_from
from depth_anything_ros.ros.raw_point_cloud import PointCloudError, PointField, RawPointCloud
from depth_anything_ros.ros.reference_buffer import ReferenceBuffer
from depth_anything_ros.ros.scale_source import _NO_REFERENCE
from depth_anything_ros.ros.topics import TransformUnknownError

INTRINSICS = Intrinsics(32, 24, 30.0, 30.0, 16.0, 12.0)
RAMP = np.linspace(0.1, 3.0, 32 * 24, dtype=np.float32).reshape(24, 32)
CODES = {7: ('f', 4), 8: ('d', 8)}


class _Node:
    """Keeps the callbacks of its subscriptions by topic."""

    def __init__(self) -> None:
        self.callbacks: dict[str, Any] = {}

    def create_subscription(self, kind: Any, topic: str, callback: Any, *_: Any, **__: Any) -> str:
        self.callbacks[topic] = callback
        return topic

    def resolve_topic_name(self, name: str) -> str:
        return f'/{name}'


class _Tree:
    """A TF that knows no frame."""

    def find(self, parent: str, child: str, at: Any) -> Transform:
        raise TransformUnknownError(f'TF does not tell where {child!r} is')


def _feed(
    source: str, message: Any, extrinsics: Transform | None, info: CameraInfo | None = None
) -> bool:
    """Give a message to the node's buffer and take all from it that the scale takes."""
    node = _Node()
    buffer = ReferenceBuffer(NodeTopics(node), '', source, extrinsics, _Tree())  # type: ignore[arg-type]
    if info is not None:
        node.callbacks['reference/camera_info'](info)
    node.callbacks[f'reference/{source}'](message)
    header = Header(frame_id='camera')
    found, bad = refused(lambda: buffer.find(header, INTRINSICS, 1e12), *_NO_REFERENCE)
    if bad:
        return False
    _check_reference(found)
    return len(found) > 0


def _check_reference(reference: Reference) -> None:
    assert reference.size == (24, 32)
    assert np.isfinite(reference.z).all() and (reference.z > MIN_RANGE).all()
    assert ((reference.rows >= 0) & (reference.rows < 24)).all()
    assert ((reference.columns >= 0) & (reference.columns < 32)).all()
    d, z = sample_disparity(RAMP, reference)
    fit, bad = refused(lambda: fit_affine_disparity(d, z), NoFitError)
    if not bad:
        assert fit.a > 0 and math.isfinite(fit.a) and math.isfinite(fit.b)
        assert 0 < fit.inlier_share <= 1


@st.composite
def _clouds(draw: st.DrawFn) -> RawPointCloud:
    height, width = draw(st.integers(0, 4)), draw(st.integers(0, 40))
    kind = draw(st.sampled_from((7, 7, 7, 8)))
    size = CODES[kind][1]
    names = draw(st.sampled_from(('xyz', 'zyx', 'xyzi', 'xyz', 'xxyz', 'xy', '')))
    fields = [PointField(name, i * size, kind, 1) for i, name in enumerate(names)]
    step = len(names) * size + draw(st.sampled_from((0, 0, 4, 3)))
    row = step * width + draw(st.sampled_from((0, 0, 5)))
    big = draw(st.booleans())
    floats = st.one_of(st.floats(0.25, 9.0, width=32), odd_floats(2.0))
    some = draw(st.lists(floats, min_size=1, max_size=24))
    order = '>' if big else '<'
    with np.errstate(over='ignore'):
        values = np.resize(np.array(some), height * row // size + 1)
        data = values.astype(order + ('f4' if kind == 7 else 'f8')).tobytes()[: height * row]
    changes = {}
    if draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(('height', 'width', 'point_step', 'row_step')))
        changes[name] = draw(odd_numbers(width))
    if fields and draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(fields) - 1))
        fields[at] = PointField(
            draw(st.sampled_from(('x', 'y', 'z', 'w'))),
            draw(odd_numbers(size)),
            draw(st.integers(0, 255)),
            draw(odd_numbers(1)),
        )
    cut = draw(st.sampled_from((0, 0, 0, 1, 100)))
    plain = {'height': height, 'width': width, 'point_step': step, 'row_step': row, **changes}
    return RawPointCloud(
        header=Header(frame_id='camera'),
        fields=tuple(fields),
        is_bigendian=big,
        data=memoryview(data[: len(data) - cut]),
        is_dense=draw(st.booleans()),
        **plain,
    )


def _check_cloud(cloud: RawPointCloud) -> bool:
    again = RawPointCloud.parse(cloud.serialize())
    assert (again.fields, again.point_step, again.row_step, bytes(again.data)) == (
        cloud.fields,
        cloud.point_step,
        cloud.row_step,
        bytes(cloud.data),
    )
    with np.errstate(all='ignore'):
        positions, bad = refused(again.positions, PointCloudError)
    _feed('points', cloud.serialize(), None)
    if bad:
        return False
    assert positions.shape == (cloud.height * cloud.width, 3)
    for index in {0, len(positions) // 2, len(positions) - 1} if len(positions) else ():
        row, column = divmod(index, cloud.width)
        for axis, name in enumerate('xyz'):
            (field,) = (field for field in cloud.fields if field.name == name)
            code, _ = CODES[field.datatype]
            at = row * cloud.row_step + column * cloud.point_step + field.offset
            order = '>' if cloud.is_bigendian else '<'
            (told,) = struct.unpack_from(order + code, bytes(cloud.data), at)
            np.testing.assert_array_equal(positions[index, axis], told)
    return True


def _check_cloud_bytes(serialized: bytes) -> bool:
    with np.errstate(all='ignore'):
        told, bad = refused(
            lambda: RawPointCloud.parse(serialized).positions(), CdrError, PointCloudError
        )
        _feed('points', serialized, Transform.identity())
    if bad:
        return False
    # A point has at least four bytes of its own, so a few bytes cannot become much memory.
    assert told.shape[1] == 3 and len(told) * 4 <= len(serialized)
    return True


@st.composite
def _scans(draw: st.DrawFn) -> LaserScan:
    floats = st.one_of(st.floats(0.2, 9.0), odd_floats(2.0))

    def number(usual: float) -> float:
        value = draw(odd_floats(usual)) if draw(st.integers(0, 3)) == 0 else usual
        return float(np.clip(value, -3.4e38, 3.4e38)) if math.isfinite(value) else value

    ranges = np.resize(np.array(draw(st.lists(floats, min_size=1, max_size=20))), 120)
    with np.errstate(over='ignore'):
        ranges = ranges.astype(np.float32)[: draw(st.sampled_from((120, 120, 1, 0)))]
    return LaserScan(
        header=Header(frame_id='camera'),
        angle_min=number(-0.5),
        angle_increment=number(0.01),
        range_min=number(0.1),
        range_max=number(30.0),
        ranges=array('f', ranges.tobytes()),
    )


# The scanner looks along its x axis, which the camera has as z.
FORWARD = Transform(np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]]), np.array([0.0, 0.1, 0.0]))


def _check_scan(scan: LaserScan) -> bool:
    with np.errstate(all='ignore'):
        return _feed('scan', scan, FORWARD)


@st.composite
def _depths(draw: st.DrawFn) -> tuple[bytes, CameraInfo | None, bool]:
    height, width = draw(st.sampled_from(((24, 32), (12, 16), (1, 1), (5, 32), (48, 64))))
    encoding = draw(st.sampled_from(('32FC1', '16UC1', 'mono16', 'rgb8')))
    size = 4 if encoding == '32FC1' else 2
    floats = st.one_of(st.floats(0.2, 9.0), odd_floats(2.0))
    values = np.resize(np.array(draw(st.lists(floats, min_size=1, max_size=20))), height * width)
    with np.errstate(all='ignore'):
        pixels = values.astype(np.float32 if size == 4 else np.uint16)
    message = Image(
        header=Header(frame_id='camera' if draw(st.booleans()) else 'other'),
        height=height,
        width=width,
        encoding=encoding,
        step=width * size,
        data=array('B', pixels.tobytes()),
    )
    info = None
    if draw(st.integers(0, 3)):
        info = camera_info_from(Intrinsics(width, height, 30.0, 30.0, 8.0, 8.0), Header())
        info.p[draw(st.integers(0, 11))] = draw(odd_floats(30.0))
    content = bytes(serialize_message(message))
    return draw(damaged(st.just(content), 1)), info, draw(st.booleans())


def _check_depth(case: tuple[bytes, CameraInfo | None, bool]) -> bool:
    serialized, info, placed = case
    with np.errstate(all='ignore'):
        return _feed('depth', serialized, Transform.identity() if placed else None, info)


TARGETS = [
    Target('PointCloud2, fields', _clouds(), _check_cloud, 8),
    Target(
        'PointCloud2, CDR bytes',
        damaged(st.builds(lambda cloud: cloud.serialize(), _clouds()), 2),
        _check_cloud_bytes,
        6,
    ),
    Target('LaserScan, fields', _scans(), _check_scan, 4),
    Target('depth reference, CDR bytes', _depths(), _check_depth, 4),
]

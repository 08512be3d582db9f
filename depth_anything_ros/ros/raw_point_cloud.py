# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""sensor_msgs/PointCloud2 between fields and serialized bytes, points untouched."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from depth_anything_ros.ros.cdr import CdrError, CdrReader, CdrWriter
from depth_anything_ros.ros.stamps import Header

FLOAT32 = 7
"""sensor_msgs/PointField.FLOAT32."""

_DTYPES = {1: 'i1', 2: 'u1', 3: 'i2', 4: 'u2', 5: 'i4', 6: 'u4', FLOAT32: 'f4', 8: 'f8'}
"""Number formats by sensor_msgs/PointField.datatype."""
MOST_FIELDS = 256


class PointCloudError(ValueError):
    """A PointCloud2 whose points cannot be used."""


@dataclass(frozen=True)
class PointField:
    """A sensor_msgs/PointField: ``offset`` is in bytes from the start of a point."""

    name: str
    offset: int
    datatype: int
    count: int


@dataclass(frozen=True)
class RawPointCloud:
    """A sensor_msgs/PointCloud2 by the names of its fields; ``data`` is a buffer of bytes."""

    header: Header
    height: int
    width: int
    fields: tuple[PointField, ...]
    is_bigendian: bool
    point_step: int
    row_step: int
    data: memoryview
    is_dense: bool

    @classmethod
    def parse(cls, serialized: bytes) -> RawPointCloud:
        """Read a serialized PointCloud2; ``data`` is a read-only view. Raises CdrError."""
        reader = CdrReader(serialized, 'PointCloud2')
        header, height, width = reader.header(), reader.number(), reader.number()
        count = reader.number()
        if count > MOST_FIELDS:
            raise CdrError(
                f'a PointCloud2 of {count} fields, at most {MOST_FIELDS} are read: check that the '
                'publisher has this message type'
            )
        fields = tuple(
            PointField(reader.text(), reader.number(), reader.byte(), reader.number())
            for _ in range(count)
        )
        is_bigendian = bool(reader.byte())
        point_step, row_step, data = reader.number(), reader.number(), reader.data()
        is_dense = bool(reader.byte())
        return cls(
            header, height, width, fields, is_bigendian, point_step, row_step, data, is_dense
        )

    @classmethod
    def of(cls, points: np.ndarray, names: Sequence[str], header: Header) -> RawPointCloud:
        """Make a cloud of float32 (H, W, F) organised, or (N, F) unorganised points.

        ``names`` are those of the F fields. Organised clouds may have NaN for points that are not
        known, so is_dense is false for them. Raises PointCloudError for another shape or dtype.
        """
        if points.ndim not in (2, 3) or points.dtype != np.float32:
            raise PointCloudError(
                f'points must be (H, W, F) or (N, F) float32, not {points.shape} {points.dtype}'
            )
        if points.shape[-1] != len(names):
            raise PointCloudError(f'points of {points.shape[-1]} numbers have no fields {names}')
        organised = points if points.ndim == 3 else points[None]
        height, width, _ = organised.shape
        step = len(names) * points.itemsize
        fields = tuple(
            PointField(name, number * points.itemsize, FLOAT32, 1)
            for number, name in enumerate(names)
        )
        whole = np.ascontiguousarray(organised).reshape(-1).view(np.uint8)
        return cls(
            header,
            height,
            width,
            fields,
            sys.byteorder == 'big',
            step,
            step * width,
            whole.data,
            is_dense=points.ndim == 2,
        )

    def serialize(self) -> bytes:
        """Return the bytes of the PointCloud2 as CDR, little-endian; the points are copied once."""
        writer = CdrWriter()
        writer.header(self.header)
        writer.number(self.height, self.width, len(self.fields))
        for field in self.fields:
            writer.text(field.name)
            writer.number(field.offset)
            writer.byte(field.datatype)
            writer.number(field.count)
        writer.byte(self.is_bigendian)
        writer.number(self.point_step, self.row_step)
        return writer.message(self.data, bytes([self.is_dense]))

    def positions(self) -> np.ndarray:
        """Return the x, y, z of all points as (N, 3) float64, in the cloud's frame and order.

        Raises PointCloudError where a field is missing, or has a form no position has, and where
        data is shorter than the sizes say.
        """
        columns = [self._column(name) for name in 'xyz']
        return np.stack([column.ravel() for column in columns], axis=1).astype(np.float64)

    def _column(self, name: str) -> np.ndarray:
        """Return a field of all points, (height, width), as a view."""
        found = [field for field in self.fields if field.name == name]
        if len(found) != 1 or found[0].datatype not in _DTYPES:
            names = ', '.join(field.name for field in self.fields) or 'none'
            raise PointCloudError(f'the cloud has no usable field {name!r}; its fields: {names}')
        field = found[0]
        dtype = np.dtype(('>' if self.is_bigendian else '<') + _DTYPES[field.datatype])
        if dtype.kind != 'f':
            raise PointCloudError(f'field {name!r} has datatype {field.datatype}, it must be float')
        last = (self.height - 1) * self.row_step + (self.width - 1) * self.point_step
        if field.offset + dtype.itemsize > self.point_step:
            raise PointCloudError(
                f'field {name!r} at byte {field.offset} is outside of points of '
                f'{self.point_step} bytes'
            )
        if not (self.height and self.width):
            return np.empty((0, 0), dtype)
        if last + self.point_step > len(self.data) or self.width * self.point_step > self.row_step:
            raise PointCloudError(
                f'{self.width}x{self.height} points in rows of {self.row_step} bytes do not fit '
                f'{len(self.data)} bytes of data'
            )
        return np.ndarray(
            (self.height, self.width),
            dtype,
            buffer=self.data,
            offset=field.offset,
            strides=(self.row_step, self.point_step),
        )

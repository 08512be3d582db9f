# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""sensor_msgs/Image and CompressedImage between fields and serialized bytes, pixels untouched.

rclpy turns every pixel into a Python array and back, some 10 ms each way for 1920x1080. The pixels
are the last field of both messages, so the bytes in front can be read and written alone.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from depth_anything_ros.ros.cdr import CdrReader, CdrWriter
from depth_anything_ros.ros.stamps import Header, header_like

if TYPE_CHECKING:
    from sensor_msgs.msg import Image


@dataclass
class RawImage:
    """A sensor_msgs/Image by the names of its fields; ``data`` is any buffer of bytes."""

    header: Header
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: memoryview | array[int]

    @classmethod
    def parse(cls, serialized: bytes) -> RawImage:
        """Read a serialized Image; ``data`` is a read-only view. Raises CdrError."""
        fields = CdrReader(serialized, 'Image')
        header = fields.header()
        height, width = fields.number(), fields.number()
        encoding, is_bigendian = fields.text(), fields.byte()
        return cls(header, height, width, encoding, is_bigendian, fields.number(), fields.data())

    def serialize(self) -> bytes:
        """Return the bytes of the Image as CDR, little-endian; the pixels are copied once."""
        fields = CdrWriter()
        fields.header(self.header)
        fields.number(self.height, self.width)
        fields.text(self.encoding)
        fields.byte(self.is_bigendian)
        fields.number(self.step)
        return fields.message(memoryview(self.data))

    def message(self) -> Image:
        """Return the message for who needs one, its pixels copied."""
        from sensor_msgs.msg import Image
        from std_msgs.msg import Header as RosHeader

        return Image(
            header=header_like(RosHeader(), self.header),
            height=self.height,
            width=self.width,
            encoding=self.encoding,
            is_bigendian=self.is_bigendian,
            step=self.step,
            data=array('B', bytes(self.data)),
        )


@dataclass
class RawCompressedImage:
    """A sensor_msgs/CompressedImage by the names of its fields; ``data`` is a buffer of bytes."""

    header: Header
    format: str
    data: memoryview | array[int]

    @classmethod
    def parse(cls, serialized: bytes) -> RawCompressedImage:
        """Read a serialized CompressedImage; ``data`` is a read-only view. Raises CdrError."""
        fields = CdrReader(serialized, 'CompressedImage')
        return cls(fields.header(), fields.text(), fields.data())

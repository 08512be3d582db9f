# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of a bag as CDR, whatever generation it is of, and as objects where fields matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from rosbags.typesys import Stores, get_typestore

from depth_anything_ros.geometry.transform import Transform, quaternion_of
from depth_anything_ros.ros.stamps import Header, Stamp

IMAGE, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
INFO, TF = 'sensor_msgs/msg/CameraInfo', 'tf2_msgs/msg/TFMessage'
TF_TYPES = (TF, 'tf/msg/tfMessage')
TYPES = get_typestore(Stores.ROS2_JAZZY)


class MessageError(ValueError):
    """Bytes in a bag that are no message of their type."""


def to_cdr(data: bytes, msgtype: str, ros1: bool) -> bytes:
    """Return a message of a standard type as CDR. Raises MessageError."""
    if not ros1:
        return data
    kind = TF if msgtype in TF_TYPES else msgtype
    return bytes(_tried(lambda: TYPES.ros1_to_cdr(data, kind), msgtype))


def from_cdr(cdr: bytes, msgtype: str, ros1: bool) -> bytes | memoryview:
    """Return a message of a standard type as a bag of a generation has it."""
    return TYPES.cdr_to_ros1(cdr, msgtype) if ros1 else cdr


def decoded(cdr: bytes, msgtype: str) -> Any:
    """Return a message with its fields by name. Raises MessageError."""
    kind = TF if msgtype in TF_TYPES else msgtype
    return _tried(lambda: TYPES.deserialize_cdr(cdr, kind), msgtype)


def encoded(message: Any) -> bytes:
    """Return an object of one of rosbags' classes as CDR."""
    return bytes(TYPES.serialize_cdr(message, message.__msgtype__))


def transforms_message(transforms: list[tuple[str, str, Transform]], stamp: Stamp) -> Any:
    """Return a TFMessage with where children are in parents: (parent, child, transform)."""
    kinds = TYPES.types
    time = kinds['builtin_interfaces/msg/Time'](stamp.sec, stamp.nanosec)
    made = []
    for parent, child, where in transforms:
        transform = kinds['geometry_msgs/msg/Transform'](
            kinds['geometry_msgs/msg/Vector3'](*(float(v) for v in where.translation)),
            kinds['geometry_msgs/msg/Quaternion'](*quaternion_of(where.rotation)),
        )
        header = kinds['std_msgs/msg/Header'](time, parent)
        made.append(kinds['geometry_msgs/msg/TransformStamped'](header, child, transform))
    return kinds[TF](made)


def camera_info_message(header: Header, calibration: Any) -> Any:
    """Return the CameraInfo of a Calibration of media/calibration.py."""
    kinds = TYPES.types
    time = kinds['builtin_interfaces/msg/Time'](header.stamp.sec, header.stamp.nanosec)
    return kinds[INFO](
        kinds['std_msgs/msg/Header'](time, header.frame_id),
        calibration.height,
        calibration.width,
        calibration.distortion_model,
        *(np.array(getattr(calibration, name), np.float64) for name in 'dkrp'),
        0,
        0,
        kinds['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False),
    )


def _tried(decode: Callable[[], Any], msgtype: str) -> Any:
    try:
        return decode()
    except Exception as error:  # damaged bytes take the decoder by surprise
        raise MessageError(f'a message is no {msgtype}: {error}') from error

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The messages that camera_node publishes."""

from __future__ import annotations

from array import array

import cv2
import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage
from std_msgs.msg import Header

from depth_anything_ros.media.calibration import Calibration
from depth_anything_ros.ros.depth_message import encode_color
from depth_anything_ros.ros.raw_image import RawImage

JPEG_QUALITY = 90


def encode_picture(rgb: np.ndarray, header: Header, encoding: str) -> RawImage | CompressedImage:
    """Make the message of a (H, W, 3) uint8 picture in one of ENCODINGS."""
    if encoding == 'rgb8':
        return encode_color(rgb, header)
    if encoding == 'bgr8':
        message = encode_color(rgb[..., ::-1], header)
        message.encoding = 'bgr8'
        return message
    if encoding == 'mono8':
        grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
        height, width = grey.shape
        return RawImage(header, height, width, 'mono8', 0, width, grey.data.cast('B'))
    bgr = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    # The wording of image_transport's compressed plugin for a colour picture.
    wording = 'rgb8; jpeg compressed bgr8'
    return CompressedImage(header=header, format=wording, data=array('B', jpeg.tobytes()))


def calibration_message(calibration: Calibration) -> CameraInfo:
    """Make the CameraInfo, without a header, that a calibration file describes."""
    return CameraInfo(
        width=calibration.width,
        height=calibration.height,
        distortion_model=calibration.distortion_model,
        d=list(calibration.d),
        k=list(calibration.k),
        r=list(calibration.r),
        p=list(calibration.p),
    )

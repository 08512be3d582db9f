# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From sensor_msgs/Image and CompressedImage to RGB arrays."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from depth_anything_ros.media.decoding import DecodingError, decode_picture
from depth_anything_ros.ros.raw_image import RawCompressedImage, RawImage

if TYPE_CHECKING:
    from sensor_msgs.msg import CompressedImage, Image

COMPRESSED = ('jpeg', 'png')
"""What compressed_image_transport and camera drivers publish as CompressedImage pictures."""


class ImageError(ValueError):
    """An image message that cannot be read, or an array that no image message can hold."""


def decode_image(message: Image | RawImage) -> np.ndarray:
    """Return the picture of an Image as (H, W, 3) uint8 RGB.

    The rgb, bgr, rgba, bgra and mono encodings of 8 and 16 bits come back as views of
    ``message.data``: no pixel is copied, whatever the row step. Strides may then be negative
    (bgr) or 0 (mono), so pass the view through np.ascontiguousarray before torch, and never write
    to it. 16-bit samples keep their high byte (the full 16-bit range >> 8, either byte order).
    Bayer and yuv are converted by OpenCV (yuv as BT.601, video range). Any other encoding goes
    through cv_bridge where that is installed.

    Raises ImageError for an empty size, a step or data field that is too short for the size (the
    padding of the last row may be missing), and an encoding nobody here can convert.
    """
    if message.width == 0 or message.height == 0:
        raise _refusal(message, 'has no pixels', 'check that the driver opened the camera')
    decoder = _DECODERS.get(message.encoding)
    return _through_cv_bridge(message) if decoder is None else decoder(message)


def decode_compressed(message: CompressedImage | RawCompressedImage) -> np.ndarray:
    """Return the picture of a CompressedImage as (H, W, 3) uint8 RGB.

    Reads JPEG and PNG, recognised by their content; grey becomes three equal channels, alpha is
    left out, 16 bits become 8. The EXIF orientation is ignored because the CameraInfo belongs to
    the raster as it is stored. A format that ends in 'compressed rgb8' says that the encoder was
    handed RGB where it expects BGR (compressed_image_transport), so red and blue change places.

    Raises ImageError for depth transports, other contents, cut-off data, and, before anything is
    allocated, for a header that claims more than MAX_PIXELS of media/decoding.py.
    """
    what = f'the compressed image (format {message.format!r}, {len(message.data)} bytes)'
    if 'compresseddepth' in message.format.lower():
        raise ImageError(
            f'{what} is a depth image: subscribe to the camera, as jpeg or png from '
            'compressed_image_transport'
        )
    try:
        picture = decode_picture(bytes(message.data), COMPRESSED, turned=False)
    except DecodingError as error:
        raise ImageError(f'{what} {error}; check the camera and the transport') from error
    return picture if 'compressed rgb' in message.format else picture[..., ::-1]


def check_layout(message: Image | RawImage, rows: int, row_bytes: int) -> None:
    """Raise ImageError unless the data field holds ``rows`` rows of ``row_bytes`` each.

    Rows start ``message.step`` bytes apart; the last one may lack its padding. Only the header and
    the length are looked at.
    """
    if message.width == 0 or message.height == 0:
        raise _refusal(message, 'has no pixels', 'check that the driver opened the camera')
    if message.step < row_bytes:
        raise _refusal(
            message,
            f'needs a step of at least {row_bytes}',
            'the driver must set step to the bytes of a full row',
        )
    needed = (rows - 1) * message.step + row_bytes
    if len(message.data) < needed:
        raise _refusal(
            message,
            f'needs {needed} bytes of data',
            'the driver or the transport cut it short',
        )


def _refusal(message: Image | RawImage, problem: str, remedy: str) -> ImageError:
    return ImageError(
        f'the {message.encoding!r} image of {message.width}x{message.height}, step {message.step}, '
        f'{len(message.data)} bytes of data, {problem}: {remedy}'
    )


def _high_bytes(message: Image | RawImage, channels: int, sample_bytes: int) -> np.ndarray:
    """Return a view (H, W, channels) uint8 of each sample's most significant byte."""
    pixel_bytes = channels * sample_bytes
    check_layout(message, message.height, message.width * pixel_bytes)
    return np.ndarray(
        (message.height, message.width, channels),
        np.uint8,
        buffer=message.data,
        offset=0 if message.is_bigendian else sample_bytes - 1,
        strides=(message.step, pixel_bytes, sample_bytes),
    )


def _interleaved(order: str, sample_bytes: int, message: Image | RawImage) -> np.ndarray:
    view = _high_bytes(message, len(order), sample_bytes)
    if order == 'y':
        return np.broadcast_to(view, (message.height, message.width, 3))
    return view[..., :3] if order.startswith('rgb') else view[..., 2::-1]


def _bayer(code: int, sample_bytes: int, message: Image | RawImage) -> np.ndarray:
    if min(message.width, message.height) < 3:
        raise _refusal(message, 'is too small', 'a Bayer mosaic needs 3x3 pixels or more')
    mosaic = _high_bytes(message, 1, sample_bytes)[..., 0]
    # OpenCV walks padded rows by itself but not samples that lie two bytes apart.
    return cv2.cvtColor(mosaic if sample_bytes == 1 else np.ascontiguousarray(mosaic), code)


def _yuv422(code: int, message: Image | RawImage) -> np.ndarray:
    if message.width % 2:
        raise _refusal(message, 'has an odd width', 'two pixels share their colour in yuv 4:2:2')
    return cv2.cvtColor(_high_bytes(message, 2, 1), code)


def _yuv420(code: int, message: Image | RawImage) -> np.ndarray:
    if message.width % 2 or message.height % 2:
        raise _refusal(message, 'has an odd size', 'four pixels share their colour in yuv 4:2:0')
    # The header's height is the picture's; half as many rows of colour follow those of light.
    rows = message.height * 3 // 2
    check_layout(message, rows, message.width)
    planes = np.ndarray(
        (rows, message.width), np.uint8, buffer=message.data, strides=(message.step, 1)
    )
    return cv2.cvtColor(planes, code)


def _through_cv_bridge(message: Image | RawImage) -> np.ndarray:
    """Convert by cv_bridge; its absence or failure is this message's fault, not the node's."""
    # No known encoding has less than a byte a pixel; a header without pixels ends here.
    check_layout(message, message.height, message.width)
    try:
        bridge = importlib.import_module('cv_bridge').CvBridge()
    except Exception as error:  # a numpy ABI mismatch raises nearly anything
        raise _refusal(
            message,
            'has an encoding that needs cv_bridge, which cannot be imported '
            f'({type(error).__name__}: {error})',
            'install ros-$ROS_DISTRO-cv-bridge built for this numpy, or publish rgb8 or bgr8',
        ) from error
    whole = message.message() if isinstance(message, RawImage) else message
    try:
        picture = np.asarray(bridge.imgmsg_to_cv2(whole, desired_encoding='rgb8'))
    except Exception as error:  # CvBridgeError, cv2.error, TypeError, KeyError by version
        raise _refusal(
            message,
            f'cannot be converted by cv_bridge ({error})',
            'publish rgb8, bgr8, mono8, a bayer or a yuv encoding',
        ) from error
    if picture.dtype != np.uint8 or picture.shape != (message.height, message.width, 3):
        raise _refusal(
            message,
            f'came out of cv_bridge as {picture.dtype} {picture.shape}',
            'publish rgb8 or bgr8',
        )
    return picture


# ROS names a mosaic by its first two rows from the upper left, OpenCV by the 2x2 block one row
# down and one column right: bayer_rggb8 is COLOR_BayerBG.
_MOSAICS = {
    'rggb': cv2.COLOR_BayerBG2RGB,
    'bggr': cv2.COLOR_BayerRG2RGB,
    'gbrg': cv2.COLOR_BayerGR2RGB,
    'grbg': cv2.COLOR_BayerGB2RGB,
}
_DECODERS: dict[str, Callable[[Image | RawImage], np.ndarray]] = {
    **{
        f'{order}{8 * n}': partial(_interleaved, order, n)
        for order in ('rgb', 'bgr', 'rgba', 'bgra')
        for n in (1, 2)
    },
    **{f'mono{8 * n}': partial(_interleaved, 'y', n) for n in (1, 2)},
    # What cv_bridge takes OpenCV's own type names for.
    '8UC1': partial(_interleaved, 'y', 1),
    '8UC3': partial(_interleaved, 'bgr', 1),
    '8UC4': partial(_interleaved, 'bgra', 1),
    **{
        f'bayer_{name}{8 * n}': partial(_bayer, code, n)
        for name, code in _MOSAICS.items()
        for n in (1, 2)
    },
    'uyvy': partial(_yuv422, cv2.COLOR_YUV2RGB_UYVY),
    'yuv422': partial(_yuv422, cv2.COLOR_YUV2RGB_UYVY),
    'yuyv': partial(_yuv422, cv2.COLOR_YUV2RGB_YUY2),
    'yuv422_yuy2': partial(_yuv422, cv2.COLOR_YUV2RGB_YUY2),
    'nv12': partial(_yuv420, cv2.COLOR_YUV2RGB_NV12),
    'nv21': partial(_yuv420, cv2.COLOR_YUV2RGB_NV21),
}

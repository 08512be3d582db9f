# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for ros/image_message.py."""

import struct
import sys
import tracemalloc
import types
import zlib
from array import array

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip('sensor_msgs')
from sensor_msgs.msg import CompressedImage, Image  # noqa: E402

from depth_anything_ros.ros import image_message  # noqa: E402
from depth_anything_ros.ros.image_message import (  # noqa: E402
    ImageError,
    decode_compressed,
    decode_image,
)

HEIGHT, WIDTH = 12, 16
VIEWS = ['rgb8', 'bgr8', 'rgba8', 'bgra8', 'mono8', '8UC1', '8UC3', '8UC4']
WIDE_VIEWS = ['rgb16', 'bgr16', 'rgba16', 'bgra16', 'mono16']
MOSAICS = [f'bayer_{name}{bits}' for name in ('rggb', 'bggr', 'gbrg', 'grbg') for bits in (8, 16)]
YUV422 = ['yuv422', 'uyvy', 'yuv422_yuy2', 'yuyv']
YUV420 = ['nv12', 'nv21']
ALL = VIEWS + WIDE_VIEWS + MOSAICS + YUV422 + YUV420


def noise(height=HEIGHT, width=WIDTH):
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)


def smooth(height=HEIGHT, width=WIDTH):
    """A picture whose colour changes little from pixel to pixel, and whose channels differ."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [200 - 3 * x, 40 + 4 * y, 60 + 2 * x + 2 * y]
    return np.stack(planes, axis=-1).astype(np.uint8)


def mosaic_of(rgb, name):
    """Take from each pixel the colour that ROS's name gives for its place in the 2x2 pattern."""
    plane = np.empty(rgb.shape[:2], np.uint8)
    for place, letter in enumerate(name):
        y, x = divmod(place, 2)
        plane[y::2, x::2] = rgb[y::2, x::2, 'rgb'.index(letter)]
    return plane


def yuv_of(rgb):
    """Return Y, U, V planes at full size: BT.601, video range."""
    r, g, b = np.moveaxis(rgb.astype(float), -1, 0)
    y = 16 + 0.257 * r + 0.504 * g + 0.098 * b
    u = 128 - 0.148 * r - 0.291 * g + 0.439 * b
    v = 128 + 0.439 * r - 0.368 * g - 0.071 * b
    return (np.rint(plane).astype(np.uint8) for plane in (y, u, v))


def rows_of(rgb, encoding, big_endian=False):
    """Encode a picture as a list of rows of bytes, written apart from the module under test."""
    if encoding.startswith('bayer_'):
        samples = mosaic_of(rgb, encoding[6:10])
    elif encoding in YUV422:
        y, u, v = yuv_of(rgb)
        samples = np.empty((*y.shape, 2), np.uint8)
        light = 1 if encoding in ('yuv422', 'uyvy') else 0
        samples[..., light] = y
        samples[:, 0::2, 1 - light] = u[:, 0::2]
        samples[:, 1::2, 1 - light] = v[:, 0::2]
    elif encoding in YUV420:
        y, u, v = yuv_of(rgb)
        pair = (u, v) if encoding == 'nv12' else (v, u)
        colour = np.stack([plane[0::2, 0::2] for plane in pair], axis=-1)
        samples = np.vstack([y, colour.reshape(len(y) // 2, -1)])
    else:
        order = {'8UC1': 'mono', '8UC3': 'bgr', '8UC4': 'bgra'}.get(
            encoding, encoding.rstrip('168')
        )
        planes = {'r': rgb[..., 0], 'g': rgb[..., 1], 'b': rgb[..., 2]}
        planes['a'] = np.full_like(planes['r'], 77)
        samples = planes['g'] if order == 'mono' else np.stack([planes[c] for c in order], -1)
    if encoding.endswith('16'):
        # A low byte that is anything but the high one: only a right byte order survives it.
        samples = (samples.astype(np.uint16) << 8 | 0x5A).astype('>u2' if big_endian else '<u2')
    return [row.tobytes() for row in samples]


def image_of(rgb, encoding, padding=0, big_endian=False, last_padded=True):
    rows = rows_of(rgb, encoding, big_endian)
    # The padding bytes are loud, so that reading one shows.
    data = b''.join(row + b'\xee' * padding for row in rows)
    return Image(
        height=rgb.shape[0],
        width=rgb.shape[1],
        encoding=encoding,
        is_bigendian=big_endian,
        step=len(rows[0]) + padding,
        data=array('B', data if last_padded or not padding else data[:-padding]),
    )


def grey_or(rgb, encoding):
    mono = encoding in ('mono8', 'mono16', '8UC1')
    return np.repeat(rgb[..., 1:2], 3, axis=-1) if mono else rgb


def compressed(content, format='jpeg'):
    return CompressedImage(format=format, data=array('B', content))


def encoded(picture, extension):
    return cv2.imencode(extension, picture)[1].tobytes()


@pytest.mark.parametrize('big_endian', [False, True])
@pytest.mark.parametrize('padding', [0, 5])
@pytest.mark.parametrize('encoding', VIEWS + WIDE_VIEWS)
def test_plain_encodings_keep_every_pixel(encoding, padding, big_endian):
    rgb = noise()
    decoded = decode_image(image_of(rgb, encoding, padding, big_endian))
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, grey_or(rgb, encoding))


@pytest.mark.parametrize('encoding', VIEWS + WIDE_VIEWS)
def test_plain_encodings_are_views_of_the_message(encoding):
    message = image_of(noise(), encoding, padding=3)
    decoded = decode_image(message)
    assert np.shares_memory(decoded, np.frombuffer(message.data, np.uint8))
    message.data[len(message.data) // 2 - 8 : len(message.data) // 2 + 8] = array('B', bytes(16))
    assert not np.array_equal(decoded, grey_or(noise(), encoding))


@pytest.mark.parametrize('big_endian', [False, True])
@pytest.mark.parametrize('padding', [0, 7])
@pytest.mark.parametrize('encoding', MOSAICS)
@pytest.mark.parametrize('channel', [0, 1, 2])
def test_a_mosaic_of_one_pure_colour_stays_that_colour(encoding, padding, big_endian, channel):
    rgb = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    rgb[..., channel] = 200
    decoded = decode_image(image_of(rgb, encoding, padding, big_endian))
    np.testing.assert_array_equal(decoded, rgb)


@pytest.mark.parametrize('encoding', MOSAICS)
def test_a_mosaic_keeps_its_places(encoding):
    rgb = smooth()
    decoded = decode_image(image_of(rgb, encoding)).astype(int)
    # Interpolating a linear picture is exact away from the border.
    assert np.abs(decoded - rgb)[2:-2, 2:-2].max() <= 2


@pytest.mark.parametrize('padding', [0, 6, 7])
@pytest.mark.parametrize('encoding', YUV422 + YUV420)
def test_yuv_keeps_the_colours(encoding, padding):
    rgb = smooth(HEIGHT, WIDTH)
    # One colour for each 2x2 block, as 4:2:0 cannot say more.
    rgb = np.repeat(np.repeat(rgb[::2, ::2], 2, axis=0), 2, axis=1)
    decoded = decode_image(image_of(rgb, encoding, padding)).astype(int)
    assert np.abs(decoded - rgb).max() <= 4


@pytest.mark.parametrize(
    ('encoding', 'code'),
    [
        ('yuv422', 'COLOR_RGB2YUV_UYVY'),
        ('uyvy', 'COLOR_RGB2YUV_UYVY'),
        ('yuyv', 'COLOR_RGB2YUV_YUY2'),
        ('yuv422_yuy2', 'COLOR_RGB2YUV_YUY2'),
    ],
)
def test_yuv422_undoes_opencvs_own_conversion(encoding, code):
    if not hasattr(cv2, code):
        pytest.skip('this OpenCV converts yuv in one direction only')
    rgb = np.repeat(smooth()[:, ::2], 2, axis=1)
    packed = cv2.cvtColor(np.ascontiguousarray(rgb), getattr(cv2, code))
    message = Image(height=HEIGHT, width=WIDTH, encoding=encoding, step=2 * WIDTH)
    message.data = array('B', packed.tobytes())
    assert np.abs(decode_image(message).astype(int) - rgb).max() <= 4


@settings(max_examples=60, deadline=None)
@given(
    encoding=st.sampled_from(ALL),
    height=st.integers(2, 6).map(lambda n: 2 * n),
    width=st.integers(2, 6).map(lambda n: 2 * n),
    padding=st.integers(0, 9),
    big_endian=st.booleans(),
    last_padded=st.booleans(),
)
def test_padding_changes_nothing(encoding, height, width, padding, big_endian, last_padded):
    rgb = noise(height, width)
    tight = decode_image(image_of(rgb, encoding, 0, big_endian))
    padded = decode_image(image_of(rgb, encoding, padding, big_endian, last_padded))
    assert tight.shape == (height, width, 3)
    np.testing.assert_array_equal(tight, padded)


@settings(max_examples=60, deadline=None)
@given(encoding=st.sampled_from(ALL), padding=st.integers(0, 9), part=st.floats(0, 1))
def test_any_missing_byte_is_refused(encoding, padding, part):
    message = image_of(noise(), encoding, padding, last_padded=False)
    message.data = message.data[: int(part * (len(message.data) - 1))]
    with pytest.raises(ImageError, match='bytes of data'):
        decode_image(message)


@pytest.mark.parametrize('encoding', ALL + ['32FC1'])
@pytest.mark.parametrize('size', [(0, 0), (0, WIDTH), (HEIGHT, 0)])
def test_an_empty_size_is_refused(encoding, size):
    with pytest.raises(ImageError, match='no pixels'):
        decode_image(Image(height=size[0], width=size[1], encoding=encoding))


@pytest.mark.parametrize('encoding', ALL)
def test_a_step_below_one_row_is_refused(encoding):
    message = image_of(noise(), encoding)
    needed = message.step
    message.step -= 1
    with pytest.raises(ImageError, match=f'step {needed - 1}.*at least {needed}'):
        decode_image(message)


@pytest.mark.parametrize('encoding', [*ALL, 'nonsense'])
def test_an_absurd_header_costs_no_memory(encoding):
    message = Image(height=20000, width=20000, encoding=encoding, step=20000 * 8)
    tracemalloc.start()
    try:
        with pytest.raises(ImageError, match='20000x20000.* needs [0-9]+ bytes of data') as caught:
            decode_image(message)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert repr(encoding) in str(caught.value)


@pytest.mark.parametrize('encoding', YUV422 + YUV420)
def test_yuv_refuses_an_odd_width(encoding):
    message = Image(height=4, width=5, encoding=encoding, step=10, data=array('B', bytes(60)))
    with pytest.raises(ImageError, match='odd'):
        decode_image(message)


def test_yuv420_refuses_an_odd_height():
    message = Image(height=5, width=4, encoding='nv12', step=4, data=array('B', bytes(40)))
    with pytest.raises(ImageError, match='odd'):
        decode_image(message)


def test_a_mosaic_too_small_to_interpolate_is_refused():
    with pytest.raises(ImageError, match='3x3'):
        decode_image(image_of(noise(2, 8), 'bayer_rggb8'))


def test_a_single_row_and_a_single_column_are_pictures():
    for shape in ((1, 9), (9, 1), (1, 1)):
        rgb = noise(*shape)
        np.testing.assert_array_equal(decode_image(image_of(rgb, 'bgr8', padding=4)), rgb)


@pytest.mark.parametrize('encoding', ['rgb8', 'bayer_gbrg16', 'nv21', 'yuyv', 'mono16'])
def test_a_message_that_was_sent_decodes_the_same(encoding):
    serialization = pytest.importorskip('rclpy.serialization')
    message = image_of(smooth(), encoding, padding=6)
    sent = serialization.deserialize_message(serialization.serialize_message(message), Image)
    np.testing.assert_array_equal(decode_image(sent), decode_image(message))


def float_image():
    return Image(
        height=HEIGHT,
        width=WIDTH,
        encoding='32FC1',
        step=4 * WIDTH,
        data=array('B', bytes(4 * WIDTH * HEIGHT)),
    )


def install_bridge(monkeypatch, convert):
    module = types.ModuleType('cv_bridge')
    module.CvBridge = lambda: types.SimpleNamespace(imgmsg_to_cv2=convert)
    monkeypatch.setitem(sys.modules, 'cv_bridge', module)


def test_a_missing_cv_bridge_is_an_error_of_this_frame(monkeypatch):
    monkeypatch.setitem(sys.modules, 'cv_bridge', None)
    with pytest.raises(ImageError, match="'32FC1'.*install .*cv-bridge"):
        decode_image(float_image())


@pytest.mark.parametrize('failure', [AttributeError('_ARRAY_API not found'), RuntimeError('abi')])
def test_a_broken_cv_bridge_is_an_error_of_this_frame(monkeypatch, failure):
    def broken(name):
        raise failure

    monkeypatch.setattr(image_message.importlib, 'import_module', broken)
    with pytest.raises(ImageError, match=f"'32FC1'.*{failure}.*install"):
        decode_image(float_image())


def test_other_encodings_go_through_cv_bridge(monkeypatch):
    rgb = noise()
    install_bridge(monkeypatch, lambda message, desired_encoding: rgb)
    np.testing.assert_array_equal(decode_image(float_image()), rgb)


def test_what_cv_bridge_refuses_is_refused(monkeypatch):
    def refuse(message, desired_encoding):
        raise KeyError(f'no way from 32FC1 to {desired_encoding}')

    install_bridge(monkeypatch, refuse)
    with pytest.raises(ImageError, match="'32FC1'.*no way from 32FC1 to rgb8"):
        decode_image(float_image())


def test_a_strange_answer_of_cv_bridge_is_refused(monkeypatch):
    install_bridge(monkeypatch, lambda message, desired_encoding: np.zeros((2, 2), np.float32))
    with pytest.raises(ImageError, match='float32'):
        decode_image(float_image())


def test_known_encodings_never_import_cv_bridge(monkeypatch):
    monkeypatch.setitem(sys.modules, 'cv_bridge', None)
    for encoding in ALL:
        assert decode_image(image_of(noise(), encoding)).shape == (HEIGHT, WIDTH, 3), encoding


@pytest.mark.parametrize(
    'format', ['png', 'bgr8; png compressed bgr8', 'rgb8; png compressed bgr8']
)
def test_png_keeps_every_pixel(format):
    rgb = noise()
    content = encoded(rgb[..., ::-1], '.png')
    np.testing.assert_array_equal(decode_compressed(compressed(content, format)), rgb)


@pytest.mark.parametrize('format', ['jpeg', 'jpg', 'rgb8; jpeg compressed bgr8', '', 'png'])
def test_jpeg_is_recognised_by_its_content(format):
    rgb = smooth(48, 64)
    decoded = decode_compressed(compressed(encoded(rgb[..., ::-1], '.jpg'), format))
    assert decoded.shape == rgb.shape and decoded.dtype == np.uint8
    assert np.abs(decoded.astype(int) - rgb).mean() < 3


def test_an_encoder_that_was_handed_rgb_is_undone():
    rgb = noise()
    message = compressed(encoded(rgb, '.png'), 'rgb8; png compressed rgb8')
    np.testing.assert_array_equal(decode_compressed(message), rgb)


def test_grey_alpha_and_16_bits_become_three_bytes():
    grey = noise()[..., 0]
    decoded = decode_compressed(compressed(encoded(grey, '.png'), 'mono8; png compressed '))
    np.testing.assert_array_equal(decoded, np.repeat(grey[..., None], 3, axis=-1))
    deep = grey.astype(np.uint16) << 8 | 0x5A
    decoded = decode_compressed(compressed(encoded(deep, '.png'), 'mono16; png compressed '))
    np.testing.assert_array_equal(decoded, np.repeat(grey[..., None], 3, axis=-1))
    clear = np.dstack([noise()[..., ::-1], grey])
    np.testing.assert_array_equal(decode_compressed(compressed(encoded(clear, '.png'))), noise())


def with_exif_orientation(jpeg, orientation):
    tiff = b'II*\0' + struct.pack('<IHHHIHHI', 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    exif = b'Exif\0\0' + tiff
    return jpeg[:2] + b'\xff\xe1' + struct.pack('>H', len(exif) + 2) + exif + jpeg[2:]


def test_exif_orientation_is_ignored():
    plain = encoded(smooth(48, 64), '.jpg')
    turned = with_exif_orientation(plain, 6)
    by_default = cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR)
    assert by_default.shape == (64, 48, 3)  # else this test proves nothing
    np.testing.assert_array_equal(
        decode_compressed(compressed(turned)), decode_compressed(compressed(plain))
    )


@pytest.mark.parametrize('format', ['32FC1; compressedDepth', '16UC1; compressedDepth rvl'])
def test_depth_transports_are_refused(format):
    with pytest.raises(ImageError, match='depth image'):
        decode_compressed(compressed(encoded(noise(), '.png'), format))


@pytest.mark.parametrize('extension', ['.png', '.jpg'])
@pytest.mark.parametrize('part', [0.001, 0.005, 0.01, 0.03, 0.5, 0.99])
def test_cut_off_contents_are_refused(extension, part):
    content = encoded(noise(64, 64), extension)
    with pytest.raises(ImageError):
        decode_compressed(compressed(content[: int(len(content) * part)]))


@pytest.mark.parametrize('content', [b'', b'hello', b'GIF89a', b'\xff\xd8\xff', b'\xff' * 64])
def test_other_contents_are_refused(content):
    with pytest.raises(ImageError, match=f'{len(content)} bytes'):
        decode_compressed(compressed(content))


@settings(max_examples=60, deadline=None)
@given(extension=st.sampled_from(['.png', '.jpg']), place=st.integers(0, 400), byte=st.binary())
def test_damage_raises_nothing_but_image_errors(extension, place, byte):
    content = bytearray(encoded(smooth(), extension))
    content[place % len(content) : place % len(content) + len(byte)] = byte
    try:
        decoded = decode_compressed(compressed(bytes(content)))
    except ImageError:
        return
    assert decoded.dtype == np.uint8 and decoded.ndim == 3


def chunk(name, data):
    return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))


def png_header(width, height):
    header = struct.pack('>II', width, height) + b'\x08\x02\0\0\0'
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header)


def jpeg_header(width, height):
    # A Huffman table, whose marker lies among those of the frames, may stand before the frame.
    before = b'\xff\xfe\x00\x04hi' + b'\xff\xc4\x00\x0a' + bytes(8)
    frame = b'\xff\xff\xc2\x00\x11\x08' + struct.pack('>HH', height, width) + bytes(12)
    return b'\xff\xd8' + before + frame


@pytest.mark.parametrize(
    'content',
    [png_header(20000, 20000) + b'\0\0\0\0IEND\xaeB`\x82', jpeg_header(60000, 60000) + b'\xff\xd9'],
)
def test_a_decompression_bomb_is_refused_before_decoding(content, monkeypatch):
    def never(*_):
        raise AssertionError('decoded')

    monkeypatch.setattr(cv2, 'imdecode', never)
    with pytest.raises(ImageError, match='above the limit of 100000000 pixels'):
        decode_compressed(compressed(content))


def test_a_compressed_message_that_was_sent_decodes_the_same():
    serialization = pytest.importorskip('rclpy.serialization')
    message = compressed(encoded(noise()[..., ::-1], '.png'), 'png')
    sent = serialization.deserialize_message(
        serialization.serialize_message(message), CompressedImage
    )
    np.testing.assert_array_equal(decode_compressed(sent), noise())

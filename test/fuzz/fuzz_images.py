# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image and CompressedImage: bytes as they come from the middleware, and fields of any value."""

from __future__ import annotations

import struct
from array import array
from functools import cache
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from fuzzing import Target, damaged, odd_numbers, refused
from hypothesis import strategies as st
from sensor_msgs.msg import CompressedImage, Image

from depth_anything_ros.inference.conventions import MAX_PATCHES, network_size
from depth_anything_ros.inference.counters import FrameCounters
from depth_anything_ros.media.decoding import MAX_PIXELS
from depth_anything_ros.ros.cdr import CdrError
from depth_anything_ros.ros.depth_message import decode_depth
from depth_anything_ros.ros.frame_processor import FrameProcessor
from depth_anything_ros.ros.image_message import ImageError, decode_compressed, decode_image
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS, DepthSettings
from depth_anything_ros.ros.raw_image import RawCompressedImage, RawImage

PLAIN = {
    'rgb8': 'rgb', 'bgr8': 'bgr', 'rgba8': 'rgba', 'bgra8': 'bgra', 'mono8': 'y', '8UC1': 'y',
    '8UC3': 'bgr', '8UC4': 'bgra', 'rgb16': 'rgb', 'bgr16': 'bgr', 'rgba16': 'rgba',
    'bgra16': 'bgra', 'mono16': 'y',
}  # fmt: skip
CONVERTED = [f'bayer_{a}{b}' for a in ('rggb', 'bggr', 'gbrg', 'grbg') for b in (8, 16)]
CONVERTED += ['yuv422', 'uyvy', 'yuyv', 'yuv422_yuy2', 'nv12', 'nv21']
DEPTHS = {'32FC1': 4, '16UC1': 2, 'mono16': 2}
NOISE = np.random.default_rng(9).integers(0, 256, 4093, np.uint8).tobytes()
NAMES = [*PLAIN, *CONVERTED, *DEPTHS]
ENCODINGS = st.one_of(st.sampled_from(NAMES), st.sampled_from(['', 'RGB8', '64FC9']), st.text())
FORMATS = st.one_of(
    st.sampled_from(
        [
            'jpeg', 'png', '', 'rgb8; jpeg compressed bgr8', 'rgb8; png compressed rgb8',
            '16UC1; compressedDepth', '32FC1; compressedDepth rvl', 'h264', 'rgb8; tiff compressed',
        ]
    ),
    st.text(),
)  # fmt: skip


def _serialized(fields: tuple[Any, ...], order: str, data: bytes, image: bool) -> bytes:
    """Return an Image or CompressedImage as CDR, field by field, written apart from the package."""
    out = bytearray(b'\0\1\0\0' if order == '<' else b'\0\0\0\0')

    def number(value: int, code: str = 'I') -> None:
        out.extend(bytes(-len(out) % 4) + struct.pack(order + code, value))

    def text(value: str) -> None:
        raw = value.encode('utf-8', 'surrogatepass') + b'\0'
        number(len(raw))
        out.extend(raw)

    second, nanosecond, frame, height, width, encoding, big, step = fields
    number(second, 'i')
    number(nanosecond)
    text(frame)
    if image:
        number(height)
        number(width)
    text(encoding)
    if image:
        out.append(big)
        number(step)
    number(len(data))
    return bytes(out) + data


def _read(serialized: bytes, image: bool) -> tuple[Any, ...] | None:
    """Read the same plainly; None where the bytes do not hold the fields."""
    order = {b'\0\0': '>', b'\0\1': '<', b'\0\6': '>', b'\0\7': '<'}.get(serialized[:2])
    if order is None or len(serialized) < 4:
        return None
    at = 4
    values: list[Any] = []
    for code in 'iIsIIsBId' if image else 'iIssd':
        if code != 'B':
            at += -at % 4
        kind, size = (code, 1) if code == 'B' else (code if code in 'iI' else 'I', 4)
        if at + size > len(serialized):
            return None
        (value,) = struct.unpack_from(order + kind, serialized, at)
        at += size
        if code in 'sd':
            if at + value > len(serialized) or (code == 's' and value > 1024):
                return None
            raw = serialized[at : at + value]
            at += value
            value = raw.split(b'\0')[0].decode('utf-8', 'replace') if code == 's' else raw
        values.append(value)
    return tuple(values)


@st.composite
def _bytes(draw: st.DrawFn, image: bool) -> bytes:
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=120))
    width, height = draw(st.integers(0, 12)), draw(st.integers(0, 8))
    encoding = draw(st.one_of(st.sampled_from([*PLAIN]), ENCODINGS) if image else FORMATS)
    samples = len(PLAIN.get(encoding, 'xxxx')) * (2 if '16' in encoding else 1)
    step = width * samples + draw(st.integers(0, 3))
    fields = (
        draw(st.integers(-(2**31), 2**31 - 1)),
        draw(odd_numbers()),
        draw(st.text(max_size=6)),
        height,
        width,
        encoding,
        draw(st.integers(0, 255)),
        step,
    )
    data = bytes(range(1, 256)) * (height * step // 255 + 1)
    whole = data[: height * step] if image else draw(st.sampled_from(_pictures()))[1]
    return _serialized(fields, draw(st.sampled_from('<>')), whole, image)


def _check_bytes(serialized: bytes) -> bool:
    told = _read(serialized, image=True)
    image, bad = refused(lambda: RawImage.parse(serialized), CdrError)
    assert bad == (told is None), 'refused what can be read, or the reverse'
    if told is None:
        return False
    stamp = image.header.stamp
    found = (stamp.sec, stamp.nanosec, image.header.frame_id, image.height, image.width)
    found += (image.encoding, image.is_bigendian, image.step, bytes(image.data))
    assert found == told
    again = RawImage.parse(image.serialize())
    assert (again.header, again.encoding, again.step) == (image.header, image.encoding, image.step)
    return _check_image(image)


def _check_compressed_bytes(serialized: bytes) -> bool:
    told = _read(serialized, image=False)
    message, bad = refused(lambda: RawCompressedImage.parse(serialized), CdrError)
    assert bad == (told is None), 'refused what can be read, or the reverse'
    if told is None:
        return False
    assert (message.format, bytes(message.data)) == told[3:]
    picture, bad = refused(lambda: decode_compressed(message), ImageError)
    return not bad and picture.dtype == np.uint8


@st.composite
def _images(draw: st.DrawFn) -> Image:
    known = st.sampled_from([*PLAIN, *CONVERTED])
    encoding = draw(st.one_of(known, known, known, ENCODINGS))
    width, height = draw(st.integers(0, 20)), draw(st.integers(0, 20))
    if encoding in CONVERTED and draw(st.booleans()):
        width, height = width // 2 * 2 + 4, height // 2 * 2 + 4
    samples = len(PLAIN.get(encoding, 'xx'))
    samples *= 2 if '16' in encoding or '32' in encoding else 1
    step = max(0, width * samples + draw(st.sampled_from((0, 0, 0, 0, 1, 3, 64, -1))))
    rows = height * 3 // 2 if encoding.startswith('nv') else height
    length = max(0, rows * step + draw(st.sampled_from((0, 0, 0, 0, 1, -1, -step, -2 * step))))
    if draw(st.integers(0, 3)) == 0:
        width, height, step = (draw(odd_numbers(n)) for n in (width, height, step))
    return Image(
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=draw(st.sampled_from((0, 0, 1, 255))),
        step=step,
        data=array('B', (NOISE * (length // len(NOISE) + 1))[:length]),
    )


def _check_image(message: Image | RawImage) -> bool:
    picture, bad = refused(lambda: decode_image(message), ImageError)
    _check_depth(message)
    order = PLAIN.get(message.encoding)
    if order is None:
        if bad:
            return False
        assert picture.shape == (message.height, message.width, 3) and picture.dtype == np.uint8
        return True
    wide = 2 if message.encoding.endswith('16') else 1
    row = message.width * len(order) * wide
    fits = message.width and message.height and message.step >= row
    fits = fits and len(message.data) >= (message.height - 1) * message.step + row
    assert bad == (not fits), 'refused what fits, or the reverse'
    if bad:
        return False
    assert picture.shape == (message.height, message.width, 3) and picture.dtype == np.uint8
    data, high = bytes(message.data), 0 if message.is_bigendian or wide == 1 else 1
    for y, x in {(0, 0), (message.height - 1, message.width - 1), (message.height // 2, 0)}:
        at = y * message.step + x * len(order) * wide + high
        told = {name: data[at + i * wide] for i, name in enumerate(order)}
        wanted = [told['y']] * 3 if order == 'y' else [told[name] for name in 'rgb']
        assert picture[y, x].tolist() == wanted
    return True


def _check_depth(message: Image | RawImage) -> None:
    """Read it as a depth reference, too."""
    depth, bad = refused(lambda: decode_depth(message), ImageError)
    size = DEPTHS.get(message.encoding)
    if size is None:
        assert bad
        return
    row = message.width * size
    fits = message.width and message.height and message.step >= row
    fits = fits and len(message.data) >= (message.height - 1) * message.step + row
    assert bad == (not fits)
    if bad:
        return
    assert depth.shape == (message.height, message.width) and depth.dtype == np.float32
    order = '>' if message.is_bigendian else '<'
    y, x = message.height - 1, message.width - 1
    at = y * message.step + x * size
    code = 'f' if size == 4 else 'H'
    (value,) = struct.unpack_from(order + code, bytes(message.data), at)
    wanted = np.float32(value) if size == 4 else np.float32(value / 1000 if value else np.nan)
    np.testing.assert_array_equal(depth[y, x], wanted)


@cache
def _pictures() -> list[tuple[np.ndarray | None, bytes]]:
    """Return small pictures encoded: the pixels (RGB) that must come back, None for JPEG."""
    rgb = np.random.default_rng(3).integers(0, 256, (11, 17, 3), np.uint8)
    grey = np.repeat(rgb[..., :1], 3, axis=-1)
    bgr = rgb[..., ::-1]

    def encoded(extension: str, pixels: np.ndarray, *options: int) -> bytes:
        return cv2.imencode(extension, pixels, options)[1].tobytes()

    smooth = cv2.resize(rgb, (40, 30))
    return [
        (rgb, encoded('.png', bgr)),
        (grey, encoded('.png', grey[..., 0])),
        (grey, encoded('.png', grey[..., 0].astype(np.uint16) << 8 | 0x5A)),
        (rgb, encoded('.png', np.dstack([bgr, grey[..., :1]]))),
        (None, encoded('.jpg', bgr)),
        (None, encoded('.jpg', smooth, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)),
        (None, encoded('.jpg', smooth, cv2.IMWRITE_JPEG_RST_INTERVAL, 1)),
        (None, encoded('.jpg', grey[..., 0])),
    ]


@st.composite
def _compressed(draw: st.DrawFn) -> tuple[int, bytes, str]:
    which = draw(st.integers(0, len(_pictures()) - 1))
    content = draw(damaged(st.just(_pictures()[which][1])))
    if draw(st.integers(0, 15)) == 0:
        content = draw(st.binary(max_size=64))
    return which, content, draw(FORMATS)


def _check_compressed(case: tuple[int, bytes, str]) -> bool:
    which, content, kind = case
    pixels, sound = _pictures()[which]
    message = CompressedImage(format=kind, data=array('B', content))
    picture, bad = refused(lambda: decode_compressed(message), ImageError)
    if 'compresseddepth' in kind.lower():
        assert bad
        return False
    if content == sound:
        assert not bad, 'refused a sound picture'
    if bad:
        return False
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
    assert picture.shape[0] * picture.shape[1] <= MAX_PIXELS
    if pixels is not None:
        # A PNG has checksums, so what is not refused is what was sent.
        wanted = pixels[..., ::-1] if 'compressed rgb' in kind else pixels
        np.testing.assert_array_equal(picture, wanted)
    return True


class _Silent:
    """Takes reports, which must be short enough for a log."""

    def report(self, key: str, message: str) -> None:
        assert 0 < len(message) < 20_000

    def clear(self, key: str, message: str) -> None:
        """Take the end of a trouble."""


def _settings(compressed: bool) -> DepthSettings:
    values = {row.name: row.default for row in DEPTH_PARAMETERS}
    return DepthSettings.of({**values, 'compressed': compressed, 'max_age': 1.0})


SETTINGS = {compressed: _settings(compressed) for compressed in (False, True)}


def _check_frame(case: tuple[bool, bytes]) -> bool:
    """Let the node read it, up to the network: every frame must end in one of the counters."""
    compressed, serialized = case
    counters = FrameCounters()
    processor = FrameProcessor(
        estimator=SimpleNamespace(own_input_size=518, network_size=network_size),
        publisher=SimpleNamespace(heard=True),
        infos=None,
        counters=counters,
        reporter=_Silent(),
        now=lambda: 5 * 10**9,
        settings=lambda: SETTINGS[compressed],
    )
    counters.receive()
    frame = processor.read(serialized)
    counts = counters.counts()
    if frame is None:
        assert counts.rejected == 1 and counts.pending == 0
        return False
    assert counts.rejected == 0 and counts.pending == 1
    assert frame.rgb.dtype == np.uint8 and frame.rgb.shape[2] == 3 and min(frame.rgb.shape) > 0
    assert frame.header.stamp.sec >= 0
    rows, columns = (side // 14 for side in frame.network_size)
    assert 0 < rows * columns <= MAX_PATCHES
    return True


TARGETS = [
    Target(
        'frames, from bytes to the network',
        st.booleans().flatmap(lambda c: st.tuples(st.just(c), damaged(_bytes(not c), 1))),
        _check_frame,
        6,
    ),
    Target('Image, CDR bytes', damaged(_bytes(True), 2), _check_bytes, 10),
    Target('CompressedImage, CDR bytes', damaged(_bytes(False), 2), _check_compressed_bytes, 6),
    Target('Image, fields', _images(), _check_image, 10),
    Target('CompressedImage, contents', _compressed(), _check_compressed, 10),
]

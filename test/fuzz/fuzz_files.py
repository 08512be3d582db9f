# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files of a user: pictures of every format and calibrations."""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
import yaml
from fuzzing import Target, damaged, odd_floats, refused, scratch
from hypothesis import strategies as st

from depth_anything_ros.media.calibration import (
    DISTORTION_MODELS,
    Calibration,
    CalibrationError,
    read_calibration,
)
from depth_anything_ros.media.decoding import KINDS, MAX_PIXELS
from depth_anything_ros.media.picture_header import HeaderError, claimed_size, kind_of
from depth_anything_ros.media.pictures import read_picture

FOLDER = scratch('files')
# As quick as they come: most of the time goes into YAML otherwise.
DUMPER = getattr(yaml, 'CSafeDumper', yaml.SafeDumper)
LOADER = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
EXTENSIONS = ('.png', '.jpg', '.bmp', '.ppm', '.pgm', '.tiff', '.webp')


@cache
def _pictures() -> list[bytes]:
    """Return small pictures, one of each format and some of their kinds."""
    pixels = np.random.default_rng(1).integers(0, 256, (9, 13, 3), np.uint8)

    def encoded(extension: str, array: np.ndarray = pixels, *options: int) -> bytes:
        return cv2.imencode(extension, array, options)[1].tobytes()

    return [
        *(encoded(extension) for extension in EXTENSIONS if extension != '.pgm'),
        encoded('.pgm', pixels[..., 0]),
        encoded('.webp', pixels, cv2.IMWRITE_WEBP_QUALITY, 101),
        encoded('.tiff', pixels[..., 0].astype(np.uint16) << 8),
        encoded('.tiff', pixels, cv2.IMWRITE_TIFF_COMPRESSION, 5),
        encoded('.ppm', pixels, cv2.IMWRITE_PXM_BINARY, 0),
        encoded('.bmp', pixels[..., 0]),
    ]


@st.composite
def _files(draw: st.DrawFn) -> tuple[bytes, bytes, str]:
    sound = draw(st.sampled_from(_pictures()))
    # The header of one before the rest of another.
    other = draw(st.sampled_from(_pictures()))
    mixed = sound[: draw(st.integers(4, 40))] + other[draw(st.integers(0, 40)) :]
    content = draw(damaged(st.just(mixed if draw(st.integers(0, 7)) == 0 else sound)))
    return sound, content, draw(st.sampled_from(EXTENSIONS))


def _check_picture(case: tuple[bytes, bytes, str]) -> bool:
    sound, content, extension = case
    path = FOLDER / f'picture{extension}'
    path.write_bytes(content)
    rgb = read_picture(path)
    claimed, bad = refused(lambda: claimed_size(content), HeaderError)
    if content == sound:
        assert rgb is not None, 'refused a sound picture'
    if rgb is None:
        return False
    assert not bad and kind_of(content) in KINDS
    assert rgb.dtype == np.uint8 and rgb.ndim == 3 and rgb.shape[2] == 3
    assert sorted(rgb.shape[:2]) == sorted(claimed)
    assert rgb.shape[0] * rgb.shape[1] <= MAX_PIXELS
    return True


NAMES = st.text(max_size=4)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        odd_floats(500.0, 0.0),
        st.text(max_size=8),
        st.dates(),
        st.sampled_from(('1e-05', '.inf', '640', '0x280')),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
FIELDS = {
    'camera_matrix': (3, 3),
    'rectification_matrix': (3, 3),
    'projection_matrix': (3, 4),
    'distortion_coefficients': (1, 5),
}


@st.composite
def _calibrations(draw: st.DrawFn) -> bytes:
    number = st.floats(1.0, 900.0) if draw(st.integers(0, 2)) else odd_floats(500.0, 0.0)
    document: dict[str, Any] = {
        'image_width': draw(st.sampled_from((640, 1, 65536))),
        'image_height': 480,
        'camera_name': 'camera',
        'distortion_model': draw(st.sampled_from((*DISTORTION_MODELS, *DISTORTION_MODELS, 'none'))),
    }
    for name, (rows, columns) in FIELDS.items():
        if name.startswith('distortion'):
            counts = DISTORTION_MODELS.get(document['distortion_model'], (5,))
            columns = draw(st.sampled_from((*counts, *counts, 3)))
        some = draw(st.lists(number, min_size=1, max_size=4))
        data = [some[i % len(some)] for i in range(rows * columns)]
        document[name] = {'rows': rows, 'cols': columns, 'data': data}
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2)))):
        name = draw(st.sampled_from([*document, 'more']))
        if isinstance(document.get(name), dict) and draw(st.booleans()):
            document[name][draw(st.sampled_from(('rows', 'cols', 'data')))] = draw(VALUES)
        else:
            document[name] = draw(VALUES)
    text = yaml.dump(document, Dumper=DUMPER).encode('utf-8', 'surrogatepass')
    if draw(st.integers(0, 3)) == 0:
        text = draw(damaged(st.just(text)))
    if draw(st.integers(0, 15)) == 0:
        text = draw(st.sampled_from(HOSTILE)) + text
    return text


HOSTILE = [
    b'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n',
    b'a: &a {x: 1}\nb: {<<: [*a, *a]}\n',
    b'a: ' + b'[' * 2000,
    b'a: !!python/object/apply:os.system ["false"]\n',
    b'%YAML 1.1\n---\n',
    b'? [1]\n: 2\n',
    b'a: ' + b'9' * 5000 + b'\n',
    b'a: 2001-02-30\n',
    b'\xff\xfe',
]


def _check_calibration(content: bytes) -> bool:
    path = FOLDER / 'camera.yaml'
    path.write_bytes(content)
    told, bad = refused(lambda: read_calibration(path), CalibrationError)
    if bad:
        return False
    assert isinstance(told, Calibration)
    document = yaml.load(content, LOADER)
    for name, values in (
        ('camera_matrix', told.k),
        ('rectification_matrix', told.r),
        ('projection_matrix', told.p),
        ('distortion_coefficients', told.d),
    ):
        assert [float(value) for value in document[name]['data']] == list(values)
        assert np.isfinite(values).all()
    assert (told.width, told.height) == (document['image_width'], document['image_height'])
    assert 0 < told.width <= 2**16 and 0 < told.height <= 2**16
    assert len(told.d) in DISTORTION_MODELS[told.distortion_model]
    assert told.k[0] > 0 and told.k[4] > 0
    return True


TARGETS = [
    Target('pictures of all formats', _files(), _check_picture, 8),
    Target('calibration files', _calibrations(), _check_calibration, 2),
]

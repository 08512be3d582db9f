# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of media/pictures.py."""

import os
import struct
from itertools import islice
from pathlib import Path

import bombs
import cv2
import numpy as np
import pytest

from depth_anything_ros.media import pictures
from depth_anything_ros.media.sources import SourceError, open_source


def write_picture(path: Path, rgb=(200, 100, 50), size=(24, 16)) -> None:
    """Write a picture of one colour."""
    picture = np.full((size[1], size[0], 3), rgb[::-1], np.uint8)
    assert cv2.imwrite(str(path), picture)


def test_a_folder_shows_its_pictures_in_natural_order_once(tmp_path: Path) -> None:
    for name in ('10.png', '9.png', 'b.jpg', '1.PNG'):
        write_picture(tmp_path / name)
    source = open_source(str(tmp_path))
    frames = list(source)
    assert [frame.name for frame in frames] == ['1.PNG', '9.png', '10.png', 'b.jpg']
    assert frames[0].rgb.shape == (16, 24, 3) and frames[0].rgb.dtype == np.uint8
    assert tuple(frames[0].rgb[0, 0]) == (200, 100, 50)
    assert frames[0].depth is None and frames[0].intrinsics is None
    assert source.rate == 10.0 and not source.live


def test_a_looping_folder_starts_over(tmp_path: Path) -> None:
    for name in ('a.png', 'b.png'):
        write_picture(tmp_path / name)
    names = [frame.name for frame in islice(open_source(str(tmp_path), loop=True), 5)]
    assert names == ['a.png', 'b.png', 'a.png', 'b.png', 'a.png']


def test_other_files_and_broken_pictures_are_counted_and_passed_over(tmp_path: Path) -> None:
    write_picture(tmp_path / 'good.png')
    (tmp_path / 'broken.png').write_bytes(b'no picture')
    (tmp_path / 'empty.jpg').write_bytes(b'')
    (tmp_path / 'notes.txt').write_text('hello')
    (tmp_path / 'more').mkdir()
    write_picture(tmp_path / 'more' / 'hidden.png')
    source = open_source(str(tmp_path))
    assert [frame.name for frame in source] == ['good.png']
    assert source.skipped == 2
    assert source.ignored == 1


def test_a_single_grey_picture_gets_three_channels_and_the_wanted_size(tmp_path: Path) -> None:
    path = tmp_path / 'grey.pgm'
    assert cv2.imwrite(str(path), np.full((16, 24), 77, np.uint8))
    (frame,) = open_source(str(path), size=(12, 0), rate=3.0)
    assert frame.rgb.shape == (8, 12, 3)
    assert (frame.rgb == 77).all()


@pytest.mark.parametrize('loop', [True, False])
def test_a_folder_of_broken_pictures_is_an_error_and_does_not_spin(tmp_path, loop: bool) -> None:
    (tmp_path / 'a.png').write_bytes(b'no')
    with pytest.raises(SourceError, match='none of the 1 picture'):
        list(open_source(str(tmp_path), loop=loop))


def test_an_empty_folder_and_a_missing_path_are_named(tmp_path: Path) -> None:
    (tmp_path / 'notes.txt').write_text('hello')
    with pytest.raises(SourceError, match=rf'no pictures in folder {tmp_path}.*1 other'):
        open_source(str(tmp_path))
    with pytest.raises(SourceError, match='no such file or folder: .*nowhere'):
        open_source(str(tmp_path / 'nowhere'))
    with pytest.raises(SourceError, match='no source given'):
        open_source('  ')


@pytest.mark.parametrize('kind', ['png', 'jpeg', 'bmp', 'pnm', 'tiff', 'webp'])
def test_a_picture_that_claims_to_be_huge_is_passed_over(tmp_path: Path, kind: str) -> None:
    write_picture(tmp_path / 'good.png')
    # The name does not decide: OpenCV recognises pictures by their content, too.
    (tmp_path / 'bomb.png').write_bytes(bombs.ALL[kind](32_000, 32_000))
    source = open_source(str(tmp_path))
    assert [frame.name for frame in source] == ['good.png']
    assert source.skipped == 1


def test_a_file_too_large_for_any_picture_is_not_read(tmp_path: Path, monkeypatch) -> None:
    write_picture(tmp_path / 'good.png')
    assert pictures.read_picture(tmp_path / 'good.png') is not None
    monkeypatch.setattr(pictures, 'MAX_BYTES', 50)
    assert pictures.read_picture(tmp_path / 'good.png') is None


def test_the_orientation_of_a_photo_is_applied(tmp_path: Path) -> None:
    jpeg = cv2.imencode('.jpg', np.zeros((16, 24, 3), np.uint8))[1].tobytes()
    tiff = b'II*\0' + struct.pack('<IHHHIHHI', 8, 1, 0x0112, 3, 1, 6, 0, 0)
    exif = b'Exif\0\0' + tiff
    turned = jpeg[:2] + b'\xff\xe1' + struct.pack('>H', len(exif) + 2) + exif + jpeg[2:]
    (tmp_path / 'photo.jpg').write_bytes(turned)
    rgb = pictures.read_picture(tmp_path / 'photo.jpg')
    assert rgb is not None and rgb.shape == (24, 16, 3)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'a.png')
    assert pictures.read_picture(tmp_path / 'a.png') is None

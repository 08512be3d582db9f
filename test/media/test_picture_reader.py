# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/picture_reader.py."""

import io
import math
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import cv2
import numpy as np
import pytest

from depth_anything_ros.media.picture_list import list_pictures
from depth_anything_ros.media.picture_reader import PictureError, camera_of, is_readable, read

Image = pytest.importorskip('PIL.Image')


def jpeg(width=40, height=30, exif=None, **options):
    content = io.BytesIO()
    picture = Image.new('RGB', (width, height), (200, 100, 50))
    picture.save(content, 'jpeg', exif=exif or Image.Exif(), **options)
    return content.getvalue()


def exif(orientation=None, **tags):
    made = Image.Exif()
    if orientation:
        made[0x0112] = orientation
    codes = {'f35': 0xA405, 'focal': 0x920A, 'width': 0xA002, 'res': 0xA20E, 'unit': 0xA210}
    made[0x8769] = {codes[name]: value for name, value in tags.items()}
    return made


def test_reads_upright_colours(tmp_path):
    path = tmp_path / 'a.jpg'
    path.write_bytes(jpeg(exif=exif(orientation=6)))

    picture = read(str(path))

    assert picture.rgb.shape == (40, 30, 3)
    assert np.abs(picture.rgb.astype(int) - (200, 100, 50)).max() < 4
    assert picture.intrinsics is None


def test_grey_alpha_sixteen_bits_and_palettes_become_colours(tmp_path):
    grey16 = np.full((4, 5), 0x8000, np.uint16)
    alpha = np.full((4, 5, 4), (10, 20, 30, 128), np.uint8)
    for name, array, first in (('g.png', grey16, (128,) * 3), ('a.png', alpha, (30, 20, 10))):
        cv2.imwrite(str(tmp_path / name), array)
        assert tuple(read(str(tmp_path / name)).rgb[0, 0]) == first
    Image.new('P', (5, 4), 3).save(tmp_path / 'p.png')
    assert read(str(tmp_path / 'p.png')).rgb.shape == (4, 5, 3)


def test_of_an_animation_the_first_picture_is_read(tmp_path):
    path = tmp_path / 'a.gif'
    frames = [Image.new('RGB', (6, 4), color) for color in ('red', 'blue')]
    frames[0].save(path, save_all=True, append_images=frames[1:])

    assert tuple(read(str(path)).rgb[0, 0]) == (255, 0, 0)


@pytest.mark.parametrize('suffix', ['avif', 'heif'])
def test_formats_of_telephones_are_read_where_their_library_is(tmp_path, suffix):
    if suffix == 'heif':
        pytest.importorskip('pillow_heif').register_heif_opener()
    path = tmp_path / f'a.{suffix}'
    try:
        Image.new('RGB', (64, 48), (200, 100, 50)).save(path)
    except (KeyError, OSError, ValueError) as error:
        pytest.skip(f'this Pillow writes no {suffix}: {error}')

    rgb = read(str(path)).rgb

    assert rgb.shape == (48, 64, 3)
    assert np.abs(rgb.astype(int) - (200, 100, 50)).max() < 8
    assert is_readable(path)


def test_the_focal_length_follows_from_the_35_mm_equivalent():
    camera = camera_of(jpeg(exif=exif(f35=26)), 4000, 3000)

    # 26 mm on 36 x 24 mm see 79.5 degrees across the diagonal, as 26 / 43.27 diagonals do.
    diagonal = 2 * math.atan(math.hypot(4000, 3000) / 2 / camera.fx)
    assert math.degrees(diagonal) == pytest.approx(79.5, abs=0.1)
    assert (camera.cx, camera.cy) == (1999.5, 1499.5)


def test_the_focal_length_follows_from_the_sensors_pixels_and_a_later_resize():
    # 4 mm at 5,000 pixels a centimetre are 2,000 pixels; half as many when half as wide.
    tags = exif(focal=4.0, res=5000.0, unit=3, width=4000)

    assert camera_of(jpeg(exif=tags), 4000, 3000).fx == pytest.approx(2000)
    assert camera_of(jpeg(exif=tags), 2000, 1500).fx == pytest.approx(1000)
    assert camera_of(jpeg(exif=tags), 1500, 2000).fx == pytest.approx(1000)


def test_tags_without_sense_tell_no_camera():
    for tags in ({'f35': 0}, {'focal': 4.0}, {'focal': 4.0, 'res': 0.0}, {'f35': 'wide'}):
        try:
            content = jpeg(exif=exif(**tags))
        except Exception:  # Pillow refuses to write some of them
            continue
        assert camera_of(content, 40, 30) is None
    assert camera_of(b'no picture', 40, 30) is None


def test_says_what_is_wrong_with_a_file(tmp_path):
    contents = {
        'empty.jpg': (b'', 'empty'),
        'text.png': (b'hello, I am text', 'is no picture'),
        'cut.jpg': (jpeg()[:200], 'cut short'),
    }
    for name, (content, reason) in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(PictureError, match=reason):
            read(str(tmp_path / name))
    with pytest.raises(PictureError, match='cannot be read: No such file'):
        read(str(tmp_path / 'none.jpg'))
    with pytest.raises(PictureError, match='cannot be read'):
        read(str(tmp_path))


def test_reads_standard_input(monkeypatch):
    class Stdin:
        buffer = io.BytesIO(jpeg())

    monkeypatch.setattr(sys, 'stdin', Stdin)

    assert read('-').rgb.shape == (30, 40, 3)


def test_reads_an_address_and_tells_of_the_servers_refusal():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == '/a.jpg' else 404)
            self.end_headers()
            self.wfile.write(jpeg() if self.path == '/a.jpg' else b'no')

        def log_message(self, *arguments):
            pass

    server = HTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f'http://127.0.0.1:{server.server_port}'
        assert read(f'{address}/a.jpg').rgb.shape == (30, 40, 3)
        with pytest.raises(PictureError, match='404'):
            read(f'{address}/b.jpg')
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(PictureError, match='no connection'):
        read(f'{address}/a.jpg')


@pytest.mark.parametrize('kind', ['eps', 'pcx', 'tga', 'sgi'])
def test_formats_that_nobody_asked_for_are_not_decoded(tmp_path, kind):
    """Pillow would run Ghostscript, another program, for EPS."""
    Image.new('RGB', (4, 4)).save(tmp_path / f'picture.{kind}')
    (tmp_path / f'picture.{kind}').rename(tmp_path / 'picture.avif')

    with pytest.raises(PictureError, match='is no picture'):
        read(str(tmp_path / 'picture.avif'))


@pytest.mark.parametrize(('name', 'kind'), [('a.gif', 'GIF'), ('a.jp2', 'JPEG2000')])
def test_a_folder_of_gif_and_jpeg_2000_is_read(tmp_path, name, kind):
    rgb = np.zeros((20, 30, 3), np.uint8)
    rgb[:, :15] = 200, 40, 90
    Image.fromarray(rgb).save(tmp_path / name, kind)

    (entry,) = list_pictures([str(tmp_path)]).entries

    assert np.abs(read(entry.source).rgb.astype(int) - rgb)[:, [2, 27]].max() < 12

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/clip_file.py, clip_container.py and clip_upright.py."""

from fractions import Fraction

import av
import numpy as np
import pytest
from clip_making import make_video, picture

from depth_anything_ros.media import clip_container, clip_upright
from depth_anything_ros.media.clip_file import FileClip
from depth_anything_ros.media.clip_items import ClipError, ClipFrame, Cut, SoundPacket
from depth_anything_ros.media.clip_upright import square_size


def read(path, cut=None, **arguments):
    clip = FileClip(str(path), cut, **arguments)
    items = list(clip)
    clip.release()
    return clip, [i for i in items if isinstance(i, ClipFrame)]


def near(rgb, wanted, most=24):
    return float(np.abs(rgb.astype(int) - wanted.astype(int)).mean()) < most


@pytest.mark.parametrize(
    ('rate', 'base'),
    [('25', None), ('30000/1001', None), ('24000/1001', '1/24000'), ('60', '1/90000')],
)
def test_frames_come_with_the_times_of_the_file(tmp_path, rate, base):
    step = 1 if base is None else int(1 / Fraction(rate) / Fraction(base))
    path = make_video(
        tmp_path / 'a.mp4', 9, rate=rate, time_base=base, pts=range(0, 9 * step, step)
    )

    clip, frames = read(path)

    exact = [frame.pts * clip.facts.time_base for frame in frames]
    assert exact == [Fraction(i) / Fraction(rate) for i in range(9)]
    assert clip.facts.frames == 9 and clip.damage.reason() == ''
    assert clip.facts.rate == Fraction(rate)


def test_a_variable_rate_is_kept(tmp_path):
    pts = [0, 33, 66, 200, 210, 400, 1000]
    path = make_video(tmp_path / 'a.mkv', pts=pts, time_base='1/1000')

    clip, frames = read(path)

    assert [float(frame.pts * clip.facts.time_base) for frame in frames] == [p / 1000 for p in pts]


def test_pictures_are_those_of_the_video(tmp_path):
    clip, frames = read(make_video(tmp_path / 'a.mp4', 4), pictures=True)

    for index, frame in enumerate(frames):
        assert near(frame.rgb, picture(index))
        y, u, v = frame.planes
        assert y.shape == (48, 64) and u.shape == v.shape == (24, 32)


@pytest.mark.parametrize('angle', [90, -90, 180])
def test_turned_videos_are_turned_upright(tmp_path, angle):
    path = make_video(tmp_path / 'a.mp4', 2, turn=angle)

    clip, frames = read(path, pictures=True)

    upright = np.rot90(picture(0), angle // 90)
    assert (clip.facts.height, clip.facts.width) == upright.shape[:2] == frames[0].rgb.shape[:2]
    assert near(frames[0].rgb, upright)
    assert frames[0].planes[0].shape == upright.shape[:2]
    bright = frames[0].planes[0] > 140
    assert (bright == (upright.min(2) > 140)).mean() > 0.9


def test_a_mirrored_video_is_mirrored_back(tmp_path):
    path = tmp_path / 'a.mp4'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
        stream.set_display_rotation(0, hflip=True)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(0), format='rgb24')))
        container.mux(stream.encode(None))

    _, frames = read(path)

    assert near(frames[0].rgb, picture(0)[:, ::-1])


def test_pixels_become_square(tmp_path):
    clip, frames = read(make_video(tmp_path / 'a.mp4', 2, sar='4/3'))
    assert (clip.facts.width, clip.facts.height) == (85, 48)
    assert frames[0].rgb.shape == (48, 85, 3)

    assert square_size(720, 576, Fraction(16, 15)) == (768, 576)
    assert square_size(720, 480, Fraction(8, 9)) == (720, 540)
    assert square_size(720, 480, Fraction(1, 100)) == (720, 480)
    assert square_size(720, 480, None) == (720, 480)


def test_a_cut_is_what_was_asked_for(tmp_path):
    path = make_video(tmp_path / 'a.mp4', 50, sound='aac')

    clip, frames = read(path, Cut(start=0.5, end=1.2, stride=3))
    assert [frame.pts * clip.facts.time_base for frame in frames] == [
        Fraction(i, 25) for i in range(13, 30, 3)
    ]
    assert near(frames[0].rgb, picture(13))
    assert clip.facts.frames == pytest.approx(len(frames), abs=1)
    assert clip.facts.shifted(frames[0].pts) * clip.facts.time_base == Fraction(1, 50)

    _, frames = read(path, Cut(max_frames=5))
    assert len(frames) == 5
    clip, frames = read(path, Cut(start=100))
    assert frames == []


def test_sound_of_a_cut_is_that_of_the_cut(tmp_path):
    path = make_video(tmp_path / 'a.mp4', 50, sound='aac')
    clip = FileClip(str(path), Cut(start=0.5, end=1.0))

    times = [float(i.pts * i.time_base) for i in clip if isinstance(i, SoundPacket)]

    assert min(times) == pytest.approx(0.5, abs=0.03) and max(times) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(
    ('codec', 'form'),
    [
        ('libx264', 'yuv420p'),
        ('libx264', 'yuv444p'),
        ('libx264', 'yuv420p10le'),
        ('mjpeg', 'yuvj420p'),
        ('rawvideo', 'nv12'),
        ('ffv1', 'gbrp10le'),
    ],
)
def test_colours_are_right_whatever_they_are_stored_as(tmp_path, codec, form):
    def patches(index, width, height):
        rgb = np.zeros((height, width, 3), np.uint8)
        rgb[:, : width // 2] = (200, 40, 40)
        rgb[: height // 2, width // 2 :] = (250, 250, 250)
        return rgb

    path = make_video(tmp_path / 'a.mkv', 2, codec=codec, pix_fmt=form, draw=patches)

    _, frames = read(path, pictures=True)

    rgb, (y, _, v) = frames[0].rgb, frames[0].planes
    assert np.abs(rgb[24, 10].astype(int) - (200, 40, 40)).max() < 14
    assert rgb[10, 50].min() > 240 and rgb[40, 50].max() < 12
    # BT.709, limited range, of the red and the white patch.
    assert y[10, 50] == pytest.approx(16 + 219 * 250 / 255, abs=6)
    assert y[40, 50] == pytest.approx(16, abs=4)
    light = 0.2126 * 200 + 0.7152 * 40 + 0.0722 * 40
    assert y[24, 10] == pytest.approx(16 + 219 * light / 255, abs=8)
    assert v[12, 5] == pytest.approx(128 + 224 * (200 - light) / 255 / 1.5748, abs=10)


def test_frames_of_another_size_are_fitted(tmp_path):
    first = make_video(tmp_path / 'a.h264', 4, (64, 48), container_format='h264')
    second = make_video(tmp_path / 'b.h264', 4, (96, 80), container_format='h264')
    both = tmp_path / 'both.h264'
    both.write_bytes(first.read_bytes() + second.read_bytes())

    clip, frames = read(both, pictures=True)

    assert len(frames) == 8
    assert {frame.rgb.shape for frame in frames} == {(48, 64, 3)}


def test_too_many_pixels_are_refused_before_decoding(tmp_path, monkeypatch):
    path = make_video(tmp_path / 'a.mp4', 2)
    monkeypatch.setattr(clip_container, 'MAX_PIXELS', 3000)
    with pytest.raises(ClipError, match='64x48, above the limit of 3000'):
        FileClip(str(path))

    monkeypatch.undo()
    monkeypatch.setattr(clip_upright, 'MAX_PIXELS', 3500)
    with pytest.raises(ClipError, match='85x48, above'):
        FileClip(str(make_video(tmp_path / 'b.mp4', 2, sar='4/3')))


def test_a_playlist_may_not_open_addresses_and_an_address_no_files(tmp_path):
    path = tmp_path / 'a.m3u8'
    path.write_text(
        '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n'
    )
    with pytest.raises(ClipError):
        FileClip(str(path))
    assert 'file' not in clip_container.NET_PROTOCOLS.split(',')


def test_names_with_a_meaning_for_the_library_are_only_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_video(tmp_path / 'plain.mp4', 2).rename(tmp_path / 'pipe:0')

    _, frames = read('pipe:0')

    assert len(frames) == 2

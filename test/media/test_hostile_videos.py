# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Some hundred videos that are not what they seem, through the whole run."""

import random

import av
import numpy as np
import pytest
from clip_making import Brightness, frames_of, make_video, times_of

from depth_anything_ros.media.clip_files import FORMATS
from depth_anything_ros.media.run_journal import RunJournal
from depth_anything_ros.media.video_list import list_videos
from depth_anything_ros.media.video_run import VideoJob, VideoRun

FRAMES = 40
FORMS = {
    'mp4': {'options': {'movflags': 'faststart'}, 'sound': 'aac'},
    'mov': {'codec': 'mjpeg', 'pix_fmt': 'yuvj420p'},
    'mkv': {'sound': 'libopus'},
    'avi': {'codec': 'mpeg4', 'sound': 'mp3', 'sound_rate': 44100},
    'ts': {'sound': 'aac'},
    'webm': {'codec': 'libvpx-vp9', 'sound': 'libopus'},
    'flv': {'codec': 'flv1', 'sound': None},
    'h264': {},
    'y4m': {'codec': 'wrapped_avframe'},
    'mpg': {'codec': 'mpeg2video', 'rate': 25},
}


def run(*paths, formats=('color',), output=None):
    output = output or paths[0].parent / 'out'
    journal = RunJournal(output, {}, resume=False, name='v.jsonl')
    try:
        found = list_videos([str(path) for path in paths])
        return VideoRun(Brightness(), VideoJob(output, formats), journal)(found.entries), output
    finally:
        journal.close()


def hold(outcome, output, count=1):
    """Check what holds for every input: told, whole files, nothing else."""
    left = {p for p in output.rglob('*') if p.is_file() and p.name != 'v.jsonl'}
    named = {path for video in outcome.written for path in video['outputs']}
    assert {str(p) for p in left} == named
    assert len(outcome.failed.keys() | {v['source'] for v in outcome.written}) == count
    for video in outcome.written:
        for path in video['outputs']:
            times = times_of(path)
            assert len(times) == video['frames'] > 0
            assert all(b > a for a, b in zip(times, times[1:], strict=False))


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    """Return a small whole video of each kind."""
    folder = tmp_path_factory.mktemp('whole')
    made = {}
    for suffix, arguments in FORMS.items():
        if arguments.get('codec', 'libx264') in av.codecs_available:
            made[suffix] = make_video(folder / f'v.{suffix}', FRAMES, **arguments)
    return made


@pytest.mark.parametrize('suffix', FORMS)
def test_whole_videos_of_every_kind(whole, suffix, tmp_path):
    if suffix not in whole:
        pytest.skip('no encoder here')
    outcome, output = run(whole[suffix], output=tmp_path / 'out')

    assert outcome.failed == {} and outcome.frames == FRAMES
    hold(outcome, output)


@pytest.mark.parametrize('suffix', FORMS)
@pytest.mark.parametrize('share', [0.02, 0.3, 0.6, 0.97])
def test_cut_off(whole, suffix, share, tmp_path):
    if suffix not in whole:
        pytest.skip('no encoder here')
    content = whole[suffix].read_bytes()
    path = tmp_path / f'cut.{suffix}'
    path.write_bytes(content[: int(len(content) * share)])

    outcome, output = run(path)

    hold(outcome, output)


@pytest.mark.parametrize('suffix', FORMS)
@pytest.mark.parametrize('seed', range(5))
def test_bytes_changed(whole, suffix, seed, tmp_path):
    if suffix not in whole:
        pytest.skip('no encoder here')
    content, rng = bytearray(whole[suffix].read_bytes()), random.Random(seed)
    for _ in range(3 ** (seed + 1)):
        content[rng.randrange(len(content))] = rng.randrange(256)
    path = tmp_path / f'changed.{suffix}'
    path.write_bytes(content)

    outcome, output = run(path)

    hold(outcome, output)


@pytest.mark.parametrize('suffix', ['mp4', 'mkv', 'ts', 'avi'])
def test_a_hole_in_the_middle_is_passed_over_and_told(whole, suffix, tmp_path):
    content = bytearray(whole[suffix].read_bytes())
    middle = len(content) * 2 // 3
    content[middle : middle + 400] = bytes(400)
    path = tmp_path / f'hole.{suffix}'
    path.write_bytes(content)

    outcome, output = run(path)

    hold(outcome, output)
    assert outcome.frames > FRAMES // 3


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('empty.mp4', b''),
        ('zeros.mp4', bytes(5000)),
        ('text.mp4', b'this is no video\n' * 50),
        ('noise.mkv', np.random.default_rng(0).bytes(5000)),
        ('html.avi', b'<!doctype html><html><body>Not found</body></html>'),
        ('png.mp4', b'\x89PNG\r\n\x1a\n' + bytes(100)),
        ('riff.avi', b'RIFF\xff\xff\xff\xffAVI LIST' + bytes(64)),
        ('ftyp.mp4', b'\x00\x00\x00\x18ftypisom' + bytes(12) + b'\xff\xff\xff\xffmdat'),
        ('concat.mp4', b"ffconcat version 1.0\nfile '/etc/hostname'\n"),
        ('playlist.m3u8', b'#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n'),
    ],
)
def test_what_is_no_video(name, content, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)

    outcome, output = run(path)

    hold(outcome, output)
    assert outcome.failed and not outcome.written


def test_a_wrong_ending_does_not_matter(whole, tmp_path):
    path = tmp_path / 'really_mkv.mp4'
    path.write_bytes(whole['mkv'].read_bytes())

    outcome, output = run(path)

    assert outcome.failed == {} and outcome.frames == FRAMES


def test_sound_alone_is_no_video(whole, tmp_path):
    path = tmp_path / 'a.m4a'
    with av.open(str(path), 'w', format='mp4') as container:
        stream = container.add_stream('aac', rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.int16), 's16', 'mono')
        frame.sample_rate, frame.pts = 48000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    outcome, _ = run(path)

    assert 'it has no pictures, only audio' in outcome.failed[str(path)]


def test_a_picture_is_a_picture(tmp_path):
    import cv2

    for name in ('a.png', 'a.jpg'):
        cv2.imwrite(str(tmp_path / name), np.zeros((20, 20, 3), np.uint8))
        outcome, _ = run(tmp_path / name)
        assert 'depth-anything image' in outcome.failed[str(tmp_path / name)]


def test_an_encrypted_video_is_said_to_be_that(tmp_path):
    key = {
        'encryption_scheme': 'cenc-aes-ctr',
        'encryption_key': '76a6c65c5ea762046bd749a2e632ccbb',
    }
    options = {**key, 'encryption_kid': 'a7e61c373e219033c21091fa607bf3b8'}
    path = make_video(tmp_path / 'a.mp4', 20, options=options)

    outcome, output = run(path)

    assert 'encrypted' in outcome.failed[str(path)] and not outcome.written
    hold(outcome, output)


def test_a_codec_that_nobody_knows(whole, tmp_path):
    path = tmp_path / 'a.mp4'
    path.write_bytes(whole['mp4'].read_bytes().replace(b'avc1', b'zzz9'))

    outcome, output = run(path)

    assert list(outcome.failed) == [str(path)]
    hold(outcome, output)


@pytest.mark.parametrize('size', [(1, 1), (2, 3000), (3000, 2), (17, 16)])
def test_odd_shapes(size, tmp_path):
    path = make_video(tmp_path / 'a.mkv', 3, size, codec='ffv1', pix_fmt='bgr0')

    outcome, output = run(path, formats=('color', 'side'))

    assert outcome.failed == {}
    hold(outcome, output)


def test_times_that_go_back_or_stand_still(tmp_path):
    path = tmp_path / 'a.avi'
    first = make_video(tmp_path / 'x.ts', 10, container_format='mpegts').read_bytes()
    path.write_bytes(first + first)

    outcome, output = run(path)

    hold(outcome, output)
    assert outcome.frames == 20 and outcome.failed == {}
    assert times_of(output / 'a_depth.mp4')[-1] < 1


def test_no_permission_and_a_folder_in_the_way(whole, tmp_path):
    (tmp_path / 'out/v_depth.mp4').mkdir(parents=True)

    outcome, _ = run(whole['mp4'], output=tmp_path / 'out')

    assert list(outcome.failed) == [str(whole['mp4'])]


def test_a_pile_of_them_ends_with_the_good_ones_done(whole, tmp_path):
    rng = np.random.default_rng(1)
    paths = [*whole.values()]
    for index in range(10):
        paths.append(tmp_path / f'bad{index}.mp4')
        paths[-1].write_bytes(rng.bytes(1000))

    outcome, output = run(*paths, output=tmp_path / 'out', formats=('gray',))

    assert len(outcome.written) == len(whole) and len(outcome.failed) == 10
    assert len(frames_of(output / 'v.mp4_gray.mp4')) == FRAMES
    assert set(FORMATS) >= {'gray'}

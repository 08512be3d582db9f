# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/album_clip.py, on a video made here."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

av = pytest.importorskip('av')

from depth_anything_ros.depth import DepthKind  # noqa: E402
from depth_anything_ros.media.album import AlbumError  # noqa: E402
from depth_anything_ros.media.album_clip import VIDEO_JOURNAL, Walk, clip_album  # noqa: E402
from depth_anything_ros.media.clip_archive import write_ffv1, write_npz  # noqa: E402
from depth_anything_ros.media.clip_items import ClipFacts, DepthFrame  # noqa: E402
from depth_anything_ros.media.picture_list import list_pictures  # noqa: E402
from depth_anything_ros.media.run_journal import RunJournal  # noqa: E402

HEIGHT, WIDTH, FRAMES, FIRST = 32, 48, 12, 4
BASE = Fraction(1, 25)
WRITERS = {
    'npz': ('a_npz', write_npz),
    'ffv1': ('a_depth16.mkv', lambda *arguments: write_ffv1(*arguments, 1000.0)),
}


def write_video(path):
    """Write grey frames, each ten steps brighter than the one before."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for index in range(FIRST + FRAMES):
            pixels = np.full((HEIGHT, WIDTH, 3), 10 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format='rgb24')))
        container.mux(stream.encode(None))


def run(tmp_path, name, kind=DepthKind.METRIC):
    """Make the folder that `depth-anything video --start` leaves; frame i is 5 + i / 2 m away."""
    source, out = tmp_path / 'a.mp4', tmp_path / 'out'
    write_video(source)
    out.mkdir()
    index = np.zeros((HEIGHT, WIDTH), np.uint8)
    frames = [
        DepthFrame(i, 1, kind, np.full((HEIGHT, WIDTH), 5 + i / 2, np.float32), index, None, None)
        for i in range(FRAMES)
    ]
    facts = ClipFacts(str(source), WIDTH, HEIGHT, BASE, Fraction(25))
    target, write = WRITERS[name]
    write(out / target, iter(frames), facts)
    cut = {'start': FIRST * float(BASE), 'end': None, 'stride': 1, 'max_frames': None}
    journal = RunJournal(out, {'model': 'nano', 'cut': cut}, False, VIDEO_JOURNAL)
    (tmp_path / 'list').mkdir()
    (tmp_path / 'list/a.png').write_text('')
    (entry,) = list_pictures([str(tmp_path / 'list')]).entries
    files = [path for path in out.rglob('*') if path.is_file() and 'jsonl' not in path.name]
    journal.finish(entry, files, {'kind': kind.value})
    journal.close()
    path = out / VIDEO_JOURNAL
    path.write_text(path.read_text().replace(str(tmp_path / 'list/a.png'), str(source)))
    return out


@pytest.mark.parametrize('name', WRITERS)
@pytest.mark.parametrize('kind', DepthKind)
def test_frames_have_their_depth_their_picture_and_their_time(tmp_path, name, kind):
    album = clip_album(run(tmp_path, name, kind), most=3)

    assert [e.name for e in album.entries] == ['a at 0.08 s', 'a at 0.24 s', 'a at 0.40 s']
    assert [e.time_ns for e in album.entries] == [80_000_000, 240_000_000, 400_000_000]
    assert album.settings['model'] == 'nano' and '3 of 12' in album.notes[0]
    for entry, number in reversed(list(zip(album.entries, (2, 6, 10), strict=True))):
        shot = entry.load()
        assert shot.kind is kind and (shot.camera_from, shot.camera.width) == ('guess', WIDTH)
        np.testing.assert_allclose(shot.values, 5 + number / 2, atol=1e-3)
        assert abs(shot.rgb.mean() - 10 * (FIRST + number)) < 4


def test_a_video_that_is_gone_leaves_its_depth(tmp_path):
    out = run(tmp_path, 'npz')
    (tmp_path / 'a.mp4').unlink()

    shot = clip_album(out, 1, fov=1.0).entries[0].load()

    assert shot.rgb is None and shot.values.shape == (HEIGHT, WIDTH) and shot.camera_from == 'fov'


def test_a_damaged_frame_is_told_by_its_load_alone(tmp_path):
    out = run(tmp_path, 'npz')
    (out / 'a_npz/000003.npz').write_bytes(b'damaged')

    entries = clip_album(out, 100).entries

    with pytest.raises(ValueError, match='no depth'):
        entries[3].load()
    assert entries[4].load().values[0, 0] == 7


def test_steps_that_nothing_explains_and_colours_alone_are_no_depth(tmp_path):
    out = run(tmp_path, 'ffv1')
    (out / 'a_depth16.jsonl').write_text(json.dumps({'kind': 'metric'}))
    with pytest.raises(AlbumError, match='does not explain'):
        clip_album(out, 1)

    path = out / VIDEO_JOURNAL
    path.write_text(path.read_text().replace('_depth16.mkv', '_depth.mp4'))
    with pytest.raises(AlbumError, match='add npz or ffv1'):
        clip_album(out, 1)


def test_a_walk_goes_on_keeps_a_few_and_begins_anew():
    begun = []

    def begin():
        begun.append(True)
        return iter(range(100))

    walk = Walk(begin)
    assert [walk.at(n) for n in (3, 5, 4, 20, 19)] == [3, 5, 4, 20, 19] and len(begun) == 1
    assert walk.at(2) == 2 and len(begun) == 2
    with pytest.raises(AlbumError, match='frame 100'):
        walk.at(100)
    assert walk.at(7) == 7 and len(begun) == 3

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/video_list.py."""

import pytest

from depth_anything_ros.media.video_list import is_camera, is_stream, list_videos, shown


def test_folders_keep_their_tree_and_same_names_stay_apart(tmp_path):
    for name in ('in/a/x.mp4', 'in/b/x.mp4', 'in/b/x.mkv', 'in/notes.md', 'in/a/.hidden.mp4'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b'')

    found = list_videos([str(tmp_path / 'in')])

    assert sorted(str(e.stem) for e in found.entries) == ['a/x', 'b/x.mkv', 'b/x.mp4']
    assert found.ignored == 1

    both = list_videos([str(tmp_path / 'in/a/x.mp4'), str(tmp_path / 'in/b/x.mp4')])
    assert len({str(entry.stem) for entry in both.entries}) == 2


def test_the_output_folder_is_not_searched(tmp_path):
    (tmp_path / 'depth').mkdir()
    (tmp_path / 'depth/x_depth.mp4').write_bytes(b'')
    (tmp_path / 'x.mp4').write_bytes(b'')

    found = list_videos([str(tmp_path)], tmp_path / 'depth')

    assert [str(entry.stem) for entry in found.entries] == ['x']


@pytest.mark.parametrize(
    ('source', 'stem'),
    [
        ('rtsp://user:secret@10.0.0.5:554/stream1', 'stream1'),
        ('RTSP://10.0.0.5/', 'video'),
        ('https://example.org/a/film.mp4?x=1', 'film'),
        ('0', 'camera0'),
        ('/dev/video97', 'video97'),
    ],
)
def test_addresses_and_cameras_have_names(source, stem):
    assert [str(entry.stem) for entry in list_videos([source]).entries] == [stem]


def test_what_is_not_there_is_missing(tmp_path):
    sources = ['-', str(tmp_path / 'none.mp4'), str(tmp_path)]

    found = list_videos(sources)

    assert found.entries == [] and set(found.missing) == set(sources)
    assert 'standard input' in found.missing['-']
    assert found.missing[str(tmp_path)] == 'no videos in it'


def test_kinds_of_sources(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert is_camera('0') and is_camera('/dev/video3') and not is_camera('a.mp4')
    (tmp_path / '7').write_bytes(b'')
    assert not is_camera('7')
    assert is_stream('rtsp://x/y') and is_stream('UDP://@:5000') and not is_stream('http://x/y.mp4')


def test_passwords_are_not_shown():
    assert shown('rtsp://user:secret@host:554/a?b=c') == 'rtsp://host:554/a?b=c'
    assert shown('rtsp://user:se@cret@host/a') == 'rtsp://host/a'
    assert shown('folder/a@b.mp4') == 'folder/a@b.mp4'
    assert 'secret' not in shown('rtsp://user:secret@[host/a')

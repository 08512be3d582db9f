# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pipes in place of pictures and videos, which nobody writes into: refused before they are opened.

Opened, they would be waited for without end.
"""

import os

import pytest

from depth_anything_ros.media.picture_list import list_pictures
from depth_anything_ros.media.picture_reader import PictureError, read
from depth_anything_ros.media.video_list import list_videos


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'in').mkdir()
    for name in ('pipe.png', 'pipe.mp4'):
        os.mkfifo(tmp_path / 'in' / name)
    for name in ('a.png', 'a.mp4'):
        (tmp_path / 'in' / name).write_bytes(b'x')
    return tmp_path / 'in'


@pytest.mark.parametrize('find', [list_pictures, list_videos])
@pytest.mark.parametrize('pattern', ['', '/*'])
def test_below_folders_and_patterns_they_are_passed_over(folder, find, pattern):
    found = find([f'{folder}{pattern}'])

    assert [str(entry.stem) for entry in found.entries] == ['a']
    assert not found.missing


def test_a_link_to_nothing_is_not_passed_over_in_silence(folder):
    (folder / 'gone.png').symlink_to(folder / 'nowhere.png')

    found = list_pictures([str(folder)])

    assert [str(entry.stem) for entry in found.entries] == ['a', 'gone']
    with pytest.raises(PictureError, match='No such file'):
        read(found.entries[1].source)


def test_a_picture_that_is_a_pipe_is_refused(folder):
    with pytest.raises(PictureError, match='a pipe or a device'):
        read(str(folder / 'pipe.png'))


def test_a_video_that_is_a_pipe_is_refused(folder):
    pytest.importorskip('av')
    from depth_anything_ros.media.clip_items import ClipError
    from depth_anything_ros.media.clip_open import open_clip

    with pytest.raises(ClipError, match='a pipe or a device'):
        open_clip(str(folder / 'pipe.mp4'))

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/whole_file.py."""

import pytest

from depth_anything_ros.media.whole_file import whole_file, write_whole


def test_a_file_that_breaks_leaves_what_was_there(tmp_path):
    path = tmp_path / 'sub/a.txt'
    write_whole(path, b'old')

    with pytest.raises(OSError, match='full'), whole_file(path) as unfinished:
        unfinished.write_bytes(b'ne')
        assert path.read_bytes() == b'old'
        raise OSError('the disk is full')

    assert path.read_bytes() == b'old'
    assert [entry.name for entry in path.parent.iterdir()] == ['a.txt']


def test_the_unfinished_file_is_hidden_and_has_the_suffix(tmp_path):
    with whole_file(tmp_path / 'a.exr') as unfinished:
        assert unfinished.name.startswith('.') and unfinished.suffix == '.exr'
        unfinished.write_bytes(b'new')

    assert (tmp_path / 'a.exr').read_bytes() == b'new'

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/picture_list.py."""

import pytest

from depth_anything_ros.media.picture_list import list_pictures


@pytest.fixture
def tree(tmp_path):
    """A data set as Roboflow and YOLO export them: one name in each part."""
    for name in (
        'train/images/1.jpg',
        'train/images/10.jpg',
        'train/images/2.jpg',
        'train/labels/1.txt',
        'valid/images/1.jpg',
        '.hidden/1.jpg',
        'train/images/.thumb.jpg',
        'data.yaml',
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'x')
    return tmp_path


def stems(found):
    return [str(entry.stem) for entry in found.entries]


def test_a_folder_is_searched_with_its_subfolders_in_natural_order(tree):
    found = list_pictures([str(tree)])

    assert stems(found) == [
        'train/images/1',
        'train/images/2',
        'train/images/10',
        'valid/images/1',
    ]
    assert found.ignored == 2
    assert not found.missing


def test_the_output_folder_is_not_searched(tree):
    (tree / 'depth').mkdir()
    (tree / 'depth/1_depth.png').write_bytes(b'x')

    assert not any('depth' in stem for stem in stems(list_pictures([str(tree)], tree / 'depth')))
    assert 'depth/1_depth' in stems(list_pictures([str(tree)]))


def test_pictures_that_differ_in_their_suffix_alone_keep_it(tmp_path):
    for name in ('a.jpg', 'a.png', 'A.tif', 'b.jpg'):
        (tmp_path / name).write_bytes(b'x')

    assert set(stems(list_pictures([str(tmp_path)]))) == {'a.jpg', 'a.png', 'A.tif', 'b'}


def test_one_name_in_two_folders_given_gets_two_stems_whatever_the_order(tmp_path):
    for folder in ('one', 'two'):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'a.jpg').write_bytes(b'x')
    sources = [str(tmp_path / 'one'), str(tmp_path / 'two')]

    there, back = list_pictures(sources), list_pictures(sources[::-1])

    assert len(set(stems(there))) == 2
    assert {e.source: e.stem for e in there.entries} == {e.source: e.stem for e in back.entries}


def test_a_picture_named_twice_is_one(tree):
    one = str(tree / 'valid/images/1.jpg')

    found = list_pictures([one, str(tree / 'valid'), one])

    assert len(found.entries) == 1
    assert not found.missing


def test_a_list_names_sources_relative_to_the_working_folder_or_its_own(tree, monkeypatch):
    monkeypatch.chdir(tree)
    inner = tree / 'valid/list.txt'
    inner.write_text('images/1.jpg\n\n  train/images/2.jpg  \n')

    found = list_pictures([str(inner)])

    assert [entry.source for entry in found.entries] == [
        str(tree / 'valid/images/1.jpg'),
        'train/images/2.jpg',
    ]


def test_a_list_that_names_itself_ends(tmp_path):
    loop = tmp_path / 'loop.txt'
    loop.write_text('loop.txt\n')

    found = list_pictures([str(loop)])

    assert not found.entries
    assert any('too deep' in reason for reason in found.missing.values())


def test_a_pattern_keeps_what_is_below_its_fixed_part(tree):
    found = list_pictures([f'{tree}/*/images/1.jpg'])

    assert stems(found) == ['train/images/1', 'valid/images/1']


def test_addresses_and_standard_input_are_taken_as_they_are():
    found = list_pictures(['https://example.org/a/b%20c.jpg?x=1', 'http://example.org/', '-'])

    assert stems(found) == ['bc', 'picture', 'stdin']


def test_a_stem_from_an_address_stays_in_the_output_folder():
    found = list_pictures(['https://example.org/%2e%2e%2f%2e%2e%2fetc%2fpasswd.png'])

    (stem,) = stems(found)
    assert '/' not in stem and not stem.startswith('.')


def test_what_gives_no_picture_is_named_with_the_reason(tree):
    (tree / 'empty').mkdir()
    broken = tree / 'list.txt'
    broken.write_bytes(b'\xff\xfe\x00')

    found = list_pictures(
        [str(tree / 'no'), str(tree / 'empty'), str(tree / 'train/labels'), f'{tree}/*.nope']
        + [str(broken)]
    )

    assert not found.entries
    reasons = list(found.missing.values())
    assert 'no such file' in reasons[0]
    assert 'no pictures in it' in reasons[1]
    assert 'among its 1 files' in reasons[2]
    assert 'matches nothing' in reasons[3]
    assert 'cannot be read as a list' in reasons[4]

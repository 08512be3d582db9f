# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/album_folder.py and media/album.py."""

from __future__ import annotations

import json
import math

import cv2
import numpy as np
import pytest

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.media.album import Album, AlbumError, Entry, Shot, joined
from depth_anything_ros.media.album_folder import Reading, album_of
from depth_anything_ros.media.depth_files import Style
from depth_anything_ros.media.picture_depth import DepthOptions
from depth_anything_ros.media.picture_list import list_pictures
from depth_anything_ros.media.picture_run import Job, PictureRun
from depth_anything_ros.media.report import write_report
from depth_anything_ros.media.run_journal import JOURNAL, RunJournal

HEIGHT, WIDTH = 12, 16
VALUES = np.linspace(1, 5, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)
RGB = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)


class Estimator:
    """Tells the same depth of every picture."""

    max_depth = None
    kind = DepthKind.RELATIVE

    def estimate_batch(self, pictures):
        return [Depth(VALUES, self.kind, (HEIGHT, WIDTH)) for _ in pictures]


def save(path, picture=RGB):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


def run(tmp_path, formats, options=None, names=('a.png', 'sub/b.png')):
    for name in names:
        save(tmp_path / 'in' / name)
    found = list_pictures([str(tmp_path / 'in')])
    settings = {'model': 'nano', 'weights': None, 'formats': formats, 'options': {'refine': False}}
    journal = RunJournal(tmp_path / 'out', settings, resume=False)
    job = Job(tmp_path / 'out', formats, Style(), options or DepthOptions())
    PictureRun(Estimator(), job, journal)(found.entries)
    journal.close()
    return tmp_path / 'out'


@pytest.mark.parametrize('name', ['npy', 'npz', 'tiff', 'png16'])
def test_a_run_is_shown_with_its_values_settings_and_failures(tmp_path, name):
    (tmp_path / 'in').mkdir()
    (tmp_path / 'in/bad.jpg').write_bytes(b'')

    album = album_of(run(tmp_path, [name, 'color']))

    assert [e.name for e in album.entries] == ['a', 'sub/b']
    assert album.settings == {'model': 'nano', 'formats': f'{name}, color', 'refine': 'no'}
    assert album.failed == {str(tmp_path / 'in/bad.jpg'): 'it is empty'}
    shot = album.entries[0].load()
    np.testing.assert_array_equal(shot.rgb, RGB[..., ::-1])
    np.testing.assert_allclose(shot.values, VALUES, atol=4 / 65534)
    assert shot.kind is DepthKind.RELATIVE and album.notes == []


def test_metres_come_with_the_camera_they_were_made_for(tmp_path):
    album = album_of(run(tmp_path, ['npy'], DepthOptions(scale=(0.5, 0.1))))

    shot = album.entries[0].load()

    assert shot.kind is DepthKind.METRIC and shot.camera_from == 'guess'
    assert shot.network_width == WIDTH
    assert shot.camera.fx == pytest.approx(WIDTH / 2 / math.tan(math.radians(30)))
    np.testing.assert_allclose(shot.values, 1 / (0.5 * VALUES + 0.1), rtol=1e-5)


def test_a_run_of_colours_alone_says_that_values_are_missing(tmp_path):
    album = album_of(run(tmp_path, ['color']))

    assert 'npy' in album.notes[0]
    shot = album.entries[0].load()
    assert shot.values is None and shot.painted.shape == RGB.shape


def test_a_source_that_is_gone_leaves_its_depth(tmp_path):
    out = run(tmp_path, ['npy'])
    (tmp_path / 'in/a.png').unlink()

    shot = album_of(out).entries[0].load()

    assert shot.rgb is None and shot.size == (HEIGHT, WIDTH)


def test_a_source_is_found_from_where_the_run_was_started(tmp_path, monkeypatch):
    save(tmp_path / 'in/a.png')
    monkeypatch.chdir(tmp_path)
    journal = RunJournal(tmp_path / 'out', {}, resume=False)
    PictureRun(Estimator(), Job(tmp_path / 'out', ['npy']), journal)(list_pictures(['in']).entries)
    journal.close()
    monkeypatch.chdir('/')

    assert album_of(tmp_path / 'out').entries[0].load().rgb is not None


def test_a_journal_cannot_name_files_outside_of_its_folder(tmp_path):
    out = run(tmp_path, ['npy'], names=['a.png'])
    np.save(tmp_path / 'secret_depth.npy', VALUES)
    text = (out / JOURNAL).read_text().replace('a_depth.npy', '../secret_depth.npy')
    (out / JOURNAL).write_text(text)

    with pytest.raises(AlbumError, match='outside'):
        album_of(out).entries[0].load()


def test_an_empty_journal_is_no_album(tmp_path):
    (tmp_path / JOURNAL).write_text(json.dumps({'run': {}}) + '\n')

    with pytest.raises(AlbumError, match='no picture'):
        album_of(tmp_path)


def test_depth_is_found_beside_pictures_under_many_names(tmp_path):
    steps = (VALUES * 1000).astype(np.uint16)
    for name in ('1.png', '2.jpg', '3.png', '10.png', 'x/4.png', 'rgb/5.jpg'):
        save(tmp_path / name)
    save(tmp_path / '1_depth.png', steps)
    np.save(tmp_path / '2_depth.npy', VALUES)
    save(tmp_path / '2_depth.png')  # its colours
    np.savez(tmp_path / '3.npz', depth=VALUES, kind='metric')
    save(tmp_path / 'depth/5.png', steps)
    np.save(tmp_path / 'x/alone.npy', VALUES)
    (tmp_path / 'notes.txt').write_text('')
    save(tmp_path / '.hidden/6.png')

    album = album_of(tmp_path, Reading(DepthKind.METRIC, fov=math.radians(90)))

    assert [e.name for e in album.entries] == ['1', '2', '3', '10', 'rgb/5', 'x/4', 'x/alone']
    shots = {entry.name: entry.load() for entry in album.entries}
    for name in ('1', '2', '3', 'rgb/5'):
        np.testing.assert_allclose(shots[name].values, VALUES, atol=1e-3)
        assert shots[name].rgb.shape == RGB.shape
        assert shots[name].camera.fx == pytest.approx(WIDTH / 2)
    assert shots['10'].values is None and shots['x/4'].values is None
    assert shots['x/alone'].rgb is None
    assert album.notes == ['2 of 7 pictures have no depth beside them.']


def test_what_floats_are_is_told_or_they_are_disparity(tmp_path):
    save(tmp_path / 'a.png')
    np.save(tmp_path / 'a.npy', VALUES)
    np.savez(tmp_path / 'b.npz', depth=VALUES, kind='metric')
    np.save(tmp_path / 'c_raw_depth_meter.npy', VALUES)
    save(tmp_path / 'c.png')

    album = album_of(tmp_path)

    kinds = [entry.load().kind for entry in album.entries]
    assert kinds == [DepthKind.RELATIVE, DepthKind.METRIC, DepthKind.METRIC]
    (note,) = album.notes
    assert note.startswith('1 depth files') and '--unit metres' in note
    told = album_of(tmp_path, Reading(DepthKind.METRIC))
    assert told.entries[0].load().kind is DepthKind.METRIC and not told.notes


def test_a_folder_without_pictures_is_no_album(tmp_path):
    (tmp_path / 'a.txt').write_text('')

    with pytest.raises(AlbumError, match='no pictures'):
        album_of(tmp_path)


def test_albums_are_joined_under_their_titles():
    one = Album('a', [Entry('1', Shot)], {'model': 'nano'}, {'x': 'bad'}, ['note'])

    both = joined([one, Album('b', [Entry('1', Shot)])])

    assert both.title == 'a, b' and [e.name for e in both.entries] == ['a/1', 'b/1']
    assert (both.settings, both.failed) == ({'a: model': 'nano'}, {'a: x': 'bad'})
    assert both.notes == ['a: note'] and joined([one]) is one


@pytest.mark.parametrize('line', [{'source': []}, {'kind': 7}, {'least': 'x'}, {'camera': [1, 2]}])
def test_a_damaged_line_of_a_journal_is_the_trouble_of_its_picture(tmp_path, line):
    out = run(tmp_path, ['npy'])
    lines = [json.loads(text) for text in (out / JOURNAL).read_text().splitlines()]
    lines[1] |= line
    (out / JOURNAL).write_text(''.join(json.dumps(text) + '\n' for text in lines))

    facts = write_report(tmp_path / 'r.html', album_of(out))

    assert (facts.shown, list(facts.failed)) == (1, [lines[1]['stem']])

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for annotation/preparation.py, stored_picture.py and voters.py."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

import cv2
import numpy as np
import pytest
from annotation_making import make_picture

from depth_anything_ros.annotation.key_points import KeyPoint
from depth_anything_ros.annotation.preparation import Preparation, prepare
from depth_anything_ros.annotation.project import create_project
from depth_anything_ros.annotation.rounds import Rules
from depth_anything_ros.annotation.stored_picture import FILES, digest_of, load_picture
from depth_anything_ros.annotation.voters import (
    StoredVoter,
    VoterError,
    network_voter,
    stored_voter,
)
from depth_anything_ros.annotation.voting import DepthOf, Drawing
from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.media.picture_list import PictureEntry, list_pictures

RULES = Rules()


class Grid:
    """A segmenter of a fixed grid, which counts what it was asked."""

    name = 'grid'

    def __init__(self):
        self.asked = 0

    def key_points(self, rgb):
        self.asked += 1
        height, width = rgb.shape[:2]
        rows, columns = range(4, height, 8), range(4, width, 8)
        return [KeyPoint(row, column, 4.0) for row in rows for column in columns]


class Ramp:
    """A voter to whom lower is nearer, or farther."""

    def __init__(self, name, lower_is_nearer):
        self.name, self._lower = name, lower_is_nearer

    def depth(self, rgb, stem):
        rows = np.mgrid[: rgb.shape[0], : rgb.shape[1]][0].astype(np.float32) + 1
        return DepthOf(rows if self._lower else rows.max() + 1 - rows, DepthKind.RELATIVE)


def down_and_up(scene=None, everywhere=False, **drawing):
    voters = [Ramp('down', True), Ramp('up', False)]
    return Preparation(Grid(), voters, Drawing(**drawing), scene, everywhere)


@pytest.fixture
def pictures(tmp_path):
    for i, scene in enumerate(('indoor', 'object', 'aerial/more')):
        folder = tmp_path / 'in' / scene
        folder.mkdir(parents=True)
        cv2.imwrite(str(folder / 'a.png'), make_picture(i))
    return tmp_path / 'in'


def entries(*sources):
    return list_pictures([str(source) for source in sources], None, FILES).entries


def project_for(path, preparation):
    return create_project(path, preparation.settings(RULES))


def test_pictures_become_pairs_with_votes(pictures, tmp_path):
    preparation = down_and_up(pairs=3)
    project = project_for(tmp_path / 'p', preparation)
    told = []
    done = prepare(project, entries(pictures), preparation, lambda *told_: told.append(told_))

    assert (done.added, done.known, done.failed) == (3, 0, {}) and len(told) == 3
    assert done.pairs['review'] == 6
    paths = {row['path'] for row in project.rows('SELECT path FROM pictures')}
    assert paths == {'images/aerial/more_a.png', 'images/indoor/a.png', 'images/object/a.png'}
    for path in paths:
        assert (project.folder / path).is_file()
    rows = project.rows("SELECT * FROM pairs WHERE purpose = 'review'")
    for row in rows:
        votes = project.rows('SELECT model, nearer FROM votes WHERE pair = ?', row['id'])
        lower = 'first' if row['row_a'] > row['row_b'] else 'second'
        said = {vote['model']: vote['nearer'] for vote in votes}
        assert said['down'] == lower != said['up']
        assert row['ratio'] >= 3
    project.close()


def test_scenarios_that_were_left_to_people_get_no_pairs(pictures, tmp_path):
    preparation = down_and_up()
    project = project_for(tmp_path / 'p', preparation)
    prepare(project, entries(pictures / 'object'), preparation)
    assert project.rows('SELECT * FROM pairs') == [] and preparation.segmenter.asked == 0
    project.close()
    everywhere = down_and_up(everywhere=True)
    project = project_for(tmp_path / 'q', everywhere)
    assert prepare(project, entries(pictures / 'object'), everywhere).pairs['review'] == 2
    project.close()


def test_without_models_there_are_pictures_alone(pictures, tmp_path):
    preparation = Preparation(Grid(), [], Drawing())
    project = project_for(tmp_path / 'p', preparation)
    assert prepare(project, entries(pictures), preparation).added == 3
    assert project.rows('SELECT * FROM pairs') == []
    project.close()


def test_the_same_call_goes_on_and_adds_what_is_new(pictures, tmp_path):
    preparation = down_and_up()
    project = project_for(tmp_path / 'p', preparation)
    prepare(project, entries(pictures / 'indoor'), preparation)
    before = [tuple(row) for row in project.rows('SELECT * FROM pairs')]
    # The same file under another name is the same picture.
    (pictures / 'indoor' / 'copy.png').write_bytes((pictures / 'indoor/a.png').read_bytes())

    done = prepare(project, entries(pictures), preparation)

    assert (done.added, done.known) == (2, 2)
    assert [tuple(row) for row in project.rows('SELECT * FROM pairs')][: len(before)] == before
    project.close()


def test_what_was_interrupted_goes_on_to_the_same_project(pictures, tmp_path):
    whole, broken = down_and_up(everywhere=True), down_and_up(everywhere=True)
    depth, asked = broken.voters[0].depth, []

    def interrupted(rgb, stem):
        asked.append(stem)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return depth(rgb, stem)

    broken.voters[0].depth = interrupted
    projects = [project_for(tmp_path / name, whole) for name in ('whole', 'broken')]
    prepare(projects[0], entries(pictures), whole)
    with pytest.raises(KeyboardInterrupt):
        prepare(projects[1], entries(pictures), broken)
    assert len(projects[1].rows('SELECT * FROM pictures')) == 1

    done = prepare(projects[1], entries(pictures), broken)

    assert (done.added, done.known) == (2, 1)
    for table in ('pictures', 'pairs', 'votes'):
        one, other = ([tuple(row) for row in p.rows(f'SELECT * FROM {table}')] for p in projects)
        assert one == other
    for project in projects:
        project.close()


def test_two_runs_draw_the_same_pairs(pictures, tmp_path):
    drawn = []
    for name in ('p', 'q'):
        preparation = down_and_up()
        project = project_for(tmp_path / name, preparation)
        prepare(project, entries(pictures), preparation)
        drawn.append([tuple(row) for row in project.rows('SELECT * FROM pairs')])
        project.close()
    assert drawn[0] == drawn[1]


def test_what_cannot_be_used_is_named_and_the_rest_is_done(pictures, tmp_path):
    (pictures / 'indoor' / 'bad.jpg').write_bytes(b'no picture')
    (pictures / 'nowhere').mkdir()
    cv2.imwrite(str(pictures / 'nowhere' / 'b.png'), make_picture(9))
    listed = [*entries(pictures), PictureEntry(str(pictures / 'gone.png'), PurePosixPath('gone'))]
    preparation = down_and_up()
    project = project_for(tmp_path / 'p', preparation)

    done = prepare(project, listed, preparation)

    assert done.added == 3
    reasons = {source.rpartition('/')[2]: reason for source, reason in done.failed.items()}
    assert 'no picture' in reasons['bad.jpg'] and '--scene' in reasons['b.png']
    assert 'No such file' in reasons['gone.png']
    project.close()


def test_a_scenario_can_be_given_for_those_that_tell_none(pictures, tmp_path):
    cv2.imwrite(str(tmp_path / 'b.png'), make_picture(9))
    preparation = down_and_up(scene='underwater')
    project = project_for(tmp_path / 'p', preparation)
    prepare(project, entries(pictures / 'indoor', tmp_path / 'b.png'), preparation)
    rows = project.rows('SELECT path FROM pictures ORDER BY path')
    assert [row['path'] for row in rows] == ['images/indoor/a.png', 'images/underwater/b.png']
    project.close()


def test_pictures_of_one_name_get_paths_of_their_own(pictures, tmp_path):
    for folder in ('x/indoor', 'y/indoor'):
        (tmp_path / folder).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / folder / 'A.png'), make_picture(len(folder) + ord(folder[0])))
    preparation = down_and_up()
    project = project_for(tmp_path / 'p', preparation)
    prepare(project, entries(tmp_path / 'x', pictures / 'indoor'), preparation)
    prepare(project, entries(tmp_path / 'y'), preparation)
    paths = [row['path'] for row in project.rows('SELECT path FROM pictures')]
    assert len({path.lower() for path in paths}) == 3
    project.close()


def entry_of(path, stem='indoor/x'):
    return PictureEntry(str(path), PurePosixPath(stem))


def turned_jpeg(rgb):
    """Return a JPEG whose EXIF block says that it is to be turned by 90 degrees."""
    content = cv2.imencode('.jpg', rgb[..., ::-1])[1].tobytes()
    tiff = b'MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0'
    block = b'Exif\0\0' + tiff
    return content[:2] + b'\xff\xe1' + (len(block) + 2).to_bytes(2, 'big') + block + content[2:]


def test_a_picture_that_is_to_be_turned_is_stored_upright(tmp_path):
    path = tmp_path / 'x.jpg'
    path.write_bytes(turned_jpeg(make_picture()))
    found = load_picture(entry_of(path), None, digest_of(entry_of(path)))

    assert found.rgb.shape == (64, 48, 3)
    assert found.path.suffix == '.jpg' and b'Exif' not in found.content
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    raw = cv2.imdecode(np.frombuffer(found.content, np.uint8), flags)
    assert np.array_equal(raw[..., ::-1], found.rgb)  # models see what people see


@pytest.mark.parametrize(
    ('suffix', 'kept'), [('.png', '.png'), ('.jpg', '.jpg'), ('.bmp', '.png'), ('.tiff', '.png')]
)
def test_bytes_stay_where_browsers_can_show_them(tmp_path, suffix, kept):
    path = tmp_path / f'x{suffix}'
    cv2.imwrite(str(path), make_picture()[..., ::-1])
    found = load_picture(entry_of(path), None, '0' * 64)
    assert found.path == PurePosixPath(f'images/indoor/x{kept}')
    assert (found.content == path.read_bytes()) == (suffix == kept)
    assert np.abs(found.rgb.astype(int) - make_picture()).mean() < 3


@pytest.mark.parametrize('name', ['<script>', '..', 'a/b', '\u202etxt', '-rf', ' '])
def test_names_of_files_make_plain_paths(tmp_path, name):
    path = tmp_path / 'x.png'
    cv2.imwrite(str(path), make_picture())
    found = load_picture(entry_of(path, f'indoor/{name}'), None, '0' * 64)
    assert found.path.parts[:2] == ('images', 'indoor') and len(found.path.parts) == 3
    assert not set('<>/\u202e') & set(found.path.name)


@pytest.fixture
def predictions(tmp_path):
    folder = tmp_path / 'predictions'
    (folder / 'indoor').mkdir(parents=True)
    return folder


RGB = np.zeros((8, 6, 3), np.uint8)
STEM = PurePosixPath('indoor/a')


@pytest.mark.parametrize('name', ['a.npy', 'a_depth.npy', 'a_raw_depth_meter.npy'])
def test_stored_predictions_are_found_by_the_name_of_the_picture(predictions, name):
    np.save(predictions / 'indoor' / name, np.full((8, 6), 2.5, np.float32))
    found = StoredVoter('x', predictions, DepthKind.RELATIVE).depth(RGB, STEM)
    assert (found.values == 2.5).all() and found.values.shape == (8, 6)
    metric = 'meter' in name
    assert found.kind is (DepthKind.METRIC if metric else DepthKind.RELATIVE)


def test_sixteen_bits_are_read_and_brought_to_the_size_of_the_picture(predictions):
    values = np.full((4, 3), 1500, np.uint16)
    cv2.imwrite(str(predictions / 'indoor/a_depth16.png'), values)
    found = StoredVoter('x', predictions, DepthKind.METRIC).depth(RGB, STEM)
    assert found.values.shape == (8, 6) and np.allclose(found.values, 1.5)


def test_predictions_that_do_not_say_what_they_are_are_refused(predictions):
    np.save(predictions / 'indoor/a.npy', np.ones((8, 6), np.float32))
    with pytest.raises(VoterError, match=':metres or :disparity'):
        StoredVoter('x', predictions).depth(RGB, STEM)
    with pytest.raises(VoterError, match='no depth of indoor/b'):
        StoredVoter('x', predictions).depth(RGB, PurePosixPath('indoor/b'))
    with pytest.raises(VoterError, match='no folder'):
        StoredVoter('x', predictions / 'gone')


def test_a_run_of_depth_anything_image_votes(pictures, tmp_path):
    testing = pytest.importorskip('typer.testing')
    from depth_anything_ros.cli.app import app

    out = tmp_path / 'out'
    arguments = ['image', str(pictures), '-o', str(out), '-f', 'png16', '--input-size', '28']
    assert testing.CliRunner().invoke(app, arguments).exit_code == 0
    voter = StoredVoter('nano', out)
    rgb = make_picture(0)
    found = voter.depth(rgb, STEM)
    journal = (out / 'depth_anything.jsonl').read_text().splitlines()
    line = next(json.loads(text) for text in journal if '"indoor/a' in text)
    assert found.kind is DepthKind.RELATIVE and found.values.shape == rgb.shape[:2]
    assert found.values.max() == pytest.approx(line['greatest'], rel=1e-4)
    with pytest.raises(VoterError, match='no picture indoor/z'):
        voter.depth(rgb, PurePosixPath('indoor/z'))


@pytest.mark.parametrize(
    ('text', 'kind'),
    [('m={}', None), ('m={}:metres', DepthKind.METRIC), ('m={}:disparity', DepthKind.RELATIVE)],
)
def test_predictions_as_they_are_given_on_the_command_line(predictions, text, kind):
    voter = stored_voter(text.format(predictions))
    assert (voter.name, voter._folder, voter._kind) == ('m', predictions, kind)
    for wrong in ('', 'm', '=x', 'm='):
        with pytest.raises(VoterError, match='NAME=FOLDER'):
            stored_voter(wrong)


@pytest.mark.parametrize(
    ('text', 'asked'),
    [('nano', ('nano', None)), ('nano@252', ('nano', 252)), ('a@b.pth', ('a@b.pth', None))],
)
def test_networks_as_they_are_given_on_the_command_line(text, asked):
    calls = []

    class Estimator:
        def estimate(self, rgb):
            return Depth(np.ones(rgb.shape[:2], np.float32), DepthKind.METRIC, (14, 14))

    def load(*arguments):
        calls.append(arguments)
        return Estimator()

    voter = network_voter(text, load)
    assert calls == [asked] and voter.name == text
    assert voter.depth(RGB, STEM).kind is DepthKind.METRIC

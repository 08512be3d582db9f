# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for annotation/release.py and summary.py."""

from __future__ import annotations

import json
import zipfile
from itertools import count

import pytest
from annotation_making import make_project

from depth_anything_ros.annotation.project import ProjectError
from depth_anything_ros.annotation.release import annotations_of, log_lines, write_release
from depth_anything_ros.annotation.review import Desk, Reply
from depth_anything_ros.annotation.summary import agreement, summary_of

PEOPLE = ('ann', 'bob', 'cyd')
NONCES = map('nonce {}'.format, count())
PICTURE = 'images/indoor/one.png'


def say(desk, who, what):
    """Say that the 'upper' or 'lower' point is nearer, or 'skip' or 'flag'."""
    task = desk.next(who)
    upper = '1' if task.points[0][0] < task.points[1][0] else '2'
    choice = {'upper': upper, 'lower': '2' if upper == '1' else '1'}.get(what, what)
    note = 'broken' if what == 'flag' else ''
    desk.answer(who, Reply(next(NONCES), task.pair, task.round, choice, 2.0, note))


@pytest.fixture
def project(tmp_path):
    """Make a project of five pairs.

    Of them 1 is accepted (upper), 2 accepted after a second round (lower), 3 skipped, 4 flagged,
    and 5 disputed; two more are not for review.
    """
    made = make_project(tmp_path / 'project', pairs=5, agreed=2)
    desk = Desk(made)
    first = ('upper', 'lower', 'skip', 'flag', 'upper')
    for what in first:
        say(desk, 'ann', what)
    for what in ('upper', 'upper', 'lower'):  # 1, 2 and 5: two of them come back
        say(desk, 'bob', what)
    say(desk, 'cyd', 'upper')
    for who in PEOPLE:
        say(desk, who, 'lower')
    say(desk, 'ann', 'upper')
    say(desk, 'bob', 'lower')
    with made.change() as db:
        votes = [(1, 'x', 'first', 4.0), (1, 'y', 'second', 2.0), (2, 'x', 'first', 4.0)]
        votes.append((2, 'y', 'tie', 1.0))
        db.executemany('INSERT INTO votes VALUES (?, ?, ?, ?)', votes)
    yield made
    made.close()


EXPECTED = {
    PICTURE: [
        {'point1': [1, 5], 'point2': [20, 5], 'closer_point': 'point1'},
        {'point1': [21, 5], 'point2': [2, 5], 'closer_point': 'point1'},
    ]
}


def test_accepted_pairs_come_out_with_the_nearer_point_first(project):
    assert annotations_of(project) == EXPECTED


def test_annotations_alone_and_the_log_beside_them(project, tmp_path):
    made = write_release(project, tmp_path / 'made' / 'annotations.json')
    assert json.loads(made.output.read_text()) == EXPECTED
    assert (made.pairs, made.pictures) == (2, 1)
    assert made.audit == tmp_path / 'made' / 'annotations_audit.jsonl'
    lines = [json.loads(line) for line in made.audit.read_text().splitlines()]
    assert len(lines) == 14
    assert [line['at'] for line in lines] == sorted(line['at'] for line in lines)
    assert lines[0].items() >= {
        'annotator': 'ann', 'kind': 'answer', 'path': PICTURE, 'scene': 'indoor', 'pair': 1,
        'round': 1, 'pass': 1, 'answer': 'first', 'nearer': [1, 5], 'seconds': 2.0,
        'points': [[1, 5], [20, 5]],
    }.items()  # fmt: skip
    assert lines[3]['note'] == 'broken' and 'nearer' not in lines[3]


def test_the_released_layout_in_a_zip_or_a_folder(project, tmp_path):
    content = (project.folder / PICTURE).read_bytes()
    made = write_release(project, tmp_path / 'set.zip')
    with zipfile.ZipFile(made.output) as archive:
        assert sorted(archive.namelist()) == ['set/annotations.json', f'set/{PICTURE}']
        assert json.loads(archive.read('set/annotations.json')) == EXPECTED
        assert archive.read(f'set/{PICTURE}') == content
    made = write_release(project, tmp_path / 'folder')
    assert json.loads((made.output / 'annotations.json').read_text()) == EXPECTED
    assert (made.output / PICTURE).read_bytes() == content
    names = {path.name for path in made.output.rglob('*') if path.is_file()}
    assert names == {'annotations.json', 'one.png'}  # no names of people
    with pytest.raises(ProjectError, match='not empty'):
        write_release(project, tmp_path / 'folder')


def test_people_can_be_numbered(project):
    named, numbered = list(log_lines(project)), list(log_lines(project, anonymous=True))
    assert {line['annotator'] for line in numbered} == {f'annotator {i}' for i in (1, 2, 3)}
    pairs = zip(named, numbered, strict=True)
    who = {a['annotator']: b['annotator'] for a, b in pairs}
    assert [who[line['annotator']] for line in named] == [line['annotator'] for line in numbered]


def test_nothing_accepted_and_missing_pictures_are_told(project, tmp_path):
    (project.folder / PICTURE).unlink()
    with pytest.raises(ProjectError, match='one.png is missing'):
        write_release(project, tmp_path / 'set.zip')
    assert not (tmp_path / 'set.zip').exists()
    empty = make_project(tmp_path / 'empty')
    with pytest.raises(ProjectError, match='no pair is accepted'):
        write_release(empty, tmp_path / 'annotations.json')
    empty.close()


@pytest.mark.parametrize('change', ["status = 'accepted'", 'round = 2'])
def test_a_state_that_does_not_follow_from_the_log_is_not_exported(project, change):
    with project.change() as db:
        db.execute(f'UPDATE pairs SET {change} WHERE id = 3')
    with pytest.raises(ProjectError, match='pair 3 is .* by the log'):
        annotations_of(project)


def test_the_summary(project):
    found = summary_of(project)
    assert 'secret' not in found['settings'] and found['settings']['passes'] == 3
    total = {
        'pictures': 1, 'open': 0, 'accepted': 2, 'skipped': 1, 'disputed': 1, 'flagged': 1,
        'withdrawn': 0, 'agreed': 2, 'faint': 0, 'manual': 0,
    }  # fmt: skip
    assert found['total'] == total and found['scenes'] == {'indoor': total}
    assert found['answers_to_come'] == 0
    assert found['annotators']['ann'] == {
        'answers': 7, 'skipped': 1, 'flagged': 1, 'added': 0, 'undone': 0, 'median_seconds': 2.0,
    }  # fmt: skip
    assert found['flagged'] == [
        {'pair': 4, 'path': PICTURE, 'annotator': 'ann', 'note': 'broken'},
    ]
    # Pair 1 is first, pair 2 second; y said second and tie.
    assert found['models'] == {'x': {'pairs': 2, 'right': 1}, 'y': {'pairs': 2, 'right': 0}}
    # First answers: pair 1 equal, pairs 2 and 5 not.
    assert found['agreement']['pairs'] == 3
    assert found['agreement']['equal'] == pytest.approx(1 / 3)


def test_answers_to_come_count_what_a_round_still_needs(tmp_path):
    made = make_project(tmp_path / 'p', pairs=2)
    desk = Desk(made)
    assert summary_of(made)['answers_to_come'] == 6
    say(desk, 'ann', 'upper')
    assert summary_of(made)['answers_to_come'] == 5
    say(desk, 'bob', 'lower')  # the round begins anew
    assert summary_of(made)['answers_to_come'] == 6
    desk.undo('bob', 'undone')
    assert summary_of(made)['annotators']['bob']['undone'] == 1
    made.close()


def test_agreement_by_hand():
    # Four pairs, three equal: observed disagreement 1/4. Five 'first' and three 'second' among
    # eight: by chance 2 * 5 * 3 / (8 * 7) = 30/56 differ. Alpha = 1 - (1/4) / (30/56) = 0.5333.
    answers = [('first', 'first'), ('first', 'first'), ('second', 'second'), ('first', 'second')]
    found = agreement(answers)
    assert found['equal'] == 0.75 and found['alpha'] == pytest.approx(1 - 0.25 * 56 / 30)
    assert agreement([]) == {'pairs': 0, 'equal': None, 'alpha': None}
    assert agreement([('first', 'first')])['alpha'] is None

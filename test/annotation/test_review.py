# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for annotation/review.py: who is asked what, and what becomes of the answer."""

from __future__ import annotations

import sqlite3
import threading
from itertools import count

import pytest
from annotation_making import HEIGHT, WIDTH, make_project

from depth_anything_ros.annotation.log import ReviewError
from depth_anything_ros.annotation.review import Desk, Reply

PEOPLE = ('ann', 'bob', 'cyd')
NONCES = map('nonce {}'.format, count())


def reply(task, choice, nonce=None):
    return Reply(nonce or next(NONCES), task.pair, task.round, choice)


def upper_is(task):
    """Return the key of the point that is higher in the picture."""
    return '1' if task.points[0][0] < task.points[1][0] else '2'


def lower_is(task):
    return '2' if upper_is(task) == '1' else '1'


def say(desk, who, choose, pair=None):
    task = desk.next(who)
    assert pair in (None, task.pair)
    desk.answer(who, reply(task, choose if isinstance(choose, str) else choose(task)))
    return task.pair


def state(project, pair=1):
    row = project.rows('SELECT status, round FROM pairs WHERE id = ?', pair)[0]
    return row['status'], row['round']


@pytest.fixture
def project(tmp_path):
    made = make_project(tmp_path / 'project', pairs=3)
    yield made
    made.close()


@pytest.fixture
def desk(project):
    return Desk(project)


def test_three_who_agree_accept_a_pair(project, desk):
    for who in PEOPLE:
        say(desk, who, upper_is, pair=1)
    assert state(project) == ('accepted', 1)
    assert [desk.next(who).pair for who in PEOPLE] == [2, 2, 2]


def test_disagreement_asks_everybody_again_after_the_rest(project, desk):
    say(desk, 'ann', upper_is, pair=1)
    say(desk, 'bob', lower_is, pair=1)
    assert state(project) == ('open', 2)
    for who in PEOPLE:
        for pair in (2, 3, 1):
            say(desk, who, lower_is, pair=pair)
        assert desk.next(who) is None
    assert [state(project, pair) for pair in (1, 2, 3)] == [
        ('accepted', 2),
        ('accepted', 1),
        ('accepted', 1),
    ]


def test_points_are_shown_in_an_order_of_their_own_to_everybody(tmp_path):
    project = make_project(tmp_path / 'project', pairs=40, passes=99)
    desk = Desk(project)
    orders = {}
    for who in PEOPLE:
        seen = []
        for _ in range(40):
            task = desk.next(who)
            seen.append(upper_is(task))
            desk.answer(who, reply(task, upper_is(task)))
        orders[who] = seen
        assert 8 < seen.count('1') < 32
    assert orders['ann'] != orders['bob']
    said = project.rows('SELECT DISTINCT answer FROM answers')
    assert [row['answer'] for row in said] == ['first']  # whatever key it was
    project.close()


def test_nothing_that_is_told_differs_with_what_others_said(project, desk):
    before = desk.next('cyd')
    say(desk, 'ann', upper_is)
    say(desk, 'bob', upper_is)
    assert desk.next('cyd') == before


def test_pairs_on_which_all_models_agree_are_never_given_nor_answered(tmp_path):
    project = make_project(tmp_path / 'project', pairs=1, agreed=5)
    desk = Desk(project)
    assert say(desk, 'ann', upper_is) == 1
    assert desk.next('ann') is None
    with pytest.raises(ReviewError, match='needs no answer'):
        desk.answer('ann', Reply('n', 2, 1, '1'))
    with pytest.raises(ReviewError, match='no pair 2 for review'):
        desk.reopen(2)
    with pytest.raises(sqlite3.IntegrityError, match='not for review'), project.change() as db:
        db.execute(
            "INSERT INTO events (at, annotator, kind, pair, round) VALUES ('', 'x', 'answer', 2, 1)"
        )
    project.close()


def test_the_log_is_never_changed(project, desk):
    say(desk, 'ann', upper_is)
    for change in ('UPDATE events SET annotator = 1', 'DELETE FROM events'):
        with pytest.raises(sqlite3.IntegrityError, match='never'), project.change() as db:
            db.execute(change)
    assert len(project.rows('SELECT * FROM events')) == 1


def test_what_is_sent_again_counts_once(project, desk):
    task = desk.next('ann')
    for _ in range(3):
        desk.answer('ann', reply(task, '1', 'same'))
    assert len(project.rows('SELECT * FROM events')) == 1
    task = desk.next('bob')
    with pytest.raises(ReviewError, match='somebody else'):
        desk.answer('bob', reply(task, '1', 'same'))


def test_nobody_answers_twice_in_a_round_or_in_another_round(project, desk):
    task = desk.next('ann')
    desk.answer('ann', reply(task, '1'))
    for round_ in (1, 2):
        with pytest.raises(ReviewError, match='needs no answer'):
            desk.answer('ann', Reply(next(NONCES), task.pair, round_, '1'))
    with pytest.raises(ReviewError, match='none of 1, 2, skip, flag'):
        desk.answer('bob', reply(task, 'first'))


def test_a_fourth_answer_is_refused(project, desk):
    late = Desk(project).next('dan')  # of another process, which does not know what is held here
    for who in PEOPLE:
        say(desk, who, upper_is, pair=1)
    with pytest.raises(ReviewError, match='needs no answer'):
        desk.answer('dan', reply(late, '1'))


def test_people_who_look_at_once_are_spread_over_pairs(project, desk):
    assert [desk.next(who).pair for who in ('a', 'b', 'c', 'd', 'e', 'f', 'g')] == [
        *(1, 1, 1, 2, 2, 2, 3),
    ]
    assert desk.next('a').pair == 1  # again, such as after a reload


def test_undo_gives_the_pair_back_at_once(project, desk):
    say(desk, 'ann', upper_is, pair=1)
    say(desk, 'ann', upper_is, pair=2)
    desk.undo('ann', next(NONCES))
    assert desk.next('ann').pair == 2
    desk.undo('ann', next(NONCES))
    assert desk.next('ann').pair == 1
    with pytest.raises(ReviewError, match='nothing'):
        desk.undo('ann', next(NONCES))
    say(desk, 'ann', lower_is, pair=1)
    assert [row['kind'] for row in project.rows('SELECT kind FROM events ORDER BY id')] == [
        *('answer', 'answer', 'undo', 'undo', 'answer'),
    ]


def test_undo_sent_again_takes_back_one_answer(project, desk):
    say(desk, 'ann', upper_is)
    say(desk, 'ann', upper_is)
    desk.undo('ann', 'once')
    desk.undo('ann', 'once')
    assert desk.workload('ann').done == 1


def test_undo_reopens_what_the_answer_had_settled(project, desk):
    for who in PEOPLE:
        say(desk, who, upper_is)
    desk.undo('bob', next(NONCES))
    assert state(project) == ('open', 1)
    say(desk, 'bob', lower_is, pair=1)
    assert state(project) == ('open', 2)
    desk.undo('bob', next(NONCES))
    assert state(project) == ('open', 1)
    say(desk, 'bob', upper_is, pair=1)
    assert state(project) == ('accepted', 1)


def test_undo_is_refused_once_the_next_round_has_begun(tmp_path):
    project = make_project(tmp_path / 'project', pairs=1)
    desk = Desk(project)
    say(desk, 'ann', upper_is)
    say(desk, 'bob', lower_is)
    say(desk, 'cyd', upper_is)
    assert state(project) == ('open', 2)
    with pytest.raises(ReviewError, match='another round'):
        desk.undo('ann', next(NONCES))
    desk.undo('cyd', next(NONCES))
    desk.undo('ann', next(NONCES))
    assert state(project) == ('open', 1)
    project.close()


@pytest.mark.parametrize(('choice', 'status'), [('skip', 'skipped'), ('flag', 'flagged')])
def test_skipped_and_flagged_pairs_go_to_nobody_until_they_are_opened_again(
    project, desk, choice, status
):
    task = desk.next('ann')
    desk.answer('ann', Reply('n', task.pair, task.round, choice, 2.5, 'it is a mirror'))
    assert state(project) == (status, 1)
    assert desk.next('bob').pair == 2
    desk.reopen(1)
    assert state(project) == ('open', 2)
    with pytest.raises(ReviewError, match='is open'):
        desk.reopen(1)
    with pytest.raises(ReviewError, match='another round'):
        desk.undo('ann', next(NONCES))
    logged = project.rows('SELECT note, seconds FROM events')[0]
    assert tuple(logged) == ('it is a mirror', 2.5)


def test_a_pair_that_somebody_added_is_checked_by_two_others(project, desk):
    desk.add('ann', 'n', 1, near=(40, 7), far=(3, 9))
    desk.add('ann', 'n', 1, near=(40, 7), far=(3, 9))  # sent again
    row = project.rows("SELECT * FROM pairs WHERE origin = 'manual'")[0]
    assert len(project.rows('SELECT * FROM pairs')) == 4 and row['author'] == 'ann'
    for who in ('bob', 'cyd'):
        for _ in range(3):
            say(desk, who, upper_is)
        task = desk.next(who)
        assert task.pair == 4 and set(task.points) == {(40, 7), (3, 9)}
        desk.answer(who, reply(task, lower_is(task)))
    assert state(project, 4) == ('accepted', 1)
    with pytest.raises(ReviewError, match='others have answered'):
        desk.undo('ann', next(NONCES))


def test_where_the_nearer_point_stands_does_not_tell_that_it_is_nearer(project, desk):
    for i in range(40):
        desk.add('ann', f'n{i}', 1, near=(40, i), far=(3, i))
    rows = project.rows("SELECT row_a FROM pairs WHERE origin = 'manual'")
    assert 8 < sum(row['row_a'] == 40 for row in rows) < 32


def test_an_added_pair_that_is_taken_back_is_withdrawn(project, desk):
    desk.add('ann', 'n', 1, near=(40, 7), far=(3, 9))
    desk.undo('ann', next(NONCES))
    assert state(project, 4) == ('withdrawn', 1)
    assert desk.next('ann').pair == 1
    with pytest.raises(ReviewError, match='is withdrawn'):
        desk.reopen(4)


@pytest.mark.parametrize(
    ('picture', 'near', 'far', 'words'),
    [
        (9, (1, 1), (9, 9), 'no picture 9'),
        (1, (HEIGHT, 1), (9, 9), 'not inside'),
        (1, (1, 1), (9, WIDTH), 'not inside'),
        (1, (-1, 1), (9, 9), 'not inside'),
        (1, (5, 5), (6, 7), 'almost the same'),
    ],
)
def test_pairs_that_cannot_be_are_refused(project, desk, picture, near, far, words):
    with pytest.raises(ReviewError, match=words):
        desk.add('ann', 'n', picture, near, far)
    assert len(project.rows('SELECT * FROM pairs')) == 3


def test_the_workload_counts(project, desk):
    say(desk, 'ann', upper_is)
    found = desk.workload('ann')
    assert (found.done, found.left, found.waiting) == (1, 2, 1)


def test_many_who_answer_at_once_lose_nothing(tmp_path):
    project = make_project(tmp_path / 'project', pairs=12)
    desk = Desk(project)
    wrong: list[Exception] = []

    def work(who: str) -> None:
        while (task := desk.next(who)) is not None:
            try:
                desk.answer(who, Reply(f'{who} {task.pair}', task.pair, task.round, upper_is(task)))
            except ReviewError:
                pass  # three others were faster
            except Exception as error:
                wrong.append(error)
                return

    threads = [threading.Thread(target=work, args=(f'person {i}',)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert {row['status'] for row in project.rows('SELECT status FROM pairs')} == {'accepted'}
    assert len(project.rows('SELECT * FROM events')) == 36
    project.close()

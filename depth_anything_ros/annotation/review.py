# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who is asked what, and what becomes of the answer.

Nobody sees what others said, how often a pair was answered, or what models said of it. Which of
its points is shown as 1 depends on the pair, the round and the person, so that a liking for one of
the keys favours neither point.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from dataclasses import dataclass

from depth_anything_ros.annotation.log import (
    ReviewError,
    count_answers,
    is_known,
    settle,
    write_event,
)
from depth_anything_ros.annotation.project import Project
from depth_anything_ros.annotation.rounds import Answer, Status

HOLD_S = 300.0
"""Seconds for which a pair that was given to somebody counts as being answered."""

CHOICES = ('1', '2', 'skip', 'flag')
LEAST_APART = 3
"""Pixels between the points of a pair, along one of the axes at least."""

OPERATOR = '(operator)'
"""Who asks everybody once more; no annotator can have this name."""

_OPEN_FOR = """
SELECT pairs.*, pictures.path, pictures.scene, pictures.width, pictures.height,
    (SELECT COUNT(*) FROM answers WHERE pair = pairs.id AND round = pairs.round) AS passed
FROM pairs JOIN pictures ON pictures.id = pairs.picture
WHERE purpose = 'review' AND status = 'open' AND NOT EXISTS (
    SELECT 1 FROM answers
    WHERE pair = pairs.id AND round = pairs.round AND annotator = :who)
"""


@dataclass(frozen=True)
class Task:
    """A pair as somebody is to see it: points are (row, column) of the picture, 1 and 2."""

    pair: int
    round: int
    picture: int
    path: str
    scene: str
    size: tuple[int, int]
    points: tuple[tuple[int, int], tuple[int, int]]
    coming: int | None
    """The picture of the pair that is likely to be next."""


@dataclass(frozen=True)
class Reply:
    """What somebody chose of a task as it was shown; ``nonce`` tells when it is sent again."""

    nonce: str
    pair: int
    round: int
    choice: str
    seconds: float | None = None
    note: str = ''


@dataclass(frozen=True)
class Workload:
    """How far somebody is: answered now, still to answer, and open but waiting for others."""

    done: int
    left: int
    waiting: int


class Desk:
    """Gives out pairs and takes answers; one desk serves all annotators of a process."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._held: dict[tuple[int, str], float] = {}
        self._lock = threading.Lock()

    def next(self, annotator: str) -> Task | None:
        """Return what somebody is to answer next; None when there is nothing at the moment.

        First comes what they took back, then pairs in their order, those of later rounds last.
        What enough others are looking at is left to them while there is anything else.
        """
        back = self._taken_back(annotator)
        rows = self._project.rows(
            f'{_OPEN_FOR} ORDER BY pairs.id IS NOT :back, round, pairs.id LIMIT 200',
            who=annotator,
            back=back,
        )
        with self._lock:
            free = [row for row in rows if not self._is_busy(row, annotator)] or rows
            if not free:
                return None
            for key in [key for key in self._held if key[1] == annotator]:
                del self._held[key]
            self._held[free[0]['id'], annotator] = time.monotonic()
        row, coming = free[0], free[1]['picture'] if len(free) > 1 else None
        points = ((row['row_a'], row['column_a']), (row['row_b'], row['column_b']))
        if self._swapped(annotator, row['id'], row['round']):
            points = (points[1], points[0])
        size = (row['height'], row['width'])
        facts = (row['picture'], row['path'], row['scene'], size, points, coming)
        return Task(row['id'], row['round'], *facts)

    def answer(self, annotator: str, reply: Reply) -> None:
        """Take an answer. The same nonce again changes nothing. Raises ReviewError."""
        if reply.choice not in CHOICES:
            raise ReviewError(f'the answer is none of {", ".join(CHOICES)}')
        swapped = self._swapped(annotator, reply.pair, reply.round)
        said = _meaning(reply.choice, swapped)
        with self._project.change() as db:
            if is_known(db, annotator, reply.nonce):
                return
            found = db.execute(
                f'{_OPEN_FOR} AND pairs.id = :pair', {'who': annotator, 'pair': reply.pair}
            ).fetchone()
            if found is None or found['round'] != reply.round:
                raise ReviewError('this pair needs no answer of yours any more')
            event = {
                'kind': 'answer', 'pair': reply.pair, 'round': reply.round,
                'pass': found['passed'] + 1, 'answer': said.value, 'swapped': int(swapped),
                'seconds': reply.seconds, 'note': reply.note or None,
            }  # fmt: skip
            write_event(db, annotator, reply.nonce, event)
            settle(db, reply.pair, self._project)
        with self._lock:
            self._held.pop((reply.pair, annotator), None)

    def undo(self, annotator: str, nonce: str) -> None:
        """Take back the last answer of somebody that still counts. Raises ReviewError."""
        with self._project.change() as db:
            if is_known(db, annotator, nonce):
                return
            last = db.execute(
                'SELECT * FROM answers WHERE annotator = ? ORDER BY id DESC LIMIT 1', (annotator,)
            ).fetchone()
            if last is None:
                raise ReviewError('there is nothing to take back')
            later = db.execute(
                'SELECT 1 FROM answers WHERE pair = :pair AND round > :round UNION ALL '
                "SELECT 1 FROM events WHERE pair = :pair AND kind = 'reopen' AND id > :id",
                dict(last),
            ).fetchone()
            if later is not None:
                raise ReviewError('your last answer led to another round, which has begun')
            if last['kind'] == 'add' and count_answers(db, last['pair']) > 1:
                raise ReviewError('others have answered the pair that you added')
            event = {
                'kind': 'undo', 'pair': last['pair'], 'round': last['round'], 'undoes': last['id'],
            }  # fmt: skip
            write_event(db, annotator, nonce, event)
            settle(db, last['pair'], self._project)

    def add(
        self, annotator: str, nonce: str, picture: int, near: tuple[int, int], far: tuple[int, int]
    ) -> None:
        """Add a pair that somebody found: the answer of its author is its first pass.

        Points are (row, column) in pixels. Raises ReviewError for points outside or too close.
        """
        with self._project.change() as db:
            if is_known(db, annotator, nonce):
                return
            size = db.execute(
                'SELECT height, width FROM pictures WHERE id = ?', (picture,)
            ).fetchone()
            if size is None:
                raise ReviewError(f'there is no picture {picture}')
            for row, column in (near, far):
                if not (0 <= row < size['height'] and 0 <= column < size['width']):
                    raise ReviewError(f'the point in row {row}, column {column} is not inside')
            if max(abs(near[0] - far[0]), abs(near[1] - far[1])) < LEAST_APART:
                raise ReviewError('the two points are almost the same')
            first = _coin(self._project.secret, 'added', nonce)
            a, b = (near, far) if first else (far, near)
            pair = db.execute(
                'INSERT INTO pairs (picture, row_a, column_a, row_b, column_b, origin, author, '
                "purpose) VALUES (?, ?, ?, ?, ?, 'manual', ?, 'review')",
                (picture, *a, *b, annotator),
            ).lastrowid
            assert pair is not None
            said = Answer.FIRST if first else Answer.SECOND
            event = {'kind': 'add', 'pair': pair, 'round': 1, 'pass': 1, 'answer': said.value}
            write_event(db, annotator, nonce, event)
            settle(db, pair, self._project)

    def reopen(self, pair: int, note: str = '') -> None:
        """Ask everybody once more about a pair that is settled. Raises ReviewError."""
        with self._project.change() as db:
            found = db.execute(
                "SELECT * FROM pairs WHERE id = ? AND purpose = 'review'", (pair,)
            ).fetchone()
            if found is None:
                raise ReviewError(f'there is no pair {pair} for review')
            if found['status'] in (Status.OPEN.value, Status.WITHDRAWN.value):
                raise ReviewError(f'pair {pair} is {found["status"]}')
            event = {'kind': 'reopen', 'pair': pair, 'round': found['round'], 'note': note or None}
            write_event(db, OPERATOR, None, event)
            settle(db, pair, self._project)

    def workload(self, annotator: str) -> Workload:
        """Return how far somebody is."""
        rows = self._project.rows(
            'SELECT (SELECT COUNT(DISTINCT pair) FROM answers WHERE annotator = :who) AS done, '
            f'(SELECT COUNT(*) FROM ({_OPEN_FOR})) AS left_, '
            "(SELECT COUNT(*) FROM pairs WHERE purpose = 'review' AND status = 'open') AS open",
            who=annotator,
        )
        found = rows[0]
        return Workload(found['done'], found['left_'], found['open'] - found['left_'])

    def _taken_back(self, annotator: str) -> int | None:
        rows = self._project.rows(
            'SELECT kind, pair FROM events WHERE annotator = ? ORDER BY id DESC LIMIT 1', annotator
        )
        return rows[0]['pair'] if rows and rows[0]['kind'] == 'undo' else None

    def _is_busy(self, row: sqlite3.Row, annotator: str) -> bool:
        since = time.monotonic() - HOLD_S
        held = sum(
            pair == row['id'] and who != annotator and at > since
            for (pair, who), at in self._held.items()
        )
        return bool(row['passed'] + held >= self._project.rules.passes)

    def _swapped(self, annotator: str, pair: int, round_: int) -> bool:
        return _coin(self._project.secret, annotator, pair, round_)


def _meaning(choice: str, swapped: bool) -> Answer:
    if choice in ('1', '2'):
        return Answer.FIRST if (choice == '1') != swapped else Answer.SECOND
    return Answer(choice)


def _coin(*facts: object) -> bool:
    """Toss a coin that falls the same way for the same facts."""
    text = '\0'.join(map(str, facts))
    return bool(hashlib.sha256(text.encode()).digest()[0] & 1)

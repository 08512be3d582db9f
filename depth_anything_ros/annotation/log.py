# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The log of what people did with pairs, inside of a transaction of the project."""

from __future__ import annotations

import sqlite3
from typing import Any

from depth_anything_ros.annotation.project import Project, now
from depth_anything_ros.annotation.rounds import Answer, Deed, Standing, Status, standing


class ReviewError(ValueError):
    """An answer that cannot be taken; the message is for the person who gave it."""


def standing_of(db: sqlite3.Connection, pair: int, project: Project) -> Standing:
    """Return how a pair stands by all that was said of it."""
    rows = db.execute(
        'SELECT annotator, answer FROM events WHERE pair = ? AND '
        "(kind = 'reopen' OR id IN (SELECT id FROM answers WHERE pair = ?)) ORDER BY id",
        (pair, pair),
    ).fetchall()
    deeds = [
        Deed(row['annotator'], Answer(row['answer']) if row['answer'] else None) for row in rows
    ]
    origin = db.execute('SELECT origin FROM pairs WHERE id = ?', (pair,)).fetchone()['origin']
    if origin == 'manual' and not deeds:
        return Standing(Status.WITHDRAWN)
    return standing(deeds, project.rules)


def settle(db: sqlite3.Connection, pair: int, project: Project) -> None:
    """Write down how a pair stands after what was just added."""
    result = standing_of(db, pair, project)
    db.execute(
        'UPDATE pairs SET status = ?, round = ? WHERE id = ?',
        (result.status.value, result.round, pair),
    )


def is_known(db: sqlite3.Connection, annotator: str, nonce: str) -> bool:
    """Tell whether something was written already. Raises ReviewError for another's nonce."""
    found = db.execute('SELECT annotator FROM events WHERE nonce = ?', (nonce,)).fetchone()
    if found is not None and found['annotator'] != annotator:
        raise ReviewError('this was sent by somebody else before')
    return found is not None


def count_answers(db: sqlite3.Connection, pair: int) -> int:
    """Return how many answers to a pair count."""
    found = db.execute('SELECT COUNT(*) AS n FROM answers WHERE pair = ?', (pair,)).fetchone()
    return int(found['n'])


def write_event(
    db: sqlite3.Connection, annotator: str, nonce: str | None, event: dict[str, Any]
) -> None:
    """Add a line to the log; ``event`` has its other columns."""
    values = {'nonce': nonce, 'at': now(), 'annotator': annotator, **event}
    names = ', '.join(values)
    marks = ', '.join('?' * len(values))
    db.execute(f'INSERT INTO events ({names}) VALUES ({marks})', tuple(values.values()))

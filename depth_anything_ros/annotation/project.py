# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The file that an annotation project is kept in: SQLite, written so that a crash loses nothing.

Every commit is on the disk before it is answered (write-ahead log, synchronous FULL). What people
did is a table that only grows: triggers refuse to change or remove a line of it, and to add one
about a pair that is not for review.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from depth_anything_ros.annotation.rounds import Rules

FILE = 'annotation.sqlite'
APPLICATION, VERSION = 0x44413241, 1
"""What SQLite's header says of the file: whose it is, and which tables it has."""

PATIENCE_MS = 15_000

SCHEMA = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE pictures (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, scene TEXT NOT NULL, source TEXT NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL, sha256 TEXT NOT NULL,
    key_points INTEGER NOT NULL, unjudged INTEGER NOT NULL
);
CREATE TABLE pairs (
    id INTEGER PRIMARY KEY, picture INTEGER NOT NULL REFERENCES pictures(id),
    row_a INTEGER NOT NULL, column_a INTEGER NOT NULL,
    row_b INTEGER NOT NULL, column_b INTEGER NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('automatic', 'manual')), author TEXT,
    purpose TEXT NOT NULL CHECK (purpose IN ('review', 'agreed', 'faint')), ratio REAL,
    status TEXT NOT NULL DEFAULT 'open', round INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX pairs_by_status ON pairs (purpose, status, round, id);
CREATE TABLE votes (
    pair INTEGER NOT NULL REFERENCES pairs(id), model TEXT NOT NULL,
    nearer TEXT NOT NULL CHECK (nearer IN ('first', 'second', 'tie')), ratio REAL NOT NULL,
    PRIMARY KEY (pair, model)
) WITHOUT ROWID;
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, nonce TEXT UNIQUE, at TEXT NOT NULL,
    annotator TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('answer', 'undo', 'add', 'reopen')),
    pair INTEGER NOT NULL REFERENCES pairs(id), round INTEGER NOT NULL, pass INTEGER,
    answer TEXT CHECK (answer IN ('first', 'second', 'skip', 'flag')),
    undoes INTEGER UNIQUE REFERENCES events(id), swapped INTEGER, seconds REAL, note TEXT
);
CREATE INDEX events_by_pair ON events (pair, id);
CREATE INDEX events_by_annotator ON events (annotator, id);
CREATE TRIGGER events_stay BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'what was answered is never changed'); END;
CREATE TRIGGER events_remain BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'what was answered is never removed'); END;
CREATE TRIGGER events_are_of_review BEFORE INSERT ON events
    WHEN (SELECT purpose FROM pairs WHERE id = NEW.pair) IS NOT 'review'
    BEGIN SELECT RAISE(ABORT, 'this pair is not for review'); END;
CREATE VIEW answers AS SELECT * FROM events
    WHERE kind IN ('answer', 'add')
    AND NOT EXISTS (SELECT 1 FROM events AS later WHERE later.undoes = events.id);
"""


class ProjectError(ValueError):
    """A project cannot be used; the message says why and what to do."""


class Project:
    """An annotation project: a folder with pictures in the released layout, and the file of it.

    Any thread may use it; transactions of one process wait for each other, those of several
    processes by SQLite's locks. ``settings`` are how it was made.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection
        self._lock = threading.RLock()
        rows = connection.execute('SELECT key, value FROM settings')
        self.settings: dict[str, Any] = {row['key']: json.loads(row['value']) for row in rows}

    @property
    def rules(self) -> Rules:
        """How many passes a round has, and how many rounds a pair."""
        return Rules(int(self.settings['passes']), int(self.settings['rounds']))

    @property
    def secret(self) -> str:
        """What the tokens of annotators, and the order in which they see points, come from."""
        return str(self.settings['secret'])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def rows(self, query: str, *values: object, **named: object) -> list[sqlite3.Row]:
        """Return the rows that a query finds, with values for its '?' or for its ':name's."""
        with self._lock:
            return self._connection.execute(query, named or values).fetchall()

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Give a connection to write with; at the end all of it is on the disk, or nothing is."""
        with self._lock:
            self._connection.execute('BEGIN IMMEDIATE')
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()

    def renew_secret(self) -> None:
        """Make the tokens that were given out worth nothing."""
        self.settings['secret'] = secrets.token_hex(32)
        with self.change() as connection:
            value = json.dumps(self.settings['secret'])
            connection.execute("UPDATE settings SET value = ? WHERE key = 'secret'", (value,))


def create_project(folder: Path, settings: dict[str, Any]) -> Project:
    """Make a project, or open the one that is there if it was made with the same settings.

    ``settings`` have at least 'passes' and 'rounds', and are plain JSON. Raises ProjectError, also
    for a folder that has other things in it, and OSError.
    """
    path = folder / FILE
    if path.exists():
        project = open_project(folder)
        here = {key: value for key, value in project.settings.items() if key != 'secret'}
        differing = sorted(key for key in {*here, *settings} if here.get(key) != settings.get(key))
        if differing:
            project.close()
            raise ProjectError(
                f'{folder} was made with other settings ({", ".join(differing)}): give the same '
                'to add pictures to it, or another folder'
            )
        return project
    unfinished = folder / f'.{FILE}.part'
    if folder.is_dir() and any(there != unfinished for there in folder.iterdir()):
        raise ProjectError(f'{folder} is not empty and no annotation project: give another folder')
    folder.mkdir(parents=True, exist_ok=True)
    # Made whole under another name: a project that was interrupted here is none yet. It holds the
    # secret that tokens come from, so nobody else may read it.
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(unfinished)
    with connection:
        connection.executescript(f'BEGIN; {SCHEMA}')  # else each table waits for the disk
        values = {**settings, 'secret': secrets.token_hex(32)}
        connection.executemany(
            'INSERT INTO settings VALUES (?, ?)',
            [(key, json.dumps(value)) for key, value in values.items()],
        )
        connection.execute(f'PRAGMA application_id = {APPLICATION}')
        connection.execute(f'PRAGMA user_version = {VERSION}')
    connection.close()
    os.replace(unfinished, path)
    return open_project(folder)


def open_project(folder: Path) -> Project:
    """Open a project. Raises ProjectError for a folder that is none, or a damaged one."""
    path = folder / FILE
    if not path.is_file():
        raise ProjectError(
            f'{folder} is no annotation project: make one with depth-anything annotate prepare '
            f'PICTURES -o {folder}'
        )
    # Transactions are begun by hand; any thread may hold the lock.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute(f'PRAGMA busy_timeout = {PATIENCE_MS}')
        whose, version = (
            connection.execute(f'PRAGMA {name}').fetchone()[0]
            for name in ('application_id', 'user_version')
        )
        if (whose, version) != (APPLICATION, VERSION):
            raise ProjectError(f'{path} is no annotation project that this version can read')
        connection.execute('PRAGMA journal_mode = WAL')
        connection.execute('PRAGMA synchronous = FULL')
        connection.execute('PRAGMA foreign_keys = ON')
        return Project(folder, connection)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise ProjectError(f'{path} cannot be read: {error}') from error
    except ProjectError:
        connection.close()
        raise


def now() -> str:
    """Return the time in UTC, as it stands in the log."""
    return datetime.now(timezone.utc).isoformat(timespec='milliseconds')

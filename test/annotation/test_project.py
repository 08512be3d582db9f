# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for annotation/project.py."""

from __future__ import annotations

import sqlite3
import stat

import pytest
from annotation_making import SETTINGS, make_project

from depth_anything_ros.annotation.project import (
    FILE,
    ProjectError,
    create_project,
    open_project,
)


def test_every_commit_is_on_the_disk(tmp_path):
    project = make_project(tmp_path / 'p')
    assert project.rows('PRAGMA journal_mode')[0][0] == 'wal'
    assert project.rows('PRAGMA synchronous')[0][0] == 2  # FULL
    project.close()


def test_what_fails_in_the_middle_changes_nothing(tmp_path):
    project = make_project(tmp_path / 'p')
    with pytest.raises(RuntimeError), project.change() as db:
        db.execute("UPDATE pairs SET status = 'accepted'")
        raise RuntimeError
    assert {row['status'] for row in project.rows('SELECT status FROM pairs')} == {'open'}
    project.close()


def test_a_project_is_opened_again_with_the_same_settings_alone(tmp_path):
    create_project(tmp_path / 'p', SETTINGS).close()
    again = create_project(tmp_path / 'p', dict(SETTINGS))
    assert again.rules.passes == 3 and len(again.secret) == 64
    again.close()
    with pytest.raises(ProjectError, match='other settings .seed.'):
        create_project(tmp_path / 'p', {**SETTINGS, 'seed': 2})


def test_nobody_else_may_read_the_file(tmp_path):
    create_project(tmp_path / 'p', SETTINGS).close()
    assert stat.S_IMODE((tmp_path / 'p' / FILE).stat().st_mode) == 0o600


def test_a_new_secret_stays(tmp_path):
    project = create_project(tmp_path / 'p', SETTINGS)
    before = project.secret
    project.renew_secret()
    project.close()
    again = open_project(tmp_path / 'p')
    assert again.secret == project.secret != before
    again.close()


def test_folders_that_are_no_project_are_refused(tmp_path):
    with pytest.raises(ProjectError, match='annotate prepare'):
        open_project(tmp_path)
    (tmp_path / 'other.txt').touch()
    with pytest.raises(ProjectError, match='not empty'):
        create_project(tmp_path, SETTINGS)


def test_files_of_others_and_damaged_ones_are_refused(tmp_path):
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute('CREATE TABLE x (y)')
    with pytest.raises(ProjectError, match='no annotation project that this version'):
        open_project(tmp_path)
    (tmp_path / FILE).write_bytes(b'not a database' * 100)
    with pytest.raises(ProjectError, match='cannot be read'):
        open_project(tmp_path)


def test_an_interrupted_start_is_begun_anew(tmp_path):
    (tmp_path / f'.{FILE}.part').write_bytes(b'half')
    create_project(tmp_path, SETTINGS).close()
    assert [path.name for path in tmp_path.iterdir()] == [FILE]

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for media/run_journal.py."""

from pathlib import PurePosixPath

import pytest

from depth_anything_ros.media.picture_list import PictureEntry
from depth_anything_ros.media.run_journal import RunJournal, read_journal

SETTINGS = {'model': 'nano', 'formats': ['npy']}


@pytest.fixture
def entry(tmp_path):
    source = tmp_path / 'a.jpg'
    source.write_bytes(b'picture')
    return PictureEntry(str(source), PurePosixPath('a'))


def finished(folder, entry):
    folder.mkdir(exist_ok=True)
    output = folder / 'a_depth.npy'
    output.write_bytes(b'depth')
    journal = RunJournal(folder, SETTINGS, resume=False)
    journal.finish(entry, [output], {'kind': 'relative'})
    journal.close()
    return output


def done(folder, entry, settings=SETTINGS, resume=True):
    journal = RunJournal(folder, settings, resume)
    journal.close()
    return journal.is_done(entry)


def test_what_was_finished_is_done_when_the_run_goes_on(tmp_path, entry):
    finished(tmp_path / 'out', entry)

    assert done(tmp_path / 'out', entry)
    assert done(tmp_path / 'out', entry)  # going on keeps what was noted
    assert not done(tmp_path / 'out', PictureEntry(entry.source, PurePosixPath('b')))
    assert not done(tmp_path / 'out', entry, resume=False)
    assert not done(tmp_path / 'out', entry)  # a new run forgets


def test_other_settings_a_changed_source_or_a_broken_output_are_not_done(tmp_path, entry):
    output = finished(tmp_path / 'out', entry)

    assert not done(tmp_path / 'out', entry, {**SETTINGS, 'model': 'small'})
    output.write_bytes(b'dep')
    assert not done(tmp_path / 'out', entry)
    output.unlink()
    assert not done(tmp_path / 'out', entry)
    output.write_bytes(b'depth')
    assert done(tmp_path / 'out', entry)
    (tmp_path / 'a.jpg').write_bytes(b'another picture')
    assert not done(tmp_path / 'out', entry)


def test_a_line_cut_short_counts_for_nothing_and_harms_no_other(tmp_path, entry):
    finished(tmp_path / 'out', entry)
    path = tmp_path / 'out/depth_anything.jsonl'
    whole = path.read_text()
    path.write_text(whole + '{"stem": "b", "sou')

    other = PictureEntry(entry.source, PurePosixPath('c'))
    journal = RunJournal(tmp_path / 'out', SETTINGS, resume=True)
    journal.finish(other, [], {})
    journal.close()

    assert done(tmp_path / 'out', entry)
    assert done(tmp_path / 'out', other)
    path.write_bytes(b'\xff\xfe\n[1]\n{"stem": 1}\nnull\n' + whole.encode())
    assert done(tmp_path / 'out', entry)


def test_a_journal_tells_settings_and_failures_and_the_later_line_counts(tmp_path, entry):
    out = tmp_path / 'out'
    finished(out, entry)
    other = PictureEntry('b.jpg', PurePosixPath('b'))
    journal = RunJournal(out, SETTINGS, resume=True)
    journal.fail(entry, 'it is empty')
    journal.fail(other, 'it is cut short')
    journal.finish(other, [], {})
    journal.close()

    content = read_journal(out)

    assert content.settings == SETTINGS
    assert content.failed == {entry.source: 'it is empty'}
    assert list(content.finished) == ['b']
    assert not read_journal(tmp_path / 'none').finished
    assert not done(out, PictureEntry('c.jpg', PurePosixPath('c')))

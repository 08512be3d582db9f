# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run over many pictures has finished, so that the next one can go on from there."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from depth_anything_ros.media.picture_list import PictureEntry

JOURNAL = 'depth_anything.jsonl'


class RunJournal:
    """A line of JSON for each finished picture, in the output folder.

    ``settings`` are what the outputs depend on: what was finished with others is done again. A
    line is written after all files of its picture are there, and names their sizes; so a picture
    counts as finished only while all of them are whole, and its source is the one it was. A line
    cut short by a crash counts for nothing. Each run begins with a line of its settings, and what
    failed has a line with the reason: ``read_journal`` returns all of them. ``name`` is that of
    the file, where it is not pictures that are noted.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, Any], resume: bool, name: str = JOURNAL
    ) -> None:
        self.path = folder / name
        self._folder = folder
        self._settings = _digest(settings)
        self._done = self._read() if resume else {}
        folder.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open('a' if resume else 'w', encoding='utf-8')
        if resume and not _ends_whole(self.path):
            self._file.write('\n')
        self._write({'run': dict(settings), 'settings': self._settings, 'folder': os.getcwd()})

    @property
    def settings(self) -> str:
        """The digest of the settings, which finished lines carry."""
        return self._settings

    def is_done(self, entry: PictureEntry) -> bool:
        """Tell whether all files of a picture are there as they were written."""
        line = self._done.get(str(entry.stem))
        if line is None or line['source'] != _source_facts(entry.source):
            return False
        return all(_size(self._folder / name) == size for name, size in line['files'].items())

    def finish(self, entry: PictureEntry, files: Sequence[Path], facts: Mapping[str, Any]) -> None:
        """Note that a picture's files are written; ``facts`` are for people and scripts."""
        line = {
            'stem': str(entry.stem),
            'source': _source_facts(entry.source),
            'settings': self._settings,
            'files': {
                path.relative_to(self._folder).as_posix(): path.stat().st_size for path in files
            },
            **facts,
        }
        self._write(line)

    def fail(self, entry: PictureEntry, reason: str) -> None:
        """Note why a picture could not be finished; the next run tries it again."""
        self._write({'stem': str(entry.stem), 'source': [entry.source], 'failed': reason})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line, default=str) + '\n')
        self._file.flush()

    def _read(self) -> dict[str, dict[str, Any]]:
        return {
            line['stem']: line
            for line in _lines(self.path)
            if _is_finished(line) and line['settings'] == self._settings
        }


@dataclass
class JournalContent:
    """What a journal tells, as the last run left it.

    ``finished`` has the lines of finished pictures by their stem, ``failed`` the reasons by source,
    ``settings`` are those of the last run and ``folder`` is the one it was started in, which
    relative sources count from; '' in journals that do not tell it.
    """

    finished: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    folder: str = ''


def read_journal(folder: Path, name: str = JOURNAL) -> JournalContent:
    """Read the journal of an output folder; of two lines of a picture the later one counts."""
    content, failed = JournalContent(), dict[str, tuple[str, str]]()
    for line in _lines(folder / name):
        if isinstance(line.get('run'), dict):
            content.settings, content.folder = line['run'], str(line.get('folder', ''))
        elif _is_finished(line):
            content.finished[line['stem']] = line
            failed.pop(line['stem'], None)
        elif {'stem', 'source', 'failed'} <= line.keys() and isinstance(line['source'], list):
            content.finished.pop(str(line['stem']), None)
            failed[str(line['stem'])] = str(line['source'][0]), str(line['failed'])
    content.failed = dict(failed.values())
    return content


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines that are whole; none where there is no file."""
    try:
        texts = path.read_text(encoding='utf-8', errors='replace').splitlines()
    except FileNotFoundError:
        return []
    lines = []
    for text in texts:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            lines.append(line)
    return lines


def _is_finished(line: Mapping[str, Any]) -> bool:
    whole = {'stem', 'source', 'settings', 'files'} <= line.keys()
    return whole and isinstance(line['stem'], str) and isinstance(line['files'], dict)


def _digest(settings: Mapping[str, Any]) -> str:
    text = json.dumps(settings, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _source_facts(source: str) -> list[Any]:
    """Return what tells that a source is still the same; of an address only the address does."""
    try:
        facts = Path(source).stat()
    except OSError:
        return [source]
    return [source, facts.st_size, facts.st_mtime_ns]


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _ends_whole(path: Path) -> bool:
    with path.open('rb') as file:
        content = file.read()
    return not content or content.endswith(b'\n')

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run over many pictures has finished, so that the next one can go on from there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from depth_anything_ros.media.picture_list import PictureEntry

JOURNAL = 'depth_anything.jsonl'


class RunJournal:
    """A line of JSON for each finished picture, in the output folder.

    ``settings`` are what the outputs depend on: what was finished with others is done again. A
    line is written after all files of its picture are there, and names their sizes; so a picture
    counts as finished only while all of them are whole, and its source is the one it was. A line
    cut short by a crash counts for nothing.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], resume: bool) -> None:
        self.path = folder / JOURNAL
        self._folder = folder
        self._settings = _digest(settings)
        self._done = self._read() if resume else {}
        folder.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open('a' if resume else 'w', encoding='utf-8')
        if resume and not _ends_whole(self.path):
            self._file.write('\n')

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
        self._file.write(json.dumps(line) + '\n')
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read(self) -> dict[str, dict[str, Any]]:
        done: dict[str, dict[str, Any]] = {}
        try:
            lines = self.path.read_text(encoding='utf-8', errors='replace').splitlines()
        except FileNotFoundError:
            return done
        for text in lines:
            line = _parsed(text)
            if line is not None and line.get('settings') == self._settings:
                done[line['stem']] = line
        return done


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    whole = isinstance(line, dict) and {'stem', 'source', 'settings', 'files'} <= line.keys()
    return line if whole and isinstance(line['files'], dict) else None


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

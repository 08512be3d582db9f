# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The files below a folder, in an order of their own, and a digest by which changes are seen."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from depth_anything_ros.data.sample import Problem, printable


@dataclass(frozen=True)
class FileEntry:
    """A file: its path below the folder with forward slashes, its bytes, and when it changed.

    ``changed`` is in nanoseconds.
    """

    path: str
    size: int
    changed: int


def walk(root: Path, problems: list[Problem] | None = None) -> Iterator[FileEntry]:
    """Yield all files below a folder, or the file itself, sorted by name in each folder.

    Links are followed, each folder is entered once, and hidden files are left out. What cannot be
    listed is added to ``problems``.
    """
    if root.is_file():
        found = root.stat()
        yield FileEntry(root.name, found.st_size, found.st_mtime_ns)
        return
    seen: set[tuple[int, int]] = set()
    stack = ['']
    while stack:
        folder = stack.pop()
        try:
            # Where a linked folder leads back to one above, the way would have no end.
            place = os.stat(root / folder)
            if (place.st_dev, place.st_ino) in seen:
                continue
            seen.add((place.st_dev, place.st_ino))
            with os.scandir(root / folder) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if problems is not None:
                problems.append(Problem(printable(folder), f'cannot be listed: {error.strerror}'))
            continue
        folders = []
        for entry in ordered:
            if entry.name.startswith('.'):
                continue
            path = f'{folder}/{entry.name}' if folder else entry.name
            try:
                if entry.is_dir():
                    folders.append(path)
                elif entry.is_file():
                    found = entry.stat()
                    yield FileEntry(path, found.st_size, found.st_mtime_ns)
                elif problems is not None:
                    problems.append(Problem(printable(path), 'is no file, or a link to nothing'))
            except OSError as error:
                if problems is not None:
                    problems.append(Problem(printable(path), f'cannot be read: {error.strerror}'))
        stack.extend(reversed(folders))


def digest(entries: Iterable[FileEntry]) -> str:
    """Return a digest of a listing: other names, sizes or times give another."""
    total = hashlib.sha256()
    for entry in entries:
        name = entry.path.encode('utf-8', 'surrogateescape')
        total.update(b'%d %d %d %s' % (len(name), entry.size, entry.changed, name))
    return total.hexdigest()

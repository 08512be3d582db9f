# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which pictures a command was asked for, and under what names its outputs go."""

from __future__ import annotations

import glob
import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from depth_anything_ros.media.frames import natural_key
from depth_anything_ros.media.picture_reader import STDIN, URL_SCHEMES, is_readable

LIST_SUFFIX = '.txt'
MOST_LISTS = 8
"""How deep lists may name lists."""


@dataclass(frozen=True)
class PictureEntry:
    """A picture to read, and where its outputs go.

    ``source`` is a path, an http(s) address, or '-' for standard input. ``stem`` is the path of
    its outputs below the output folder, without a suffix; no two entries of a list share one.
    """

    source: str
    stem: PurePosixPath


@dataclass(frozen=True)
class Search:
    """What is looked for.

    In folders and patterns it is the files ``is_wanted`` says yes to, and no pipes or devices.
    ``schemes`` are how addresses begin, ``device`` gives the name of a camera that is no file and
    None for all else, ``from_stdin`` says whether '-' is one.
    """

    noun: str
    is_wanted: Callable[[Path], bool]
    schemes: tuple[str, ...]
    from_stdin: bool = True
    device: Callable[[str], str | None] = lambda source: None


PICTURES = Search('pictures', is_readable, URL_SCHEMES)


@dataclass
class PictureList:
    """The pictures, or what else was looked for, in order, without repetitions.

    ``ignored`` counts files in folders that are no pictures by their name, and ``missing`` has for
    each source that gave none the reason.
    """

    entries: list[PictureEntry] = field(default_factory=list)
    ignored: int = 0
    missing: dict[str, str] = field(default_factory=dict)
    search: Search = PICTURES


def list_pictures(
    sources: Sequence[str], output: Path | None = None, search: Search = PICTURES
) -> PictureList:
    """Find the pictures that sources name, or what ``search`` says.

    A source is a picture file, a folder (searched with its subfolders, hidden ones excepted), a
    .txt file with one source a line, a pattern such as 'shots/**/*.png', an http(s) address, or
    '-' for standard input. ``output``, the folder that results go to, is not searched: they would
    be pictures of the next run. What is below a folder keeps its path in ``stem``; where two
    pictures would share a stem, both get a longer one, the same in every run.
    """
    found = PictureList(search=search)
    excluded = None if output is None else output.resolve()
    entries: dict[str, PictureEntry] = {}
    for source in sources:
        ignored, given = found.ignored, 0
        for entry in _of_source(source, found, excluded, depth=0):
            given += 1
            entries.setdefault(_identity(entry.source), entry)
        if not given and source not in found.missing:
            others = found.ignored - ignored
            found.missing[source] = (
                f'no {search.noun} among its {others} files'
                if others
                else f'no {search.noun} in it'
            )
    found.entries = _with_own_stems(list(entries.values()))
    return found


def _of_source(
    source: str, found: PictureList, excluded: Path | None, depth: int
) -> Iterator[PictureEntry]:
    search = found.search
    if source == STDIN:
        if search.from_stdin:
            yield PictureEntry(source, PurePosixPath('stdin'))
        else:
            found.missing[source] = f'{search.noun} are not read from standard input'
        return
    if source.lower().startswith(search.schemes):
        name = PurePosixPath(unquote(urlsplit(source).path)).name
        stem = _safe(PurePosixPath(name).stem) or search.noun.removesuffix('s')
        yield PictureEntry(source, PurePosixPath(stem))
        return
    if (device := search.device(source)) is not None:
        yield PictureEntry(source, PurePosixPath(device))
        return
    path = Path(source).expanduser()
    if path.is_dir():
        yield from _of_folder(path, found, excluded)
    elif path.is_file() and path.suffix.lower() == LIST_SUFFIX:
        yield from _of_list(path, found, excluded, depth)
    elif path.exists():
        yield PictureEntry(str(path), PurePosixPath(path.stem))
    elif glob.has_magic(source):
        yield from _of_pattern(source, found, excluded, depth)
    else:
        found.missing[source] = 'no such file or folder'


def _of_folder(folder: Path, found: PictureList, excluded: Path | None) -> Iterator[PictureEntry]:
    """Yield the pictures below a folder, files before subfolders, both in natural order."""

    def unlisted(error: OSError) -> None:
        found.missing[str(error.filename)] = f'cannot be listed: {error.strerror}'

    for root, folders, names in os.walk(folder, onerror=unlisted):
        here = Path(root)
        folders[:] = sorted(
            (
                name
                for name in folders
                if not name.startswith('.') and (here / name).resolve() != excluded
            ),
            key=natural_key,
        )
        for name in sorted(names, key=natural_key):
            if name.startswith('.'):
                continue
            path = here / name
            # A pipe would be waited for without end. A link to nothing is named when it is read.
            if not found.search.is_wanted(path) or path.exists() and not path.is_file():
                found.ignored += 1
                continue
            relative = path.relative_to(folder)
            yield PictureEntry(str(path), PurePosixPath(relative.with_suffix('').as_posix()))


def _of_list(
    path: Path, found: PictureList, excluded: Path | None, depth: int
) -> Iterator[PictureEntry]:
    """Yield what a text file names; paths count from the working folder, then from the file's."""
    if depth >= MOST_LISTS:
        found.missing[str(path)] = 'lists that name lists, too deep: does one name itself?'
        return
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        found.missing[str(path)] = f'cannot be read as a list: {error}'
        return
    for line in lines:
        source = line.strip()
        if not source:
            continue
        beside = path.parent / source
        if '://' not in source and not Path(source).exists() and beside.exists():
            source = str(beside)
        yield from _of_source(source, found, excluded, depth + 1)


def _of_pattern(
    pattern: str, found: PictureList, excluded: Path | None, depth: int
) -> Iterator[PictureEntry]:
    """Yield what a pattern matches; stems begin behind the folders in front of its wildcards."""
    matches = sorted(glob.glob(os.path.expanduser(pattern), recursive=True), key=natural_key)
    fixed = Path(*_before_magic(Path(pattern).expanduser().parts))
    for match in matches:
        path = Path(match)
        if not path.is_file() or excluded is not None and excluded in path.resolve().parents:
            continue
        if not found.search.is_wanted(path):
            found.ignored += 1
            continue
        stem = path.relative_to(fixed).with_suffix('')
        yield PictureEntry(match, PurePosixPath(stem.as_posix()))
    if not matches:
        found.missing[pattern] = 'matches nothing'


def _before_magic(parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        if glob.has_magic(part):
            return
        yield part


def _identity(source: str) -> str:
    """Return what is equal for two names of one picture."""
    if source == STDIN or '://' in source:
        return source
    return str(Path(source).resolve())


def _with_own_stems(entries: list[PictureEntry]) -> list[PictureEntry]:
    """Make stems differ where they do not: by the suffix of the file, then by a digest of its path.

    Case does not tell them apart, as on some file systems it does not.
    """
    for longer in (_with_suffix, _with_digest):
        groups: dict[str, list[int]] = defaultdict(list)
        for index, entry in enumerate(entries):
            groups[str(entry.stem).casefold()].append(index)
        for members in groups.values():
            if len(members) > 1:
                for index in members:
                    entries[index] = longer(entries[index])
    return entries


def _with_suffix(entry: PictureEntry) -> PictureEntry:
    suffix = _safe(PurePosixPath(urlsplit(entry.source).path).suffix)
    return replace(entry, stem=entry.stem.with_name(f'{entry.stem.name}.{suffix}'))


def _with_digest(entry: PictureEntry) -> PictureEntry:
    digest = hashlib.sha256(_identity(entry.source).encode()).hexdigest()[:8]
    return replace(entry, stem=entry.stem.with_name(f'{entry.stem.name}-{digest}'))


def _safe(name: str) -> str:
    """Return a name from an address without what has a meaning in paths."""
    return ''.join(c for c in name if c.isalnum() or c in '-_.').lstrip('.')

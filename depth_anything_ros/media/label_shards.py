# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Depth that a network gave to many pictures, in few files: pseudo-labels for a student.

A folder has labels.json, which says what made the labels and of which pictures, and for each shard
a tar of 16-bit PNGs with a JSON index. A shard holds the pictures of a fixed range of the set, and
its index is written last: so a shard is there whole or not at all, and whoever makes the missing
ones has made each label once.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import re
import tarfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.media.decoding import MAX_PIXELS, DecodingError, decode_values
from depth_anything_ros.media.depth_files import LARGEST, bounds, depth16
from depth_anything_ros.media.whole_file import write_whole

FACTS = 'labels.json'
VERSION = 1
_INDEX = re.compile(r'labels_(\d{6,})\.json')
_BLOCK = 512  # of a tar


class LabelError(ValueError):
    """Labels that cannot be used; the message names the file and says what to do."""


@dataclass(frozen=True)
class LabelFacts:
    """What made the labels of a folder, and of which pictures.

    ``count`` pictures of ``dataset`` are cut into shards of ``shard_size``, in the set's order;
    ``keys_sha256`` is a digest of their keys. ``teacher`` is a name and ``teacher_sha256`` the
    digest of the weights. ``input_size`` is the shorter side of the network's input and of labels.
    """

    dataset: str
    count: int
    keys_sha256: str
    shard_size: int
    teacher: str
    teacher_sha256: str
    input_size: int
    version: int = VERSION

    @property
    def shards(self) -> int:
        """How many shards there are when all is done."""
        return -(-self.count // self.shard_size)

    def range_of(self, shard: int) -> range:
        """Return the pictures of a shard, as indices into the set."""
        return range(shard * self.shard_size, min((shard + 1) * self.shard_size, self.count))


class Label(NamedTuple):
    """The label of a picture: inverse depth (H, W) float32 of any scale, or why there is none."""

    key: str
    disparity: np.ndarray | None
    failed: str = ''


class Entry(NamedTuple):
    """Where a label lies, and the disparity of its least and its greatest step."""

    shard: int
    offset: int
    size: int
    low: float
    high: float


def begin_labels(folder: Path, facts: LabelFacts) -> None:
    """Make a folder for labels, or check that the one there is for the same labels.

    Raises LabelError where it is for others, and OSError.
    """
    path = folder / FACTS
    if not path.exists():
        write_whole(path, (json.dumps(asdict(facts), indent=2) + '\n').encode())
        return
    before = read_facts(folder)
    for field in fields(LabelFacts):
        there, asked = getattr(before, field.name), getattr(facts, field.name)
        if there != asked:
            raise LabelError(
                f'{folder} has labels with {field.name} {there!r}, and now it is {asked!r}; give '
                'another folder'
            )


def read_facts(folder: Path) -> LabelFacts:
    """Return what a folder's labels are. Raises LabelError."""
    path = folder / FACTS
    try:
        said = json.loads(path.read_text(encoding='utf-8'))
        facts = LabelFacts(**said)
        sizes = facts.count, facts.shard_size, facts.input_size
        if facts.version != VERSION or not all(isinstance(n, int) and n > 0 for n in sizes):
            raise ValueError(f'version {facts.version}, sizes {sizes}')
    except (OSError, ValueError, TypeError) as error:
        raise LabelError(
            f'{path} describes no labels ({error}); give the folder of labels'
        ) from error
    return facts


def missing_shards(folder: Path, facts: LabelFacts) -> list[int]:
    """Return the shards that are not there yet."""
    there = {int(m[1]) for path in folder.iterdir() if (m := _INDEX.fullmatch(path.name))}
    return [shard for shard in range(facts.shards) if shard not in there]


def is_there(folder: Path, shard: int) -> bool:
    """Tell whether a shard is there."""
    return _path(folder, shard, '.json').exists()


def write_shard(folder: Path, shard: int, labels: Iterable[Label]) -> int:
    """Write a shard whole; return how many labels it has. Raises OSError, and LabelError.

    Where two write it at once, one's tar and index are kept, both of the same one.
    """
    entries: dict[str, list[Any]] = {}
    failed: dict[str, str] = {}
    folder.mkdir(parents=True, exist_ok=True)
    # A name of its own: who is thought to be dead may still be writing.
    unfinished = folder / f'.labels_{shard:06d}.{uuid.uuid4().hex}.tar'
    try:
        with tarfile.open(unfinished, 'w', format=tarfile.USTAR_FORMAT) as archive:
            for number, label in enumerate(labels):
                if label.key in entries or label.key in failed:
                    raise LabelError(f'shard {shard} has two labels for {label.key}')
                if label.disparity is None:
                    failed[label.key] = label.failed
                    continue
                content, low, high = encode_label(label.disparity)
                member = tarfile.TarInfo(f'{number:06d}.png')
                member.size = len(content)
                offset = archive.offset + _BLOCK
                archive.addfile(member, io.BytesIO(content))
                entries[label.key] = [offset, len(content), low, high]
        index = json.dumps({'labels': entries, 'failed': failed}).encode()
        with _alone(folder):
            if not is_there(folder, shard):
                os.replace(unfinished, _path(folder, shard, '.tar'))
                write_whole(_path(folder, shard, '.json'), index)
            for left in folder.glob(f'.labels_{shard:06d}.*'):
                left.unlink(missing_ok=True)
    finally:
        unfinished.unlink(missing_ok=True)
    return len(entries)


def read_index(folder: Path, shard: int) -> tuple[dict[str, Entry], dict[str, str]]:
    """Return a shard's labels by key, and why others are not there. Raises LabelError."""
    path = _path(folder, shard, '.json')
    try:
        index = json.loads(path.read_text(encoding='utf-8'))
        entries: dict[str, Entry] = {}
        for key, (offset, size, low, high) in index['labels'].items():
            if offset < 0 or not 0 < size <= 4 * MAX_PIXELS:
                raise ValueError(f'{key} has {size} bytes at {offset}')
            entries[key] = Entry(shard, int(offset), int(size), float(low), float(high))
        return entries, dict(index['failed'])
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise LabelError(
            f'{path} is damaged ({error}); remove it and make its labels again'
        ) from error


def read_label(folder: Path, key: str, entry: Entry) -> np.ndarray:
    """Return a label (H, W) float32, NaN where unknown. Raises LabelError and OSError."""
    path = _path(folder, entry.shard, '.tar')
    with path.open('rb') as file:
        file.seek(entry.offset)
        content = file.read(entry.size)
    try:
        steps = decode_values(content)
    except DecodingError as error:
        raise LabelError(f'{path}: the label of {key} {error}') from error
    span = (entry.high - entry.low) / (LARGEST - 1)
    values = entry.low + (steps.astype(np.float32) - 1) * np.float32(span)
    return np.where(steps == 0, np.float32(np.nan), values).astype(np.float32)


def _path(folder: Path, shard: int, suffix: str) -> Path:
    return folder / f'labels_{shard:06d}{suffix}'


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others who write into the folder waiting, where its file system has locks."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # which ends the lock, as the end of the process does


def encode_label(disparity: np.ndarray) -> tuple[bytes, float, float]:
    """Return a 16-bit PNG of (H, W) and the disparity of its steps 1 and 65535; 0 is unknown."""
    low, high = bounds(disparity)
    done, content = cv2.imencode('.png', depth16(disparity, DepthKind.RELATIVE, 1.0))
    if not done:
        raise LabelError(f'OpenCV cannot encode a PNG of {disparity.shape}')
    return content.tobytes(), low, high


class LabelShards:
    """The labels of a folder, by the keys of their pictures. It can be pickled.

    ``entries`` have the labels that are there, in the order of the shards, ``failed`` the reasons
    why others are not. Raises LabelError for a folder that is none, and for a damaged index.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.facts = read_facts(self.folder)
        self.entries: dict[str, Entry] = {}
        self.failed: dict[str, str] = {}
        for path in sorted(self.folder.iterdir()):
            if match := _INDEX.fullmatch(path.name):
                entries, failed = read_index(self.folder, int(match[1]))
                self.entries.update(entries)
                self.failed.update(failed)

    def read(self, key: str) -> np.ndarray:
        """Return a label (H, W) float32, NaN where unknown.

        Raises KeyError, LabelError and OSError.
        """
        return read_label(self.folder, key, self.entries[key])

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From pictures to pairs that people are asked about."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from depth_anything_ros.annotation.key_points import KeyPoint, Segmenter
from depth_anything_ros.annotation.project import Project
from depth_anything_ros.annotation.rounds import Rules
from depth_anything_ros.annotation.scenes import MANUAL_SCENES, SceneError
from depth_anything_ros.annotation.stored_picture import StoredPicture, digest_of, load_picture
from depth_anything_ros.annotation.voters import Voter, VoterError
from depth_anything_ros.annotation.voting import Drawing, Drawn, Purpose, draw
from depth_anything_ros.media.album import AlbumError
from depth_anything_ros.media.depth_reading import DepthReadingError
from depth_anything_ros.media.picture_list import PictureEntry
from depth_anything_ros.media.picture_reader import PictureError
from depth_anything_ros.media.whole_file import whole_file

Told = Callable[[object, str | None], None]


@dataclass(frozen=True)
class Preparation:
    """What pairs are drawn with. Without voters there are only those that people add.

    ``everywhere`` draws pairs in the scenarios of MANUAL_SCENES as well.
    """

    segmenter: Segmenter
    voters: Sequence[Voter]
    drawing: Drawing
    scene: str | None = None
    everywhere: bool = False

    def settings(self, rules: Rules) -> dict[str, Any]:
        """Return what the project keeps of how it was made."""
        return {
            **asdict(self.drawing),
            **asdict(rules),
            'segmenter': self.segmenter.name,
            'models': [voter.name for voter in self.voters],
            'everywhere': self.everywhere,
        }


@dataclass
class Prepared:
    """What was done: pictures that were added or there already, pairs, and what failed and why."""

    added: int = 0
    known: int = 0
    pairs: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def prepare(
    project: Project,
    entries: Iterable[PictureEntry],
    preparation: Preparation,
    told: Told = lambda source, reason: None,
) -> Prepared:
    """Add pictures and their pairs to a project, each picture at once with all its pairs.

    A picture whose file is there already is left as it is, so that the same call goes on where it
    was stopped. Raises OSError where the project cannot be written.
    """
    outcome = Prepared(pairs={purpose.value: 0 for purpose in Purpose})
    for entry in entries:
        reason = None
        try:
            sha256 = digest_of(entry)
            if project.rows('SELECT 1 FROM pictures WHERE sha256 = ?', sha256):
                outcome.known += 1
            else:
                picture = load_picture(entry, preparation.scene, sha256)
                points, drawn, unjudged = _drawn(picture, entry, preparation)
                _keep(project, entry, picture, (len(points), unjudged), drawn)
                outcome.added += 1
                for pair in drawn:
                    outcome.pairs[pair.purpose.value] += 1
        except (PictureError, SceneError, VoterError, DepthReadingError, AlbumError) as error:
            reason = str(error)
        except FileNotFoundError as error:
            reason = f'{error.filename}: {error.strerror}'
        if reason is not None:
            outcome.failed[entry.source] = reason
        told(entry.source, reason)
    return outcome


def _drawn(
    picture: StoredPicture, entry: PictureEntry, preparation: Preparation
) -> tuple[list[KeyPoint], list[Drawn], int]:
    """Return the key points of a picture, its pairs, and how many could not be judged."""
    by_hand = picture.scene in MANUAL_SCENES and not preparation.everywhere
    if by_hand or not preparation.voters:
        return [], [], 0
    points = preparation.segmenter.key_points(picture.rgb)
    depths = {voter.name: voter.depth(picture.rgb, entry.stem) for voter in preparation.voters}
    return (points, *draw(points, depths, preparation.drawing, picture.sha256))


def _keep(
    project: Project,
    entry: PictureEntry,
    picture: StoredPicture,
    counts: tuple[int, int],
    drawn: Sequence[Drawn],
) -> None:
    """Write a picture and its pairs; they are part of the project once all of it is there."""
    path = picture.path
    if project.rows('SELECT 1 FROM pictures WHERE path = ? COLLATE NOCASE', str(path)):
        path = path.with_name(f'{path.stem}-{picture.sha256[:8]}{path.suffix}')
    with whole_file(project.folder / path) as unfinished, unfinished.open('wb') as file:
        file.write(picture.content)
        file.flush()
        os.fsync(file.fileno())
    height, width = picture.rgb.shape[:2]
    facts = (str(path), picture.scene, str(entry.stem), width, height, picture.sha256, *counts)
    with project.change() as db:
        number = db.execute(
            'INSERT INTO pictures (path, scene, source, width, height, sha256, key_points, '
            'unjudged) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
            facts,
        ).lastrowid
        assert number is not None
        for pair in drawn:
            _insert(db, number, pair)


def _insert(db: sqlite3.Connection, picture: int, pair: Drawn) -> None:
    number = db.execute(
        'INSERT INTO pairs (picture, row_a, column_a, row_b, column_b, origin, purpose, ratio) '
        "VALUES (?, ?, ?, ?, ?, 'automatic', ?, ?)",
        (picture, *pair.a, *pair.b, pair.purpose.value, pair.ratio),
    ).lastrowid
    db.executemany(
        'INSERT INTO votes VALUES (?, ?, ?, ?)',
        [(number, name, vote.nearer.value, vote.ratio) for name, vote in pair.votes.items()],
    )

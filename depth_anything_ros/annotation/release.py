# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What comes out of a project: annotations in the schema of DA-2K, and the log of all answers."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depth_anything_ros.annotation.log import standing_of
from depth_anything_ros.annotation.project import Project, ProjectError
from depth_anything_ros.annotation.review import OPERATOR
from depth_anything_ros.annotation.rounds import Status
from depth_anything_ros.media.whole_file import whole_file, write_whole

ANNOTATIONS = 'annotations.json'

Annotations = dict[str, list[dict[str, Any]]]
"""By the path of a picture its pairs: 'point1' and 'point2' as [row, column], and 'closer_point',
which is always 'point1'."""


@dataclass(frozen=True)
class Release:
    """What was written, and how many pairs and pictures it has."""

    output: Path
    audit: Path
    pairs: int
    pictures: int


def annotations_of(project: Project) -> Annotations:
    """Return the accepted pairs in the schema of DA-2K, in the order of paths.

    Raises ProjectError where what stands in the project does not follow from its log.
    """
    _check(project)
    rows = project.rows(
        'SELECT pairs.*, pictures.path, (SELECT answer FROM answers WHERE pair = pairs.id '
        'AND round = pairs.round LIMIT 1) AS nearer FROM pairs JOIN pictures '
        "ON pictures.id = pairs.picture WHERE purpose = 'review' AND status = 'accepted' "
        'ORDER BY pictures.path, pairs.id'
    )
    found: Annotations = {}
    for row in rows:
        near = [row['row_a'], row['column_a']]
        far = [row['row_b'], row['column_b']]
        if row['nearer'] == 'second':
            near, far = far, near
        pair = {'point1': near, 'point2': far, 'closer_point': 'point1'}
        found.setdefault(row['path'], []).append(pair)
    return found


def write_release(project: Project, output: Path, anonymous: bool = False) -> Release:
    """Write the accepted pairs, and beside them the log.

    ``output`` ending with .json gets the annotations alone; ending with .zip, or a new folder, the
    released layout with the pictures that have pairs. The log, with the names of people unless
    ``anonymous``, is never inside of it. Raises ProjectError, OSError.
    """
    annotations = annotations_of(project)
    if not annotations:
        raise ProjectError(f'{project.folder}: no pair is accepted yet')
    content = (json.dumps(annotations, indent=1) + '\n').encode()
    if output.suffix == '.json':
        write_whole(output, content)
    elif output.suffix == '.zip':
        _write_zip(project, output, content, list(annotations))
    else:
        _write_folder(project, output, content, list(annotations))
    audit = output.with_name(f'{output.stem}_audit.jsonl')
    with whole_file(audit) as unfinished, unfinished.open('w', encoding='utf-8') as file:
        file.writelines(json.dumps(line) + '\n' for line in log_lines(project, anonymous))
    pairs = sum(map(len, annotations.values()))
    return Release(output, audit, pairs, len(annotations))


def log_lines(project: Project, anonymous: bool = False) -> Iterator[dict[str, Any]]:
    """Yield all that people did, in order, in words of the picture: who, when, which point."""
    rows = project.rows(
        'SELECT events.*, pictures.path, pictures.scene, row_a, column_a, row_b, column_b, origin '
        'FROM events JOIN pairs ON pairs.id = events.pair '
        'JOIN pictures ON pictures.id = pairs.picture ORDER BY events.id'
    )
    names = {OPERATOR: OPERATOR}
    for row in rows:
        name = names.setdefault(
            row['annotator'],
            f'annotator {len(names)}' if anonymous else row['annotator'],
        )
        points = {
            'first': [row['row_a'], row['column_a']],
            'second': [row['row_b'], row['column_b']],
        }
        line = {
            'id': row['id'], 'at': row['at'], 'annotator': name, 'kind': row['kind'],
            'path': row['path'], 'scene': row['scene'], 'pair': row['pair'],
            'origin': row['origin'], 'points': list(points.values()), 'round': row['round'],
            'pass': row['pass'], 'answer': row['answer'], 'nearer': points.get(row['answer']),
            'undoes': row['undoes'], 'seconds': row['seconds'], 'note': row['note'],
        }  # fmt: skip
        yield {key: value for key, value in line.items() if value is not None}


def _check(project: Project) -> None:
    """Compare how each pair stands with what follows from the log."""
    with project.change() as db:
        rows = db.execute("SELECT id, status, round FROM pairs WHERE purpose = 'review'").fetchall()
        for row in rows:
            told = standing_of(db, row['id'], project)
            if (told.status, told.round) != (Status(row['status']), row['round']):
                raise ProjectError(
                    f'{project.folder}: pair {row["id"]} is {row["status"]} in round '
                    f'{row["round"]}, but {told.status.value} in round {told.round} by the log: '
                    'the file was changed by something else'
                )


def _picture(project: Project, path: str) -> Path:
    found = project.folder / path
    if not found.is_file():
        raise ProjectError(f'{found} is missing, and pairs of it are accepted')
    return found


def _write_zip(project: Project, output: Path, content: bytes, paths: list[str]) -> None:
    with whole_file(output) as unfinished, zipfile.ZipFile(unfinished, 'w') as archive:
        archive.writestr(f'{output.stem}/{ANNOTATIONS}', content)
        for path in paths:
            archive.write(_picture(project, path), f'{output.stem}/{path}')


def _write_folder(project: Project, output: Path, content: bytes, paths: list[str]) -> None:
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ProjectError(f'{output} is there and not empty: give a new folder, or remove it')
    for path in paths:
        write_whole(output / path, _picture(project, path).read_bytes())
    write_whole(output / ANNOTATIONS, content)  # last: without it the folder is no release

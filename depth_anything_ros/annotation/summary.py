# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How far a project is, how well people agree, and what models said of what was accepted."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from depth_anything_ros.annotation.project import Project
from depth_anything_ros.annotation.rounds import Status


def summary_of(project: Project) -> dict[str, Any]:
    """Return the state of a project as plain JSON."""
    shown = {key: value for key, value in project.settings.items() if key != 'secret'}
    return {
        'settings': shown,
        **_pairs(project),
        'annotators': _annotators(project),
        'agreement': agreement(_first_two(project)),
        'models': _models(project),
        'flagged': _flagged(project),
    }


def _pairs(project: Project) -> dict[str, Any]:
    names = ('pictures', *(status.value for status in Status), 'agreed', 'faint', 'manual')
    scenes: dict[str, Counter[str]] = defaultdict(Counter)
    for row in project.rows('SELECT scene, COUNT(*) AS n FROM pictures GROUP BY scene'):
        scenes[row['scene']]['pictures'] = row['n']
    rows = project.rows(
        'SELECT scene, purpose, status, origin, COUNT(*) AS n FROM pairs JOIN pictures '
        'ON pictures.id = pairs.picture GROUP BY scene, purpose, status, origin'
    )
    for row in rows:
        kind = row['status'] if row['purpose'] == 'review' else row['purpose']
        scenes[row['scene']][kind] += row['n']
        if row['origin'] == 'manual':
            scenes[row['scene']]['manual'] += row['n']
    total: Counter[str] = sum(scenes.values(), Counter())
    passes = project.rows(
        'SELECT COUNT(*) AS n FROM answers JOIN pairs ON pairs.id = answers.pair '
        "AND answers.round = pairs.round WHERE status = 'open'"
    )[0]['n']
    return {
        'total': {name: total[name] for name in names},
        'answers_to_come': total['open'] * project.rules.passes - passes,
        'scenes': {
            scene: {name: scenes[scene][name] for name in names} for scene in sorted(scenes)
        },
    }


def _annotators(project: Project) -> dict[str, Any]:
    rows = project.rows('SELECT annotator, kind, answer, seconds FROM answers')
    undone = project.rows(
        "SELECT annotator, COUNT(*) AS n FROM events WHERE kind = 'undo' GROUP BY annotator"
    )
    found: dict[str, dict[str, Any]] = {}
    for name in sorted({row['annotator'] for row in (*rows, *undone)}):
        own = [row for row in rows if row['annotator'] == name]
        seconds = [row['seconds'] for row in own if row['seconds'] is not None]
        found[name] = {
            'answers': sum(row['kind'] == 'answer' for row in own),
            'skipped': sum(row['answer'] == 'skip' for row in own),
            'flagged': sum(row['answer'] == 'flag' for row in own),
            'added': sum(row['kind'] == 'add' for row in own),
            'undone': sum(row['n'] for row in undone if row['annotator'] == name),
            'median_seconds': statistics.median(seconds) if seconds else None,
        }
    return found


def _first_two(project: Project) -> list[tuple[str, str]]:
    """Return the first two answers of the first round to each pair, where both are points.

    A round ends when answers differ, so later ones are no fair sample.
    """
    rows = project.rows('SELECT pair, answer FROM answers WHERE round = 1 ORDER BY pair, id')
    by_pair: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        by_pair[row['pair']].append(row['answer'])
    points = {'first', 'second'}
    two = [(answers[0], answers[1]) for answers in by_pair.values() if len(answers) > 1]
    return [(a, b) for a, b in two if a in points and b in points]


def agreement(answers: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return how often two people gave the same point, and Krippendorff's alpha (nominal, 1970).

    Alpha is 1 for perfect agreement and 0 for that of chance; it is None where nothing differs at
    all in what was answered, or nothing was.
    """
    if not answers:
        return {'pairs': 0, 'equal': None, 'alpha': None}
    counts = Counter(answer for two in answers for answer in two)
    total = 2 * len(answers)
    observed = sum(a != b for a, b in answers) / len(answers)
    equal_by_chance = sum(n * (n - 1) for n in counts.values())
    expected = 1 - equal_by_chance / (total * (total - 1))
    alpha = None if expected == 0 else 1 - observed / expected
    return {'pairs': len(answers), 'equal': 1 - observed, 'alpha': alpha}


def _models(project: Project) -> dict[str, Any]:
    """Count the votes of each model on accepted pairs; they were chosen because models differ."""
    rows = project.rows(
        'SELECT model, COUNT(*) AS pairs, SUM(votes.nearer = (SELECT answer FROM answers '
        'WHERE pair = pairs.id AND round = pairs.round LIMIT 1)) AS right FROM votes JOIN pairs '
        "ON pairs.id = votes.pair WHERE purpose = 'review' AND status = 'accepted' "
        'GROUP BY model ORDER BY model'
    )
    return {row['model']: {'pairs': row['pairs'], 'right': row['right']} for row in rows}


def _flagged(project: Project) -> list[dict[str, Any]]:
    rows = project.rows(
        'SELECT pairs.id AS pair, path, annotator, note FROM pairs JOIN pictures ON pictures.id = '
        "pairs.picture JOIN answers ON answers.pair = pairs.id AND answer = 'flag' "
        "AND answers.round = pairs.round WHERE status = 'flagged' ORDER BY pairs.id"
    )
    return [dict(row) for row in rows]

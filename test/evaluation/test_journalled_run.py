# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What journals tell, whatever was scored; whole runs are in the tests of the benchmarks."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

from depth_anything_ros.data.sample import Problem
from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.journalled_run import (
    JournalledRun,
    Question,
    journal_name,
    journals,
    noted,
)
from depth_anything_ros.media.picture_list import PictureEntry
from depth_anything_ros.media.run_journal import RunJournal


def number(key: str, line: dict[str, Any]) -> int:
    return int(line['number'])


def write(folder: Path, settings: str, process: int = 0, **numbers: Any) -> str:
    """Note numbers by key, None as failed; return the digest of the settings."""
    journal = RunJournal(folder, {'of': settings}, True, journal_name(process, 'made'))
    for key, value in numbers.items():
        entry = PictureEntry(f'pair:{key}', PurePosixPath(key))
        if value is None:
            journal.fail(entry, 'is cut off')
        else:
            journal.finish(entry, (), {'number': value})
    journal.close()
    return journal.settings


def test_journals_are_of_a_kind(tmp_path):
    for name in ('made.jsonl', 'made2.jsonl', 'evaluation.jsonl', 'made_too.jsonl', 'xmade.jsonl'):
        (tmp_path / name).touch()

    assert [path.name for path in journals(tmp_path, 'made')] == ['made.jsonl', 'made2.jsonl']
    assert [path.name for path in journals(tmp_path)] == [journal_name(0)]


def test_lines_of_all_processes_count_and_of_other_settings_do_not(tmp_path):
    write(tmp_path, 'theirs', a=9, b=9)
    ours = write(tmp_path, 'ours', a=1, d='of another version', e=None)
    write(tmp_path, 'ours', process=1, c=3)

    found, problems = noted(tmp_path, ours, ['c', 'b', 'a', 'd', 'e'], number, 'made')

    assert list(found.items()) == [('c', 3), ('a', 1)]
    assert problems == [
        Problem('b', 'was not reached'),
        Problem('d', 'was not reached'),
        Problem('e', 'is cut off'),
    ]


def test_keys_that_paths_spell_otherwise_are_found(tmp_path):
    ours = write(tmp_path, 'ours', **{'./images//a.jpg': 1})

    assert noted(tmp_path, ours, ['./images//a.jpg'], number, 'made') == (
        {'./images//a.jpg': 1},
        [],
    )


@dataclass(frozen=True)
class Shown:
    key: str
    rgb: np.ndarray


class Beside:
    """A set, its answers and its scores, that tell whether anything else is done meanwhile."""

    in_flight = 1

    def __init__(self, alone: bool) -> None:
        self.alone = alone
        self.busy: set[str] = set()
        self.met: list[set[str]] = []

    @contextmanager
    def at(self, what: str):
        self.busy.add(what)
        time.sleep(0.01)
        yield
        self.busy.remove(what)

    def read(self, index: int) -> Question:
        with self.at(f'read {index}'):
            return Question(Shown(str(index), np.zeros((2, 2, 3), np.uint8)), self.score)

    def score(self, values: np.ndarray, kind: DepthKind) -> dict[str, Any]:
        with self.at(f'score {values[0, 0]}'):
            return {'number': float(values[0, 0])}

    def start(self, pairs):
        for _ in range(5):
            self.met.append(set(self.busy))
            time.sleep(0.004)
        answers = [(np.full((2, 2), float(pair.key)), DepthKind.METRIC) for pair in pairs]
        return lambda: answers


@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('alone', [False, True])
def test_nothing_is_read_or_scored_beside_a_network_that_takes_all_cores(tmp_path, batch, alone):
    beside = Beside(alone)
    keys = [str(index) for index in range(12)]
    journal = RunJournal(tmp_path, {}, True, journal_name(0))

    JournalledRun(keys, beside.read, beside, journal, batch)(set())
    journal.close()

    found, problems = noted(tmp_path, journal.settings, keys, number)
    assert list(found) == keys and problems == []
    assert any(beside.met) is not alone

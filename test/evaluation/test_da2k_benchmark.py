# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A run over DA-2K: the same in batches, in shares and after a break; what is broken is named."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from benchmark_making import MadeAnswers
from da2k_making import HEIGHT, WIDTH, archive, encoded, pair

from depth_anything_ros.data.sample import SampleError
from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.evaluation.da2k import AnnotatedPicture
from depth_anything_ros.evaluation.da2k_benchmark import (
    JOURNALS,
    Da2kBenchmark,
    Da2kRun,
    collect_da2k,
)
from depth_anything_ros.evaluation.da2k_run import outcome_of, score_da2k, summary
from depth_anything_ros.evaluation.journalled_run import Share, journal_name
from depth_anything_ros.media.run_journal import RunJournal

COUNT = 13


def made(folder: Path, count: int = COUNT, **others: bytes) -> Da2kBenchmark:
    """Return pictures in two scenes, the first with one pair, the second with two, and so on."""
    rng = np.random.default_rng(7)
    annotations = {}
    for index in range(count):
        points = rng.integers(0, (HEIGHT, WIDTH, HEIGHT, WIDTH), (1 + index % 3, 4)).tolist()
        key = f'images/{("indoor", "aerial")[index % 2]}/{index:02}.jpg'
        annotations[key] = [pair((a, b), (c, d)) for a, b, c, d in points]
    folder.mkdir(exist_ok=True)
    return Da2kBenchmark(archive(folder / 'DA-2K.zip', annotations, **others))


def noise(picture: AnnotatedPicture) -> np.ndarray:
    rng = np.random.default_rng(zlib.crc32(picture.key.encode()))
    return rng.uniform(1, 9, (HEIGHT, WIDTH)).astype(np.float32)


def run(
    folder: Path, pictures: Da2kBenchmark, answers: Any, batch: int = 2,
    share: Share | None = None, jobs: int = 2, **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    """Go on with what is in the folder and return what da-2k.json holds of all of it."""
    share = share or Share()
    name = journal_name(share.process, JOURNALS)
    journal = RunJournal(folder, settings, resume=True, name=name)
    done = set(collect_da2k(folder, journal.settings, pictures)[0])
    try:
        Da2kRun(pictures, answers, journal, batch, jobs)(done, share)
    finally:
        journal.close()
    return summary(outcome_of(pictures, *collect_da2k(folder, journal.settings, pictures)), 'made')


@pytest.mark.parametrize('batch', [1, 4, 100])
@pytest.mark.parametrize('kind', DepthKind)
def test_batches_give_what_single_pictures_give(kind, batch, tmp_path):
    pictures = made(tmp_path)

    def single(picture: AnnotatedPicture) -> Depth:
        return Depth(noise(picture), kind, (HEIGHT, WIDTH))

    expected = summary(score_da2k(pictures, single), 'made')
    answers = MadeAnswers(noise, kind)

    assert run(tmp_path / 'out', pictures, answers, batch) == expected
    assert 0 < expected['scores']['mean']['accuracy'] < 1
    assert max(map(len, answers.asked)) == min(batch, COUNT)


def test_stopped_run_ends_as_one_that_was_not(tmp_path):
    pictures, whole = made(tmp_path), MadeAnswers(noise)
    expected = run(tmp_path / 'whole', pictures, whole)

    def until(picture: AnnotatedPicture) -> np.ndarray:
        if picture.key.endswith('08.jpg'):
            raise KeyboardInterrupt
        return noise(picture)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / 'cut', pictures, MadeAnswers(until), jobs=1)
    journal = tmp_path / 'cut' / journal_name(0, JOURNALS)
    head, *lines = map(json.loads, journal.read_text().splitlines())
    assert 'run' in head
    # Of six answers at most four, twice the threads and a batch, wait for their scores.
    assert 2 <= len(lines) <= 6
    assert all(len(line['right']) == len(pictures.pairs(line['stem'])) for line in lines)
    again = MadeAnswers(noise)

    assert run(tmp_path / 'cut', pictures, again) == expected
    asked = [key for keys in again.asked for key in keys]
    # Batches are of two, and what is asked for together is always the same.
    assert len(asked) == COUNT - len(lines) // 2 * 2
    assert all(keys in whole.asked for keys in again.asked)
    nothing = MadeAnswers(noise)
    assert run(tmp_path / 'cut', pictures, nothing) == expected
    assert len(nothing.asked) == 0


def test_line_that_a_crash_cut_short_is_done_again(tmp_path):
    pictures = made(tmp_path)
    expected = run(tmp_path / 'out', pictures, MadeAnswers(noise))
    journal = tmp_path / 'out' / journal_name(0, JOURNALS)
    journal.write_text(journal.read_text()[:-9])
    answers = MadeAnswers(noise)

    assert run(tmp_path / 'out', pictures, answers) == expected
    assert answers.asked == [['images/indoor/12.jpg']]


def test_shares_of_processes_make_the_whole(tmp_path):
    pictures = made(tmp_path)
    expected = run(tmp_path / 'one', pictures, MadeAnswers(noise))

    for process in range(3):
        answers = MadeAnswers(noise)
        found = run(tmp_path / 'three', pictures, answers, share=Share(process, 3))
        assert 2 <= len(answers.asked) <= 3

    assert found == expected


def test_another_network_is_not_mixed_in(tmp_path):
    pictures = made(tmp_path)
    expected = run(tmp_path / 'b', pictures, MadeAnswers(lambda each: -noise(each)), network='b')
    first = run(tmp_path / 'a', pictures, MadeAnswers(noise), network='a')
    answers = MadeAnswers(lambda each: -noise(each))

    assert run(tmp_path / 'a', pictures, answers, network='b') == expected != first
    assert len(answers.asked) == 7


def test_broken_picture_is_a_problem_of_itself_alone(tmp_path):
    broken = {'images/aerial/01.jpg': encoded()[:200]}
    pictures = made(tmp_path, 6, **broken)
    whole = run(tmp_path / 'whole', made(tmp_path / 'other', 6), MadeAnswers(noise))

    class Answers(MadeAnswers):
        def start(self, pairs):
            wait = super().start(pairs)
            refused = SampleError('too long', 'is too long')
            return lambda: [
                refused if one.key.endswith('02.jpg') else answer
                for one, answer in zip(pairs, wait(), strict=True)
            ]

    found = run(tmp_path / 'out', pictures, Answers(noise), batch=4)

    first, second = found['problems']
    assert (first['name'], 'its picture' in first['reason']) == ('images/aerial/01.jpg', True)
    assert second == {'name': 'images/indoor/02.jpg', 'reason': 'is too long'}
    assert found['scores']['mean']['pairs'] == whole['scores']['mean']['pairs'] - 2 - 3
    left = {key: pairs for key, pairs in whole['wrong'].items() if key[-6:-4] not in ('01', '02')}
    assert found['wrong'] == left
    # What failed is tried again, and counts once it can be scored.
    assert run(tmp_path / 'out', pictures, MadeAnswers(noise), 4)['problems'] == [first]


@pytest.mark.parametrize('right', [None, [], [True] * 9, ['yes'], 'x'])
def test_lines_that_do_not_fit_the_pairs_are_done_again(right, tmp_path):
    pictures = made(tmp_path)
    expected = run(tmp_path / 'out', pictures, MadeAnswers(noise))
    journal = tmp_path / 'out' / journal_name(0, JOURNALS)
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    lines[1]['right'] = right
    journal.write_text('\n'.join(map(json.dumps, lines)) + '\n')
    answers = MadeAnswers(noise)

    assert run(tmp_path / 'out', pictures, answers) == expected
    assert answers.asked == [['images/indoor/00.jpg', 'images/aerial/01.jpg']]


@pytest.mark.parametrize('unpacked', [False, True])
def test_stamp_is_of_the_files_that_are_read(unpacked, tmp_path):
    path = made(tmp_path).path
    changed = path
    if unpacked:
        with zipfile.ZipFile(path) as file:
            file.extractall(tmp_path / 'set')
        path = tmp_path / 'set'
        changed = path / 'DA-2K' / 'images' / 'indoor' / '00.jpg'
    before = Da2kBenchmark(path).stamp()

    (tmp_path / 'set').mkdir(exist_ok=True)
    (tmp_path / 'set' / 'da-2k.jsonl').write_text('results may lie beside the pictures')
    assert Da2kBenchmark(path).stamp() == before
    facts = changed.stat()
    os.utime(changed, ns=(facts.st_atime_ns, facts.st_mtime_ns + 10**9))
    assert Da2kBenchmark(path).stamp() != before


def test_predictions_have_names_with_and_without_images(tmp_path):
    pictures = made(tmp_path)
    (tmp_path / 'whole' / 'images').mkdir(parents=True)

    names = [pictures.prediction_name('images/indoor/a.b.jpg', tmp_path / at) for at in 'ab']
    assert names == [PurePosixPath('indoor/a.b')] * 2
    name = pictures.prediction_name('images/indoor/a.jpg', tmp_path / 'whole')
    assert name == PurePosixPath('images/indoor/a')

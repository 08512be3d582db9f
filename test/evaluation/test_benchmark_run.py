# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A whole run: known scores, the same after a break and in shares; what is broken is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from benchmark_making import HEIGHT, WIDTH, MadeAnswers, MadeSet, known

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.evaluation.alignment import CLAMPS
from depth_anything_ros.evaluation.benchmark_run import (
    BenchmarkRun,
    Share,
    collect,
    journal_name,
    journals,
)
from depth_anything_ros.evaluation.benchmark_summary import Evaluation, evaluation_of
from depth_anything_ros.evaluation.protocols import ALIGNMENTS, PROTOCOLS, Protocol, protocol_for
from depth_anything_ros.media.run_journal import RunJournal

AS_IT_IS = protocol_for('paper', 'nyu', 'none', crop='none')


def run(
    folder: Path, benchmark: MadeSet, answers: MadeAnswers, protocol: Protocol = AS_IT_IS,
    batch: int = 2, share: Share | None = None,
) -> Evaluation:  # fmt: skip
    """Go on with what is in the folder and sum all of it up."""
    share = share or Share()
    name = journal_name(share.process)
    journal = RunJournal(folder, {'protocol': protocol.facts()}, resume=True, name=name)
    done = {pair.key for pair in collect(folder, journal.settings, benchmark)[0]}
    try:
        BenchmarkRun(benchmark, answers, protocol, journal, batch)(done, share)
    finally:
        journal.close()
    pairs, problems = collect(folder, journal.settings, benchmark)
    return evaluation_of('nyu', 'raw', 'made', protocol, pairs, problems)


def noisy(pair):
    return known(pair) * np.random.default_rng(len(pair.key)).lognormal(0, 0.2, pair.depth.shape)


@pytest.mark.parametrize('name', PROTOCOLS)
@pytest.mark.parametrize('alignment', ALIGNMENTS)
def test_measured_depth_is_perfect_on_every_protocol(name, alignment, tmp_path):
    protocol = protocol_for(name, 'nyu', alignment)

    found = run(tmp_path, MadeSet(3), MadeAnswers(known), protocol)

    assert not found.problems
    assert found.mean['delta1'] == 1
    assert found.mean['boundary_f1'] == pytest.approx(1)
    for error in ('abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'log10', 'silog_half'):
        assert found.mean[error] < 1e-5


@pytest.mark.parametrize('clamp', CLAMPS)
def test_measured_disparity_is_perfect_with_every_clamp(clamp, tmp_path):
    answers = MadeAnswers(lambda pair: 40 / known(pair) + 3, DepthKind.RELATIVE)

    found = run(tmp_path, MadeSet(3), answers, protocol_for('paper', 'nyu', clamp=clamp))

    assert found.mean['abs_rel'] < 1e-5
    assert found.mean['delta1'] == 1


def test_known_distortion_has_the_scores_of_a_hand(tmp_path):
    benchmark = MadeSet(4)
    depths = [benchmark.read(index).depth for index in range(4)]

    found = run(tmp_path, benchmark, MadeAnswers(lambda pair: 1.1 * known(pair)))

    assert found.mean['abs_rel'] == pytest.approx(0.1, rel=1e-6)
    assert found.mean['rmse_log'] == pytest.approx(np.log(1.1), rel=1e-6)
    assert found.mean['silog_100'] == pytest.approx(0, abs=1e-4)
    # Every picture has its own root, which are then averaged.
    roots = [0.1 * np.sqrt(np.nanmean(depth.astype(float) ** 2)) for depth in depths]
    assert found.mean['rmse'] == pytest.approx(np.mean(roots), rel=1e-6)
    low, high = found.interval['rmse']
    assert low < np.mean(roots) < high
    assert [pair.score.pixels for pair in found.pairs] == [HEIGHT * WIDTH - 1] * 4
    scenes = found.scenes()
    assert scenes['room_0']['rmse'] == pytest.approx(np.mean(roots[::2]), rel=1e-6)


def test_scale_is_forgiven_where_it_is_fitted_alone(tmp_path):
    answers = MadeAnswers(lambda pair: 700 * known(pair))

    found = run(tmp_path, MadeSet(2), answers, protocol_for('paper', 'nyu', 'median'))

    assert found.mean['abs_rel'] < 1e-6


def test_stopped_run_ends_as_one_that_was_not(tmp_path):
    benchmark, whole = MadeSet(13), MadeAnswers(noisy)
    expected = run(tmp_path / 'whole', benchmark, whole).summary()

    class Killed(Exception):
        pass

    def until(pair):
        if pair.key.endswith('0009'):
            raise Killed
        return noisy(pair)

    with pytest.raises(Killed):
        run(tmp_path / 'cut', benchmark, MadeAnswers(until))
    journal = tmp_path / 'cut' / journal_name(0)
    lines = journal.read_text().splitlines()
    assert 1 < len(lines) < 12
    # The crash has also cut a line short.
    journal.write_text('\n'.join(lines[:-1]) + '\n' + lines[-1][:30])
    again = MadeAnswers(noisy)
    found = run(tmp_path / 'cut', benchmark, again).summary()

    assert found == expected
    asked = [key for keys in again.asked for key in keys]
    # Beside the head, all lines but the one that was cut short were scored; batches are of two.
    assert len(asked) == 13 - (len(lines) - 2) // 2 * 2
    # What is asked for together is always the same.
    assert all(keys in whole.asked for keys in again.asked)


def test_shares_of_processes_make_the_whole(tmp_path):
    benchmark = MadeSet(7)
    expected = run(tmp_path / 'one', benchmark, MadeAnswers(noisy)).summary()

    for process in range(3):
        answers = MadeAnswers(noisy)
        found = run(tmp_path / 'three', benchmark, answers, share=Share(process, 3))
        assert len(answers.asked) <= 2

    assert found.summary() == expected
    assert len(list((tmp_path / 'three').iterdir())) == 3


def test_other_settings_do_not_share_a_journal(tmp_path):
    run(tmp_path, MadeSet(3), MadeAnswers(noisy))

    found = run(tmp_path, MadeSet(3), MadeAnswers(known), protocol_for('moge', 'nyu'))

    assert found.mean['abs_rel'] < 1e-5


def test_what_is_broken_is_named_and_not_averaged(tmp_path):
    benchmark = MadeSet(6, broken=['room_1/0001'])

    def make(pair):
        depth = known(pair)
        wrong = {
            '0002': depth * np.nan,
            '0003': depth * 1000,
            '0004': depth[:, : WIDTH // 2],
        }
        return wrong.get(pair.key[-4:], depth)

    found = run(tmp_path, benchmark, MadeAnswers(make), batch=4)

    reasons = {problem.name[-4:]: problem.reason for problem in found.problems}
    assert reasons['0001'] == 'is cut off'
    assert 'pixels that count have no prediction' in reasons['0002']
    assert 'millimetres' in reasons['0003']
    assert '32x48 and the picture 64x48' in reasons['0004']
    assert [pair.key[-4:] for pair in found.pairs] == ['0000', '0005']
    assert found.mean['abs_rel'] < 1e-6
    assert not found.complete
    json.dumps(found.summary(), allow_nan=False)


def test_measured_depth_in_another_unit_is_named(tmp_path):
    found = run(tmp_path, MadeSet(2, unit=1000), MadeAnswers(known))

    assert not found.pairs
    assert all('another unit, such as millimetres' in p.reason for p in found.problems)
    assert found.mean == {}


def test_pair_that_failed_is_tried_again(tmp_path):
    benchmark = MadeSet(3, broken=['room_1/0001'])
    assert len(run(tmp_path, benchmark, MadeAnswers(known)).problems) == 1
    benchmark.broken = ()

    found = run(tmp_path, benchmark, MadeAnswers(known))

    assert not found.problems
    assert len(found.pairs) == 3


def test_smaller_prediction_is_brought_to_the_picture(tmp_path):
    class Planes(MadeSet):
        def read(self, index):
            pair = super().read(index)
            pair.depth[:] = np.linspace(2, 4, HEIGHT)[:, None]
            return pair

    found = run(tmp_path, Planes(2), MadeAnswers(lambda pair: pair.depth[::2, ::2].copy()))

    assert not found.problems
    assert found.mean['abs_rel'] < 0.01


def test_endless_metres_are_clipped(tmp_path):
    def make(pair):
        depth = known(pair)
        depth[:5] = np.inf
        return depth

    found = run(tmp_path, MadeSet(2), MadeAnswers(make))

    assert not found.problems
    assert 0 < found.mean['abs_rel'] < 9  # 10 m and not infinity


def test_endless_errors_are_no_json_numbers(tmp_path):
    # Without a clamp a constant beside the fit's line has depth below 0, whose logarithm is none.
    protocol = protocol_for('paper', 'nyu', clamp='none')
    answers = MadeAnswers(lambda pair: noisy(pair) ** 4, DepthKind.RELATIVE)

    told = json.dumps(run(tmp_path, MadeSet(2), answers, protocol).summary(), allow_nan=False)

    assert json.loads(told)['mean']['rmse_log'] is None


def test_only_journals_are_taken_for_journals(tmp_path):
    for name in ('evaluation.jsonl', 'evaluation12.jsonl', 'evaluation_notes.jsonl', 'a.jsonl'):
        (tmp_path / name).touch()

    assert [path.name for path in journals(tmp_path)] == [journal_name(0), journal_name(12)]

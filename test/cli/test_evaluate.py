# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything evaluate` on made data sets: networks, folders of predictions, and mistakes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from depth_anything_ros.cli.app import app
from depth_anything_ros.evaluation.benchmark_run import journal_name

HEIGHT, WIDTH = 60, 80
NUMBERS = (1, 2, 9, 14)
NETWORK = ('--model', 'nano', '--input-size', '42', '--device', 'cpu', '--precision', 'float32')


@pytest.fixture
def nyu(tmp_path: Path) -> Path:
    """Return NYUv2 of four pictures, depth in millimetres."""
    root = tmp_path / 'nyu'
    folder = root / 'test' / 'kitchen_0004'
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in NUMBERS:
        rgb = rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        cv2.imwrite(str(folder / f'rgb_{number:04}.png'), rgb)
        cv2.imwrite(str(folder / f'depth_{number:04}.png'), metres(number, 1000))
    return root


def metres(number: int, steps: float) -> np.ndarray:
    rows = np.linspace(1, 4, HEIGHT)[:, None] + np.linspace(0, 2, WIDTH)
    return np.round(steps * (rows + 0.01 * number)).astype(np.uint16)


def evaluate(root: Path, output: Path, *more: str):
    return CliRunner().invoke(
        app, ['evaluate', '--dataset', 'nyu', '--path', str(root), '-o', str(output), *more]
    )


def test_network_is_scored_shown_and_written(nyu, tmp_path):
    result = evaluate(nyu, tmp_path / 'out', *NETWORK, '--error-maps')

    assert result.exit_code == 0, result.output
    assert 'V2 Small' in result.output
    assert 'NOT comparable' in result.output
    told = json.loads((tmp_path / 'out' / 'evaluation.json').read_text())
    assert (told['pairs'], told['published_pairs'], told['complete']) == (4, 654, False)
    assert 0 < told['mean']['abs_rel'] < 1
    assert told['protocol']['crop'] == 'nyu-eigen'
    assert len([*(tmp_path / 'out' / 'errors').rglob('*.jpg')]) == 4
    page = (tmp_path / 'out' / 'evaluation.html').read_text()
    assert page.count('data:image/webp') == 16
    assert not re.search(r'(src|href)="(?!data:)', page)
    sheet = cv2.imread(str(tmp_path / 'out' / 'worst.jpg'))
    assert sheet is not None


def test_resumed_run_is_the_same(nyu, tmp_path):
    whole = json.loads(evaluate(nyu, tmp_path / 'a', *NETWORK, '--json').stdout)
    assert evaluate(nyu, tmp_path / 'b', *NETWORK).exit_code == 0
    journal = tmp_path / 'b' / journal_name(0)
    journal.write_text('\n'.join(journal.read_text().splitlines()[:3]))

    again = evaluate(nyu, tmp_path / 'b', *NETWORK, '--resume', '--json')

    assert json.loads(again.stdout) == whole
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert sum('score' in line for line in lines) == 4


@pytest.mark.parametrize('form', ['npy', 'png16', 'kitti16'])
def test_stored_predictions_of_anybody_are_scored(form, nyu, tmp_path):
    folder = tmp_path / 'theirs' / 'kitchen_0004'
    folder.mkdir(parents=True)
    for number in NUMBERS:
        values = metres(number, 1000).astype(np.float32) / 1000
        if form == 'npy':
            np.save(folder / f'{number:04}.npy', 1.1 * values)
        else:
            steps = 256 if form == 'kitti16' else 1000
            cv2.imwrite(
                str(folder / f'{number:04}_depth16.png'),
                np.round(1.1 * steps * values).astype('u2'),
            )
    more = ('--scale16', '256') if form == 'kitti16' else ()

    result = evaluate(
        nyu, tmp_path / 'out', '--predictions', str(tmp_path / 'theirs'), '--kind', 'metres',
        '--json', *more,
    )  # fmt: skip

    told = json.loads(result.stdout)
    assert told['method'] == 'theirs'
    assert told['protocol']['alignment'] == 'none'
    assert told['mean']['abs_rel'] == pytest.approx(0.1, abs=2e-3)
    assert told['mean']['delta1'] == 1


def test_output_of_image_is_scored_as_the_network_itself(nyu, tmp_path):
    direct = json.loads(evaluate(nyu, tmp_path / 'a', *NETWORK, '--json').stdout)
    made = CliRunner().invoke(
        app, ['image', str(nyu / 'test'), '-o', str(tmp_path / 'depth'), '-f', 'npy', *NETWORK]
    )
    # The command takes the 16-bit depth for pictures, too, which harms nobody.
    assert made.exit_code == 0, made.output

    result = evaluate(
        nyu, tmp_path / 'b', '--predictions', str(tmp_path / 'depth'), '--json'
    )  # fmt: skip

    told = json.loads(result.stdout)
    assert told['mean'] == pytest.approx(direct['mean'], rel=1e-6)


def test_missing_prediction_is_named_and_exit_code_tells(nyu, tmp_path):
    folder = tmp_path / 'theirs' / 'kitchen_0004'
    folder.mkdir(parents=True)
    for number in NUMBERS[1:]:
        np.save(folder / f'{number:04}.npy', metres(number, 1000) / 1000)
    (folder / '0009.npy').write_bytes(b'broken')

    result = evaluate(
        nyu, tmp_path / 'out', '--predictions', str(tmp_path / 'theirs'), '--kind', 'metres'
    )

    assert result.exit_code == 1
    told = json.loads((tmp_path / 'out' / 'evaluation.json').read_text())
    reasons = {problem['name']: problem['reason'] for problem in told['problems']}
    assert 'has no depth of kitchen_0004/0001' in reasons['kitchen_0004/0001']
    assert '0009.npy' in reasons['kitchen_0004/0009']
    assert told['pairs'] == 2
    assert told['mean']['abs_rel'] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ('more', 'code', 'message'),
    [
        (('--protocol', 'zoe'), 2, "no protocol is called 'zoe'"),
        (('--clamp', 'hard'), 2, "no clamp is called 'hard'"),
        (('--crop', 'garg'), 2, "no crop is called 'garg'"),
        (('--alignment', 'none'), 2, 'this is disparity'),
        (('--split', 'moon'), 1, "no split 'moon'"),
        (('--option', 'colour'), 2, 'give NAME=VALUE'),
        (('--option', 'colour=red'), 1, "no option 'colour'"),
        (('--kind', 'miles'), 2, 'use metres or disparity'),
        (('--predictions', 'nowhere'), 1, 'no folder'),
    ],
)
def test_mistakes_are_named(more, code, message, nyu, tmp_path):
    result = evaluate(nyu, tmp_path / 'out', *NETWORK, *more)

    assert result.exit_code == code, result.output
    assert message in re.sub(r'[\s│]+', ' ', result.output)


def test_unknown_data_set_and_missing_folder_are_named(tmp_path):
    result = CliRunner().invoke(app, ['evaluate', '--dataset', 'moon', '--path', str(tmp_path)])
    assert result.exit_code == 2
    assert 'da-2k' in result.output
    result = evaluate(tmp_path / 'nowhere', tmp_path / 'out', *NETWORK)
    assert result.exit_code == 1
    assert 'does not exist' in result.output


def test_names_are_escaped_on_the_page_and_in_the_terminal(nyu, tmp_path):
    result = evaluate(nyu, tmp_path / 'out', *NETWORK, '--name', '<script>[red]x')

    assert result.exit_code == 0, result.output
    assert '<script>[red]x' in result.output
    page = (tmp_path / 'out' / 'evaluation.html').read_text()
    assert '<script>' not in page
    assert '&lt;script&gt;' in page

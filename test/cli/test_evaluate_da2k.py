# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything evaluate --dataset da-2k`: a network, and predictions of others."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from depth_anything_ros.cli.app import app

HEIGHT, WIDTH = 56, 70
KEYS = ('images/indoor/a.jpg', 'images/aerial/b.jpg')


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return DA-2K.zip with two pictures whose nearer points are above the others."""
    return write_archive(tmp_path / 'DA-2K.zip', dict.fromkeys(KEYS, (HEIGHT, WIDTH)))


def write_archive(path: Path, sizes: dict[str, tuple[int, int]]) -> Path:
    rng = np.random.default_rng(0)
    annotations = {}
    with zipfile.ZipFile(path, 'w') as file:
        for key, (height, width) in sizes.items():
            far = [height - 6, width - 10]
            annotations[key] = [{'point1': [5, 10], 'point2': far, 'closer_point': 'point1'}]
            noise = rng.integers(0, 256, (height, width, 3), np.uint8)
            file.writestr(f'DA-2K/{key}', bytes(cv2.imencode('.png', noise)[1]))
        file.writestr('DA-2K/annotations.json', json.dumps(annotations))
    return path


def store(folder: Path, key: str, upside_down: bool = False) -> None:
    """Write depth that grows downwards."""
    rows = np.arange(1, HEIGHT + 1, dtype=np.float32)[:, None] * np.ones((1, WIDTH), np.float32)
    path = (folder / key).with_suffix('.npy')
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, rows[::-1] if upside_down else rows)


def evaluate(path: Path, *more: str, dataset: str = 'da-2k') -> Result:
    command = ['evaluate', '--dataset', dataset, '--path', str(path)]
    return CliRunner().invoke(app, [*command, '-o', str(path.parent / 'out'), *more])


NANO = ('--model', 'nano', '--device', 'cpu', '--precision', 'float32', '--input-size', '42')


@pytest.mark.parametrize('name', ['da-2k', 'da2k'])
def test_network_is_scored(name, archive):
    result = evaluate(archive, *NANO, '--json', dataset=name)

    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told['scores']['mean']['pairs'] == 2
    assert told['method'] == 'nano'
    kept = json.loads((archive.parent / 'out' / 'da-2k.json').read_text())
    assert kept['scores'] == told['scores']


def test_picture_that_the_network_cannot_take_is_named(tmp_path):
    sizes = {KEYS[0]: (HEIGHT, WIDTH), 'images/object/thin.png': (6, 60000)}
    result = evaluate(write_archive(tmp_path / 'a.zip', sizes), *NANO)

    assert result.exit_code == 1
    assert 'thin.png' in result.output
    kept = json.loads((tmp_path / 'out' / 'da-2k.json').read_text())
    assert kept['scores']['mean']['pairs'] == 1


@pytest.mark.parametrize('top', ['', 'images/'])
def test_predictions_are_scored(top, archive, tmp_path):
    for key in KEYS:
        below = top + key.removeprefix('images/')
        store(tmp_path / 'theirs', below, upside_down='aerial' in key)

    result = evaluate(archive, '--predictions', str(tmp_path / 'theirs'), '--kind', 'metres')

    assert result.exit_code == 0, result.output
    assert '| theirs | 50.0 | 100.0 |' in result.stdout
    marked = (archive.parent / 'out' / 'wrong').rglob('*.jpg')
    assert [path.name for path in marked] == ['b.jpg']


@pytest.mark.parametrize('top', ['DA-2K', 'DA-2K/images'])
def test_folder_of_the_image_command_is_scored(top, archive, tmp_path):
    with zipfile.ZipFile(archive) as file:
        file.extractall(tmp_path)
    theirs = str(tmp_path / 'theirs')
    command = ['image', str(tmp_path / top), '-o', theirs, '--format', 'npy', *NANO]
    made = CliRunner().invoke(app, command)
    assert made.exit_code == 0, made.output

    stored = evaluate(archive, '--predictions', theirs, '--json')
    network = evaluate(archive, *NANO, '--json')

    assert stored.exit_code == 0, stored.output
    assert json.loads(stored.stdout)['scores'] == json.loads(network.stdout)['scores']


def test_predictions_are_turned_by_what_they_are(archive, tmp_path):
    for key in KEYS:
        store(tmp_path / 'theirs', key)

    result = evaluate(archive, '--predictions', str(tmp_path / 'theirs'), '--kind', 'disparity')

    assert '| theirs | 0.0 | 0.0 |' in result.stdout


def test_missing_and_broken_predictions_are_told(archive, tmp_path):
    for key in KEYS:
        store(tmp_path / 'theirs', key)
    options = ('--predictions', str(tmp_path / 'theirs'), '--kind', 'metres')
    (tmp_path / 'theirs' / 'images' / 'indoor' / 'a.npy').write_bytes(b'x')

    result = evaluate(archive, *options)
    assert result.exit_code == 1
    assert 'images/indoor/a.jpg' in result.output
    assert 'holds no depth' in result.output

    (tmp_path / 'theirs' / 'images' / 'indoor' / 'a.npy').unlink()
    result = evaluate(archive, *options)
    assert 'has no depth of images/indoor/a' in result.output
    assert '1 pairs' in result.stdout


def test_predictions_that_do_not_say_what_they_hold_are_told(archive, tmp_path):
    for key in KEYS:
        store(tmp_path / 'theirs', key)

    result = evaluate(archive, '--predictions', str(tmp_path / 'theirs'))

    assert result.exit_code == 1
    assert 'does not say what it holds' in result.output


@pytest.mark.parametrize('what', ['nothing', 'folder', 'predictions'])
def test_wrong_paths_end_the_command(what, archive, tmp_path):
    (tmp_path / 'empty').mkdir()
    path = {'nothing': tmp_path / 'none.zip', 'folder': tmp_path / 'empty'}.get(what, archive)

    result = evaluate(path, '--predictions', str(tmp_path / 'nowhere'))

    assert result.exit_code == 1
    assert 'Traceback' not in result.output
    assert result.output

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

from depth_anything_ros import DepthEstimator
from depth_anything_ros.cli.app import app
from depth_anything_ros.evaluation.da2k import Da2k

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


COUNT = 7


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Return DA-2K.zip with seven pictures."""
    sizes = {f'images/indoor/{index}.png': (HEIGHT, WIDTH) for index in range(COUNT)}
    return write_archive(tmp_path / 'DA-2K.zip', sizes)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which the size of each batch is appended that the network is asked for."""
    sizes: list[int] = []
    submit = DepthEstimator.submit

    def counting(self, pictures, *rest, **named):
        sizes.append(len(pictures))
        return submit(self, pictures, *rest, **named)

    monkeypatch.setattr(DepthEstimator, 'submit', counting)
    return sizes


def results(folder: Path) -> bytes:
    return (folder / 'da-2k.json').read_bytes()


def test_batches_and_threads_change_nothing(many, asked, tmp_path):
    evaluate(many, *NANO, '-o', str(tmp_path / 'one'))
    assert asked == [1] * COUNT

    evaluate(many, *NANO, '-o', str(tmp_path / 'three'), '--batch', '3', '--jobs', '4')

    assert asked[COUNT:] == [3, 3, 1]
    assert results(tmp_path / 'three') == results(tmp_path / 'one')


def test_interrupted_run_goes_on(many, asked, tmp_path, monkeypatch):
    command = (*NANO, '--batch', '2', '--jobs', '1')
    evaluate(many, *command, '-o', str(tmp_path / 'whole'))
    submit = DepthEstimator.submit

    def until(self, pictures, *rest, **named):
        if len(asked) == 3:
            raise KeyboardInterrupt
        return submit(self, pictures, *rest, **named)

    asked.clear()
    with monkeypatch.context() as patch:
        patch.setattr(DepthEstimator, 'submit', until)
        cut = evaluate(many, *command)
    assert cut.exit_code == 130
    assert '--resume goes on' in cut.output
    assert not (tmp_path / 'out' / 'da-2k.json').exists()
    lines = [json.loads(line) for line in (tmp_path / 'out/da-2k.jsonl').read_text().splitlines()]
    # Of six answers at most four, twice the threads and a batch, wait for their scores.
    assert 2 <= len(lines[1:]) <= 6
    assert all(len(line['right']) == 1 for line in lines[1:])
    asked.clear()

    again = evaluate(many, *command, '--resume')

    assert again.exit_code == 0, again.output
    assert sum(asked) == COUNT - len(lines[1:]) // 2 * 2
    assert results(tmp_path / 'out') == results(tmp_path / 'whole')


@pytest.mark.parametrize('what', ['nothing', 'network', 'archive', 'batch', 'no resume'])
def test_what_has_changed_is_not_mixed_in(what, many, asked, tmp_path):
    evaluate(many, *NANO, '--batch', '2')
    (tmp_path / 'out' / 'evaluation.jsonl').write_text('of another benchmark')
    asked.clear()
    if what == 'archive':
        write_archive(many, dict.fromkeys(reversed(Da2k(many).keys), (HEIGHT, WIDTH)))
    more = {'network': ('--input-size', '56'), 'batch': ('--batch', '4')}.get(what, ())
    command = (*NANO, '--batch', '2', *more)

    again = evaluate(many, *command, *(() if what == 'no resume' else ('--resume',)))

    assert again.exit_code == 0, again.output
    assert sum(asked) == (0 if what == 'nothing' else COUNT)
    assert (tmp_path / 'out' / 'evaluation.jsonl').read_text() == 'of another benchmark'
    evaluate(many, *command, '-o', str(tmp_path / 'fresh'))
    assert results(tmp_path / 'out') == results(tmp_path / 'fresh')


def test_picture_that_the_network_cannot_take_harms_none_of_its_batch(tmp_path):
    sizes = {KEYS[0]: (HEIGHT, WIDTH), 'images/object/thin.png': (6, 60000), KEYS[1]: (42, 42)}

    result = evaluate(write_archive(tmp_path / 'a.zip', sizes), *NANO, '--batch', '3')

    assert result.exit_code == 1
    kept = json.loads((tmp_path / 'out' / 'da-2k.json').read_text())
    assert [problem['name'] for problem in kept['problems']] == ['images/object/thin.png']
    assert kept['scores']['mean']['pairs'] == 2

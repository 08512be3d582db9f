# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for `depth-anything annotate`; test/annotation has the whole story."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys

import cv2
import numpy as np
import pytest

typer_testing = pytest.importorskip('typer.testing')

from depth_anything_ros.annotation.project import open_project  # noqa: E402
from depth_anything_ros.annotation.review import Desk, Reply  # noqa: E402
from depth_anything_ros.cli.app import app  # noqa: E402

RUNNER = typer_testing.CliRunner()


def call(*arguments):
    return RUNNER.invoke(app, ['annotate', *map(str, arguments)])


@pytest.fixture
def folder(tmp_path):
    """Make a picture of twelve patches, and two predictions that contradict each other."""
    (tmp_path / 'in' / 'indoor').mkdir(parents=True)
    patches = np.random.default_rng(1).integers(20, 235, (3, 4, 3), np.uint8)
    rgb = np.repeat(np.repeat(patches, 80, axis=0), 80, axis=1)
    cv2.imwrite(str(tmp_path / 'in/indoor/a.png'), rgb)
    rows, columns = np.mgrid[:240, :320].astype(np.float32)
    values = 1 + rows / 20 + columns / 3000
    for name, depth in (('x', values), ('y', 15 - values)):
        (tmp_path / name / 'indoor').mkdir(parents=True)
        np.save(tmp_path / name / 'indoor/a.npy', depth)
    return tmp_path


def votes(folder):
    return ['-p', f'x={folder / "x"}:metres', '-p', f'y={folder / "y"}:metres']


@pytest.fixture
def project(folder):
    result = call('prepare', folder / 'in', '-o', folder / 'p', *votes(folder))
    assert result.exit_code == 0, result.output
    return folder / 'p'


def answer_all(project, people=('ann', 'bob', 'cyd'), choice='1'):
    opened = open_project(project)
    desk = Desk(opened)
    for who in people:
        while (task := desk.next(who)) is not None:
            upper = '1' if task.points[0] < task.points[1] else '2'
            key = upper if choice == '1' else choice
            desk.answer(who, Reply(f'{who} {task.pair} {task.round}', task.pair, task.round, key))
    opened.close()


def test_prepare_tells_what_it_made(folder):
    result = call('prepare', folder / 'in', '-o', folder / 'p', *votes(folder), '--pairs', 3)
    assert result.exit_code == 0, result.output
    assert '1 pictures added, 0 there already; 3 pairs for people' in result.stdout
    again = call('prepare', folder / 'in', '-o', folder / 'p', *votes(folder), '--pairs', 3)
    assert again.exit_code == 0 and '0 pictures added, 1 there already' in again.stdout


def test_other_settings_want_another_folder(folder, project):
    result = call('prepare', folder / 'in', '-o', project, *votes(folder), '--seed', 7)
    assert result.exit_code == 1
    assert 'made with other settings (seed)' in result.stderr and not result.stdout


def test_networks_vote_too(folder):
    result = call(
        *('prepare', folder / 'in', '-o', folder / 'p', '-m', 'nano@28', *votes(folder)[:2]),
        *('--device', 'cpu', '--json'),
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told['added'] == 1 and sum(told['pairs'].values()) > 0
    opened = open_project(folder / 'p')
    models = {row['model'] for row in opened.rows('SELECT model FROM votes')}
    assert models == {'nano@28', 'x'} == set(opened.settings['models'])
    opened.close()


def test_a_ratio_that_no_model_sees_is_told(folder):
    result = call('prepare', folder / 'in', '-o', folder / 'p', *votes(folder), '--ratio', 1000)
    assert result.exit_code == 0 and '0 pairs for people' in result.stdout
    assert 'a lower --ratio' in result.stderr


def test_what_failed_is_named_and_exit_code_1(folder):
    (folder / 'in/indoor/b.jpg').write_bytes(b'no')
    result = call('prepare', folder / 'in', '-o', folder / 'p', *votes(folder))
    assert result.exit_code == 1 and '1 pictures added' in result.stdout
    assert 'b.jpg: it is no picture' in result.stderr


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        ([], 'one model cannot disagree'),
        (['-m', 'nano'], 'one model cannot disagree'),
        (['-p', 'x={}/x', '-p', 'x={}/y'], 'same name'),
        (['-p', 'x={}/x', '-p', 'y={}/gone'], 'no folder'),
        (['-p', 'x', '-p', 'y'], 'NAME=FOLDER'),
        (['--by-hand', '-m', 'nano', '-m', 'small'], 'either models or --by-hand'),
        (['--by-hand', '--scene', 'kitchen'], '--scene kitchen is none of indoor'),
        (['--by-hand', '--apart', '2'], 'apart'),
    ],
)
def test_wrong_usage_is_exit_code_2_and_makes_nothing(folder, options, words):
    given = [option.format(folder) for option in options]
    result = call('prepare', folder / 'in', '-o', folder / 'p', *given)
    assert result.exit_code == 2, result.output
    assert words in ' '.join(result.stderr.replace('│', ' ').split())
    assert not (folder / 'p').exists()


def test_no_pictures_and_no_model_are_told(folder):
    (folder / 'empty').mkdir()
    result = call('prepare', folder / 'empty', '-o', folder / 'p', '--by-hand')
    assert result.exit_code == 1 and 'there is no picture' in result.stderr
    result = call('prepare', folder / 'in', '-o', folder / 'p', '-m', 'smal', '-m', 'nano')
    assert result.exit_code == 1 and 'smal' in result.stderr
    assert not (folder / 'p').exists()


@pytest.mark.parametrize('command', ['serve', 'status', 'export', 'reopen'])
def test_a_folder_that_is_no_project_is_told(tmp_path, command):
    more = {'serve': ['-a', 'ann'], 'reopen': [1], 'export': ['-o', tmp_path / 'x.json']}
    result = call(command, tmp_path, *more.get(command, []))
    assert result.exit_code == 1
    assert 'annotate prepare' in result.stderr and not result.stdout


def test_status_in_words(project):
    answer_all(project)
    result = call('status', project)
    assert result.exit_code == 0
    assert '2 accepted' in result.stdout and '0 answers to come' in result.stdout
    assert 'two people agree on 100.0% of 2 pairs' in result.stdout
    assert json.loads(call('status', project, '--json').stdout)['total']['accepted'] == 2


def test_flagged_pairs_are_listed_and_asked_again(project):
    answer_all(project, ('ann',), 'flag')
    assert 'flagged: pair' in call('status', project).stdout
    flagged = json.loads(call('status', project, '--json').stdout)['flagged']
    numbers = [one['pair'] for one in flagged]
    reopened = call('reopen', project, *numbers, '--note', 'it is fine', '--json')
    assert (reopened.exit_code, json.loads(reopened.stdout)) == (0, {'reopened': numbers})
    assert json.loads(call('status', project, '--json').stdout)['total']['open'] == 2
    again = call('reopen', project, *numbers)
    assert again.exit_code == 1 and 'is open' in again.stderr


def test_export_wants_something_accepted(project, tmp_path):
    result = call('export', project, '-o', tmp_path / 'a.json')
    assert result.exit_code == 1 and 'no pair is accepted yet' in result.stderr
    answer_all(project)
    result = call('export', project, '-o', tmp_path / 'a.json', '--anonymous')
    assert result.exit_code == 0
    audit = tmp_path / 'a_audit.jsonl'
    assert result.stdout == f'{tmp_path / "a.json"}: 2 pairs of 1 pictures; {audit}\n'
    assert '"annotator 1"' in audit.read_text() and 'ann"' not in audit.read_text()


def test_export_that_cannot_be_written_is_told(project, tmp_path):
    answer_all(project)
    (tmp_path / 'file').touch()
    result = call('export', project, '-o', tmp_path / 'file' / 'a.json')
    assert result.exit_code == 1 and 'cannot be written' in result.stderr


@pytest.mark.parametrize('names', [[], ['-a', '<b>'], ['-a', ' ']])
def test_names_of_annotators_are_checked(project, names):
    result = call('serve', project, *names)
    assert result.exit_code == 2 and 'annotator' in result.stderr


def test_a_port_in_use_is_told(project):
    with socket.create_server(('127.0.0.1', 0)) as other:
        port = other.getsockname()[1]
        result = call('serve', project, '-a', 'ann', '--port', port)
    assert result.exit_code == 1
    assert f'port {port} of 127.0.0.1 cannot be used' in result.stderr


def test_serve_prints_links_and_ends_in_order(project):
    program = 'import sys; from depth_anything_ros.cli.main import main; sys.exit(main())'
    command = ['annotate', 'serve', str(project), '--port', '0', '-a', 'ann', '-a', 'Bob B']
    links = []
    for more, number in (
        ([], signal.SIGINT),
        ([], signal.SIGTERM),
        (['--new-links'], signal.SIGTERM),
    ):
        process = subprocess.Popen(
            [sys.executable, '-c', program, *command, *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(number)
        assert process.wait(60) == 0
        assert 'a pair takes 3 people, and 2 are named' in process.stderr.read()
        assert lines[0].startswith('ann: http://127.0.0.1:')
        assert lines[1].startswith('Bob B: http://127.0.0.1:')
        links.append([line.partition('#')[2] for line in lines])
        process.stdout.close()
        process.stderr.close()
    assert links[0] == links[1] and not set(links[1]) & set(links[2])

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of cli/app.py, cli/main.py, cli/models.py and cli/download.py."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

pytest.importorskip('typer')

from typer.main import get_command
from typer.testing import CliRunner

import depth_anything_ros
from depth_anything_ros.cli import download as download_module
from depth_anything_ros.cli.app import app
from depth_anything_ros.model.catalog import CATALOG
from depth_anything_ros.model.hub import DownloadError


def run(*arguments: str, **environment: str):
    return CliRunner(env=environment).invoke(app, list(arguments))


@pytest.mark.parametrize('columns', ['60', '80', '200'])
def test_models_lists_every_name_whole_however_narrow_the_terminal(columns):
    result = run('models', COLUMNS=columns)
    assert result.exit_code == 0
    words = result.output.replace('│', ' ').split()
    assert [word for word in words if word in CATALOG] == list(CATALOG)


def test_models_tells_the_licence_of_each():
    result = run('models', COLUMNS='200')
    lines = {name: line for line in result.output.splitlines() for name in line.split()[1:2]}
    assert all(card.licence in lines[card.name] for card in CATALOG.values())


def test_an_unknown_model_is_one_line_and_exit_code_1():
    result = run('download', 'smal')
    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: unknown model 'smal'") and 'metric-outdoor-large' in line
    assert not result.stdout


def test_a_failed_download_is_one_line_and_exit_code_1(monkeypatch):
    def fails(card, check):
        raise DownloadError(f'no network for {card.name}')

    monkeypatch.setattr(download_module, 'fetch', fails)
    result = run('download', 'small')
    assert result.exit_code == 1
    assert result.stderr.strip() == 'error: no network for small'


def test_downloads_tell_where_each_file_is(monkeypatch, tmp_path):
    def checked(card, check):
        assert check
        return tmp_path / f'{card.name}.pth'

    monkeypatch.setattr(download_module, 'fetch', checked)
    result = run('download', 'small', 'base')
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f'small: {tmp_path}/small.pth',
        f'base: {tmp_path}/base.pth',
    ]


def test_a_download_that_fails_does_not_keep_the_others(monkeypatch, tmp_path):
    def fetch(card, check):
        if card.name == 'small':
            raise DownloadError('no network for small')
        return tmp_path / f'{card.name}.pth'

    monkeypatch.setattr(download_module, 'fetch', fetch)
    result = run('download', 'small', 'base', '--json')
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        'fetched': {'base': str(tmp_path / 'base.pth')},
        'failed': {'small': 'no network for small'},
    }


def test_models_as_json_have_the_facts_of_the_catalog():
    cards = {card['name']: card for card in json.loads(run('models', '--json').stdout)}
    assert list(cards) == list(CATALOG)
    assert cards['nano']['shipped'] and cards['nano']['max_depth'] is None
    assert cards['metric-outdoor-small']['max_depth'] == 80.0
    assert cards['base']['licence'] == CATALOG['base'].licence


def commands(group=None, words=()):
    """Yield the words of every command, however deep, and the command."""
    for name, command in (group or get_command(app)).commands.items():
        if hasattr(command, 'commands'):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name), command


def options_of(command):
    return {option for parameter in command.params for option in parameter.opts}


COMMANDS = [pytest.param(*each, id=' '.join(each[0])) for each in commands()]


def test_there_are_all_of_them():
    assert {'image', 'video', 'bag', 'data check', 'annotate reopen'} < {p.id for p in COMMANDS}
    assert len(COMMANDS) >= 22


@pytest.mark.parametrize(('words', 'command'), COMMANDS)
def test_every_argument_and_option_says_what_it_is(words, command):
    texts = {parameter.name: getattr(parameter, 'help', None) for parameter in command.params}
    assert [name for name, text in texts.items() if not text] == []
    # The terminal would not show what is in brackets.
    assert [name for name, text in texts.items() if '[' in text] == []


@pytest.mark.parametrize(('words', 'command'), COMMANDS)
def test_every_command_tells_its_exit_codes_and_has_json(words, command):
    codes = re.search(r'Exit codes: 0\s.*?\b2\s+wrong\s+usage', command.help, re.DOTALL)
    assert codes is not None, command.help
    assert '--json' in options_of(command)


@pytest.mark.parametrize(('words', 'command'), COMMANDS)
def test_help_of_every_command_shows_its_options(words, command):
    result = run(*words, '--help', COLUMNS='200')
    assert result.exit_code == 0 and 'Usage' in result.output and 'Exit codes' in result.output
    options = [name for name in options_of(command) if name.startswith('-')]
    assert [name for name in options if name not in result.output] == []


def test_version():
    result = run('--version')
    assert (result.exit_code, result.stdout.strip()) == (0, depth_anything_ros.__version__)


@pytest.mark.parametrize('arguments', [['--help'], []])
def test_help_names_the_commands(arguments):
    result = run(*arguments)
    assert result.exit_code == (0 if arguments else 2)
    assert all(name in result.output for name in ('demo', 'models', 'download', 'export'))


@pytest.mark.parametrize('arguments', [['demo', '--seconds', '0'], ['demo', '--rate', '-1'], ['x']])
def test_bad_usage_is_exit_code_2(arguments):
    assert run(*arguments).exit_code == 2


def run_main(before: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the console entry in a process, after some preparation."""
    code = f'{before}\nimport sys\nfrom depth_anything_ros.cli.main import main\nsys.exit(main())'
    return subprocess.run(
        [sys.executable, '-c', code, *arguments], capture_output=True, text=True, timeout=60
    )


def test_the_console_entry_runs_the_app():
    result = run_main('pass', '--version')
    assert (result.returncode, result.stdout.strip()) == (0, depth_anything_ros.__version__)


BLOCK = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] == {missing!r}:
            raise ModuleNotFoundError(f'No module named {{name!r}}', name=name)

sys.meta_path.insert(0, Block())
"""


@pytest.mark.parametrize('missing', ['typer', 'rich', 'rosbags', 'av'])
def test_the_console_entry_says_what_to_install(missing):
    result = run_main(BLOCK.format(missing=missing), 'models')
    assert result.returncode == 1
    (line,) = result.stderr.strip().splitlines()
    assert missing in line and "pip install 'depth_anything_ros[cli]'" in line


STOP = """
import os, signal, sys

class Stop:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Stop())
"""


@pytest.mark.parametrize('module', ['typer', 'numpy', 'cv2', 'torch'])
def test_ctrl_c_while_modules_are_imported_is_exit_code_130(module, tmp_path):
    result = run_main(STOP.format(module=module), 'image', str(tmp_path), '-o', str(tmp_path / 'o'))
    assert result.returncode == 130, result.stderr
    assert 'Traceback' not in result.stderr and result.stdout == ''


@pytest.mark.parametrize('missing', ['rclpy', 'sensor_msgs'])
def test_a_demo_without_ros_says_what_to_do(missing, tmp_path):
    pytest.importorskip('rclpy')
    result = run_main(BLOCK.format(missing=missing), 'demo', '--output', str(tmp_path / 'out'))
    assert result.returncode == 1
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith(f'error: no {missing}: source a ROS 2')
    assert "pip install 'depth_anything_ros[ros]'" in line
    assert not (tmp_path / 'out').exists()


def test_the_console_entry_does_not_hide_other_missing_modules():
    result = run_main(BLOCK.format(missing='numpy'), 'models')
    assert result.returncode != 0 and 'numpy' in result.stderr
    assert '[cli]' not in result.stderr

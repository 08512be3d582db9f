# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""depth-anything data."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('typer')

from typer.testing import CliRunner

from depth_anything_ros.cli.app import app
from depth_anything_ros.data.dataset import open_dataset

sys.path.append(str(Path(__file__).resolve().parents[1] / 'data'))
import made_sets  # noqa: E402


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv('DEPTH_ANYTHING_CACHE', str(tmp_path_factory.mktemp('cache')))


def run(*arguments: object):
    return CliRunner().invoke(app, ['data', *map(str, arguments)])


def test_sets_lists_names_and_options():
    result = run('sets', '--json')
    known = json.loads(result.stdout)
    assert result.exit_code == 0 and len(known) == 15
    assert 'split' in known['hypersim'] and 'shape' in known['sa1b']
    assert 'camera' in run('sets').stdout


def test_a_sound_set_passes(tmp_path):
    made_sets.tartanair(tmp_path)
    result = run('check', 'tartanair', tmp_path)
    assert (result.exit_code, result.stdout) == (
        0,
        'tartanair: 3 of 3 samples are sound, no problem\n',
    )


def broken(root: Path) -> None:
    """Make a set of six with a missing, a cut off and a damaged file."""
    made_sets.vkitti2(root, 6)
    files = made_sets.depth_files(root, 'vkitti2')
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:90])
    content = bytearray(files[2].read_bytes())
    content[70] ^= 0xFF
    files[2].write_bytes(content)


def test_problems_are_listed_and_exit_code_1(tmp_path):
    broken(tmp_path)
    result = run('check', 'vkitti2', tmp_path, '--json')
    found = json.loads(result.stdout)
    assert (result.exit_code, found['samples'], len(found['problems'])) == (1, 3, 3)
    assert {problem['name'][-1] for problem in found['problems']} == {'0', '1', '2'}
    lines = run('check', 'vkitti2', tmp_path).stdout.splitlines()
    assert len(lines) == 4 and lines[-1] == 'vkitti2: 3 of 6 samples are sound, 3 problems'
    assert len(open_dataset('vkitti2', tmp_path)) == 3  # training does not meet them again


def test_a_quick_check_looks_at_the_ends(tmp_path):
    broken(tmp_path)
    found = json.loads(run('check', 'vkitti2', tmp_path, '--quick', '--json').stdout)
    assert (found['samples'], len(found['problems'])) == (4, 2)


def test_a_check_begins_anew(tmp_path):
    broken(tmp_path)
    run('check', 'vkitti2', tmp_path)
    assert run('check', 'vkitti2', tmp_path).stdout.endswith(
        '3 of 6 samples are sound, 3 problems\n'
    )


def test_a_set_of_which_nothing_is_sound_is_listed(tmp_path):
    made_sets.tartanair(tmp_path, 2)
    for path in made_sets.depth_files(tmp_path, 'tartanair'):
        path.write_bytes(b'')
    result = run('check', 'tartanair', tmp_path)
    assert result.exit_code == 1 and '0 of 2 samples are sound, 2 problems' in result.stdout
    assert 'is empty' in result.stdout


def test_the_procedural_world_passes():
    result = run('check', 'procedural', '-o', 'length=2', '-o', 'height=32', '-o', 'width=48')
    assert result.exit_code == 0 and '2 of 2' in result.stdout


@pytest.mark.parametrize('command', ['check', 'stats', 'preview'])
def test_what_cannot_be_opened_is_one_line(tmp_path, command):
    for arguments in (
        ('nothing', tmp_path),
        ('vkitti2', tmp_path / 'nowhere'),
        ('vkitti2', tmp_path),
        ('vkitti2',),
        ('vkitti2', tmp_path, '-o', 'camera=7'),
        ('procedural', tmp_path),
    ):
        result = run(command, *arguments)
        assert result.exit_code == 1 and result.stderr.startswith('error: ')
        assert len(result.stderr.splitlines()) == 1
    assert run(command, 'vkitti2', tmp_path, '-o', 'camera').exit_code == 2


def test_a_part_of_a_set_is_checked_alone(tmp_path):
    broken(tmp_path)
    result = run('check', 'vkitti2', tmp_path, '--only', '*/00003', '--only', '*/00004')
    assert (result.exit_code, result.stdout[:15]) == (0, 'vkitti2: 2 of 2')


def test_stats_tell_depths(tmp_path):
    made_sets.vkitti2(tmp_path)
    found = json.loads(run('stats', 'vkitti2', tmp_path, '--json').stdout)
    assert found['sky'] == pytest.approx(0.25) and found['metric'] is True
    assert found['depth']['p50'] == pytest.approx(6, abs=0.2) and found['sizes'] == {'16x12': 3}
    text = run('stats', 'vkitti2', tmp_path).stdout
    assert 'sky        25.00 %' in text and 'p50 6' in text


def test_stats_say_when_there_are_no_metres(tmp_path):
    made_sets.blendedmvs(tmp_path)
    assert "of each picture's median" in run('stats', 'blendedmvs', tmp_path).stdout


def test_preview_writes_a_sheet(tmp_path):
    import cv2

    made_sets.tartanair(tmp_path / 'set')
    result = run('preview', 'tartanair', tmp_path / 'set', '--output', tmp_path / 'p.png')
    assert result.exit_code == 0 and '3 of 3 samples' in result.stdout
    sheet = cv2.imread(str(tmp_path / 'p.png'))
    assert sheet.shape[1] > 4 * 320 and len(np.unique(sheet.reshape(-1, 3), axis=0)) > 100
    told = run('preview', 'tartanair', tmp_path / 'set', '--output', tmp_path / 'q.png', '--json')
    assert len(json.loads(told.stdout)['keys']) == 3
    colours = run('preview', 'tartanair', tmp_path / 'set', '--colormap', 'no')
    assert colours.exit_code == 1 and 'unknown colour map' in colours.stderr


@pytest.mark.parametrize('layout', ['vkitti2', 'tartanair'])
def test_what_is_rendered_passes_the_check(tmp_path, layout):
    result = run('render', layout, tmp_path / 's', '--count', 3, '--per-scene', 2, '--width', 56)
    assert result.exit_code == 0, result.output
    assert run('check', layout, tmp_path / 's').exit_code == 0
    again = run('render', layout, tmp_path / 's', '--count', 1)
    assert again.exit_code == 1 and 'is not empty' in again.stderr


def test_an_unknown_layout_is_refused(tmp_path):
    assert "'nyu' is no layout" in run('render', 'nyu', tmp_path / 's').stderr

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for `depth-anything view`."""

from __future__ import annotations

import json
import re
import sys

import cv2
import numpy as np
import pytest

typer_testing = pytest.importorskip('typer.testing')

from depth_anything_ros.cli.app import app  # noqa: E402
from depth_anything_ros.media import rerun_window  # noqa: E402

RUNNER = typer_testing.CliRunner()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'in').mkdir()
    for name in ('a', 'b'):
        cv2.imwrite(str(tmp_path / f'in/{name}.png'), np.full((12, 16, 3), 90, np.uint8))
        np.save(tmp_path / f'in/{name}_depth.npy', np.full((12, 16), 2.5, np.float32))
    return tmp_path / 'in'


def call(*arguments, command='view'):
    return RUNNER.invoke(app, [command, *map(str, arguments)])


def test_a_run_becomes_a_report(folder, tmp_path):
    out, report = tmp_path / 'out', tmp_path / 'report.html'
    (folder / 'bad.jpg').write_bytes(b'')
    made = call(folder, '-o', out, '-f', 'npy', command='image')
    assert made.exit_code == 1, made.output

    result = call(out, '--html', report)

    assert result.exit_code == 0, result.output
    assert result.stdout == f'{report}: {report.stat().st_size / 1e6:.1f} MB, 2 pictures\n'
    assert '1 failed when the depth was made' in result.stderr
    assert 'bad.jpg' in report.read_text() and '"nano"' in report.read_text()


def test_a_folder_becomes_a_report_and_what_cannot_be_read_is_told(folder, tmp_path):
    (folder / 'b_depth.npy').write_bytes(b'broken')
    report = tmp_path / 'report.html'

    result = call(folder, '--html', report, '--unit', 'metres', '--max-side', '16', '--json')

    assert result.exit_code == 1
    summary = json.loads(result.stdout)
    assert summary['file'] == str(report) and summary['bytes'] == report.stat().st_size
    assert summary['pictures'] == 1 and list(summary['failed']) == ['b']
    assert 'cannot be shown: b: it holds no depth' in result.stderr


def test_the_most_pictures_are_evenly_spaced(folder, tmp_path):
    result = call(folder, folder, '--html', tmp_path / 'r.html', '--most', '3', '--json')

    assert json.loads(result.stdout)['pictures'] == 3
    assert '3 of 4 pictures' in result.stderr and '--unit metres' in result.stderr


def test_a_recording_is_saved_or_shown(folder, tmp_path, monkeypatch):
    pytest.importorskip('rerun')
    result = call(folder, '--save', tmp_path / 'a.rrd')
    assert result.exit_code == 0, result.output
    assert (tmp_path / 'a.rrd').read_bytes()[:2] == b'RR'

    shown = []

    def show(path, web):
        shown.append((path.stat().st_size > 1000, web))

    monkeypatch.setattr(rerun_window, 'show', show)
    for arguments in ([], ['--web']):
        assert call(folder, *arguments).exit_code == 0
    assert shown == [(True, False), (True, True)]


def test_without_rerun_there_is_a_report_all_the_same(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'rerun', None)

    result = call(folder)
    assert result.exit_code == 1
    assert result.stderr.startswith('error: no rerun: pip install') and '[view]' in result.stderr
    assert call(folder, '--html', tmp_path / 'r.html').exit_code == 0


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--html', 'a.html', '--save', 'a.rrd'], 'one of'),
        (['--html', 'a.jpg'], 'end with .html'),
        (['--save', 'a.html'], 'end with .rrd'),
        (['--html', 'a.html', '--fov', '200'], '180'),
        (['--html', 'a.html', '--scale16', '0'], 'above 0'),
        (['--html', 'a.html', '--max-jump', '-1'], 'max_jump'),
        (['--html', 'a.html', '--colormap', 'rainbow'], 'spectral'),
        (['--html', 'a.html', '--unit', 'feet'], 'metres'),
        (['--html', 'a.html', '--most', '0'], 'equal to 1'),
    ],
)
def test_wrong_usage_is_exit_code_2(folder, arguments, reason):
    result = call(folder, *arguments)

    assert result.exit_code == 2, result.output
    assert reason in re.sub(r'[│\s]+', ' ', result.stderr)


def test_sources_that_are_nothing_and_outputs_that_cannot_be_are_errors(folder, tmp_path):
    (tmp_path / 'empty').mkdir()
    for source, words in (
        (tmp_path / 'none', 'no folder and no bag'),
        (tmp_path / 'empty', 'no pictures'),
        (folder / 'a.png', 'no folder and no bag'),
    ):
        result = call(source, '--html', tmp_path / 'r.html')
        assert result.exit_code == 1 and words in result.stderr
    assert not (tmp_path / 'r.html').exists()
    result = call(folder, '--html', folder / 'a.png/r.html')
    assert result.exit_code == 1 and result.stderr.splitlines()[-1].startswith('error:')

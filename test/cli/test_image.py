# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests for `depth-anything image`."""

import json
import re

import cv2
import numpy as np
import pytest

typer_testing = pytest.importorskip('typer.testing')

from depth_anything_ros import DepthEstimator  # noqa: E402
from depth_anything_ros.cli.app import app  # noqa: E402

RUNNER = typer_testing.CliRunner()


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name in ('a/1.jpg', 'b/1.jpg'):
        path = tmp_path / 'in' / name
        path.parent.mkdir(parents=True)
        cv2.imwrite(str(path), rng.integers(0, 255, (48, 64, 3), np.uint8))
    (tmp_path / 'in/notes.md').write_text('none')
    return tmp_path / 'in'


def call(*arguments):
    return RUNNER.invoke(app, ['image', *map(str, arguments)])


def test_a_folder_becomes_a_folder_of_depth(folder, tmp_path):
    out = tmp_path / 'out'

    result = call(folder, '-o', out, '-f', 'npy,color', '--json', '--precision', 'float32')

    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert (summary['written'], summary['failed'], summary['ignored']) == (2, {}, 1)
    files = sorted(p.relative_to(out).as_posix() for p in out.rglob('*') if p.is_file())
    assert files == [
        'a/1_depth.npy',
        'a/1_depth.png',
        'b/1_depth.npy',
        'b/1_depth.png',
        'depth_anything.jsonl',
    ]
    rgb = cv2.imread(str(folder / 'b/1.jpg'))[..., ::-1]
    expected = DepthEstimator('nano', precision='float32').estimate(rgb).values
    np.testing.assert_allclose(np.load(out / 'b/1_depth.npy'), expected, rtol=1e-5, atol=1e-6)


def test_a_bad_picture_is_reported_and_the_exit_code_is_1(folder, tmp_path):
    (folder / 'b/1.jpg').write_bytes(b'')

    result = call(folder, tmp_path / 'none', '-o', tmp_path / 'out')

    assert result.exit_code == 1
    assert 'b/1.jpg: it is empty' in result.stderr
    assert 'none: no such file or folder' in result.stderr
    assert '1 written' in result.stdout
    assert call(folder, '-o', tmp_path / 'out', '--resume').stdout.startswith('0 written')


def test_nothing_found_is_a_summary_too(tmp_path):
    result = call(tmp_path / 'none', '-o', tmp_path / 'out', '--json')

    assert result.exit_code == 1
    summary = json.loads(result.stdout)
    assert (summary['pictures'], summary['written'], summary['failed']) == (0, 0, {})
    assert summary['missing'] == {str(tmp_path / 'none'): 'no such file or folder'}
    assert not call(tmp_path / 'none', '-o', tmp_path / 'out').stdout


def test_a_picture_too_long_for_the_network_is_named_and_the_others_are_done(folder, tmp_path):
    cv2.imwrite(str(folder / 'line.png'), np.zeros((2, 30000, 3), np.uint8))

    result = call(folder, '-o', tmp_path / 'out', '--json')

    summary = json.loads(result.stdout)
    assert (result.exit_code, summary['written']) == (1, 2)
    (reason,) = summary['failed'].values()
    assert reason.startswith('30000x2 pixels become ') and '40000' in reason


def test_max_jump_cuts_ramps_out_of_depth_files_where_it_is_given(folder, tmp_path):
    scaled = ('-f', 'npy', '--scale', '0.3', '0.1')
    unknown = {}
    for name, options in {
        'plain': [],
        'kept': ['--max-jump', 0],
        'cut': ['--max-jump', 0.02],
    }.items():
        result = call(folder / 'a/1.jpg', '-o', tmp_path / name, *scaled, *options)
        assert result.exit_code == 0, result.output
        unknown[name] = int(np.isnan(np.load(tmp_path / name / '1_depth.npy')).sum())

    assert unknown['plain'] == unknown['kept'] == 0 < unknown['cut']
    result = call(folder, '-o', tmp_path / 'out', '--max-jump', 0.1)
    assert result.exit_code == 2 and '--max-jump is of metres' in result.stderr


def test_points_need_metres(folder, tmp_path):
    result = call(folder, '-o', tmp_path / 'out', '-f', 'ply')
    assert result.exit_code == 2
    assert '--scale' in result.stderr
    assert not (tmp_path / 'out').exists()

    result = call(folder, '-o', tmp_path / 'out', '-f', 'ply', '--scale', '0.3', '0.1')
    assert result.exit_code == 0, result.output
    assert '60 degrees' in result.stderr
    assert (tmp_path / 'out/a/1_points.ply').stat().st_size > 48 * 64 * 7


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['-f', 'jpg'], 'npz'),
        (['-f', ''], 'npz'),
        (['--colormap', 'rainbow'], 'spectral'),
        (['--scale16', '0'], 'above 0'),
        (['--fov', '200'], '180'),
        (['--fov', '60', '--calibration', 'c.yaml'], 'not both'),
        (['--scale', '0', '0'], 'above 0'),
        (['--max-jump', '-1'], 'max_jump'),
    ],
)
def test_wrong_usage_is_exit_code_2(folder, tmp_path, arguments, reason):
    result = call(folder, '-o', tmp_path / 'out', *arguments)

    assert result.exit_code == 2, result.output
    assert reason in re.sub(r'[│\s]+', ' ', result.stderr)
    assert not (tmp_path / 'out').exists()


def test_the_source_is_no_output(folder):
    result = call(folder, '-o', folder)

    assert result.exit_code == 2
    assert 'next run' in ' '.join(result.stderr.split())


def test_nothing_found_and_unknown_models_are_errors(tmp_path, folder):
    assert call(tmp_path / 'none', '-o', tmp_path / 'out').exit_code == 1
    result = call(folder, '-o', tmp_path / 'out', '--model', 'tiny')
    assert result.exit_code == 1
    assert 'tiny' in result.stderr
    assert call(folder, '-o', tmp_path / 'out', '--calibration', 'no.yaml').exit_code == 1

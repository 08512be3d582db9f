# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything export`."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest

pytest.importorskip('typer')

from typer.testing import CliRunner

from depth_anything_ros.cli.app import app


def run(*arguments: str):
    return CliRunner().invoke(app, ['export', *arguments])


@pytest.fixture
def runtimes():
    for package in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(package)


@pytest.fixture
def exports(runtimes, monkeypatch):
    """Return a list of what would be exported; the export itself takes long."""
    from depth_anything_ros.inference import onnx_export

    calls: list[dict] = []

    def export(network, path, facts, fixed_size, dtype):
        calls.append({'path': path, 'facts': facts, 'fixed': fixed_size, 'dtype': str(dtype)})
        return onnx_export.ExportReport(1.5e-6, (fixed_size or (140, 182),))

    monkeypatch.setattr(onnx_export, 'export_onnx', export)
    return calls


def test_the_written_file_is_a_model(runtimes, tmp_path):
    from depth_anything_ros import DepthEstimator
    from depth_anything_ros.inference.onnx_card import read_card
    from depth_anything_ros.model.catalog import card_for

    path = tmp_path / 'small.onnx'
    result = run('nano', '--output', str(path), '--height', '42', '--width', '56', '--json')
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert (summary['output'], summary['model'], summary['size']) == (str(path), 'nano', [42, 56])
    assert summary['checked_sizes'] == [[42, 56]] and 0 <= summary['deviation'] < 1e-3
    assert [*tmp_path.iterdir()] == [path]

    card = read_card(path)
    assert card.weights_sha256 == card_for('nano').sha256
    assert (card.model, card.licence) == ('nano', card_for('nano').licence)
    depth = DepthEstimator(str(path)).estimate(np.zeros((30, 40, 3), np.uint8))
    assert depth.network_size == (42, 56)


@pytest.mark.parametrize(
    ('options', 'name', 'fixed', 'input_size'),
    [
        ((), 'nano.onnx', None, 112),
        (('--dynamic', '--input-size', '252'), 'nano.onnx', None, 252),
        (('--fixed',), 'nano-112x112.onnx', (112, 112), 112),
        (('--fixed', '--input-size', '250'), 'nano-252x252.onnx', (252, 252), 250),
        (('--height', '252', '--width', '336'), 'nano-252x336.onnx', (252, 336), 112),
        (('--precision', 'float16'), 'nano-float16.onnx', None, 112),
    ],
    ids=str,
)
def test_options_choose_size_precision_and_name(exports, options, name, fixed, input_size):
    result = run('nano', *options)

    assert result.exit_code == 0, result.output
    (call,) = exports
    assert (str(call['path']), call['fixed']) == (name, fixed)
    assert call['facts'].input_size == input_size
    assert call['dtype'] == ('torch.float16' if 'float16' in options else 'torch.float32')
    assert 'at most 1.5e-06 of the range from torch' in result.stdout


def test_a_file_of_ones_own_has_no_licence_that_we_know(exports):
    from depth_anything_ros.model.hub import locate

    assert run('nano', '--weights', str(locate('nano')[1])).exit_code == 0
    assert run(str(locate('nano')[1])).exit_code == 0

    assert [call['facts'].licence for call in exports] == ['', '']
    assert [call['facts'].model for call in exports] == ['nano', 'nano']


@pytest.mark.parametrize(
    'options',
    [
        ('--height', '42'),
        ('--width', '42'),
        ('--dynamic', '--height', '42', '--width', '42'),
        ('--input-size', '42', '--height', '42', '--width', '42'),
        ('--input-size', '13'),
        ('--format', 'tflite'),
        ('--output', 'nano.safetensors'),
        ('--precision', 'int4'),
    ],
    ids=' '.join,
)
def test_options_that_contradict_each_other_are_exit_code_2(options):
    assert run('nano', *options).exit_code == 2


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (('nono',), "'nono' is neither a file nor a model"),
        (('nano', '--max-depth', '20'), 'relative weights'),
        (('nano', '--height', '43', '--width', '42'), 'multiples of 14, got 43; take 42 or 56'),
    ],
)
def test_errors_are_one_line_and_leave_no_file(runtimes, arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith('error: ') and words in result.stderr
    assert [*tmp_path.iterdir()] == []


def test_a_missing_package_is_named_with_the_extra(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, 'find_spec', lambda name: None if name == 'onnxscript' else found(name)
    )
    result = run('nano')

    assert result.exit_code == 1
    if found('onnx') is not None:
        assert 'export needs onnxscript' in result.stderr
    assert "pip install 'depth_anything_ros[onnx]'" in result.stderr

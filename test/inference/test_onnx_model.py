# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Exported models through DepthEstimator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')

import onnx

from depth_anything_ros import DepthEstimator, DepthKind
from depth_anything_ros.data.clip import ProceduralClip
from depth_anything_ros.inference.onnx_card import OnnxModelError, deviation
from depth_anything_ros.inference.onnx_session import ProviderError
from depth_anything_ros.model.catalog import card_for

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='module')
def rgb() -> np.ndarray:
    return ProceduralClip(1, 96, 72, 5.0).frame(0)[0]


def test_a_file_gives_the_depth_of_the_weights_it_was_made_of(exported, rgb):
    estimator = DepthEstimator(str(exported), device='cpu')
    want = DepthEstimator('nano', device='cpu', precision='float32').estimate(rgb)

    got = estimator.estimate(rgb)

    assert got.kind is want.kind is DepthKind.RELATIVE
    assert got.network_size == want.network_size
    assert got.values.shape == rgb.shape[:2]
    assert deviation(got.values, want.values) < 1e-4
    assert (estimator.device, estimator.precision) == ('cpu', 'float32')
    assert estimator.own_input_size == card_for('nano').input_size


def test_input_size_can_change_between_calls(exported, rgb):
    estimator = DepthEstimator(str(exported), device='cpu', input_size=42)

    assert estimator.estimate(rgb).network_size == (42, 56)
    estimator.input_size = 56
    assert estimator.estimate(rgb).network_size == (56, 70)


def test_it_can_stand_for_the_weights_of_its_model(exported, rgb):
    alone = DepthEstimator(str(exported), device='cpu').estimate(rgb)

    as_weights = DepthEstimator('nano', exported, device='cpu').estimate(rgb)

    np.testing.assert_array_equal(as_weights.values, alone.values)
    with pytest.raises(OnnxModelError, match='holds another network .nano, relative. than model'):
        DepthEstimator('small', exported, device='cpu')


def test_a_fixed_file_stretches_pictures_to_its_size(exported_fixed, rgb):
    estimator = DepthEstimator(str(exported_fixed), device='cpu', input_size=56)

    depth = estimator.estimate(rgb)

    assert (depth.network_size, depth.values.shape) == ((56, 84), (72, 96))
    assert (depth.kind, estimator.max_depth) == (DepthKind.METRIC, 20.0)
    assert 0 < depth.values.min() < depth.values.max() < 20
    assert estimator.estimate(rgb, at_network_size=True).values.shape == (56, 84)


def test_a_fixed_file_refuses_another_input_size(exported_fixed):
    with pytest.raises(ValueError, match='input_size 70 cannot be.*for 56 x 84 alone'):
        DepthEstimator(str(exported_fixed), device='cpu', input_size=70)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        ({'max_depth': 20.0}, 'max_depth asks for 20 m, but .* is nano, relative'),
        ({'precision': 'float16'}, "'float16' cannot be: .* was exported in float32"),
    ],
)
def test_what_the_file_is_not_is_refused(exported, arguments, words):
    with pytest.raises(OnnxModelError, match=words):
        DepthEstimator(str(exported), device='cpu', **arguments)


def test_what_the_file_is_may_be_asked_for(exported_fixed):
    arguments = {'max_depth': 20.0, 'precision': 'float16', 'device': 'cpu'}

    assert DepthEstimator(str(exported_fixed), **arguments).max_depth == 20.0


def test_a_device_without_a_provider_is_refused(exported):
    with pytest.raises(ProviderError, match="device 'mps'"):
        DepthEstimator(str(exported), device='mps')


def test_a_foreign_file_is_refused_with_the_command_that_makes_one(tmp_path):
    path = tmp_path / 'foreign.onnx'
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], 'g', [], [])), path)

    with pytest.raises(OnnxModelError, match='foreign.onnx does not say.*depth-anything export'):
        DepthEstimator(str(path))


def test_it_runs_where_torch_cannot_be_imported(exported):
    program = (
        'import sys\n'
        "for name in ('torch', 'safetensors', 'huggingface_hub', 'onnx', 'onnxscript'):\n"
        '    sys.modules[name] = None\n'
        'import numpy as np\n'
        'from depth_anything_ros import DepthEstimator\n'
        'estimator = DepthEstimator(sys.argv[1])\n'
        'estimator.warm_up(48, 64)\n'
        'depth = estimator.estimate(np.zeros((48, 64, 3), np.uint8))\n'
        'assert depth.values.shape == (48, 64), depth.values.shape\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', program, str(exported)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_without_onnxruntime_the_message_says_what_to_install(exported):
    program = (
        'import sys\n'
        "sys.modules['onnxruntime'] = None\n"
        'from depth_anything_ros import DepthEstimator\n'
        'DepthEstimator(sys.argv[1])\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', program, str(exported)], cwd=ROOT, capture_output=True, text=True
    )
    assert 'ProviderError: an ONNX file needs onnxruntime' in done.stderr
    assert "pip install 'depth_anything_ros[onnx]'" in done.stderr

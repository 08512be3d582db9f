# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Exported files against torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')
pytest.importorskip('onnxscript')

import onnx
import onnxruntime

from depth_anything_ros.depth import DepthKind
from depth_anything_ros.inference import onnx_export
from depth_anything_ros.inference.loading import load
from depth_anything_ros.inference.onnx_card import deviation, read_card
from depth_anything_ros.inference.onnx_export import ModelFacts, OnnxExportError, export_onnx
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything

FIXED = (56, 84)
FACTS = ModelFacts('nano', 126, 'Apache-2.0', 'abc')


def run(path: Path, image: torch.Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    return session.run(['depth'], {'image': image.numpy()})[0]


# Other sizes than those that the export itself looks at.
@pytest.mark.parametrize(
    'shape', [(1, 28, 14), (3, 126, 168), (1, 490, 518), (1, 14, 14), (1, 532, 56)], ids=str
)
def test_any_batch_and_size_gives_torchs_depth(exported, shape):
    batch, height, width = shape
    image = torch.randn(batch, 3, height, width, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        want = load('nano').network(image).numpy()

    got = run(exported, image)

    assert (got.shape, got.dtype) == (shape, np.float32)
    assert deviation(got, want) < 1e-4


def test_the_file_says_what_it_is(exported, exported_fixed):
    card = read_card(exported)
    assert (card.model, card.size, card.kind) == ('nano', 'nano', DepthKind.RELATIVE)
    assert (card.licence, card.weights_sha256) == ('Apache-2.0', 'abc')
    assert (card.fixed_size, card.input_size) == (None, load('nano').input_size)

    fixed = read_card(exported_fixed)
    assert (fixed.kind, fixed.max_depth) == (DepthKind.METRIC, 20.0)
    assert (fixed.fixed_size, fixed.input_size) == (FIXED, 56)
    assert fixed.precision == 'float16'


def test_the_runtime_reads_the_same_metadata(exported):
    session = onnxruntime.InferenceSession(exported, providers=['CPUExecutionProvider'])

    assert session.get_modelmeta().custom_metadata_map == read_card(exported).to_properties()


def test_nothing_tells_of_the_machine_that_exported(exported):
    assert not onnx.load(exported).graph.node[0].metadata_props
    content = exported.read_bytes()
    assert b'stack_trace' not in content and b'.py' not in content


def test_a_fixed_file_in_float16_is_near_torch_in_float32(exported_fixed):
    torch.manual_seed(0)
    network = DepthAnything(config_for('nano', 20.0)).initialise().eval()
    image = torch.randn(1, 3, *FIXED)
    with torch.inference_mode():
        want = network(image).numpy()

    got = run(exported_fixed, image)

    assert 0 < deviation(got, want) < 1e-2
    assert 0 < got.min() < got.max() < 20
    types = {tensor.data_type for tensor in onnx.load(exported_fixed).graph.initializer}
    assert onnx.TensorProto.FLOAT16 in types


class Wrong:
    """A session whose depth is off by a share of its range."""

    share = 0.0
    inner = onnxruntime.InferenceSession

    def __init__(self, *arguments, **keywords):
        self.session = Wrong.inner(*arguments, **keywords)

    def run(self, *arguments):
        (depth,) = self.session.run(*arguments)
        depth[..., -1, -1] += Wrong.share * np.ptp(depth)
        return [depth]


@pytest.fixture
def wrong(monkeypatch):
    monkeypatch.setattr(onnxruntime, 'InferenceSession', Wrong)

    def set_share(share: float):
        monkeypatch.setattr(Wrong, 'share', share)

    return set_share


@pytest.fixture
def small_trace(monkeypatch, exported_fixed):
    """Take an exported program from the disk, as making one takes long."""

    class Program:
        model = onnx.load(exported_fixed)

        def save(self, path, external_data):
            (path.parent / path.name).write_bytes(exported_fixed.read_bytes())
            if external_data:
                (path.parent / f'{path.name}.data').write_bytes(b'weights')

    monkeypatch.setattr(onnx_export, '_trace', lambda *_: Program())
    monkeypatch.setattr(onnx_export, '_label', lambda *_: None)


def metric_network() -> DepthAnything:
    torch.manual_seed(0)
    return DepthAnything(config_for('nano', 20.0)).initialise().eval()


def test_a_file_that_differs_from_torch_is_not_written(small_trace, wrong, tmp_path):
    path = tmp_path / 'new' / 'model.onnx'
    wrong(2e-2)
    with pytest.raises(OnnxExportError, match='differs from torch by 0.02.*nothing was written'):
        export_onnx(metric_network(), path, FACTS, FIXED, torch.float16)
    assert [*path.parent.iterdir()] == []

    wrong(0.0)
    export_onnx(metric_network(), path, FACTS, FIXED, torch.float16)
    assert [*path.parent.iterdir()] == [path]


def test_nan_is_never_near(small_trace, wrong, tmp_path):
    wrong(float('nan'))
    with pytest.raises(OnnxExportError, match='differs from torch by inf'):
        export_onnx(metric_network(), tmp_path / 'model.onnx', FACTS, FIXED, torch.float16)


def test_an_older_file_stays_when_the_new_one_fails(small_trace, wrong, tmp_path):
    path = tmp_path / 'model.onnx'
    path.write_text('older')
    wrong(1.0)
    with pytest.raises(OnnxExportError):
        export_onnx(metric_network(), path, FACTS, FIXED, torch.float16)
    assert path.read_text() == 'older'


def test_weights_beyond_two_gigabytes_get_their_own_file(small_trace, monkeypatch, tmp_path):
    monkeypatch.setattr(onnx_export, 'EXTERNAL_ABOVE', 1000)
    path = tmp_path / 'model.onnx'

    export_onnx(metric_network(), path, FACTS, FIXED, torch.float16)

    assert {part.name for part in tmp_path.iterdir()} == {'model.onnx', 'model.onnx.data'}


@pytest.mark.parametrize(
    ('fixed', 'words'),
    [((500, 518), '500; take 490 or 504'), ((518, 7), '7; take 14'), ((0, 14), '0; take')],
)
def test_sides_must_be_multiples_of_a_patch(fixed, words, tmp_path):
    with pytest.raises(OnnxExportError, match=f'multiples of 14, got {words}'):
        export_onnx(metric_network(), tmp_path / 'model.onnx', FACTS, fixed)


def test_bfloat16_is_refused(tmp_path):
    with pytest.raises(OnnxExportError, match='choose float32 or float16'):
        export_onnx(metric_network(), tmp_path / 'm.onnx', FACTS, FIXED, torch.bfloat16)

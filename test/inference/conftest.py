# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Exported models, made once for all tests that read them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

FIXED = (56, 84)


@pytest.fixture(scope='session')
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the shipped network, for all sizes, in float32."""
    for package in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(package)
    from depth_anything_ros.inference.loading import load
    from depth_anything_ros.inference.onnx_export import ModelFacts, export_onnx

    path = tmp_path_factory.mktemp('exported') / 'nano.onnx'
    loaded = load('nano')
    facts = ModelFacts('nano', loaded.input_size, 'Apache-2.0', 'abc')
    report = export_onnx(loaded.network, path, facts)
    assert report.deviation < 1e-4
    return path


@pytest.fixture(scope='session')
def exported_fixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a metric network of random weights up to 20 m, for FIXED alone, in float16."""
    for package in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(package)
    from depth_anything_ros.inference.onnx_export import ModelFacts, export_onnx
    from depth_anything_ros.model.configuration import config_for
    from depth_anything_ros.model.depth_anything import DepthAnything

    path = tmp_path_factory.mktemp('exported') / 'fixed.onnx'
    torch.manual_seed(0)
    network = DepthAnything(config_for('nano', 20.0)).initialise().eval()
    export_onnx(network, path, ModelFacts('mine', 518, '', ''), FIXED, torch.float16)
    return path

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where built engines lie."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from depth_anything_ros.inference import tensorrt_cache
from depth_anything_ros.inference.tensorrt_cache import discard, folder_for


@pytest.fixture
def model(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr(tensorrt_cache, 'gpu_name', lambda index: f'NVIDIA Orin/{index}')
    monkeypatch.setattr(tensorrt_cache, 'tensorrt_version', lambda: 'trt100300')
    monkeypatch.setattr(tensorrt_cache, 'runtime_version', lambda: 'ort1.20')
    path = tmp_path / 'model.onnx'
    path.write_text('weights')
    return path


def test_the_same_engine_has_the_same_folder_whatever_the_model_is_called(model, tmp_path):
    folder = folder_for(model, 0, (42, 56))

    assert folder is not None and folder.is_dir()
    assert folder.parent == tmp_path / 'cache' / 'depth_anything_ros' / 'tensorrt'
    assert folder_for(model.rename(tmp_path / 'other.onnx'), 0, (42, 56)) == folder


def test_all_that_an_engine_depends_on_is_in_the_key(model, monkeypatch):
    folders = [folder_for(model, 0, (42, 56)), folder_for(model, 0, (56, 42))]
    folders.append(folder_for(model, 1, (42, 56)))
    model.write_text('other weights')
    folders.append(folder_for(model, 0, (42, 56)))
    monkeypatch.setattr(tensorrt_cache, 'tensorrt_version', lambda: 'trt100301')
    folders.append(folder_for(model, 0, (42, 56)))
    monkeypatch.setattr(tensorrt_cache, 'runtime_version', lambda: 'ort1.21')
    folders.append(folder_for(model, 0, (42, 56)))

    assert len(set(folders)) == len(folders)


@pytest.mark.parametrize('unknown', ['gpu_name', 'tensorrt_version', 'runtime_version'])
def test_without_the_whole_key_nothing_is_kept(model, monkeypatch, unknown):
    monkeypatch.setattr(tensorrt_cache, unknown, lambda *_: None)

    assert folder_for(model, 0, (42, 56)) is None


def test_a_folder_that_cannot_be_made_is_no_error(model, tmp_path):
    (tmp_path / 'cache').write_text('a file')

    assert folder_for(model, 0, (42, 56)) is None


def test_discarding_removes_the_engines(model):
    folder = folder_for(model, 0, (42, 56))
    assert folder is not None
    (folder / 'engine').write_text('wrong')

    discard(folder)

    assert not folder.exists()


def test_without_libraries_neither_gpu_nor_tensorrt_is_known(monkeypatch):
    def missing(name):
        raise OSError(name)

    monkeypatch.setattr(ctypes, 'CDLL', missing)

    assert tensorrt_cache.gpu_name(0) is None
    assert tensorrt_cache.tensorrt_version() is None


class Driver:
    """Stands for the CUDA driver's library, with one GPU."""

    def cuInit(self, flags):
        return 0

    def cuDeviceGet(self, device, index):
        return 0 if index == 0 else 101

    def cuDeviceGetName(self, name, length, device):
        name.value = b'Orin'
        return 0


def test_the_driver_tells_the_name_of_the_gpu(monkeypatch):
    monkeypatch.setattr(ctypes, 'CDLL', lambda name: Driver())

    assert tensorrt_cache.gpu_name(0) == 'Orin'
    assert tensorrt_cache.gpu_name(1) is None

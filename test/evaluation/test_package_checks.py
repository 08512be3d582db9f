# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of evaluation/package_checks.py."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest

from depth_anything_ros.check import Verdict
from depth_anything_ros.evaluation.package_checks import (
    check_numpy,
    check_opencv,
    check_python,
    check_runtimes,
    check_torch,
)


def absent(name):
    raise ModuleNotFoundError(f'No module named {name!r}', name=name)


def gives(**modules):
    return lambda name: modules[name] if name in modules else absent(name)


@pytest.mark.parametrize(
    ('version', 'verdict'), [((3, 9, 9), Verdict.FAIL), ((3, 10, 0), Verdict.OK)]
)
def test_python(version, verdict):
    (result,) = check_python(version)
    assert result.verdict is verdict


def test_numpy_and_opencv_work_here():
    results = [*check_numpy(), *check_opencv(distribution_version=lambda name: None)]
    assert [result.name for result in results] == ['NumPy', 'OpenCV', 'JPEG and PNG']
    assert all(result.verdict is Verdict.OK for result in results)


@pytest.mark.parametrize('error', [ModuleNotFoundError('no cv2'), ImportError('libGL.so.1')])
def test_an_opencv_that_cannot_be_imported_fails(error):
    def importer(name):
        raise error

    (result,) = check_opencv(importer)
    assert result.verdict is Verdict.FAIL and str(error) in result.found
    assert 'opencv-python-headless' in result.advice


def test_two_builds_of_opencv_are_a_conflict():
    both = {'opencv-python': '4.9', 'opencv-python-headless': '4.9'}
    result = next(check_opencv(distribution_version=both.get))
    assert result.verdict is Verdict.WARN
    assert 'pip uninstall opencv-python opencv-python-headless' in result.advice


def test_an_opencv_without_a_jpeg_codec_fails():
    cv2 = SimpleNamespace(__version__='4', imencode=lambda *_: (False, None))
    modules = gives(cv2=cv2, numpy=importlib.import_module('numpy'))
    result = list(check_opencv(modules, lambda name: None))[-1]
    assert result.verdict is Verdict.FAIL and '.jpg and .png' in result.found


def torch_with(version='2.6.0+cu124', built='12.4', **cuda):
    return SimpleNamespace(
        __version__=version,
        version=SimpleNamespace(cuda=built),
        cuda=SimpleNamespace(
            is_available=lambda: True,
            device_count=lambda: 1,
            get_device_capability=lambda index: (9, 0),
            get_device_name=lambda index: 'H100',
            get_arch_list=lambda: ['sm_50'],
            mem_get_info=lambda index: (2**30, 2**31),
        )
        if not cuda
        else SimpleNamespace(**cuda),
        ones=lambda n, device: importlib.import_module('numpy').ones(n),
    )


def test_no_torch_is_absent():
    (result,) = check_torch(absent)
    assert result.verdict is Verdict.ABSENT and 'exported' in result.found


def test_an_old_torch_fails():
    torch = next(check_torch(gives(torch=torch_with('2.3.1', None))))
    assert torch.verdict is Verdict.FAIL


def test_a_torch_for_the_cpu_has_no_cuda():
    torch, cuda = check_torch(gives(torch=torch_with('2.6.0', None)))
    assert (torch.verdict, cuda.verdict) == (Verdict.OK, Verdict.ABSENT)


def test_a_gpu_that_computes():
    gpu = list(check_torch(gives(torch=torch_with())))[1]
    assert gpu.verdict is Verdict.OK
    assert 'H100, capability 9.0, 1.0 of 2.0 GiB free' in gpu.found


def test_a_kernel_that_does_not_run_fails_with_what_to_install():
    def fails(n, device):
        raise RuntimeError('no kernel image is available')

    torch = torch_with()
    torch.ones = fails
    gpu = list(check_torch(gives(torch=torch)))[1]
    assert gpu.verdict is Verdict.FAIL and 'no kernel image' in gpu.found
    assert 'sm_90' in gpu.advice and 'sm_50' in gpu.advice


def test_a_driver_that_does_not_fit_is_told_in_its_own_words():
    def fails():
        raise RuntimeError('The NVIDIA driver on your system is too old')

    torch = torch_with(is_available=lambda: False, init=fails)
    cuda = list(check_torch(gives(torch=torch)))[1]
    assert cuda.verdict is Verdict.WARN and 'too old' in cuda.found and '12.4' in cuda.advice


def test_runtimes_present_broken_and_absent():
    runtime = SimpleNamespace(
        __version__='1.20', get_available_providers=lambda: ['CPUExecutionProvider']
    )

    def importer(name):
        if name == 'openvino':
            raise ImportError('libtbb.so')
        return gives(onnxruntime=runtime)(name)

    onnx, openvino, tensorrt = check_runtimes(importer)
    assert (onnx.verdict, onnx.found) == (Verdict.OK, '1.20, providers CPU')
    assert openvino.verdict is Verdict.WARN and 'libtbb' in openvino.found
    assert tensorrt.verdict is Verdict.ABSENT

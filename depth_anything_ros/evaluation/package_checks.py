# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the Python packages that depth is computed with: present, fitting, and working."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from depth_anything_ros.check import CheckResult, Verdict, first_line

Importer = Callable[[str], Any]
OLDEST_PYTHON = (3, 10)
OLDEST_TORCH = (2, 4)
OPENCV_BUILDS = (
    'opencv-python',
    'opencv-python-headless',
    'opencv-contrib-python',
    'opencv-contrib-python-headless',
)
"""Distributions that all write the one folder cv2."""


def installed_version(distribution: str) -> str | None:
    """Return the version of an installed distribution, None where it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def check_python(running: tuple[int, ...] = tuple(sys.version_info[:3])) -> Iterator[CheckResult]:
    """Compare the interpreter with the oldest one supported."""
    found = '.'.join(map(str, running))
    if running < OLDEST_PYTHON:
        yield CheckResult('Python', Verdict.FAIL, found, 'use Python 3.10 or newer')
    else:
        yield CheckResult('Python', Verdict.OK, f'{found}, {sys.executable}')


def check_numpy(importer: Importer = importlib.import_module) -> Iterator[CheckResult]:
    """See whether NumPy computes."""
    numpy = _require(importer, 'numpy')
    if isinstance(numpy, CheckResult):
        yield numpy
        return
    works = float(numpy.ones((2, 2)).sum()) == 4.0
    yield (
        CheckResult('NumPy', Verdict.OK, numpy.__version__)
        if works
        else CheckResult('NumPy', Verdict.FAIL, 'computes wrongly', 'install numpy again')
    )


def check_opencv(
    importer: Importer = importlib.import_module,
    distribution_version: Callable[[str], str | None] = installed_version,
) -> Iterator[CheckResult]:
    """Look for builds of OpenCV that overwrite each other, and code and decode a JPEG and a PNG."""
    cv2 = _require(importer, 'cv2', 'OpenCV', 'opencv-python-headless')
    if isinstance(cv2, CheckResult):
        yield cv2
        return
    builds = [name for name in OPENCV_BUILDS if distribution_version(name)]
    found = f'{cv2.__version__} ({", ".join(builds) or "from the system"})'
    if len(builds) > 1:
        yield CheckResult(
            'OpenCV',
            Verdict.WARN,
            f'{found}: they overwrite each other',
            f'pip uninstall {" ".join(builds)}, then pip install the one you need '
            '(headless unless you open windows)',
        )
    else:
        yield CheckResult('OpenCV', Verdict.OK, found)
    broken = [suffix for suffix in ('.jpg', '.png') if not _codes(cv2, importer('numpy'), suffix)]
    if broken:
        yield CheckResult(
            'JPEG and PNG',
            Verdict.FAIL,
            f'OpenCV cannot code and decode {" and ".join(broken)}',
            'install opencv-python-headless, or a system OpenCV with these formats',
        )
    else:
        yield CheckResult('JPEG and PNG', Verdict.OK, 'coded and decoded')


def _codes(cv2: Any, numpy: Any, suffix: str) -> bool:
    picture = numpy.full((16, 16, 3), 128, numpy.uint8)
    done, content = cv2.imencode(suffix, picture)
    if not done:
        return False
    back = cv2.imdecode(content, cv2.IMREAD_COLOR)
    return back is not None and back.shape == picture.shape and abs(float(back.mean()) - 128) < 4


def check_torch(importer: Importer = importlib.import_module) -> Iterator[CheckResult]:
    """Look at torch, and at each GPU whether a small kernel runs there."""
    try:
        torch = importer('torch')
    except ModuleNotFoundError as error:
        if error.name != 'torch':
            raise
        yield CheckResult(
            'torch',
            Verdict.ABSENT,
            'not installed: only exported models (.onnx, OpenVINO) run',
            'pip install torch, unless an exported model is what runs here',
        )
        return
    parts = torch.__version__.split('+')[0].split('.')
    if tuple(int(part) for part in parts[:2]) < OLDEST_TORCH:
        yield CheckResult('torch', Verdict.FAIL, torch.__version__, 'install torch 2.4 or newer')
    else:
        built = f'CUDA {torch.version.cuda}' if torch.version.cuda else 'no CUDA'
        yield CheckResult('torch', Verdict.OK, f'{torch.__version__}, built with {built}')
    yield from _cuda(torch)


def _cuda(torch: Any) -> Iterator[CheckResult]:
    if not torch.version.cuda:
        yield CheckResult(
            'CUDA',
            Verdict.ABSENT,
            'this torch runs on the CPU',
            'with an NVIDIA GPU, install the build of torch for its CUDA',
        )
        return
    if not torch.cuda.is_available():
        try:
            torch.cuda.init()
            reason = 'no device is visible'
        except Exception as error:  # what is wrong with the driver is told by raising only
            reason = first_line(error)
        yield CheckResult(
            'CUDA',
            Verdict.WARN,
            reason,
            f'with a GPU: nvidia-smi must work and its driver know CUDA {torch.version.cuda}; '
            'look at CUDA_VISIBLE_DEVICES, and in a container start with --gpus all',
        )
        return
    for index in range(torch.cuda.device_count()):
        yield _gpu(torch, index)


def _gpu(torch: Any, index: int) -> CheckResult:
    name, device = f'GPU {index}', f'cuda:{index}'
    major, minor = torch.cuda.get_device_capability(index)
    found = f'{torch.cuda.get_device_name(index)}, capability {major}.{minor}'
    try:
        total = float((torch.ones(8, device=device) * 2).sum())
    except Exception as error:  # torch raises several kinds; each says why the kernel did not run
        built = ', '.join(torch.cuda.get_arch_list())
        return CheckResult(
            name,
            Verdict.FAIL,
            f'{found}: a small kernel fails ({first_line(error)})',
            f'install a torch built for sm_{major}{minor} (this one: {built}) and a driver for '
            f'CUDA {torch.version.cuda}',
        )
    if total != 16.0:
        return CheckResult(name, Verdict.FAIL, f'{found}: computes wrongly', 'check the hardware')
    free, size = torch.cuda.mem_get_info(index)
    return CheckResult(
        name, Verdict.OK, f'{found}, {free / 2**30:.1f} of {size / 2**30:.1f} GiB free'
    )


def check_runtimes(importer: Importer = importlib.import_module) -> Iterator[CheckResult]:
    """Look at the optional runtimes of exported models and at what they can use."""
    for name, module, describe, install in (
        ('ONNX Runtime', 'onnxruntime', _providers, "pip install 'depth_anything_ros[onnx]'"),
        ('OpenVINO', 'openvino', _devices, "pip install 'depth_anything_ros[openvino]'"),
        ('TensorRT', 'tensorrt', _version, 'install tensorrt to run .onnx files with it'),
    ):
        try:
            runtime = importer(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            yield CheckResult(name, Verdict.ABSENT, 'not installed', f'if wanted: {install}')
            continue
        except Exception as error:  # a library of the system that is missing, for one
            yield CheckResult(
                name, Verdict.WARN, f'cannot be imported ({first_line(error)})', install
            )
            continue
        yield CheckResult(name, Verdict.OK, describe(runtime))


def _providers(runtime: Any) -> str:
    names = [name.removesuffix('ExecutionProvider') for name in runtime.get_available_providers()]
    return f'{runtime.__version__}, providers {", ".join(names)}'


def _devices(runtime: Any) -> str:
    devices = ', '.join(runtime.Core().available_devices) or 'none'
    return f'{_version(runtime).partition("-")[0]}, devices {devices}'


def _version(runtime: Any) -> str:
    return str(runtime.__version__)


def _require(importer: Importer, module: str, title: str = 'NumPy', package: str = '') -> Any:
    """Import what nothing works without, or return the result that says why that fails."""
    try:
        return importer(module)
    except Exception as error:  # an ABI mismatch or a missing library raises nearly anything
        return CheckResult(
            title,
            Verdict.FAIL,
            f'cannot be imported ({first_line(error)})',
            f'pip install {package or module}; libGL missing means: take the headless build',
        )

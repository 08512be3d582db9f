# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rules of docs/security.md that can be read off the source: what others send stays data.

Each kind of call that could make it more than data is forbidden, or allowed in the files that are
listed here with the reason. A new use needs a new line here, and a look at it.
"""

from __future__ import annotations

import ast
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = [
    *sorted((ROOT / 'depth_anything_ros').rglob('*.py')),
    *sorted((ROOT / 'launch').glob('*.py')),
    *sorted((ROOT / 'scripts').rglob('*.py')),
]

FORBIDDEN = {
    'eval', 'exec', 'compile', '__import__', 'os.system', 'os.popen', 'os.startfile', 'pty.spawn',
    'pickle.load', 'pickle.loads', 'pickle.Unpickler', 'marshal.load', 'marshal.loads',
    'shelve.open', 'joblib.load', 'dill.load', 'dill.loads', 'torch.jit.load', 'torch.hub.load',
    'yaml.load', 'yaml.load_all', 'yaml.full_load', 'yaml.unsafe_load', 'yaml.full_load_all',
    'yaml.unsafe_load_all', 'tempfile.mktemp', 'shutil.unpack_archive', 'subprocess.getoutput',
    'subprocess.getstatusoutput',
}  # fmt: skip
"""Calls that run what they read, or leave the folder they are told."""

MODULES = {
    'pickle': {'model/checkpoint_file.py': 'the name of an exception'},
    'subprocess': {
        'ros/bench_runs.py': 'starts nodes of this package for a benchmark',
        'ros/environment_checks.py': 'the doctor tries cv_bridge in a process of its own',
        'ros/node_process.py': 'starts nodes of this package for the demo and benchmarks',
        'media/rerun_window.py': 'starts the viewer of Rerun on a recording',
        'scripts/prove_data_engine.py': 'runs depth-anything',
    },
    'huggingface_hub': {'model/hub.py': 'downloads weights that are asked for by name'},
    'urllib.request': {'media/picture_reader.py': 'depth-anything image with an address'},
    'urllib.error': {'media/picture_reader.py': 'its errors'},
    'multiprocessing': {
        'ros/bench_player.py': 'a benchmark whose camera is a process of its own',
        'scripts/fuzz.py': 'fuzzing in processes of their own',
    },
    'socket': {'training/ray_cluster.py': 'asks whether the head of a cluster answers'},
    'http.server': {'annotation/server.py': 'the review page, on 127.0.0.1 alone, with tokens'},
    'ctypes': {
        'inference/memory.py': 'gives memory back to the system',
        'inference/tensorrt_cache.py': 'asks the CUDA driver for the name of the GPU',
    },
    **{
        name: {}
        for name in (
            'socketserver', 'http.client', 'xmlrpc', 'asyncio', 'ssl',
            'ftplib', 'smtplib', 'telnetlib', 'requests', 'aiohttp', 'httpx', 'websockets', 'flask',
            'fastapi', 'uvicorn', 'tornado', 'zmq', 'grpc', 'marshal', 'shelve', 'dill',
            'cloudpickle', 'joblib', 'code', 'pty',
        )
    },
}  # fmt: skip
"""Modules that run, load or talk, and the files that may import them."""

CALLS = {
    'cv2.imdecode': {
        'evaluation/package_checks.py': 'depth-anything doctor tries OpenCV on a picture it made',
        'media/decoding.py': 'after the header has been looked at',
    },
    'cv2.imread': {'evaluation/real_pairs.py': "reads the project's own evaluation data"},
    'importlib.import_module': {
        'cli/doctor.py': 'modules of a list of the package',
        'evaluation/machine_checks.py': 'a constant name',
        'media/mcap_recovery.py': 'constant names',
        'ros/transforms.py': 'constant names',
        'ros/image_message.py': 'a constant name',
        'ros/recorder.py': 'message types of a list of the package',
    },
}
"""Calls that must keep to the files that are listed."""

ARGUMENTS = {
    'torch.load': ('weights_only', True),
    'np.load': ('allow_pickle', False),
    'subprocess.run': ('shell', False),
    'subprocess.Popen': ('shell', False),
}
"""Arguments that must not differ; those of torch.load and np.load must be written out."""
WRITTEN = {'torch.load', 'np.load'}


def name_of(path: Path) -> str:
    """Return a file as the lists above have it."""
    return str(path.relative_to(ROOT)).removeprefix('depth_anything_ros/')


def calls_of(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield all calls by the dotted name of what they call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            yield ast.unparse(node.func), node


def imports_of(tree: ast.AST) -> Iterator[str]:
    """Yield all imported modules, with what is imported from them, which may be modules too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ''
            yield from (f'{node.module}.{alias.name}' for alias in node.names)


def faults(source: str, name: str) -> list[str]:
    """Return what in a file's source the lists above do not allow."""
    tree = ast.parse(source)
    found = []
    for called, call in calls_of(tree):
        bare = called.removeprefix('builtins.')
        if bare in FORBIDDEN or name not in CALLS.get(called, {name: ''}):
            found.append(f'{name}:{call.lineno} calls {called}')
        if called in ARGUMENTS:
            argument, wanted = ARGUMENTS[called]
            given = {k.arg: k.value for k in call.keywords}
            value = given.get(argument)
            told = isinstance(value, ast.Constant) and value.value is wanted
            if not (told or value is None and called not in WRITTEN) or None in given:
                found.append(f'{name}:{call.lineno} calls {called} without {argument}={wanted}')
    for imported in set(imports_of(tree)):
        for module, allowed in MODULES.items():
            inside = imported == module or imported.startswith(f'{module}.')
            if inside and name not in allowed:
                found.append(f'{name} imports {imported}')
    return found


@pytest.mark.parametrize('path', SHIPPED, ids=name_of)
def test_what_others_send_stays_data(path: Path) -> None:
    assert faults(path.read_text(), name_of(path)) == []


@pytest.mark.parametrize(
    'source',
    [
        'eval(text)',
        'import builtins\nbuiltins.exec(text)',
        'import os\nos.system(command)',
        'import yaml\nyaml.load(text, Loader=yaml.SafeLoader)',
        'import torch\ntorch.load(path)',
        'import torch\ntorch.load(path, weights_only=False)',
        'import torch\ntorch.load(path, weights_only=safe)',
        'import torch\ntorch.load(path, weights_only=True, **more)',
        'import numpy as np\nnp.load(path)',
        'import numpy as np\nnp.load(path, allow_pickle=True)',
        'import pickle',
        'from pickle import loads',
        'import cv2\ncv2.imread(path)',
        'def f():\n    import socket',
        'from http import server',
        'import subprocess',
        'import requests',
    ],
)
def test_what_is_not_allowed_is_found(source: str) -> None:
    assert faults(source, 'ros/node.py')


@pytest.mark.parametrize(
    'source',
    [
        'import torch\ntorch.load(path, weights_only=True)',
        'import numpy as np\nnp.load(path, allow_pickle=False)',
        'import re\nre.compile(text)',
        'network.eval()',
        'import yaml\nyaml.safe_load(text)',
    ],
)
def test_what_is_allowed_is_not(source: str) -> None:
    assert faults(source, 'ros/node.py') == []


def test_every_allowed_file_is_there_and_uses_what_it_may() -> None:
    for table in (MODULES, CALLS):
        for what, files in table.items():
            for name in files:
                path = (
                    ROOT / name
                    if name.startswith('scripts/')
                    else ROOT / 'depth_anything_ros' / name
                )
                tree = ast.parse(path.read_text())
                used = {*imports_of(tree), *(called for called, _ in calls_of(tree))}
                assert what in used, f'{name} needs no leave to use {what} any more'


def test_yaml_is_read_by_loaders_that_make_plain_data() -> None:
    yaml = pytest.importorskip('yaml')
    from depth_anything_ros.media import plain_yaml

    for path in SHIPPED:
        for base in re.findall(r'class \w+\((yaml\.\w+)\)', path.read_text()):
            assert base == 'yaml.SafeLoader', path
    assert issubclass(plain_yaml._PlainLoader, yaml.SafeLoader)


def test_weights_that_are_there_need_no_network(tmp_path: Path, monkeypatch) -> None:
    torch = pytest.importorskip('torch')
    from depth_anything_ros.model import hub
    from depth_anything_ros.model.catalog import card_for
    from depth_anything_ros.model.checkpoint import load_network

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError('a socket was asked for')

    for name in ('HF_HUB_CACHE', 'HF_HUB_OFFLINE', 'HF_ENDPOINT'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('HF_HOME', str(tmp_path))
    card = card_for('small')
    commit = '0' * 40
    folder = tmp_path / 'hub' / f'models--{card.repository.replace("/", "--")}'
    (folder / 'refs').mkdir(parents=True)
    (folder / 'refs' / 'main').write_text(commit)
    cached = folder / 'snapshots' / commit / card.filename
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b'weights')
    for name in ('socket', 'create_connection', 'getaddrinfo', 'socketpair'):
        monkeypatch.setattr(socket, name, forbidden)

    assert hub.locate('small') == (card, cached)
    shipped, path = hub.locate('nano')
    with torch.inference_mode():
        load_network(shipped, path)


def test_the_tests_that_the_page_names_are_there() -> None:
    page = (ROOT / 'docs' / 'security.md').read_text()
    tests = {path.name: path for path in (ROOT / 'test').rglob('test_*.py')}
    named = re.findall(r'`(?:test/[\w/]*)?(test_\w+\.py)`', page)
    assert len(set(named)) > 10 and set(named) <= set(tests)
    for path in re.findall(r'`(test/[\w/]+\.py)`', page):
        assert (ROOT / path).is_file(), path


def test_the_fuzz_targets_that_the_page_names_are_there() -> None:
    page = (ROOT / 'docs' / 'security.md').read_text()
    known = ''.join(path.read_text() for path in (ROOT / 'test' / 'fuzz').glob('fuzz_*.py'))
    rows = [row.replace('**', '') for row in page.splitlines() if 'fuzz target' in row]
    named = [name for row in rows for name in re.findall(r'\*([^*]+)\*', row)]
    assert len(named) > 8
    for name in named:
        assert name.removesuffix('...').strip() in known, name

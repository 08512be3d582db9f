# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rules of docs/architecture.md that a program can check: imports, headers, sizes, metadata."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

import depth_anything_ros

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = 'depth_anything_ros'
MODULES = sorted((ROOT / PACKAGE).rglob('*.py'))
SOURCES = [
    *MODULES,
    *sorted((ROOT / 'test').rglob('*.py')),
    *sorted((ROOT / 'launch').glob('*.py')),
    *sorted((ROOT / 'benchmarks').rglob('*.py')),
    *sorted((ROOT / 'scripts').rglob('*.py')),
    ROOT / 'setup.py',
]
HEADER = '# Copyright 2026 The depth_anything_ros authors\n# SPDX-License-Identifier: Apache-2.0\n'
MAX_LINES = 300

# Which rooms a room may import from. Every room may also use itself and `root`, the plain types at
# the root of the package.
MAY_IMPORT: dict[str, set[str]] = {
    'root': {'inference'},
    'model': set(),
    'geometry': set(),
    'data': {'geometry'},
    'inference': {'model', 'geometry'},
    'media': {'inference', 'model', 'geometry', 'data'},
    'training': {'inference', 'model', 'geometry', 'data', 'media', 'evaluation'},
    'evaluation': {'inference', 'model', 'geometry', 'data', 'media'},
    'annotation': {'inference', 'model', 'geometry', 'data', 'media', 'evaluation'},
    'ros': {'inference', 'model', 'geometry', 'data', 'media', 'training', 'evaluation'},
    'cli': {
        'inference', 'model', 'geometry', 'data', 'media', 'training', 'evaluation', 'annotation',
        'ros',
    },
}  # fmt: skip
# Modules that import nothing of the package but each other, and so may be used from any room: how
# encoded pictures become pixels within bounds, and files that appear when they are whole.
LEAVES = {f'{PACKAGE}.media.{name}' for name in ('decoding', 'picture_header', 'whole_file')}
# What the package itself exports from a room.
EXPORTS = {'DepthEstimator': 'inference'}
ROS_PACKAGES = re.compile(
    r'^(rclpy|rcl_interfaces|rosidl_\w+|cv_bridge|message_filters|tf2_ros|tf2_\w+'
    r'|ament_index_python|\w+_msgs|\w+_msgs_py|std_srvs|builtin_interfaces)$'
)
# The command line may start a node, so it may import ROS, but only inside a function.
MAY_USE_ROS = {'ros'}
MAY_USE_ROS_LAZILY = {'cli'}


def room_of(name: str) -> str:
    """Return the room of a module or of an export of the package, by its dotted name."""
    part = [*name.split('.'), ''][1]
    return EXPORTS.get(part, part if part in MAY_IMPORT else 'root')


def dotted_name(path: Path) -> str:
    """Return the dotted name of a file of the package."""
    parts = path.relative_to(ROOT).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def imports_of(tree: ast.AST, module: str, is_package: bool) -> Iterator[tuple[str, bool]]:
    """Yield each imported module by its absolute name, and whether a function imports it."""
    stack: list[tuple[ast.AST, bool]] = [(tree, False)]
    while stack:
        node, lazy = stack.pop()
        if isinstance(node, ast.Import):
            yield from ((alias.name, lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                parts = module.split('.')
                parts = parts[: len(parts) - node.level + (1 if is_package else 0)]
                base = '.'.join([*parts, base]) if base else '.'.join(parts)
            if base == PACKAGE:
                yield from ((f'{base}.{alias.name}', lazy) for alias in node.names)
            else:
                yield base, lazy
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lazy = True
        stack.extend((child, lazy) for child in ast.iter_child_nodes(node))


def violations(source: str, module: str, is_package: bool = False) -> list[str]:
    """Return the imports of a module's source that its room may not make."""
    room = room_of(module)
    allowed = MAY_IMPORT[room] | {room, 'root'}
    found = []
    for name, lazy in imports_of(ast.parse(source), module, is_package):
        top = name.split('.')[0]
        if top == PACKAGE and room_of(name) not in allowed and name not in LEAVES:
            found.append(f'{module} imports {name}')
        if ROS_PACKAGES.match(top) and room not in MAY_USE_ROS | (
            MAY_USE_ROS_LAZILY if lazy else set()
        ):
            found.append(f'{module} imports {name}, which only ros/ may')
    return found


@pytest.mark.parametrize('path', MODULES, ids=dotted_name)
def test_imports_go_one_way(path: Path) -> None:
    source = path.read_text()
    assert violations(source, dotted_name(path), path.name == '__init__.py') == []


@pytest.mark.parametrize('name', sorted(LEAVES))
def test_leaves_import_only_leaves(name: str) -> None:
    source = (ROOT / Path(*name.split('.'))).with_suffix('.py').read_text()
    ours = {m for m, _ in imports_of(ast.parse(source), name, False) if m.startswith(PACKAGE)}
    assert ours <= LEAVES


@pytest.mark.parametrize(
    ('module', 'source'),
    [
        ('model.dpt', 'from depth_anything_ros.inference.estimator import DepthEstimator'),
        ('model.dpt', 'from depth_anything_ros import DepthEstimator'),
        ('geometry.scale', 'from depth_anything_ros.model import dpt'),
        ('geometry.scale', 'from ..model import dpt'),
        ('geometry.scale', 'from .. import media'),
        ('data.clip', 'def f():\n    import depth_anything_ros.training.losses'),
        ('data.clip', 'from depth_anything_ros.media import decoding, video'),
        ('inference.worker', 'import rclpy.node'),
        ('media.bag', 'def f():\n    from sensor_msgs.msg import Image'),
        ('cli.demo', 'import rclpy'),
        ('ros.node', 'from depth_anything_ros.cli import main'),
    ],
)
def test_forbidden_import_is_found(module: str, source: str) -> None:
    assert len(violations(source, f'{PACKAGE}.{module}')) == 1


@pytest.mark.parametrize(
    ('module', 'source'),
    [
        ('geometry.scale', 'from depth_anything_ros.depth import Depth'),
        ('geometry.scale', 'from . import intrinsics'),
        ('data.clip', 'from depth_anything_ros.media.decoding import decode_picture'),
        ('cli.demo', 'def f():\n    import rclpy'),
        ('cli.demo', 'from depth_anything_ros import DepthEstimator, __version__'),
        ('ros.node', 'from sensor_msgs.msg import Image'),
    ],
)
def test_allowed_import_is_not_reported(module: str, source: str) -> None:
    assert violations(source, f'{PACKAGE}.{module}') == []


@pytest.mark.parametrize('path', SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_starts_with_the_licence(path: Path) -> None:
    text = path.read_text()
    assert text == '' or text.removeprefix('#!/usr/bin/env python3\n').startswith(HEADER)


@pytest.mark.parametrize('path', MODULES, ids=dotted_name)
def test_module_fits_on_a_few_screens(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


def setup_keywords() -> dict[str, ast.expr]:
    """Return the arguments of the setup() call of setup.py, unevaluated."""
    tree = ast.parse((ROOT / 'setup.py').read_text())
    call = next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == 'setup'
    )
    return {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}


def test_versions_agree() -> None:
    manifest = ElementTree.parse(ROOT / 'package.xml').getroot()
    version = ast.literal_eval(setup_keywords()['version'])
    assert manifest.findtext('version') == version == depth_anything_ros.__version__


def test_name_and_licence_agree() -> None:
    manifest = ElementTree.parse(ROOT / 'package.xml').getroot()
    assert manifest.findtext('name') == PACKAGE
    assert manifest.findtext('license') == ast.literal_eval(setup_keywords()['license'])
    assert (ROOT / 'resource' / PACKAGE).exists()


def test_console_scripts_point_to_functions() -> None:
    scripts = re.findall(
        r"f'([\w-]+) = \{PACKAGE\}([\w.]+):(\w+)'", (ROOT / 'setup.py').read_text()
    )
    assert {name for name, _, _ in scripts} == {'depth_node', 'camera_node', 'depth-anything'}
    for name, module, function in scripts:
        if module.startswith('.ros.'):
            pytest.importorskip('rclpy')
        assert callable(getattr(importlib.import_module(PACKAGE + module), function)), name


SHELL_SCRIPTS = [*sorted((ROOT / 'scripts').glob('*.sh')), ROOT / '.ci/run']


@pytest.mark.parametrize('path', SHELL_SCRIPTS, ids=lambda path: path.name)
def test_shell_script_parses(path: Path) -> None:
    result = subprocess.run(['bash', '-n', str(path)], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, '')
    assert path.stat().st_mode & 0o111

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files beside the package are found in the clone, in a workspace and below a prefix."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from depth_anything_ros.ros import shared_files
from depth_anything_ros.ros.shared_files import PACKAGE, shared_file

NAME = 'config/fastdds_large_images.xml'


def made(prefix: Path) -> Path:
    path = prefix / 'share' / PACKAGE / NAME
    path.parent.mkdir(parents=True)
    path.touch()
    return path


@pytest.fixture
def installed(tmp_path, monkeypatch) -> Path:
    """A package that is in no clone."""
    monkeypatch.setattr(shared_files, '__file__', str(tmp_path / 'site/package/ros/module.py'))
    monkeypatch.delenv('AMENT_PREFIX_PATH', raising=False)
    monkeypatch.setattr(sys, 'prefix', str(tmp_path / 'prefix'))
    return tmp_path


def test_the_clone_has_them():
    assert shared_file(NAME) == Path(__file__).resolve().parents[2] / NAME
    assert shared_file('config/none.xml') is None


def test_the_first_workspace_counts_and_then_the_prefix(installed, monkeypatch):
    assert shared_file(NAME) is None
    in_prefix = made(installed / 'prefix')
    assert shared_file(NAME) == in_prefix
    first, second = made(installed / 'a'), made(installed / 'b')
    paths = os.pathsep.join(str(installed / name) for name in ('', 'a', 'b'))
    monkeypatch.setenv('AMENT_PREFIX_PATH', paths)
    assert shared_file(NAME) == first != second

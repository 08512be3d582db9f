# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The README says what the code does."""

import importlib.util
from pathlib import Path

import pytest

from depth_anything_ros.model.catalog import CATALOG

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / 'README.md').read_text()


def test_the_page_of_parameters_is_that_of_the_tables():
    pytest.importorskip('rclpy')
    spec = importlib.util.spec_from_file_location('write', ROOT / 'scripts/write_parameters.py')
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    assert (ROOT / 'docs/parameters.md').read_text() == script.page()


@pytest.mark.parametrize('name', CATALOG)
def test_every_model_is_named(name):
    prefix = name.rpartition('-')[0]
    assert f'`{name}`' in README or f'`{prefix}-{{small,base,large}}`' in README


def test_links_and_pictures_exist():
    for target in ('docs/architecture.md', 'CONTRIBUTING.md', 'docs/demo.png', 'benchmarks'):
        assert target in README
        assert (ROOT / target).exists()

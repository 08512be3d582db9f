# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The README says what the code does."""

from pathlib import Path

import pytest

from depth_anything_ros.model.catalog import CATALOG

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / 'README.md').read_text()


def test_every_parameter_stands_with_its_default():
    pytest.importorskip('rclpy')
    from depth_anything_ros.ros.camera_parameters import CAMERA_PARAMETERS
    from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS

    written = {True: 'true', False: 'false', '': "''", (): '[]'}
    for row in (*DEPTH_PARAMETERS, *CAMERA_PARAMETERS):
        default = row.default
        if isinstance(default, (bool, str, tuple)):  # 0.0 would be found under False
            default = written.get(default, default)
        live = '' if row in CAMERA_PARAMETERS else ' yes |' if row.live else '  |'
        assert f'| `{row.name}` | `{default}` |{live} {row.description} |' in README


@pytest.mark.parametrize('name', CATALOG)
def test_every_model_is_named(name):
    prefix = name.rpartition('-')[0]
    assert f'`{name}`' in README or f'`{prefix}-{{small,base,large}}`' in README


def test_links_and_pictures_exist():
    for target in ('docs/architecture.md', 'CONTRIBUTING.md', 'docs/demo.png', 'benchmarks'):
        assert target in README
        assert (ROOT / target).exists()

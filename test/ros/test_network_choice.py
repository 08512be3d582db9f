# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be said of a choice of network before anything is loaded."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip('rclpy')

from depth_anything_ros.ros.network_choice import NetworkChoice
from depth_anything_ros.ros.parameter_table import ParameterError
from depth_anything_ros.ros.parameters import DEPTH_PARAMETERS, DepthSettings

SETTINGS = DepthSettings.of({row.name: row.default for row in DEPTH_PARAMETERS})
NANO = replace(NetworkChoice.of(SETTINGS), device='cpu')


def test_a_choice_has_the_parameters_that_settings_have():
    live = {row.name for row in DEPTH_PARAMETERS if row.live}
    assert set(NANO.values()) <= live
    assert NetworkChoice.of(replace(SETTINGS, model='small')).values()['model'] == 'small'
    assert NetworkChoice.of(replace(SETTINGS, rate_limit=3.0)) == NetworkChoice.of(SETTINGS)


@pytest.mark.parametrize('device', ['auto', 'cpu'])
def test_what_may_be_had_passes(tmp_path, device):
    file = tmp_path / 'my.pth'
    file.write_bytes(b'what it holds shows when it is loaded')
    for changes in (
        {},
        {'weights': 'random'},
        {'model': str(file)},
        {'model': 'small', 'weights': str(file), 'max_depth': 30.0},
        {'model': 'metric-indoor-small', 'max_depth': 20.0},
    ):
        replace(NANO, device=device, **changes).check()


def test_an_exported_model_has_devices_of_its_own(tmp_path):
    file = tmp_path / 'my.onnx'
    with pytest.raises(ParameterError, match='there is no file'):
        replace(NANO, model=str(file)).check()
    file.touch()
    exported = replace(NANO, model=str(file), device='tensorrt', precision='float16')
    exported.check()
    with pytest.raises(
        ParameterError, match='parameter compiled is for weights, not for .*my.onnx'
    ):
        replace(exported, compiled=True).check()


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'model': 'smal'}, 'no name of nano, small'),
        ({'model': '/tmp'}, 'there is no file'),
        ({'model': 'mine', 'weights': 'random'}, 'which weights need'),
        ({'device': 'cuda:x'}, 'cuda:x'),
        ({'device': 'cpu; rm'}, 'none of auto'),
        ({'device': 'cuda:99'}, 'GPU'),
        ({'precision': 'float16'}, 'float16 needs a GPU'),
        ({'compiled': True}, 'compiled is for GPUs of NVIDIA, here is cpu'),
        ({'model': 'metric-indoor-small', 'max_depth': 7.0}, 'max_depth asks for 7 m'),
    ],
)
def test_what_would_fail_for_sure_is_refused_by_name(changes, words):
    with pytest.raises(ParameterError, match=words):
        replace(NANO, **changes).check()


def test_a_choice_is_named_for_people():
    assert str(NANO) == 'nano on cpu in auto'
    mine = replace(NANO, weights='/w.pth', max_depth=9.5)
    assert str(mine) == 'nano with weights /w.pth up to 9.5 m on cpu in auto'

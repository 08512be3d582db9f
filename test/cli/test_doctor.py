# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of cli/doctor.py."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytest.importorskip('typer')

from typer.testing import CliRunner

from depth_anything_ros.check import CheckResult, Verdict
from depth_anything_ros.cli.app import app
from depth_anything_ros.cli.doctor import CHECKS, diagnose


def checks(*verdicts):
    return [
        (verdict.value, lambda v=verdict: [CheckResult(f'a {v.value}', v, 'found', 'do this')])
        for verdict in verdicts
    ]


@pytest.mark.parametrize(
    ('verdicts', 'code'),
    [
        ([Verdict.OK, Verdict.WARN, Verdict.ABSENT], 0),
        ([Verdict.OK, Verdict.FAIL], 1),
        ([], 0),
    ],
)
def test_the_exit_code_is_1_only_where_a_check_fails(verdicts, code, capsys):
    assert diagnose(checks(*verdicts), as_json=False) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith(f'{verdicts.count(Verdict.OK)} OK')
    assert len(lines) == 2 * len(verdicts) + 1


def test_a_check_that_raises_is_a_line_and_not_a_traceback(capsys):
    def raises():
        raise OSError('broken')

    assert diagnose([('disk', raises)], as_json=False) == 1
    out = capsys.readouterr().out
    assert 'OSError: broken' in out and 'Traceback' not in out


def test_the_command_prints_json_that_holds_every_check():
    result = CliRunner().invoke(app, ['doctor', '--json'])
    told = json.loads(result.stdout)
    assert result.exit_code == (0 if told['ok'] else 1)
    names = {check['name'] for check in told['checks']}
    assert {'Python', 'NumPy', 'OpenCV', 'torch', 'weights nano', 'disk', 'clock'} <= names
    assert {'rclpy', 'ROS_DOMAIN_ID', 'cv_bridge'} <= names
    assert all({'name', 'verdict', 'found', 'advice'} == set(check) for check in told['checks'])
    assert not [check for check in told['checks'] if 'the check itself failed' in check['found']]


WITHOUT = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in ('cv2', 'torch', 'rclpy', 'sensor_msgs', 'huggingface_hub'):
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)

sys.meta_path.insert(0, Block())
from depth_anything_ros.cli.main import main
sys.exit(main())
"""


def test_it_runs_without_opencv_torch_ros_and_the_hub():
    result = subprocess.run(
        [sys.executable, '-c', WITHOUT, 'doctor', '--json', '--topic', '/image'],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (result.returncode, result.stderr) == (1, '')
    verdicts = {check['name']: check['verdict'] for check in json.loads(result.stdout)['checks']}
    assert verdicts['OpenCV'] == verdicts['weights'] == verdicts['topic'] == 'FAIL'
    assert verdicts['torch'] == verdicts['rclpy'] == 'absent'


def test_every_check_is_named_once():
    assert len({function for _, _, function in CHECKS}) == len(CHECKS)

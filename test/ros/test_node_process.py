# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of starting the package's nodes as processes."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from depth_anything_ros.ros.node_process import (
    PROFILES,
    NodeEndedError,
    NodeProcess,
    give_images_room,
    keep_to_this_machine,
)


@pytest.mark.parametrize(('distribution', 'only'), [('humble', '1'), ('jazzy', None), ('', None)])
def test_every_distribution_is_kept_to_this_machine(
    distribution: str, only: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('ROS_DOMAIN_ID', 'ROS_AUTOMATIC_DISCOVERY_RANGE'):
        monkeypatch.setenv(name, 'as it was')
    # Set first, so that it is removed after the test even where it was not set before.
    monkeypatch.setenv('ROS_LOCALHOST_ONLY', '0')
    monkeypatch.delenv('ROS_LOCALHOST_ONLY')
    monkeypatch.setenv('ROS_DISTRO', distribution)

    keep_to_this_machine()

    assert os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
    assert 0 <= int(os.environ['ROS_DOMAIN_ID']) <= 101
    assert os.environ.get('ROS_LOCALHOST_ONLY') == only


def test_a_node_that_ended_says_why(tmp_path: Path) -> None:
    pytest.importorskip('rclpy')
    process = NodeProcess('camera_node', tmp_path, ['source:=no_such_file.mp4'])
    process._process.wait(60)
    with pytest.raises(NodeEndedError, match='no_such_file.mp4'):
        process.check()
    process.stop()


@pytest.mark.parametrize(('free', 'set_before'), [(2**30, ''), (2**26, ''), (2**30, 'own.xml')])
def test_images_have_room_where_there_is_any_and_nothing_was_set(
    free: int, set_before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROFILES:
        monkeypatch.setenv(name, '')
        monkeypatch.delenv(name)
    if set_before:
        monkeypatch.setenv(PROFILES[1], set_before)
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: SimpleNamespace(free=free))

    give_images_room()

    found = [os.environ.get(name) for name in PROFILES]
    if set_before:
        assert found == [None, set_before]
    elif free < 2**29:
        assert found == [None, None]
    else:
        assert found == [str(Path(__file__).parents[2] / 'config/fastdds_large_images.xml')] * 2

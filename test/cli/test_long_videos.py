# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything video` with a video too long and thin for the network, which is the real one."""

import json

import pytest

typer_testing = pytest.importorskip('typer.testing')
pytest.importorskip('av')

from clip_making import make_video  # noqa: E402

from depth_anything_ros.cli.app import app  # noqa: E402


def test_it_is_named_and_the_others_are_done(tmp_path):
    make_video(tmp_path / 'in/line.mkv', 3, size=(3000, 2), codec='ffv1')
    make_video(tmp_path / 'in/plain.mkv', 3, codec='ffv1')
    out = tmp_path / 'out'

    result = typer_testing.CliRunner().invoke(
        app, ['video', str(tmp_path / 'in'), '-o', str(out), '--json']
    )

    summary = json.loads(result.stdout)
    assert result.exit_code == 1, result.output
    (reason,) = summary['failed'].values()
    assert reason.startswith('3000x2 pixels become ')
    assert [path.name for path in out.glob('*.mp4')] == ['plain_depth.mp4']

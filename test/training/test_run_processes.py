# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trainings as processes: killed without warning, several at once, readers killed below them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from depth_anything_ros.model.checkpoint_file import read_checkpoint

pytest.importorskip('accelerate')
pytestmark = pytest.mark.slow

# The command line with a network that trains in no time.
PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
from conftest import TINY, Plain
from depth_anything_ros.data.catalog import OPENERS
from depth_anything_ros.model.configuration import SIZES
SIZES['tiny'] = TINY
OPENERS['plain'] = Plain
from depth_anything_ros.cli.main import main
sys.exit(main())
"""

SETTINGS: dict[str, Any] = {
    'stage': 'teacher',
    'model': 'tiny',
    'initial': 'scratch',
    'batch': 4,
    'steps': 8,
    'average': 0.9,
    'data': [{'name': 'plain', 'path': '/'}],
    'view': {'side': 28},
    'optimiser': {'encoder_rate': 1e-3, 'decoder_rate': 1e-3, 'clip_norm': 1.0},
    'output': {'state': 1, 'log': 1, 'tensorboard': False},
    'machine': {'precision': 'float32', 'workers': 0, 'device': 'cpu'},
}


def command(folder: Path, *launcher: str, **changes: Any) -> list[str]:
    """Return the command of a training in folder/run, its program and settings written."""
    program = folder / 'program.py'
    program.write_text(PROGRAM.format(folder=str(Path(__file__).parent)))
    config = folder / 'settings.yaml'
    config.write_text(yaml.safe_dump(SETTINGS))
    sets = [f'--set={key.replace("__", ".")}={value}' for key, value in changes.items()]
    options = ['train', 'teacher', '-c', str(config), '-o', str(folder / 'run'), *sets]
    return [sys.executable, *launcher, str(program), *options]


def environment() -> dict[str, str]:
    return {**os.environ, 'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': ''}


def run(folder: Path, *launcher: str, **changes: Any) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        command(folder, *launcher, **changes),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def state(folder: Path) -> dict[str, Any]:
    return torch.load(folder / 'run' / 'state.pt', weights_only=True)


def rows(folder: Path) -> list[dict[str, float]]:
    lines = (folder / 'run' / 'log.jsonl').read_text().splitlines()
    return [json.loads(line) for line in lines]


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def wait_for(condition: Any, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 240
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.005)


def test_killed_and_started_again_the_weights_are_the_same(tmp_path):
    whole, parts = tmp_path / 'whole', tmp_path / 'parts'
    assert run(whole).returncode == 0
    parts.mkdir()
    log = parts / 'run' / 'log.jsonl'
    # Some steps after those that were logged: in the middle of a step or of writing the state.
    for lines, pause in ((1, 0.0), (4, 0.03)):
        with subprocess.Popen(
            command(parts),
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            wait_for(
                lambda lines=lines: log.exists() and log.read_text().count('\n') >= lines, process
            )
            time.sleep(pause)
            process.kill()

    ended = run(parts)

    assert ended.returncode == 0, ended.stderr
    for name in ('model', 'averaged'):
        assert same(state(parts)[name], state(whole)[name])
    assert [row['loss'] for row in rows(parts)] == [row['loss'] for row in rows(whole)]
    last = [read_checkpoint(folder / 'run' / 'last.safetensors') for folder in (whole, parts)]
    assert same(last[0].tensors, last[1].tensors)


@pytest.fixture(scope='module')
def one(tmp_path_factory):
    folder = tmp_path_factory.mktemp('one')
    ended = run(folder, steps=4)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.mark.parametrize('sharding', ['none', 'full'])
def test_two_processes_are_one_with_the_joint_batch(one, tmp_path, sharding):
    torchrun = ('-m', 'torch.distributed.run', '--standalone', '--nproc_per_node', '2')
    two = tmp_path / 'two'
    ended = run(two, *torchrun, steps=4, machine__sharding=sharding)

    assert ended.returncode == 0, ended.stderr
    assert 'find_unused_parameters' not in ended.stderr
    for a, b in zip(rows(one), rows(two), strict=True):
        assert a['loss'] == pytest.approx(b['loss'], rel=1e-4)
        assert a['norm'] == pytest.approx(b['norm'], rel=1e-4)
    for name in ('model', 'averaged'):
        weights = [
            torch.cat([value.flatten() for value in state(folder)[name].values()])
            for folder in (one, two)
        ]
        # Adam makes whole steps of gradients that are nothing but rounding, so a few differ.
        apart = (weights[0] - weights[1]).abs()
        assert (apart > 1e-5).float().mean() < 0.02
        assert apart.mean() < 5e-6


def test_a_signal_ends_after_the_step_and_the_same_command_goes_on(tmp_path):
    folder = tmp_path / 'parts'
    folder.mkdir()
    log = folder / 'run' / 'log.jsonl'
    with subprocess.Popen(
        command(folder, steps=5000, output__state=5000),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_for(lambda: log.exists() and '\n' in log.read_text(), process)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=240)
    assert process.returncode == 130
    assert 'the same command goes on' in said
    assert state(folder)['step'] == rows(folder)[-1]['step']


def test_a_killed_reader_ends_the_run_with_a_state(tmp_path):
    folder = tmp_path / 'parts'
    folder.mkdir()
    log = folder / 'run' / 'log.jsonl'
    with subprocess.Popen(
        command(folder, steps=100000, output__state=100000, machine__workers=1),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_for(lambda: log.exists() and '\n' in log.read_text(), process)
        children = Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        _, said = process.communicate(timeout=240)
    assert process.returncode == 1
    assert 'reads pictures was killed' in said
    assert 'Traceback' not in said
    assert state(folder)['step'] >= 1

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""depth-anything train and pseudo-label; the lines of docs/training.md on small made data."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

pytest.importorskip('typer')
accelerate_state = pytest.importorskip('accelerate.state')

from typer.testing import CliRunner  # noqa: E402

from depth_anything_ros import DepthEstimator, DepthKind  # noqa: E402
from depth_anything_ros.cli.app import app  # noqa: E402
from depth_anything_ros.model.configuration import config_for  # noqa: E402
from depth_anything_ros.model.depth_anything import DepthAnything  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / 'test' / 'data'))
import made_sets  # noqa: E402

SMALL = str(ROOT / 'config' / 'training' / 'small_teacher.yaml')
SMOKE = {
    'model': 'nano',
    'batch': 2,
    'view.side': 28,
    'machine.device': 'cpu',
    'machine.workers': 0,
    'machine.precision': 'float32',
    'machine.sharding': 'none',
    'output.tensorboard': 'false',
    'output.log': 1,
}


def call(*arguments: object):
    accelerate_state.AcceleratorState._reset_state(reset_partial_state=True)
    return CliRunner().invoke(app, list(map(str, arguments)))


def sets(changes: dict[str, object]) -> list[str]:
    return [f'--set={key}={value}' for key, value in changes.items()]


@pytest.fixture(scope='module')
def place(tmp_path_factory) -> Path:
    """Make what the lines of the documentation work on, and a folder to work in."""
    for package in ('h5py', 'OpenEXR'):
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp('place')
    for name in ('blendedmvs', 'irs', 'tartanair', 'vkitti2'):
        made_sets.MAKERS[name](folder / 'data' / name, 4)
    truth = made_sets.hypersim(folder / 'data' / 'hypersim', 4)
    rows = [
        'scene_name,camera_name,frame_id,included_in_public_release,exclude_reason,split_partition_name'
    ]
    for number, key in enumerate(truth):
        scene, camera, frame = key.split('/')
        part = 'val' if number == 3 else 'train'
        rows.append(f'{scene},{camera},{int(frame.removeprefix("frame."))},True,,{part}')
    (folder / 'data/hypersim/metadata_images_split_scene_v1.csv').write_text('\n'.join(rows))
    made_sets.vkitti2(folder / 'more', 2)
    (folder / 'data/vkitti2/Scene02').mkdir()
    (folder / 'more/Scene01/15-deg-left').rename(folder / 'data/vkitti2/Scene02/clone')
    for number in range(4):
        made_sets.picture(folder / 'data/openimages' / f'{number}.jpg', 40, 60)
    made_sets.picture(folder / 'photo.jpg', 40, 60)
    torch.manual_seed(0)
    encoder = DepthAnything(config_for('nano')).initialise().pretrained.state_dict()
    torch.save(encoder, folder / 'dinov2.pth')
    return folder


def lines() -> Iterator[list[str]]:
    text = (ROOT / 'docs/training.md').read_text().partition('## Commands')[0]
    for block in re.findall(r'```bash\n(.*?)```', text, re.S):
        for line in block.splitlines():
            if line.startswith('depth-anything '):
                yield shlex.split(line.partition(' #')[0])[1:]


def smoke(words: list[str], place: Path) -> list[str]:
    """Return the words of a line with nano on small pictures in place of the papers' numbers."""
    words = [re.sub(r'(^|=)/data/', rf'\1{place}/data/', word) for word in words]
    words = [str(ROOT / word) if word.startswith('config/') else word for word in words]
    if words[0] == 'train':
        changes: dict[str, object] = dict(SMOKE)
        changes |= {'epochs': 1} if words[1] == 'metric' else {'steps': 2}
        if words[1] != 'metric':
            changes['initial'] = place / 'dinov2.pth'
        elif not any(word.startswith('initial=') for word in words):
            changes['initial'] = 'nano'
        words += sets(changes)
    elif words[0] == 'pseudo-label':
        words += ['--input-size', '28', '--workers', '0', '--device', 'cpu']
    return words


@pytest.mark.slow
def test_the_lines_of_the_documentation_run(place, monkeypatch):
    monkeypatch.chdir(place)
    monkeypatch.setenv('DEPTH_ANYTHING_CACHE', str(place / 'cache'))
    found = list(lines())
    assert [words[0] for words in found] == [
        'data', 'train', 'train', 'image', 'train', 'pseudo-label', 'train', 'train',
    ]  # fmt: skip

    for words in found:
        result = call(*smoke(words, place))
        assert result.exit_code == 0, (words, result.output, result.exception)

    for run, max_depth in (('indoor', 20.0), ('outdoor', 80.0), ('metric', 20.0)):
        estimator = DepthEstimator(f'runs/{run}/best.safetensors', device='cpu')
        assert (estimator.kind, estimator.max_depth) == (DepthKind.METRIC, max_depth)
        depth = estimator.estimate(cv2.imread('photo.jpg'), input_size=28).values
        assert 0 < depth.min() <= depth.max() < max_depth
    assert DepthEstimator('runs/student/last.safetensors').kind is DepthKind.RELATIVE
    assert np.load('depth/photo_depth.npy').shape == (40, 60)


def test_a_run_that_is_done_says_so_and_does_nothing(tmp_path):
    small = {**SMOKE, 'steps': 1, 'data.0.options': '{length: 2, height: 28, width: 28}'}
    small |= {'validation.data': '[]'}
    command = ['train', 'teacher', '-c', SMALL, '-o', tmp_path / 'run', *sets(small)]
    assert '1 steps; the network is' in call(*command).output
    before = (tmp_path / 'run/state.pt').stat().st_mtime_ns
    again = call(*command, '--json')
    assert (again.exit_code, 'from step 1' in again.stderr) == (0, True)
    summary = json.loads(again.stdout)
    assert (summary['step'], summary['steps'], summary['best']) == (1, 1, {})
    assert Path(summary['last']).exists()
    assert (tmp_path / 'run/state.pt').stat().st_mtime_ns == before
    other = call(*command, '--set=seed=4')
    assert (other.exit_code, 'error: ' in other.output) == (1, True)
    assert 'seed 0, and now it is 4' in other.output


@pytest.mark.parametrize(
    ('arguments', 'code', 'said'),
    [
        (['teacher', '-c', 'nowhere.yaml'], 2, 'nowhere.yaml'),
        (['student', '-c', SMALL], 2, 'the settings of a teacher, not a student'),
        (['teacher', '-c', SMALL, '--set', 'optimizer.name=adam'], 2, 'did you mean optimiser'),
        (['teacher', '-c', SMALL, '--set', 'steps'], 2, 'give KEY=VALUE'),
        (['teacher', '-c', SMALL, '--set', 'steps=many'], 2, 'it must be a whole number'),
        (['teacher', '-c', SMALL, '--path', 'hypersim=/x'], 2, 'NAME=FOLDER of a set'),
        (['teacher', '-c', SMALL, '--path', 'procedural=/x'], 1, 'is made, not read'),
        (['teacher', '-c', SMALL, '--set', 'data=[{name: sa1b}]'], 1, 'where is sa1b?'),
        (['teacher', '-c', SMALL, '--set', 'data=[{name: x, path: /}]'], 1, 'no set is called'),
        (
            ['teacher', '-c', SMALL, '--set', 'initial=/nowhere.pth'],
            1,
            'neither a file nor a model',
        ),
    ],
)
def test_wrong_usage_is_told_in_a_line(tmp_path, arguments, code, said):
    result = call('train', *arguments, '-o', tmp_path / 'run', '--set=machine.device=cpu')
    assert result.exit_code == code
    assert said in re.sub(r'[\s│]+', ' ', result.output)


LABEL = ['pseudo-label', 'pictures']
QUICK = ['--model', 'nano', '--input-size', 28, '--workers', 0, '--device', 'cpu', '--json']


def test_pictures_are_labelled_once(place, tmp_path, monkeypatch):
    monkeypatch.setenv('DEPTH_ANYTHING_CACHE', str(tmp_path / 'cache'))
    command = [
        *LABEL,
        place / 'data/openimages',
        '-o',
        tmp_path / 'labels',
        *QUICK,
        '--shard-size',
        3,
    ]
    first, second = (json.loads(call(*command).stdout) for _ in range(2))
    assert (first['labels'], first['shards'], first['shards_done_before']) == (4, 2, 0)
    assert (second['labels'], second['shards'], second['shards_done_before']) == (0, 0, 2)
    other = call(*command, '--input-size', 42)
    assert (other.exit_code, 'with input_size 28' in other.output) == (1, True)


def test_pictures_that_fail_are_told(place, tmp_path, monkeypatch):
    monkeypatch.setenv('DEPTH_ANYTHING_CACHE', str(tmp_path / 'cache'))
    for number in range(3):
        made_sets.picture(tmp_path / 'in' / f'{number}.jpg', 40, 60)
    damaged = bytearray((tmp_path / 'in/1.jpg').read_bytes())
    damaged[150:-10] = bytes(len(damaged) - 160)
    (tmp_path / 'in/1.jpg').write_bytes(damaged)
    result = call(*LABEL, tmp_path / 'in', '-o', tmp_path / 'labels', *QUICK)
    summary = json.loads(result.stdout)
    assert (summary['labels'] + len(summary['failed'])) == 3
    assert result.exit_code == (1 if summary['failed'] else 0)


@pytest.mark.parametrize(
    ('arguments', 'code', 'said'),
    [
        (['nothing', '/'], 1, 'no set is called'),
        (['sa1b', '/nowhere'], 1, 'no such file or folder'),
        (['procedural', '--part', '2/2'], 2, '--part must be K/N'),
        (['procedural', '--option', 'length'], 2, 'give KEY=VALUE'),
        (['procedural', '--option', 'length=0'], 1, 'length is 0'),
        (['procedural', '--model', 'nothing'], 1, 'neither a file nor a model'),
    ],
)
def test_wrong_labelling_is_told_in_a_line(tmp_path, arguments, code, said):
    result = call('pseudo-label', *arguments, '-o', tmp_path / 'labels')
    assert result.exit_code == code
    assert said in re.sub(r'[\s│]+', ' ', result.output)

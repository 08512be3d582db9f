# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The proof of the data engine: its commands can be, and what is done is not done again."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from typer.testing import CliRunner

from depth_anything_ros.cli.app import app

SCRIPT = Path(__file__).resolve().parents[2] / 'scripts' / 'prove_data_engine.py'
pytest.importorskip('accelerate')


@pytest.fixture(scope='module')
def script():
    spec = importlib.util.spec_from_file_location('prove', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules['prove'] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def commands(script, monkeypatch):
    """Let the script run nothing, and tell what it would have run."""
    said: list[list[str]] = []

    def run(words: list[str]) -> SimpleNamespace:
        said.append(words[1:])
        return SimpleNamespace(returncode=130 if 'metric' in words else 0)

    monkeypatch.setattr(script.subprocess, 'run', run)
    return said


def prove(script, monkeypatch, folder: Path, *arguments: str) -> None:
    command = ['prove', '--folder', str(folder), '--videos', str(folder), '--pictures', '0']
    monkeypatch.setattr(sys, 'argv', [*command, *arguments])
    script.main()


def test_every_training_has_settings_that_can_be(script, commands, monkeypatch, tmp_path):
    means: list[Path] = []
    monkeypatch.setattr(script.Engine, 'mean', lambda engine: means.append(engine.folder))
    with pytest.raises(SystemExit, match='130'):
        prove(script, monkeypatch, tmp_path)

    assert means == [tmp_path]
    trained = [words for words in commands if words[0] == 'train']
    outputs = [Path(words[words.index('-o') + 1]).name for words in trained]
    students = ['synthetic', 'both', 'pseudo', 'pseudo_plain', 'pseudo_whole', 'pseudo_aligned']
    assert outputs == ['teacher', *(f'student_{name}' for name in students), 'metric']
    for words in trained[1:]:
        # Settings are read and taken; only the pictures are missing, of which none was rendered.
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 1, result.output
        assert str(tmp_path / 'sets') in result.output.replace('\n', '')


def test_what_is_done_is_not_done_again(script, commands, monkeypatch, tmp_path):
    (tmp_path / 'teacher').mkdir()
    (tmp_path / 'teacher' / 'last.safetensors').touch()
    prove(script, monkeypatch, tmp_path, '--only', 'teacher', 'both')

    assert [words[:2] for words in commands] == [['train', 'student']]


def test_a_stage_that_is_not_there(script, commands, monkeypatch, tmp_path):
    with pytest.raises(SystemExit):
        prove(script, monkeypatch, tmp_path, '--only', 'teachers')
    assert not commands


def test_the_mean_is_of_nano_and_of_all_that_went_on_from_it(script, monkeypatch, tmp_path):
    made = {}
    for number, run in enumerate(
        ('teacher', 'student_synthetic', 'student_both', 'student_pseudo')
    ):
        (tmp_path / run).mkdir()
        network = script.load_network(script.CATALOG['nano'], script.locate('nano')[1])
        with torch.no_grad():
            network.pretrained.cls_token += number + 1.0
        made[run] = network.pretrained.cls_token
        facts = {'size': 'nano', 'input_size': 112}
        script.save_checkpoint(network, tmp_path / run / 'last.safetensors', facts)
    prove(script, monkeypatch, tmp_path, '--only', 'mean')

    mean = script.load_network(None, tmp_path / 'mean' / 'last.safetensors')
    nano = script.load_network(script.CATALOG['nano'], script.locate('nano')[1])
    wanted = torch.stack([nano.pretrained.cls_token, *made.values()]).mean(0)
    near = {'rtol': 2e-3, 'atol': 2e-3}  # files are in half precision
    torch.testing.assert_close(mean.pretrained.cls_token, wanted, **near)
    weight = mean.pretrained.norm.weight
    torch.testing.assert_close(weight, nano.pretrained.norm.weight, **near)

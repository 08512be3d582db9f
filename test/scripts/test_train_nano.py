# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training script from its command line: two steps, then one more."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch

from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything

SCRIPT = Path(__file__).resolve().parents[2] / 'scripts' / 'train_nano.py'


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location('train_nano', SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def train(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict]:
    """Return a function that runs the script with options and gives its saved state."""

    def run(*options: str) -> dict:
        arguments = ['--folder', str(tmp_path), '--device', 'cpu', '--no-compile', '--batch', '2']
        # A small picture keeps the test short; the network and the rest are the real ones.
        arguments += ['--short-side', '28', *options]
        monkeypatch.setattr(sys, 'argv', ['train_nano.py', *arguments])
        script.main()
        return torch.load(tmp_path / 'state.pt', weights_only=True)

    return run


def test_two_steps_and_then_a_third(train):
    two = train('--steps', '2')

    assert (two['step'], two['pictures'], two['source']) == (2, 4, {'index': 2})
    DepthAnything(config_for('nano')).load_state_dict(two['averaged'])

    three = train('--steps', '3', '--learning-rate', '0.001')

    assert (three['step'], three['pictures'], three['source']) == (3, 6, {'index': 3})
    assert three['settings']['learning_rate'] == 0.001
    changed = [not torch.equal(two['model'][key], three['model'][key]) for key in two['model']]
    assert sum(changed) > len(changed) / 2
    assert all(torch.isfinite(value).all() for value in three['model'].values())


def test_progress_and_log_show_the_losses(train, tmp_path, monkeypatch, capsys):
    import depth_anything_ros.training.trainer as trainer

    original = trainer.TrainingSettings.__init__
    monkeypatch.setattr(
        trainer.TrainingSettings,
        '__init__',
        lambda self, **values: original(self, **values, log_every=1),
    )

    train('--steps', '1')

    (row,) = map(json.loads, (tmp_path / 'log.jsonl').read_text().splitlines())
    assert row['step'] == 1
    assert row['ssi'] > 0
    assert row['gradient'] > 0
    assert 'ssi=' in capsys.readouterr().err


def test_help_names_the_options(script, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['train_nano.py', '--help'])

    with pytest.raises(SystemExit) as caught:
        script.main()

    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in ('--folder', '--steps', '--no-compile', '--seed'))

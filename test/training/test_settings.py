# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings: what is wrong is named, and the files that come along are right."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from depth_anything_ros.media.plain_yaml import read_plain_yaml
from depth_anything_ros.training.plain_settings import (
    SettingsError,
    overridden,
    plain,
    read_settings,
)
from depth_anything_ros.training.settings import OptimiserSettings, RunSettings

CONFIGS = sorted((Path(__file__).parents[2] / 'config' / 'training').glob('*.yaml'))
LEAST = {
    'stage': 'teacher',
    'model': 'nano',
    'batch': 4,
    'steps': 3,
    'data': [{'name': 'procedural'}],
}


def settings(**changes) -> RunSettings:
    return read_settings(RunSettings, {**LEAST, **changes})


def shipped(name: str) -> RunSettings:
    path = next(path for path in CONFIGS if path.stem == name)
    return read_settings(RunSettings, read_plain_yaml(path))


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_files_that_come_along_are_read(path):
    made = read_settings(RunSettings, read_plain_yaml(path))
    assert made.stage in path.stem
    assert read_settings(RunSettings, plain(made)) == made


def test_teacher_has_the_numbers_of_the_paper():
    made = shipped('teacher')
    assert (made.model, made.steps, made.batch, made.initial) == ('giant', 160_000, 64, 'dinov2')
    assert (made.optimiser.encoder_rate, made.optimiser.decoder_rate) == (5e-6, 5e-5)
    assert (made.loss.gradient_weight, made.loss.drop_share, made.view.side) == (2.0, 0.0, 518)
    assert {each.name for each in made.data} == {
        'blendedmvs', 'hypersim', 'irs', 'tartanair', 'vkitti2'
    }  # fmt: skip


def test_student_has_the_numbers_of_the_paper():
    made = shipped('student')
    assert (made.steps, made.batch, made.initial) == (480_000, 192, 'dinov2')
    assert (made.optimiser.encoder_rate, made.optimiser.decoder_rate) == (5e-6, 5e-5)
    assert (made.loss.gradient_weight, made.loss.drop_share) == (2.0, 0.1)
    assert (made.loss.feature_weight > 0, made.loss.feature_tolerance) == (True, 0.85)
    assert len(made.data) == 8


@pytest.mark.parametrize(
    ('place', 'metres', 'data'), [('indoor', 20, 'hypersim'), ('outdoor', 80, 'vkitti2')]
)
def test_metric_settings_are_those_of_the_official_trainer(place, metres, data):
    made = shipped(f'metric_{place}')
    optimiser = made.optimiser
    assert (made.epochs, made.max_depth, made.data[0].name) == (120, metres, data)
    assert (optimiser.name, optimiser.betas, optimiser.weight_decay) == (
        'adamw',
        (0.9, 0.999),
        0.01,
    )
    assert optimiser.decoder_rate == pytest.approx(10 * optimiser.encoder_rate)
    assert (optimiser.schedule, optimiser.power, optimiser.warm_up) == ('poly', 0.9, 0)
    assert (made.metric.balance, made.metric.over, made.metric.min_depth) == (0.5, 'batch', 1e-3)
    assert (made.machine.precision, made.average) == ('float32', 0.0)


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        ({'stepps': 3}, 'no setting stepps; did you mean steps'),
        ({'qqq': 3}, 'no setting qqq; known are stage, model'),
        ({'optimiser': {'rate': 1}}, 'no setting optimiser.rate'),
        (
            {'data': [{'name': 'procedural', 'pth': 'x'}]},
            'no setting data.0.pth; did you mean path',
        ),
        ({'batch': 'four'}, "batch is 'four'; it must be a whole number"),
        ({'batch': True}, 'batch is True; it must be a whole number'),
        ({'batch': 0}, 'batch is 0; it must be at least 1'),
        ({'batch': 5, 'machine': {'accumulate': 2}}, 'batch 5 is no multiple of 2'),
        ({'average': 1.0}, 'average is 1.0'),
        ({'average': '.nan'}, "average is '.nan'"),
        ({'average': float('nan')}, 'average is nan'),
        ({'model': 'huge'}, "model is 'huge'; it may be nano, small"),
        ({'stage': 'pupil'}, "stage is 'pupil'; it may be teacher, student, metric"),
        ({'epochs': 2}, 'steps or epochs, and not both'),
        ({'steps': None}, 'steps or epochs, and not both'),
        ({'stream': {}}, 'data or stream, and not both'),
        ({'max_depth': 20}, 'metric networks, and only these'),
        ({'stage': 'metric'}, 'metric networks, and only these'),
        ({'stage': 'metric', 'max_depth': -1}, 'max_depth is -1.0'),
        ({'view': {'side': 500}}, 'view: side 500 must be a multiple of 14'),
        ({'view': {'cutmix': 2}}, 'cutmix 2.0 must be from 0 to 1'),
        ({'optimiser': {'betas': [0.9]}}, 'optimiser.betas has 1 values; it must have 2'),
        ({'optimiser': {'betas': 0.9}}, 'optimiser.betas is 0.9; it must be a list'),
        ({'data': [{'name': 'procedural', 'repeat': 0}]}, 'repeat of procedural is 0'),
        ({'loss': {'drop_share': 10}}, 'loss: drop_share is 10.0; it is a share'),
        ({'loss': {'drop_block': 0}}, 'loss: drop_block is 0'),
        ({'optimiser': {'encoder_rate': -1}}, 'optimiser: rates'),
        ({'optimiser': {'warm_up': -1}}, 'optimiser: warm_up is -1'),
        ({'loss': 3}, 'loss: expected keys with values, got 3'),
        ({'machine': {'compile': 'yes'}}, "machine.compile is 'yes'; it must be true or false"),
    ],
)
def test_what_is_wrong_is_named(changes, said):
    with pytest.raises(SettingsError) as caught:
        settings(**changes)
    assert said in str(caught.value)


def test_what_is_missing_is_named():
    with pytest.raises(SettingsError, match='batch must be set'):
        read_settings(RunSettings, {key: v for key, v in LEAST.items() if key != 'batch'})


def test_numbers_that_yaml_takes_for_texts_are_numbers():
    assert settings(optimiser={'encoder_rate': '5e-6'}).optimiser.encoder_rate == 5e-6


def test_values_are_replaced_by_their_paths():
    given = {'a': {'b': 1}, 'data': [{'path': 'x'}]}
    changed = overridden(overridden(overridden(given, 'a.b', 2), 'data.0.path', 'y'), 'c.d', 3)
    assert changed == {'a': {'b': 2}, 'data': [{'path': 'y'}], 'c': {'d': 3}}
    assert given == {'a': {'b': 1}, 'data': [{'path': 'x'}]}
    for path in ('data.1.path', 'data.x', 'a.b.c'):
        with pytest.raises(SettingsError):
            overridden(given, path, 1)


@pytest.mark.parametrize(
    ('schedule', 'factors'),
    [
        ('constant', [1, 1, 1, 1]),
        ('linear', [1, 0.5, 0, 0]),
        ('poly', [1, 0.5**0.9, 0, 0]),
        ('cosine', [1, 0.5, 0, 0]),
    ],
)
def test_schedules(schedule, factors):
    made = OptimiserSettings(schedule=schedule)
    assert [made.factor_at(step, 100) for step in (0, 50, 100, 120)] == pytest.approx(factors)
    warm = replace(made, warm_up=10)
    assert [warm.factor_at(step, 110) for step in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1.0])
    assert warm.factor_at(60, 110) == pytest.approx(factors[1])
    assert not math.isnan(replace(made, warm_up=5).factor_at(7, 5))

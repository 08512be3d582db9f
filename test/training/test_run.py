# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A training: it learns, stops and goes on exactly, and says what went wrong."""

from __future__ import annotations

import json
import math
import resource
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import Plain, run_settings

from depth_anything_ros.model.checkpoint_file import read_checkpoint
from depth_anything_ros.model.recognition import recognise
from depth_anything_ros.training import validation
from depth_anything_ros.training.errors import TrainingError
from depth_anything_ros.training.run import Run
from depth_anything_ros.training.run_checkpoints import BEST, LAST
from depth_anything_ros.training.run_state import STATE

accelerate_state = pytest.importorskip('accelerate.state')
pytestmark = pytest.mark.usefixtures('tiny')


def begun(folder: Path, **changes: Any) -> Run:
    """Return a run as a process of its own would have it."""
    accelerate_state.AcceleratorState._reset_state(reset_partial_state=True)
    return Run(run_settings(**changes), folder)


def finished(folder: Path, **changes: Any) -> Run:
    run = begun(folder, **changes)
    run()
    return run


def rows(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / 'log.jsonl').read_text().splitlines()]


def state(folder: Path) -> dict[str, Any]:
    return torch.load(folder / STATE, weights_only=True)


def assert_equal(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_equal(one[key], other[key])
    elif isinstance(one, list):
        for a, b in zip(one, other, strict=True):
            assert_equal(a, b)
    else:
        assert one == other


def test_loss_falls(tmp_path):
    data = [{'name': 'plain', 'path': '/', 'options': {'length': 4}}]
    finished(tmp_path, steps=30, data=data, view__mirror=0.0, optimiser__schedule='constant')

    losses = [row['loss'] for row in rows(tmp_path)]
    assert len(losses) == 30
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize('stopped', [1, 2, 3])
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(tmp_path, stopped, monkeypatch):
    settings = {'loss__drop_share': 0.1, 'machine__accumulate': 2}
    finished(tmp_path / 'whole', **settings)

    first = begun(tmp_path / 'parts', **settings)
    learn = first._one_step

    def killed(*arguments: Any, **named: Any) -> Any:
        if first.step == stopped:
            raise KeyboardInterrupt
        return learn(*arguments, **named)

    monkeypatch.setattr(first, '_one_step', killed)
    with pytest.raises(KeyboardInterrupt):
        first()
    second = begun(tmp_path / 'parts', **settings)
    assert second.step == stopped
    second()

    assert_equal(state(tmp_path / 'parts'), state(tmp_path / 'whole'))
    numbers = [
        [{**row, 'pictures_per_s': 0, 'waited': 0} for row in rows(tmp_path / n)]
        for n in ('parts', 'whole')
    ]
    assert numbers[0] == numbers[1]


def test_a_run_killed_between_two_states_does_the_steps_again(tmp_path, monkeypatch):
    finished(tmp_path / 'whole', output__state=2)
    first = begun(tmp_path / 'parts', output__state=2)
    learn = first._one_step

    def killed(*arguments: Any, **named: Any) -> Any:
        if first.step == 3:
            raise KeyboardInterrupt
        return learn(*arguments, **named)

    monkeypatch.setattr(first, '_one_step', killed)
    with pytest.raises(KeyboardInterrupt):
        first()
    assert [row['step'] for row in rows(tmp_path / 'parts')] == [1, 2, 3]

    second = begun(tmp_path / 'parts', output__state=2)
    assert second.step == 2
    second()

    assert_equal(state(tmp_path / 'parts')['model'], state(tmp_path / 'whole')['model'])
    assert [row['step'] for row in rows(tmp_path / 'parts')] == [1, 2, 3, 4]


def test_stop_ends_after_the_step_with_a_state(tmp_path):
    run = begun(tmp_path, output__state=100)
    run(lambda row: run.stop() if row['step'] == 2 else None)

    assert (run.step, state(tmp_path)['step']) == (2, 2)
    assert not (tmp_path / LAST).exists()
    finished(tmp_path)
    assert (tmp_path / LAST).exists()


def test_a_finished_run_has_nothing_to_do(tmp_path):
    finished(tmp_path)
    before = state(tmp_path)
    assert finished(tmp_path).step == 4
    assert_equal(state(tmp_path), before)


def test_parts_of_a_batch_are_the_batch(tmp_path):
    finished(tmp_path / 'one')
    finished(tmp_path / 'four', machine__accumulate=4)
    one, four = (rows(tmp_path / name) for name in ('one', 'four'))
    for a, b in zip(one, four, strict=True):
        assert a['loss'] == pytest.approx(b['loss'], rel=1e-3)
    assert one[0]['norm'] == pytest.approx(four[0]['norm'], rel=1e-4)


def test_checkpointing_and_determinism_change_nothing(tmp_path):
    finished(tmp_path / 'one')
    finished(tmp_path / 'two', machine__checkpointing=True, machine__deterministic=True)
    torch.use_deterministic_algorithms(False)
    assert_equal(state(tmp_path / 'one')['model'], state(tmp_path / 'two')['model'])


def test_bfloat16_learns_in_float32_weights(tmp_path):
    run = finished(tmp_path, machine__precision='bfloat16')
    assert {p.dtype for p in run.network.parameters()} == {torch.float32}
    assert all(math.isfinite(row['loss']) for row in rows(tmp_path))


def test_every_tensor_that_is_learned_gets_a_gradient_and_the_idle_ones_do_not(tmp_path):
    run = begun(tmp_path)
    batch = next(run._feed.batches(0)).ready_on(torch.device('cpu'))
    run._loss(batch)[0].backward()

    idle = {n for n, p in run.network.named_parameters() if not p.requires_grad}
    assert {n for n, p in run.network.named_parameters() if p.grad is None} == idle
    assert all('mask_token' in n or 'refinenet4.resConfUnit1' in n for n in idle)
    assert len(idle) == 5


def test_encoder_and_decoder_have_rates_of_their_own(tmp_path):
    changes = {'optimiser__encoder_rate': 1e-4, 'optimiser__schedule': 'poly'}
    run = begun(tmp_path, optimiser__spare=True, optimiser__weight_decay=0.1, **changes)
    run()
    rates = {
        parameter: (group['lr'], group['weight_decay'])
        for group in run._optimiser.param_groups
        for parameter in group['params']
    }
    factor = (1 - 3 / 4) ** 0.9
    for name, parameter in run.network.named_parameters():
        if parameter.requires_grad:
            rate = 1e-4 if name.startswith('pretrained.') else 1e-3
            spared = parameter.ndim <= 1 or len(parameter) == 1
            assert rates[parameter] == (pytest.approx(rate * factor), 0.0 if spared else 0.1)


def test_checkpoints_hold_the_average_and_say_what_they_are(tmp_path):
    finished(tmp_path)
    checkpoint = read_checkpoint(tmp_path / LAST)
    assert recognise(checkpoint).kind.value == 'relative'
    said = {key: checkpoint.metadata[key] for key in ('stage', 'step', 'input_size', 'size')}
    assert said == {'stage': 'teacher', 'step': '4', 'input_size': '28', 'size': 'tiny'}
    averaged = {
        name.removeprefix('network.'): value for name, value in state(tmp_path)['averaged'].items()
    }
    assert_equal(dict(checkpoint.tensors), averaged)
    assert not torch.equal(
        averaged['pretrained.norm.weight'],
        state(tmp_path)['model']['network.pretrained.norm.weight'],
    )


VALIDATION = {'data': [{'name': 'plain', 'path': '/', 'options': {'length': 5}}]}


def test_the_best_checkpoint_is_that_of_the_best_score(tmp_path, monkeypatch):
    scores = iter([0.5, 0.2, 0.3, 0.25])
    run = begun(tmp_path, validation={**VALIDATION, 'every': 1})
    monkeypatch.setattr(run, '_judge', lambda predict, device: (2 * next(scores), 2.0, 2.0))
    run()
    assert [r['val_abs_rel'] for r in rows(tmp_path) if 'val_abs_rel' in r] == pytest.approx(
        [0.5, 0.2, 0.3, 0.25]
    )
    best = read_checkpoint(tmp_path / BEST).metadata
    assert (best['step'], float(best['abs_rel'])) == ('2', pytest.approx(0.2))


@pytest.mark.parametrize('stage', ['teacher', 'metric'])
def test_validation_scores_the_network_on_whole_pictures(tmp_path, stage):
    metric = {'max_depth': 30.0} if stage == 'metric' else {}
    run = begun(tmp_path, stage=stage, validation=VALIDATION, **metric)
    run()
    row = next(row for row in rows(tmp_path) if 'val_delta1' in row)
    assert row['step'] == 2  # an epoch of eleven pictures is two batches
    assert 0 < row['val_abs_rel'] < 20
    assert 0 <= row['val_delta1'] <= 1
    facts = recognise(read_checkpoint(tmp_path / BEST))
    assert facts.max_depth == metric.get('max_depth')


def test_a_stream_is_judged_at_the_size_that_is_learned_from(tmp_path, monkeypatch):
    seen = []
    look = validation.normalise
    monkeypatch.setattr(validation, 'normalise', lambda i: (seen.append(i.shape[-2:]), look(i))[1])
    stream = {'data': [], 'stream': {'short_side': 42}}
    finished(tmp_path, steps=1, validation={**VALIDATION, 'every': 1}, **stream)

    assert {min(shape) for shape in seen} == {42}
    assert read_checkpoint(tmp_path / BEST).metadata['input_size'] == '42'


def test_numbered_checkpoints_are_pruned(tmp_path):
    finished(tmp_path, output__checkpoint=1, output__keep=2)
    names = sorted(path.name for path in tmp_path.glob('step_*'))
    assert names == ['step_00000003.safetensors', 'step_00000004.safetensors']


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_a_loss_that_is_no_number_stops_before_it_is_learned(tmp_path, value, monkeypatch):
    finished(tmp_path / 'whole')
    run = begun(tmp_path / 'parts')
    loss = run._loss

    def broken(batch: Any) -> Any:
        total, parts, prediction = loss(batch)
        return total * (value if run.step == 2 else 1.0), parts, prediction

    monkeypatch.setattr(run, '_loss', broken)
    with pytest.raises(TrainingError, match='step 2: the step was not taken.*decoder_rate'):
        run()

    assert state(tmp_path / 'parts')['step'] == 2
    finished(tmp_path / 'parts')
    assert_equal(state(tmp_path / 'parts')['model'], state(tmp_path / 'whole')['model'])


def test_rates_may_be_others_when_a_run_goes_on(tmp_path):
    run = begun(tmp_path)
    run(lambda row: run.stop())
    again = begun(tmp_path, optimiser__decoder_rate=1e-6)
    assert {group['base'] for group in again._optimiser.param_groups} == {1e-3, 1e-6}


@pytest.mark.parametrize(
    ('changes', 'named'),
    [({'seed': 1}, 'seed'), ({'batch': 2}, 'batch'), ({'view__side': 42}, 'view')],
)
def test_another_run_does_not_go_on_in_its_folder(tmp_path, changes, named):
    run = begun(tmp_path)
    run(lambda row: run.stop())
    with pytest.raises(TrainingError, match=f'a run with {named} .*another output folder'):
        begun(tmp_path, **changes)


def test_a_damaged_state_is_told(tmp_path):
    (tmp_path / STATE).write_bytes(b'PK\x03\x04 no state')
    with pytest.raises(TrainingError, match='is no state of a training.*to begin anew'):
        begun(tmp_path)


def test_a_full_disk_leaves_the_state_before(tmp_path):
    run = begun(tmp_path)
    run(lambda row: run.stop() if row['step'] == 2 else None)
    before = (tmp_path / STATE).read_bytes()

    again = begun(tmp_path)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(TrainingError, match='could not be written.*disk full'):
            again()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert (tmp_path / STATE).read_bytes() == before
    finished(tmp_path / 'whole')
    finished(tmp_path)
    assert_equal(state(tmp_path)['model'], state(tmp_path / 'whole')['model'])


@pytest.fixture
def plain_set(monkeypatch):
    def use(**options: Any) -> None:
        monkeypatch.setattr(
            'depth_anything_ros.training.feed.open_dataset', lambda *_, **__: Plain(**options)
        )

    return use


METRIC = {'stage': 'metric', 'max_depth': 20.0}


@pytest.mark.parametrize('depth', [3000.0, 1e-4])
def test_depth_that_is_not_in_metres_is_refused(tmp_path, depth, plain_set):
    plain_set(depth=depth)
    with pytest.raises(TrainingError, match=r'0.0% .* within 0.001 to 20 m.*is it in metres'):
        finished(tmp_path, **METRIC)


def test_depth_of_arbitrary_scale_is_no_data_for_metres(tmp_path, plain_set):
    plain_set(metric=False)
    with pytest.raises(ValueError, match='a unit of its own for each scene'):
        begun(tmp_path, **METRIC)
    begun(tmp_path)


def test_unreadable_pictures_are_stepped_over_or_stop_the_run(tmp_path, plain_set, caplog):
    plain_set(broken=(2, 3))
    finished(tmp_path / 'skip')
    assert 'stepped over 2 is cut off' in caplog.text
    for workers in (0, 1):
        folder = tmp_path / f'stop{workers}'
        with pytest.raises(TrainingError, match=r'^\d is cut off; the state is in') as caught:
            finished(folder, unreadable='stop', machine__workers=workers)
        assert 'Traceback' not in str(caught.value)
        assert (folder / STATE).exists()


def test_a_set_of_unreadable_pictures_is_an_error(tmp_path, plain_set):
    plain_set(broken=tuple(range(11)))
    with pytest.raises(TrainingError, match='is cut off'):
        finished(tmp_path)


def test_pictures_and_curves_are_there_for_tensorboard(tmp_path):
    pytest.importorskip('tensorboard')
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    finished(tmp_path, output__tensorboard=True, output__pictures=2)
    events = EventAccumulator(str(tmp_path / 'tensorboard')).Reload()
    assert [event.step for event in events.Scalars('loss')] == [1, 2, 3, 4]
    pictures = events.Images('training')
    assert [event.step for event in pictures] == [2, 4]
    assert (pictures[0].width, pictures[0].height) == (3 * 28, 4 * 28)


def test_a_stream_is_rendered_as_it_is_learned(tmp_path):
    changes = {'data': [], 'stream': {'short_side': 28}}
    finished(tmp_path / 'whole', **changes)
    run = begun(tmp_path / 'parts', **changes)
    run(lambda row: run.stop() if row['step'] == 2 else None)
    finished(tmp_path / 'parts', **changes)
    assert_equal(state(tmp_path / 'parts')['model'], state(tmp_path / 'whole')['model'])


def test_features_are_held_to_those_of_the_first_encoder(tmp_path, plain_set, monkeypatch):
    plain_set()
    finished(tmp_path / 'first')
    start = {'initial': str(tmp_path / 'first' / LAST), 'loss__feature_weight': 1.0}
    run = begun(tmp_path / 'student', stage='student', **start)
    monkeypatch.setattr(
        run,
        '_objective',
        lambda prediction, batch, features: (
            (features[0] - features[1]).abs().sum(),
            {},
        ),
    )
    run(lambda row: run.stop())
    assert rows(tmp_path / 'student')[0]['loss'] == 0
    assert not any(p.requires_grad for p in run._frozen.parameters())


def test_epochs_are_so_many_steps(tmp_path):
    run = begun(tmp_path, steps=None, epochs=3)
    assert run.steps == 3 * 2


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(ValueError, match='where is hypersim.*--path hypersim=FOLDER'):
        begun(tmp_path, data=[{'name': 'hypersim'}])
    with pytest.raises(ValueError, match='the data have 11 pictures, and a batch takes 12'):
        begun(tmp_path, batch=12)
    with pytest.raises(ValueError, match='cannot be shared|is no multiple'):
        begun(tmp_path, machine__accumulate=3)


def test_a_killed_reader_is_told_and_the_run_goes_on(tmp_path, monkeypatch):
    run = begun(tmp_path, output__state=100)
    learn = run._one_step

    def killed(*arguments: Any, **named: Any) -> Any:
        if run.step == 2:
            raise RuntimeError('DataLoader worker (pid 7) is killed by signal: Killed.')
        return learn(*arguments, **named)

    monkeypatch.setattr(run, '_one_step', killed)
    with pytest.raises(TrainingError, match='reads pictures was killed at step 2.*same command'):
        run()
    assert state(tmp_path)['step'] == 2
    finished(tmp_path)
    finished(tmp_path / 'whole')
    assert_equal(state(tmp_path)['model'], state(tmp_path / 'whole')['model'])


def test_what_is_half_changed_is_not_saved(tmp_path, monkeypatch):
    # The error of a killed reader comes wherever the program is, in the middle of a step as well.
    run = begun(tmp_path, output__state=1)
    update = run._weights.average.update

    def interrupted(step: int) -> None:
        if step == 2:
            raise RuntimeError('DataLoader worker (pid 7) is killed by signal: Killed.')
        update(step)

    monkeypatch.setattr(run._weights.average, 'update', interrupted)
    with pytest.raises(TrainingError, match='killed at step 2'):
        run()
    assert state(tmp_path)['step'] == 2
    finished(tmp_path)
    finished(tmp_path / 'whole')
    assert_equal(state(tmp_path)['model'], state(tmp_path / 'whole')['model'])


def test_too_little_memory_says_what_helps(tmp_path, monkeypatch):
    run = begun(tmp_path)
    monkeypatch.setattr(
        run, '_loss', lambda _: (_ for _ in ()).throw(torch.cuda.OutOfMemoryError('no memory'))
    )
    with pytest.raises(TrainingError, match='too little memory at step 0; .*machine.accumulate'):
        run()


def test_a_checkpoint_that_does_not_fit_on_the_disk_leaves_the_one_before(tmp_path, monkeypatch):
    run = begun(tmp_path, output__checkpoint=1, output__keep=9, output__state=0)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def full(row: dict[str, float]) -> None:
        if row['step'] == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))

    try:
        with pytest.raises(TrainingError, match='step_00000003.*could not be written.*disk full'):
            run(full)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    names = sorted(path.name for path in tmp_path.iterdir() if not path.is_dir())
    assert names == [
        '.lock', 'log.jsonl', 'settings.json',
        'step_00000001.safetensors', 'step_00000002.safetensors',
    ]  # fmt: skip


def test_a_log_that_takes_no_more_is_told(tmp_path, monkeypatch):
    run = begun(tmp_path, output__state=100)

    def full(row: dict[str, float]) -> None:
        if row['step'] == 2:
            raise OSError(28, 'No space left on device')

    monkeypatch.setattr(run._log, 'row', full)
    with pytest.raises(TrainingError, match='No space left.*the state is in .*state.pt'):
        run()
    assert state(tmp_path)['step'] == 2


def test_two_trainings_do_not_share_a_folder(tmp_path):
    first = begun(tmp_path)
    with pytest.raises(TrainingError, match='another training is at work'):
        begun(tmp_path)
    first()
    finished(tmp_path)

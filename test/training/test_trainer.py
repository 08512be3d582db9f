# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop: it learns, it stops and goes on exactly, it says when it breaks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from depth_anything_ros.model.configuration import DepthAnythingConfig
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.training import trainer as trainer_module
from depth_anything_ros.training.losses import relative_loss
from depth_anything_ros.training.trainer import Trainer, TrainingSettings

TINY = DepthAnythingConfig('tiny', 32, 4, 2, (0, 1, 2, 3), 8, (4, 8, 16, 32))


class RampSource:
    """Pictures of gray ramps whose inverse depth is their brightness, a new one each batch."""

    def __init__(self, fixed: bool = False) -> None:
        self.index, self.fixed = 0, fixed

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        while True:
            generator = torch.Generator().manual_seed(0 if self.fixed else self.index)
            self.index += 1
            coarse = torch.rand(2, 1, 3, 3, generator=generator)
            maps = torch.nn.functional.interpolate(coarse, size=(28, 28), mode='bilinear')
            yield 4 * maps.expand(-1, 3, -1, -1) - 2, maps[:, 0], maps[:, 0] > 0.05

    def state_dict(self) -> dict[str, Any]:
        return {'index': self.index}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.index = state['index']


def settings(steps: int, **changes: Any) -> TrainingSettings:
    return TrainingSettings(
        **{'steps': steps, 'learning_rate': 2e-3, 'warm_up': 2, 'bfloat16': False, **changes}
    )


def trainer(
    folder: Path, steps: int, seed: int = 0, fixed: bool = False, facts=None, **changes
) -> Trainer:
    torch.manual_seed(seed)
    network = DepthAnything(TINY).initialise()
    source = RampSource(fixed)
    return Trainer(network, source, relative_loss, settings(steps, **changes), folder, facts)


def assert_same_state(first: Trainer, second: Trainer) -> None:
    assert (first.step, first.pictures) == (second.step, second.pictures)
    assert first.source.state_dict() == second.source.state_dict()
    for name in ('network', 'averaged'):
        one, other = getattr(first, name).state_dict(), getattr(second, name).state_dict()
        assert one.keys() == other.keys()
        for key in one:
            assert torch.equal(one[key], other[key]), (name, key)


def rows(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / 'log.jsonl').read_text().splitlines()]


@pytest.mark.parametrize('bfloat16', [False, True])
def test_loss_falls_on_a_fixed_batch(tmp_path, bfloat16):
    run = trainer(tmp_path, 60, fixed=True, log_every=1, bfloat16=bfloat16)

    run.run()

    losses = [row['loss'] for row in rows(tmp_path)]
    assert len(losses) == 60
    assert losses[-1] < 0.5 * losses[0]
    assert next(run.network.parameters()).dtype == torch.float32


def test_resumed_run_equals_one_that_never_stopped(tmp_path, monkeypatch):
    whole = trainer(tmp_path / 'whole', 6)
    whole.run()

    # The first half must follow the schedule of all six steps, so it is cut short, not shortened.
    first = trainer(tmp_path / 'parts', 6, save_every=3)
    update, calls = first._update, []

    def killed(*batch: torch.Tensor) -> dict[str, torch.Tensor]:
        calls.append(1)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return update(*batch)

    monkeypatch.setattr(first, '_update', killed)
    with pytest.raises(KeyboardInterrupt):
        first.run()
    second = trainer(tmp_path / 'parts', 6, seed=99)
    assert (second.step, second.pictures, second.source.index) == (3, 6, 3)
    second.run()

    assert_same_state(second, whole)
    assert whole.step == 6


def test_run_killed_between_saves_goes_on_from_the_last_save(tmp_path, monkeypatch):
    whole = trainer(tmp_path / 'whole', 6)
    whole.run()
    first = trainer(tmp_path / 'parts', 6, save_every=2)
    average = first._average

    def killed() -> None:
        average()
        if first.step == 4:  # during the fifth step, one after the save at four
            raise KeyboardInterrupt

    monkeypatch.setattr(first, '_average', killed)
    with pytest.raises(KeyboardInterrupt):
        first.run()

    second = trainer(tmp_path / 'parts', 6, seed=99)
    assert second.step == 4
    second.run()
    assert_same_state(second, whole)


def test_finished_run_has_nothing_left_to_do(tmp_path):
    trainer(tmp_path, 2).run()
    again = trainer(tmp_path, 2, seed=5)
    before = {key: value.clone() for key, value in again.network.state_dict().items()}

    again.run()

    assert again.step == 2
    assert all(torch.equal(before[k], v) for k, v in again.network.state_dict().items())


def test_random_numbers_go_on_where_they_stopped(tmp_path):
    run = trainer(tmp_path, 1)
    run.run()
    expected = torch.rand(3)
    torch.manual_seed(1234)

    trainer(tmp_path, 1, seed=99)

    assert torch.equal(torch.rand(3), expected)


def test_state_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    run = trainer(tmp_path, 2)
    run.save()
    before = (tmp_path / 'state.pt').read_bytes()
    save = torch.save

    def dies_half_way(state: Any, path: Path) -> None:
        save(state, path)
        os.truncate(path, 100)
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer_module.torch, 'save', dies_half_way)
    run.step = 1
    with pytest.raises(KeyboardInterrupt):
        run.save()

    assert (tmp_path / 'state.pt').read_bytes() == before
    monkeypatch.undo()
    assert trainer(tmp_path, 2).step == 0
    run.save()
    assert sorted(path.name for path in tmp_path.iterdir()) == ['state.pt']


def test_state_is_saved_as_often_as_asked_and_at_the_end(tmp_path, monkeypatch):
    run = trainer(tmp_path, 5, save_every=2)
    saved = []
    monkeypatch.setattr(run, 'save', lambda: saved.append(run.step))

    run.run()

    assert saved == [2, 4, 5]


def test_state_holds_plain_values_only(tmp_path):
    run = trainer(tmp_path, 1)
    run.run()

    state = torch.load(tmp_path / 'state.pt', weights_only=True)

    assert state['step'] == 1
    assert state['settings']['learning_rate'] == 2e-3
    assert state['model'].keys() == state['averaged'].keys() == run.network.state_dict().keys()


@pytest.mark.parametrize(
    ('step', 'rate'),
    [(0, 0.1), (4, 0.5), (9, 1.0), (10, 1.0), (35, 0.853553), (60, 0.5), (110, 0.0), (999, 0.0)],
)
def test_cosine_schedule(step, rate):
    numbers = TrainingSettings(steps=110, learning_rate=1.0, warm_up=10)

    assert numbers.rate_at(step) == pytest.approx(rate, abs=1e-6)


@pytest.mark.parametrize(('step', 'rate'), [(0, 0.1), (10, 1.0), (60, 0.5**0.9), (110, 0.0)])
def test_polynomial_schedule(step, rate):
    numbers = TrainingSettings(steps=110, learning_rate=1.0, warm_up=10, schedule='poly')

    assert numbers.rate_at(step) == pytest.approx(rate, abs=1e-6)


def test_schedule_without_warm_up_and_within_it():
    assert TrainingSettings(steps=10, learning_rate=1.0, warm_up=0).rate_at(0) == 1.0
    assert TrainingSettings(steps=3, learning_rate=1.0, warm_up=10).rate_at(2) == 0.3


def test_every_step_uses_the_rate_of_the_schedule(tmp_path, monkeypatch):
    run = trainer(tmp_path, 4)
    rates, step = [], run._optimiser.step

    def noting() -> None:
        rates.append({group['lr'] for group in run._optimiser.param_groups})
        step()

    monkeypatch.setattr(run._optimiser, 'step', noting)
    run.run()

    assert rates == [{run.settings.rate_at(number)} for number in range(4)]


def test_biases_norms_embeddings_and_the_last_projection_are_not_decayed(tmp_path):
    run = trainer(tmp_path, 1)
    decay = {
        id(parameter): group['weight_decay']
        for group in run._optimiser.param_groups
        for parameter in group['params']
    }

    assert len(decay) == len(list(run.network.parameters()))
    spared = ('pos_embed', 'cls_token', 'output_conv2.2.weight')
    for name, parameter in run.network.named_parameters():
        if parameter.ndim <= 1 or name.endswith(spared):
            assert decay[id(parameter)] == 0, name
        elif name.endswith('weight'):
            assert decay[id(parameter)] == 0.05, name


def test_gradient_that_is_not_finite_stops_with_advice_and_leaves_the_weights(tmp_path):
    run = trainer(tmp_path, 5)

    def broken(prediction, target, valid):
        total, parts = relative_loss(prediction, target, valid)
        return total * (float('nan') if run.step == 2 else 1.0), parts

    run.loss = broken
    with pytest.raises(FloatingPointError, match='nan at step 2.*lower learning rate') as caught:
        run.run()

    assert str(tmp_path) in str(caught.value)
    assert run.step == 2
    assert all(torch.isfinite(value).all() for value in run.network.state_dict().values())


def test_large_gradients_are_clipped_for_the_step_and_logged_as_they_were(tmp_path):
    run = trainer(tmp_path, 1, log_every=1, clip_norm=1e-3)

    run.run()

    norm = torch.stack([p.grad.norm() for p in run.network.parameters() if p.grad is not None])
    assert norm.norm().item() == pytest.approx(1e-3, rel=1e-2)
    assert rows(tmp_path)[0]['norm'] > 1e-2


def test_average_follows_the_weights(tmp_path):
    run = trainer(tmp_path, 1)
    before = {key: value.clone() for key, value in run.averaged.state_dict().items()}

    run.run()

    # After the first step a tenth of the start is kept: min(0.999, (1 + 0) / (10 + 0)).
    for key, weight in run.network.state_dict().items():
        expected = 0.1 * before[key] + 0.9 * weight
        torch.testing.assert_close(run.averaged.state_dict()[key], expected, rtol=1e-4, atol=1e-6)
    assert not any(parameter.requires_grad for parameter in run.averaged.parameters())


def test_average_never_forgets_faster_than_asked(tmp_path):
    run = trainer(tmp_path, 1, average=0.999)
    run.step = 10**9
    with torch.no_grad():
        for weight in run.network.parameters():
            weight.add_(1.0)
    before = [mean.clone() for mean in run.averaged.parameters()]

    run._average()

    for mean, old in zip(run.averaged.parameters(), before, strict=True):
        torch.testing.assert_close(mean - old, torch.full_like(old, 1e-3), rtol=1e-2, atol=1e-6)


def test_log_has_a_row_for_every_so_many_steps_and_tells_the_caller(tmp_path):
    told: list[dict[str, float]] = []

    trainer(tmp_path, 5, log_every=2).run(told.append)

    assert [row['step'] for row in told] == [2, 4]
    assert [row['pictures'] for row in told] == [4, 8]
    assert rows(tmp_path) == told
    assert {'ssi', 'gradient', 'loss', 'norm', 'pictures_per_s'} <= told[0].keys()


def test_state_keeps_the_facts_of_every_start_that_was_learned_from(tmp_path):
    trainer(tmp_path, 2, facts={'replay': 0}).run()
    trainer(tmp_path, 4, facts={'replay': 3}).run()
    # Nothing is left to learn, so this start leaves no trace behind the next.
    trainer(tmp_path, 4, facts={'replay': 9}).run()

    last = trainer(tmp_path, 6, facts={'replay': 16})
    last.run()

    state = torch.load(tmp_path / 'state.pt', weights_only=True)
    assert state['stretches'] == last.stretches
    assert [(s['from_step'], s['replay']) for s in last.stretches] == [(0, 0), (2, 3), (4, 16)]

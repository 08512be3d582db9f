# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A training from its settings to its checkpoints: it stops and goes on exactly."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from depth_anything_ros.data.sample import DataError
from depth_anything_ros.media.whole_file import write_whole
from depth_anything_ros.training.batch import Batch
from depth_anything_ros.training.errors import TrainingError, explained
from depth_anything_ros.training.feed import Place, check_range, feed_for
from depth_anything_ros.training.machine import (
    accelerator_for,
    optimiser_for,
    prepare_network,
)
from depth_anything_ros.training.objectives import Parts
from depth_anything_ros.training.pace import Pace
from depth_anything_ros.training.plain_settings import plain
from depth_anything_ros.training.run_checkpoints import BEST, LAST, RunCheckpoints
from depth_anything_ros.training.run_log import RunLog, picture_sheet
from depth_anything_ros.training.run_state import STATE, hold, read_state, write_state
from depth_anything_ros.training.settings import RunSettings
from depth_anything_ros.training.starting import start_for
from depth_anything_ros.training.trained_weights import TrainedWeights
from depth_anything_ros.training.validation import Judge, is_better

Row = dict[str, float]


class Run:
    """Trains a network as settings say, keeping everything in ``folder``.

    ``folder/state.pt`` is what a killed run goes on from, with the same weights as one that was
    never stopped; the run does so by itself. last.safetensors and best.safetensors are the
    networks, log.jsonl and tensorboard/ tell how it went. ``stop()`` ends it after the step.
    """

    def __init__(self, settings: RunSettings, folder: Path) -> None:
        self.settings, self.folder, self.step = settings, folder, 0
        machine = settings.machine
        self._accelerator = accelerator_for(machine)
        self.place = Place(
            self._accelerator.process_index, self._accelerator.num_processes, machine.accumulate
        )
        self._device = self._accelerator.device
        self._held = hold(folder) if self.is_main else None
        state = read_state(folder / STATE, settings)
        torch.manual_seed(settings.seed)
        with self._accelerator.main_process_first():
            self._feed = feed_for(settings, self.place, self._device)
            self._judge = Judge(settings, self.place)
            start = start_for(settings)
        self._frozen = start.frozen and start.frozen.to(self._device)
        model = prepare_network(start.network, machine)
        optimiser = optimiser_for(model, settings.optimiser, self._device)
        self._model, self._optimiser = self._accelerator.prepare(model, optimiser)
        self._inner = self._accelerator.unwrap_model(self._model, keep_torch_compile=False)
        self._sharded = machine.sharding == 'full' and self.place.processes > 1
        self._weights = TrainedWeights(
            self._inner, self._optimiser.optimizer, settings.average, self._sharded
        )
        self._objective = settings.objective
        self.best_scores: Row = {}
        self._stop, self._saved, self._whole = False, -1, True
        self.steps = settings.steps or math.ceil((settings.epochs or 0) * self._feed.epoch)
        if state is not None:
            self._restore(state)
        self._agree()
        self._log: RunLog | None = None
        if self.is_main:
            write_whole(folder / 'settings.json', json.dumps(plain(settings), indent=2).encode())
            self._log = RunLog(folder, self.step, settings.output.tensorboard)
        self._checkpoints = RunCheckpoints(folder, settings)

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that writes."""
        return self._accelerator.is_main_process

    @property
    def network(self) -> torch.nn.Module:
        """The network as it is now."""
        return self._inner.network

    def stop(self) -> None:
        """End the run after the step that is under way, as if it were killed but with a state."""
        self._stop = True

    def __call__(self, told: Callable[[Row], None] | None = None) -> None:
        """Train to the last step; ``told`` hears of each step that is logged or judged.

        Raises TrainingError where it cannot go on; the message says what is kept.
        """
        tell = told or (lambda _: None)
        try:
            if self.step < self.steps:
                self._train(Pace(self._feed.batches(self.step)), tell)
        except (RuntimeError, DataError, OSError) as error:
            raise self._explained(error) from error
        finally:
            if self._log is not None:
                self._log.close()
            if self._held is not None:
                self._held.close()
            self._accelerator.end_training()

    def _train(self, batches: Pace, tell: Callable[[Row], None]) -> None:
        output, first = self.settings.output, self.step
        self._model.train()
        while self.step < self.steps and not self._stop:
            parts = self._one_step(batches, pictures=self._due(output.pictures, self.step + 1))
            ends = self.step == self.steps
            if self._due(output.log) or ends:
                # Means over the processes: each has seen a part of the batch.
                means = {name: self._mean(value) for name, value in parts.items()}
                seen = (self.step - first) * self.settings.batch
                self._note({'step': self.step, **means, **batches.row(seen)}, tell)
                first = self.step
            if self._judge and (
                self._due(self.settings.validation.every or self._feed.epoch) or ends
            ):
                self._validate(tell)
            if self._due(output.checkpoint):
                self._write_checkpoint(None)
            if self._due(output.state) or ends:
                self.save()
        if self._stop and self._saved != self.step and not self._sharded:
            self.save()
        if self.step == self.steps:
            self._write_checkpoint(LAST)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Mark what must not be saved where it is left by an error: torch raises that of a killed
        reader wherever the program is at that moment.
        """
        self._whole = False
        yield
        self._whole = True

    def _due(self, every: int, step: int | None = None) -> bool:
        return every > 0 and (self.step if step is None else step) % every == 0

    def _one_step(self, batches: Iterator[Batch], pictures: bool) -> dict[str, Tensor]:
        """Learn from one batch, all of its parts; return the parts of the loss."""
        for group in self._optimiser.param_groups:
            factor = self.settings.optimiser.factor_at(self.step, self.steps)
            group['lr'] = group['base'] * factor
        self._optimiser.zero_grad()
        sums: dict[str, Tensor] = {}
        count = self.place.parts
        for part in range(count):
            batch = next(batches).ready_on(self._device)
            if self.step == 0 and part == 0:
                check_range(batch, self.settings)
            more = part < count - 1
            with self._accelerator.no_sync(self._model) if more else nullcontext():
                loss, parts, prediction = self._loss(batch)
                self._accelerator.backward(loss / count)
            for name, value in {**parts, 'loss': loss.detach()}.items():
                sums[name] = sums.get(name, 0) + value / count
        if pictures and self._log is not None:
            sheet = picture_sheet(batch, prediction, self._inner.network.config.kind)
            self._log.picture('training', self.step + 1, sheet)
        norm = self._clipped_norm()
        if not math.isfinite(norm):
            self._break_off(norm)
        with self._changing():
            self._optimiser.step()
            self._weights.average.update(self.step)
            self.step += 1
        return {**sums, 'norm': torch.tensor(norm, device=self._device)}

    def _loss(self, batch: Batch) -> tuple[Tensor, Parts, Tensor]:
        prediction, own = self._model(batch.images)
        features = None
        if self._frozen is not None:
            with torch.no_grad(), self._accelerator.autocast():
                features = (own, self._frozen(batch.images)[-1])
        loss, parts = self._objective(prediction, batch, features)
        return loss, parts, prediction

    def _clipped_norm(self) -> float:
        """Shorten the gradients where that is asked for; return how long they were."""
        limit = self.settings.optimiser.clip_norm or math.inf
        parameters = [p for p in self._model.parameters() if p.requires_grad]
        norm = self._accelerator.clip_grad_norm_(parameters, limit)
        return float(norm.full_tensor() if hasattr(norm, 'full_tensor') else norm)

    def _break_off(self, norm: float) -> None:
        self._optimiser.zero_grad()
        if not self._sharded or self._saved != self.step:
            self.save()
        raise TrainingError(
            f'the gradient is {norm} at step {self.step}: the step was not taken, and the weights '
            f'before it are in {self.folder / STATE}. Run again with lower rates '
            '(--set optimiser.decoder_rate=...), a longer optimiser.warm_up, an '
            'optimiser.clip_norm, or machine.precision=float32'
        )

    def _mean(self, value: Tensor) -> float:
        if self.place.processes == 1:
            return float(value)
        return float(self._accelerator.reduce(value.detach().float(), 'mean'))

    def _note(self, row: Row, tell: Callable[[Row], None]) -> None:
        if self._log is not None:
            self._log.row(row)
            tell(row)

    @torch.no_grad()
    def _validate(self, tell: Callable[[Row], None]) -> None:
        """Judge the averaged network; keep it where none before was better."""
        self._model.eval()
        model = self._model if self._sharded else self._inner

        def predict(image: Tensor) -> Tensor:
            with self._accelerator.autocast():
                return model(image)[0]

        with self._changing(), self._weights.average.in_place():
            sums = torch.tensor(self._judge(predict, self._device), device=self._device)
            abs_rel, delta1, pictures = self._accelerator.reduce(sums, 'sum').tolist()
        self._model.train()
        if not pictures:
            raise TrainingError(
                'validation.data have no picture with enough known depth in range: is max_depth '
                'that of the data?'
            )
        scores = {'abs_rel': abs_rel / pictures, 'delta1': delta1 / pictures}
        self._note({'step': self.step, **{f'val_{k}': v for k, v in scores.items()}}, tell)
        if is_better(scores, self.best_scores, self.settings.validation.best):
            self.best_scores = {'step': float(self.step), **scores}
            self._write_checkpoint(BEST, scores)

    def save(self) -> None:
        """Write the state. Raises TrainingError."""
        with self._changing():
            state = self._weights.state()
        self._saved = self.step
        if self.is_main:
            write_state(
                self.folder / STATE,
                {
                    **state,
                    'step': self.step,
                    'best': self.best_scores,
                    'settings': plain(self.settings),
                },
            )

    def _restore(self, state: dict[str, Any]) -> None:
        self._weights.restore(state)
        # The optimiser's rates are those of before; what is set now holds.
        fresh = optimiser_for(self._inner, self.settings.optimiser, self._device).param_groups
        for group, now in zip(self._optimiser.param_groups, fresh, strict=True):
            group.update({key: now[key] for key in ('base', 'betas', 'weight_decay')})
        self.step, self.best_scores, self._saved = state['step'], state['best'], state['step']

    def _agree(self) -> None:
        """Refuse to go on where processes begin at several steps."""
        begins = self._accelerator.gather(torch.tensor([self.step], device=self._device))
        if len(set(begins.tolist())) > 1:
            raise TrainingError(
                f'processes begin at the steps {sorted(set(begins.tolist()))}: all machines must '
                f'see the output folder {self.folder}'
            )

    def _write_checkpoint(self, name: str | None, facts: dict[str, float] | None = None) -> None:
        with self._changing():
            state = self._weights.network_state()
        if self.is_main and name is None:
            self._checkpoints.write_numbered(state, self.step, facts or {})
        elif self.is_main and name is not None:
            self._checkpoints.write(name, state, self.step, facts or {})

    def _explained(self, error: Exception) -> Exception:
        """Keep the state and say what an error means; return errors that say it themselves."""
        said = explained(error, self.step, self.folder / STATE)
        if said is None:
            return error
        if self._whole and not self._sharded and self._saved != self.step:
            self.save()
        return said

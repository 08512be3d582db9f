# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All settings of a training, as config/training/*.yaml holds them (docs/training.md)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from depth_anything_ros.data.strong_augmentation import Strength
from depth_anything_ros.model.configuration import PATCH_SIZE, SIZES
from depth_anything_ros.training.objectives import MetricObjective, Objective, RelativeObjective
from depth_anything_ros.training.plain_settings import SettingsError
from depth_anything_ros.training.silog import BALANCE


@dataclass(frozen=True)
class DataSettings:
    """A set of pictures: its name and folder, and the labels a teacher wrote for it, if any.

    Sets are joined as they are, as in the paper; ``repeat`` shows one so many times an epoch.
    ``options`` are those of the set (docs/data.md).
    """

    name: str
    path: str | None = None
    labels: str | None = None
    repeat: int = 1
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.repeat < 1:
            raise SettingsError(f'repeat of {self.name} is {self.repeat}; it must be at least 1')


@dataclass(frozen=True)
class StreamSettings:
    """The procedural world, rendered where the network learns; in place of sets of pictures.

    ``short_side`` are the rows of a 4:3 picture, ``rich`` is the share of scenes with glass,
    mirrors, fog, night, foliage or hills; see ``ProceduralBatches`` for the rest.
    """

    short_side: int = 168
    replay: int = 0
    compiled: bool = False
    rich: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.rich <= 1:
            raise SettingsError(f'rich is {self.rich}; it is a share, from 0 to 1')


@dataclass(frozen=True)
class ViewSettings:
    """What becomes of a picture: resized to ``side``, a square cut out, perhaps mirrored.

    Pictures with pseudo-labels may be perturbed: ``strong`` changes colours and blurs, ``cutmix``
    is the probability that two pictures are mixed.
    """

    side: int = 518
    mirror: float = 0.5
    strong: bool = False
    strength: Strength = field(default_factory=Strength)
    cutmix: float = 0.0

    def __post_init__(self) -> None:
        if self.side < PATCH_SIZE or self.side % PATCH_SIZE:
            raise SettingsError(f'side {self.side} must be a multiple of {PATCH_SIZE}')
        for name in ('mirror', 'cutmix'):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingsError(f'{name} {getattr(self, name)} must be from 0 to 1')


@dataclass(frozen=True)
class MetricSettings:
    """The loss of metric networks; see ``silog``."""

    min_depth: float = 1e-3
    balance: float = BALANCE
    over: Literal['batch', 'picture'] = 'batch'


@dataclass(frozen=True)
class OptimiserSettings:
    """How weights are changed; ``encoder_rate`` and ``decoder_rate`` are the two learning rates.

    The schedule multiplies both: it is 1, or falls to 0 over the run, linearly, by (1 - t)^power
    or as a cosine, after a linear warm-up. ``spare`` takes weight decay from biases, norms,
    embeddings and the last projection. Gradients longer than ``clip_norm`` are shortened, 0: not.
    """

    name: Literal['adam', 'adamw'] = 'adamw'
    encoder_rate: float = 5e-6
    decoder_rate: float = 5e-5
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    spare: bool = False
    schedule: Literal['constant', 'linear', 'poly', 'cosine'] = 'linear'
    power: float = 0.9
    warm_up: int = 0
    clip_norm: float = 0.0

    def __post_init__(self) -> None:
        if min(self.encoder_rate, self.decoder_rate, self.weight_decay, self.clip_norm) < 0:
            raise SettingsError('rates, weight_decay and clip_norm must not be below 0')
        if self.warm_up < 0 or not all(0 <= beta < 1 for beta in self.betas):
            raise SettingsError(
                f'warm_up is {self.warm_up} and betas {self.betas}; the first must not be below 0, '
                'the others must be from 0 to below 1'
            )

    def factor_at(self, step: int, steps: int) -> float:
        """Return what the learning rates are multiplied by at a step of so many, from 0."""
        if step < self.warm_up:
            return (step + 1) / self.warm_up
        t = min(1.0, (step - self.warm_up) / max(1, steps - self.warm_up))
        return {
            'constant': 1.0,
            'linear': 1 - t,
            'poly': (1 - t) ** self.power,
            'cosine': 0.5 * (1 + math.cos(math.pi * t)),
        }[self.schedule]


@dataclass(frozen=True)
class ValidationSettings:
    """Sets with true depth to judge by, every so many steps (0: at each epoch's end).

    At most ``limit`` pictures of each, evenly spread (0: all). Depth counts from ``min_depth`` to
    ``max_depth`` metres (of metric networks: to their own). ``best`` decides which checkpoint is
    kept as the best.
    """

    data: tuple[DataSettings, ...] = ()
    every: int = 0
    limit: int = 200
    min_depth: float = 1e-3
    max_depth: float = 80.0
    best: Literal['abs_rel', 'delta1'] = 'abs_rel'


@dataclass(frozen=True)
class OutputSettings:
    """What a run leaves behind, each every so many steps (0: never, but at the end).

    ``state`` is what a run resumes from, ``checkpoint`` the network of that step, of which the
    newest ``keep`` stay; ``log`` are lines of numbers and ``pictures`` what the network sees.
    """

    state: int = 1000
    checkpoint: int = 0
    keep: int = 3
    log: int = 20
    pictures: int = 1000
    dtype: Literal['float32', 'float16', 'bfloat16'] = 'float32'
    tensorboard: bool = True


@dataclass(frozen=True)
class MachineSettings:
    """How the work is done; nothing here changes what is learned but by rounding.

    ``accumulate`` parts of the batch go one after the other, ``checkpointing`` computes
    activations again instead of keeping them, ``sharding`` spreads the weights over the GPUs.
    """

    device: Literal['auto', 'cpu'] = 'auto'
    precision: Literal['float32', 'bfloat16'] = 'bfloat16'
    accumulate: int = 1
    checkpointing: bool = False
    compile: bool = False
    sharding: Literal['none', 'full'] = 'none'
    workers: int = 4
    deterministic: bool = False


@dataclass(frozen=True)
class RunSettings:
    """One training: ``batch`` pictures a step, of all processes together.

    It has ``steps``, or ``epochs`` over the data. ``initial`` says where weights are from: scratch,
    dinov2 (downloaded), a model's name, or a file: DINOv2's or a checkpoint. Of a checkpoint the
    ``initial_part`` is taken; the body is all but the output layers. ``average`` is the decay of
    the moving average of the weights, which then is what checkpoints hold, 0 for none.
    ``unreadable`` pictures are stepped over, or stop the run.
    """

    stage: Literal['teacher', 'student', 'metric']
    model: str
    batch: int
    steps: int | None = None
    epochs: float | None = None
    initial: str = 'dinov2'
    initial_part: Literal['encoder', 'body', 'all'] = 'encoder'
    max_depth: float | None = None
    seed: int = 0
    average: float = 0.0
    unreadable: Literal['skip', 'stop'] = 'skip'
    data: tuple[DataSettings, ...] = ()
    stream: StreamSettings | None = None
    view: ViewSettings = field(default_factory=ViewSettings)
    loss: RelativeObjective = field(default_factory=RelativeObjective)
    metric: MetricSettings = field(default_factory=MetricSettings)
    optimiser: OptimiserSettings = field(default_factory=OptimiserSettings)
    validation: ValidationSettings = field(default_factory=ValidationSettings)
    output: OutputSettings = field(default_factory=OutputSettings)
    machine: MachineSettings = field(default_factory=MachineSettings)

    def __post_init__(self) -> None:
        if self.model not in SIZES:
            raise SettingsError(f'model is {self.model!r}; it may be {", ".join(SIZES)}')
        if (self.steps is None) == (self.epochs is None):
            raise SettingsError('give steps or epochs, and not both')
        if bool(self.data) == (self.stream is not None):
            raise SettingsError('give data or stream, and not both')
        if self.epochs is not None and self.stream is not None:
            raise SettingsError('a stream has no epochs: give steps')
        if (self.stage == 'metric') != (self.max_depth is not None):
            raise SettingsError(
                f'max_depth is {self.max_depth} and stage is {self.stage}: metric networks, and '
                'only these, have a farthest depth (20 indoors, 80 outdoors)'
            )
        if self.max_depth is not None and not 0 < self.max_depth <= 10_000:
            raise SettingsError(f'max_depth is {self.max_depth}; it must be above 0, up to 10000 m')
        if not 0 <= self.average < 1:
            raise SettingsError(f'average is {self.average}; it must be from 0 to below 1')
        least = {'batch': self.batch, 'steps': self.steps, 'machine.accumulate': self.parts}
        for name, value in least.items():
            if value is not None and value < 1:
                raise SettingsError(f'{name} is {value}; it must be at least 1')
        if self.batch % self.parts:
            raise SettingsError(f'batch {self.batch} is no multiple of {self.parts} parts')

    @property
    def side(self) -> int:
        """The shorter side in pixels of what the network learns from."""
        return self.view.side if self.stream is None else self.stream.short_side

    @property
    def parts(self) -> int:
        """Into how many parts a process cuts its share of a batch."""
        return self.machine.accumulate

    @property
    def objective(self) -> Objective:
        """What the stage minimises."""
        if self.max_depth is None:
            return self.loss
        metric = self.metric
        return MetricObjective(self.max_depth, metric.min_depth, metric.balance, metric.over)

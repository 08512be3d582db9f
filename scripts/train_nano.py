#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Train nano from scratch on the procedural world; run it again to continue where it stopped."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import torch
from tqdm import tqdm

from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.training.initialisation import initialise_for_scratch
from depth_anything_ros.training.losses import scratch_loss
from depth_anything_ros.training.procedural_batches import ProceduralBatches
from depth_anything_ros.training.trainer import Trainer, TrainingSettings

FACTS = (
    *('short_side', 'batch', 'learning_rate', 'gradient_weight', 'error_weight'),
    *('seed', 'replay', 'steps'),
)
"""The arguments that decide what is learned; the run's state keeps them."""


def main() -> None:
    """Parse the command line, train, and leave the state in the run's folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--folder', type=Path, default=Path('runs/nano'), help='state and log')
    parser.add_argument('--steps', type=int, default=6500, help='length of the schedule')
    parser.add_argument('--short-side', type=int, default=168, help='rows of a 4:3 picture')
    parser.add_argument('--batch', type=int, default=16, help='pictures per step')
    parser.add_argument('--learning-rate', type=float, default=5e-4)
    parser.add_argument('--gradient-weight', type=float, default=2.0, help="the paper's is 2")
    parser.add_argument('--error-weight', type=float, default=10.0, help='of the aligned error')
    parser.add_argument('--save-every', type=int, default=200, help='steps between saves')
    parser.add_argument('--log-every', type=int, default=20, help='steps between log lines')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--replay', type=int, default=0, help='batches that are rendered, then shown once more'
    )
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--no-compile', action='store_true', help='render without torch.compile')
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    network = initialise_for_scratch(DepthAnything(config_for('nano')))
    network.to(arguments.device)
    source = ProceduralBatches(
        arguments.seed,
        arguments.batch,
        arguments.device,
        short_side=arguments.short_side,
        compiled=not arguments.no_compile,
        replay=arguments.replay,
    )
    settings = TrainingSettings(
        steps=arguments.steps,
        learning_rate=arguments.learning_rate,
        clip_norm=30.0,
        save_every=arguments.save_every,
        log_every=arguments.log_every,
    )
    loss = partial(
        scratch_loss,
        gradient_weight=arguments.gradient_weight,
        error_weight=arguments.error_weight,
    )
    facts = {name: value for name, value in vars(arguments).items() if name in FACTS}
    trainer = Trainer(network, source, loss, settings, arguments.folder, facts)
    with tqdm(total=arguments.steps, initial=trainer.step, unit='step') as bar:

        def show(row: dict[str, float]) -> None:
            bar.update(int(row['step']) - bar.n)
            bar.set_postfix(error=f'{row["error"]:.3f}', gradient=f'{row["gradient"]:.3f}')

        trainer.run(show)


if __name__ == '__main__':
    main()

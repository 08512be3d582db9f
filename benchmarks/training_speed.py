#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a step of training costs beside forward and backward alone, and what it waits for pictures.

Files of the published sizes and formats are made, and networks trained on them as `depth-anything
train` does it, with one process that reads and the other cores for the network. In turns with it
the same network goes forward, through the loss and backward on one batch that is held. A step is
from asking for its batch to the changed weights and their average. Processor seconds are those of
the training process alone, which others on the machine change less. Goals: at least 90 % of a
step is work, and a step takes at most 1.3 times forward and backward alone.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from depth_anything_ros import DepthEstimator
from depth_anything_ros.data.dataset import open_dataset
from depth_anything_ros.data.procedural import ProceduralWorld
from depth_anything_ros.data.rendered_set import TARGETS, Frame
from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.geometry.transform import Transform
from depth_anything_ros.model.checkpoint import save_checkpoint
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.training.feed import Place, feed_for
from depth_anything_ros.training.machine import prepare_network
from depth_anything_ros.training.plain_settings import read_settings
from depth_anything_ros.training.pseudo_labels import facts_of, write_labels
from depth_anything_ros.training.run import Run
from depth_anything_ros.training.settings import RunSettings
from depth_anything_ros.training.starting import start_for

RESULTS = Path(__file__).resolve().parents[1] / 'benchmarks/results/training_speed.json'
FILES, SHRINK, GRAIN, INPUT_SIZE = 48, 6, 4.0, 112
"""Pictures of each set, rendered so many times smaller, then enlarged and made as noisy."""
FIRST = 3
"""Steps of each turn that do not count: readers start, memory is found."""
LEAST_BUSY, MOST_RATIO = 0.9, 1.3

SMALL = {'encoder_rate': 5e-6, 'decoder_rate': 5e-5, 'clip_norm': 1.0}
CASES: dict[str, dict[str, Any]] = {
    'nano, 112, vkitti2': {
        'stage': 'teacher', 'model': 'nano', 'batch': 16, 'set': 'vkitti2',
        'view': {'side': 112},
    },
    'nano, 112, pictures with labels': {
        'stage': 'student', 'model': 'nano', 'batch': 16, 'set': 'pictures',
        'view': {'side': 112, 'strong': True, 'cutmix': 0.5}, 'loss': {'drop_share': 0.1},
    },
    'nano, 112, hypersim, metric': {
        'stage': 'metric', 'model': 'nano', 'batch': 16, 'set': 'hypersim', 'max_depth': 20.0,
        'view': {'side': 112},
    },
    'small, 252, hypersim, metric': {
        'stage': 'metric', 'model': 'small', 'batch': 4, 'set': 'hypersim', 'max_depth': 20.0,
        'view': {'side': 252},
    },
}  # fmt: skip


def make_files(name: str, root: Path) -> None:
    """Write a set in its layout, each file as large as a published one."""
    target, world = TARGETS[name], ProceduralWorld(7)
    height, width = target.height, target.width
    noise = np.random.default_rng(0)
    for number in range(FILES):
        rendered = world.sample(1, height // SHRINK, width // SHRINK)
        rgb = rendered.rgb[0].permute(1, 2, 0).numpy() * 255
        rgb = cv2.resize(rgb, (width, height)) + noise.normal(0, GRAIN, (height, width, 3))
        depth = cv2.resize(rendered.depth[0].numpy(), (width, height), None, 0, 0, 0)
        pose = Transform(np.eye(3), np.zeros(3))
        seen = np.clip(rgb, 0, 255).astype(np.uint8)
        fields = target.fields(Frame(0, number, seen, depth, pose, target.focal))
        picture, there = (
            root / form.path(fields) for form in (target.layout.picture, target.layout.map)
        )
        for path in (picture, there):
            path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(picture), seen[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
        target.depth(there, depth)


def make_labels(pictures: Path, labels: Path) -> None:
    """Label the pictures of a folder by nano."""
    dataset = open_dataset('pictures', pictures)
    facts = facts_of(dataset, 'nano', '', INPUT_SIZE, FILES)
    write_labels(dataset, DepthEstimator('nano', input_size=INPUT_SIZE), labels, facts)


def settings_of(case: dict[str, Any], root: Path, steps: int) -> RunSettings:
    """Return the settings of a case: one process reads, bfloat16."""
    start = root / f'{case["model"]}_{case.get("max_depth")}.safetensors'
    if not start.exists():
        torch.manual_seed(0)
        network = DepthAnything(config_for(case['model'], case.get('max_depth'))).initialise()
        save_checkpoint(network, start)
    data = {'name': case['set'], 'path': str(root / case['set'])}
    if case['set'] == 'pictures':
        data['path'], data['labels'] = str(root / 'hypersim'), str(root / 'labels')
    given = {
        **{key: value for key, value in case.items() if key != 'set'},
        'steps': steps,
        'initial': str(start),
        'initial_part': 'all',
        'average': 0.999,
        'data': [data],
        'optimiser': SMALL,
        'output': {'state': 0, 'log': 1, 'pictures': 0, 'tensorboard': False},
        'machine': {'workers': 1, 'precision': 'bfloat16'},
    }
    return read_settings(RunSettings, given)


def trained(settings: RunSettings, folder: Path) -> dict[str, float]:
    """Train; return the median seconds of a step and the share of all steps that is work."""
    rows: list[dict[str, float]] = []
    spent: list[float] = []

    def told(row: dict[str, float]) -> None:
        rows.append(row)
        spent.append(time.process_time())

    Run(settings, folder)(told)
    rows, work = rows[FIRST:], np.diff(spent)[FIRST - 1 :]
    seconds = np.array([settings.batch / row['pictures_per_s'] for row in rows])
    waited = np.array([row['waited'] for row in rows])
    busy = 1 - float((seconds * waited).sum() / seconds.sum())
    return {
        'step_s': float(np.median(seconds)),
        'step_processor_s': float(np.median(work)),
        'busy': busy,
    }


def alone(settings: RunSettings, steps: int) -> dict[str, float]:
    """Go forward and backward on one batch; return the median seconds, with and without loss."""
    torch.manual_seed(0)
    model = prepare_network(start_for(settings).network, settings.machine).train()
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    model.to(device)
    batch = next(feed_for(settings, Place(), device).batches(0)).ready_on(device)
    seconds = []
    for _ in range(steps):
        model.zero_grad(set_to_none=True)
        start, spent = time.perf_counter(), time.process_time()
        with torch.autocast(device.type, torch.bfloat16):
            prediction, _ = model(batch.images)
        seen = time.perf_counter()
        loss, _ = settings.objective(prediction.float(), batch)
        judged = time.perf_counter()
        loss.backward()
        if device.type == 'cuda':
            torch.cuda.synchronize()
        end = time.perf_counter()
        seconds.append((end - start, time.process_time() - spent, judged - seen))
    medians = np.median(np.array(seconds[FIRST:]), axis=0)
    names = ('alone_s', 'alone_processor_s', 'loss_s')
    return {name: float(value) for name, value in zip(names, medians, strict=True)}


def measure(case: dict[str, Any], root: Path, turns: int, steps: int) -> dict[str, Any]:
    """Measure a case in turns; return the medians and what is to be held."""
    settings = settings_of(case, root, steps)
    rounds = []
    for _ in range(turns):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append({**trained(settings, Path(folder)), **alone(settings, steps)})
    medians = {key: float(np.median([each[key] for each in rounds])) for key in rounds[0]}
    ratio = float(np.median([each['step_s'] / each['alone_s'] for each in rounds]))
    return {
        **{key: value for key, value in case.items() if key != 'set'},
        **{key: round(value, 4) for key, value in medians.items()},
        'step_over_alone': round(ratio, 3),
        'step_over_alone_processor': round(
            float(
                np.median([each['step_processor_s'] / each['alone_processor_s'] for each in rounds])
            ),
            3,
        ),
        'pictures_per_s': round(settings.batch / medians['step_s'], 1),
        'turns': [{key: round(value, 4) for key, value in each.items()} for each in rounds],
        'holds': ratio <= MOST_RATIO and medians['busy'] >= LEAST_BUSY,
    }


def main() -> None:
    """Print a line for each case and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--steps', type=int, default=20, help='in each turn')
    parser.add_argument('--turns', type=int, default=3)
    parser.add_argument('--only', default='', help='cases whose name holds this')
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    threads = max(1, (os.cpu_count() or 1) - 1)
    torch.set_num_threads(threads)
    results: dict[str, Any] = {
        **machine_facts('accelerate'),
        'threads': threads,
        'steps_a_turn': arguments.steps,
        'goals': {'busy': LEAST_BUSY, 'step_over_alone': MOST_RATIO},
        'cases': {},
    }
    chosen = {name: case for name, case in CASES.items() if arguments.only in name}
    with tempfile.TemporaryDirectory() as folder:
        for name in ('hypersim', 'vkitti2'):
            make_files(name, Path(folder) / name)
        make_labels(Path(folder) / 'hypersim', Path(folder) / 'labels')
        for name, case in chosen.items():
            result = measure(case, Path(folder), arguments.turns, arguments.steps)
            results['cases'][name] = result
            print(
                f'{name:32}step {result["step_s"]:.3f} s, {result["step_over_alone"]:.2f} of '
                f'forward and backward, busy {result["busy"]:.1%}, holds: {result["holds"]}',
                flush=True,
            )
    arguments.output.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()

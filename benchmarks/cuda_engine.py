#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time the engine for NVIDIA GPUs beside its rivals, in turns in one run; compare their depth.

All go from host uint8 pictures to host float32 depth of the pictures' size, with the same weights,
the same two resizes on the GPU and float16. `transformers` is its network as it comes,
`torch.compile` the same in mode max-autotune; `ours compiled` is our engine with torch.compile.
`replay` is the bare network: the replay of a CUDA graph of our modules on an input that is ready,
without resizes and copies. Random weights.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cpu_engine import network_of, time_in_turns, twin_of
from torch import Tensor

from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.inference.conventions import network_size
from depth_anything_ros.inference.cuda_engine import CudaEngine
from depth_anything_ros.inference.preprocessing import postprocess, preprocess
from depth_anything_ros.model.depth_anything import DepthAnything

RESULTS = Path(__file__).resolve().parent / 'results/cuda_engine.json'
SOURCES = ((480, 640), (1080, 1920))
INPUT_SIZE = 518
GOALS = {
    'small': {'transformers': 4.0, 'torch.compile': 1.0},
    'large': {'transformers': 2.0, 'torch.compile': 1.0},
}
"""How many times as long as ours a rival should take, one picture of 640 x 480 at once."""

Run = Callable[[], list[np.ndarray]]


def plainly(
    forward: Callable[[Tensor], Tensor],
    pictures: Sequence[np.ndarray],
    size: tuple[int, int],
    device: torch.device,
    dtype: torch.dtype,
) -> Run:
    """Return what takes pictures up, through a network and down, one step after the other."""

    @torch.inference_mode()
    def run() -> list[np.ndarray]:
        up = torch.from_numpy(np.stack(pictures)).to(device)
        values = forward(preprocess(up, size).to(dtype))
        depth = postprocess(values.float(), pictures[0].shape[:2])
        return list(depth.cpu().numpy())

    return run


def replay_of(network: DepthAnything, image: Tensor) -> Run:
    """Return the replay of a CUDA graph of the network alone; it gives nothing back."""
    with torch.inference_mode():
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            for _ in range(3):
                network(image)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            network(image)

    def run() -> list[np.ndarray]:
        graph.replay()
        torch.cuda.synchronize()
        return []

    return run


def entrants_of(
    model: str, pictures: Sequence[np.ndarray], device: torch.device, dtype: torch.dtype
) -> dict[str, Run]:
    """Return who is timed on some pictures of one size; ours is the first."""
    source = pictures[0].shape[:2]
    size = network_size(*source, INPUT_SIZE)
    engine = CudaEngine(network_of(model), device, dtype)
    twin = twin_of(model).to(device, dtype)

    def eager(image: Tensor) -> Tensor:
        values: Tensor = twin(pixel_values=image).predicted_depth
        return values

    entrants: dict[str, Run] = {
        'ours': lambda: engine.run(pictures, size, False),
        'transformers': plainly(eager, pictures, size, device, dtype),
    }
    if device.type == 'cuda':
        fast = CudaEngine(network_of(model), device, dtype, compiled=True)
        entrants['ours compiled'] = lambda: fast.run(pictures, size, False)
        compiled = torch.compile(eager, mode='max-autotune')
        entrants['torch.compile'] = plainly(compiled, pictures, size, device, dtype)
        alone = network_of(model).set_precision(dtype).to(device)
        image = preprocess(torch.from_numpy(np.stack(pictures)).to(device), size).to(dtype)
        entrants['replay'] = replay_of(alone, image)
    return entrants


def measure(
    model: str, source: tuple[int, int], batch: int, rounds: int, device: torch.device
) -> dict[str, Any]:
    """Return the figures of every entrant for a network, a size of pictures and a batch."""
    dtype = torch.float16 if device.type == 'cuda' else torch.float32
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (*source, 3), dtype=np.uint8) for _ in range(batch)]
    entrants = entrants_of(model, pictures, device, dtype)
    times = time_in_turns(entrants, rounds)
    exact = entrants['ours']()[0]
    rows = {}
    for name, run in entrants.items():
        rows[name] = {
            'ms': round(times[name], 3),
            'times_ours': round(times[name] / times['ours'], 3),
        }
        for depth in run()[:1]:
            difference = np.abs(depth - exact) / np.maximum(exact, 1e-3 * exact.max())
            rows[name]['max_relative_difference'] = float(f'{difference.max():.2g}')
        print(
            f'{model:6}{source[1]}x{source[0]} x{batch}  {name:14}',
            *rows[name].values(),
            flush=True,
        )
    return rows


def main() -> None:
    """Print the table and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--models', nargs='+', default=['small', 'base', 'large'])
    parser.add_argument('--batches', nargs='+', type=int, default=[1, 2, 4, 8])
    parser.add_argument('--rounds', type=int, default=30, help='timed runs of every entrant')
    parser.add_argument('--device', default='cuda', help='cpu tries the script out')
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    if device.type == 'cuda' and not torch.cuda.is_available():
        raise SystemExit('there is no GPU here: --device cpu tries the script out')
    cases: dict[str, Any] = {}
    for model in arguments.models:
        for height, width in SOURCES:
            for batch in arguments.batches:
                case = f'{model} {width}x{height} x{batch}'
                cases[case] = measure(model, (height, width), batch, arguments.rounds, device)
    results = {
        **machine_facts('transformers', 'numpy'),
        'device': torch.cuda.get_device_name(device) if device.type == 'cuda' else 'cpu',
        'protocol': ' '.join((__doc__ or '').split('\n\n', 1)[1].split()),
        'input_size': INPUT_SIZE,
        'goals': GOALS,
        'cases': cases,
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()

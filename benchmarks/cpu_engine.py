#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time the engines for processors beside their rivals, in turns in one run; compare their depth.

Ours goes from a host picture to host depth, both resizes included; a rival's time is that of its
forward pass alone, from an input that is ready. All have the same weights. Rivals whose package is
missing are left out: pip install transformers onnx onnxscript onnxruntime openvino.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from depth_anything_ros.evaluation.machine import machine_facts
from depth_anything_ros.inference.cpu_engine import CpuEngine
from depth_anything_ros.inference.device import resolve_precision
from depth_anything_ros.inference.engine import EagerEngine
from depth_anything_ros.inference.openvino_engine import OpenVinoEngine, openvino_is_installed
from depth_anything_ros.inference.preprocessing import preprocess
from depth_anything_ros.model.checkpoint import load_network
from depth_anything_ros.model.configuration import config_for
from depth_anything_ros.model.depth_anything import DepthAnything
from depth_anything_ros.model.hub import locate
from depth_anything_ros.model.keys import transformers_from_official

RESULTS = Path(__file__).resolve().parent / 'results/cpu_engine.json'
CPU = torch.device('cpu')
CASES = (('small', (518, 518)), ('small', (252, 336)), ('nano', (252, 336)))
PACKAGES = ('transformers', 'onnxruntime', 'openvino', 'numpy', 'opencv-python-headless')
PAUSE = 0.05
"""Seconds between entrants, in which the threads of one stop spinning before the next begins."""

Run = Callable[[], np.ndarray]


def network_of(size: str) -> DepthAnything:
    """Return nano as it ships, or another size with random weights."""
    if size == 'nano':
        return load_network(*locate('nano'))
    torch.manual_seed(0)
    network = DepthAnything(config_for(size)).initialise()
    # Attention over random weights is flat; a few times as large, its scores are as in real ones.
    for block in network.pretrained.blocks:
        block.attn.qkv.weight.data.mul_(4)
    return network.eval()


def ours(size: str, rgb: np.ndarray) -> Iterator[tuple[str, Run]]:
    """Yield our engines, in the precision of this processor and in float32, and the older path."""
    shape = rgb.shape[:2]
    best = resolve_precision('auto', CPU)
    kinds: dict[str, type[CpuEngine] | type[OpenVinoEngine]] = {'cpu': CpuEngine}
    if openvino_is_installed():
        kinds = {'openvino': OpenVinoEngine, **kinds}  # as device: auto chooses
    for kind, make in kinds.items():
        for dtype in dict.fromkeys((best, torch.float32)):
            engine = make(network_of(size), dtype)
            yield f'ours {kind} {_name(dtype)}', lambda e=engine: e.run([rgb], shape, False)[0]
    eager = EagerEngine(network_of(size), CPU, best)
    yield f'modules {_name(best)}', lambda: eager.run([rgb], shape, False)[0]


def twin_of(size: str) -> Any:
    """Return transformers' network with the weights of ``network_of``."""
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

    config = config_for(size)
    backbone = Dinov2Config(
        hidden_size=config.embed_dim,
        num_hidden_layers=config.depth,
        num_attention_heads=config.num_heads,
        image_size=518,
        patch_size=14,
        out_indices=[tap + 1 for tap in config.taps],
        apply_layernorm=True,
        reshape_hidden_states=False,
    )
    twin_config = DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=config.embed_dim,
        neck_hidden_sizes=list(config.out_channels),
        fusion_hidden_size=config.features,
    )
    state = transformers_from_official(network_of(size).state_dict())
    return DepthAnythingForDepthEstimation.from_pretrained(
        None, config=twin_config, state_dict=state
    ).eval()


def with_transformers(size: str, image: torch.Tensor) -> Iterator[tuple[str, Run]]:
    """Yield transformers' network in float32 and in bfloat16 with channels last."""
    for dtype in (torch.float32, torch.bfloat16):
        model = twin_of(size).to(dtype)
        x = image.to(dtype)
        if dtype == torch.bfloat16:
            model = model.to(memory_format=torch.channels_last)
            x = x.contiguous(memory_format=torch.channels_last)

        def run(model: Any = model, x: torch.Tensor = x) -> np.ndarray:
            with torch.inference_mode():
                return model(pixel_values=x).predicted_depth[0].float().numpy()

        yield f'transformers {_name(dtype)}', run


@contextmanager
def onnx_file(size: str, image: torch.Tensor) -> Iterator[str]:
    """Lend an ONNX file of the network, its shape fixed to that of ``image``."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        path = f'{folder}/network.onnx'
        torch.onnx.export(
            network_of(size), (image,), path, input_names=['image'], dynamo=True, verbose=False
        )
        yield path


def with_onnxruntime(size: str, image: torch.Tensor) -> Iterator[tuple[str, Run]]:
    """Yield ONNX Runtime's CPU provider."""
    import onnxruntime

    with onnx_file(size, image) as path:
        session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    x = image.numpy()
    yield 'onnxruntime float32', lambda: session.run(None, {'image': x})[0][0]


def with_openvino(size: str, image: torch.Tensor) -> Iterator[tuple[str, Run]]:
    """Yield OpenVINO's CPU plugin in float32 and, where the processor has it, bfloat16."""
    import openvino

    x = image.numpy()
    for name, precision in (('float32', 'f32'), ('bfloat16', 'bf16')):
        options = {'INFERENCE_PRECISION_HINT': precision, 'PERFORMANCE_HINT': 'LATENCY'}
        with onnx_file(size, image) as path:
            compiled = openvino.Core().compile_model(path, 'CPU', options)
        yield f'openvino {name}', lambda c=compiled: np.array(c(x)[0][0], np.float32)


def with_inductor(size: str, image: torch.Tensor) -> Iterator[tuple[str, Run]]:
    """Yield our modules through torch.compile with frozen weights, in this CPU's precision."""
    from torch._inductor import config as inductor

    dtype = resolve_precision('auto', CPU)
    network = network_of(size).set_precision(dtype).to(memory_format=torch.channels_last)
    inductor.freezing = True
    compiled = torch.compile(network)

    def run() -> np.ndarray:
        with torch.no_grad():
            return compiled(image)[0].numpy()

    yield f'torch.compile {_name(dtype)}', run


RIVALS = {
    'transformers': with_transformers,
    'onnxruntime': with_onnxruntime,
    'openvino': with_openvino,
    'torch.compile': with_inductor,
}


def time_in_turns(entrants: dict[str, Run], rounds: int) -> dict[str, float]:
    """Return each entrant's median time in ms over rounds in which every one runs once."""
    times: dict[str, list[float]] = {name: [] for name in entrants}
    for turn in range(rounds + 2):
        for name, run in entrants.items():
            time.sleep(PAUSE)
            start = time.perf_counter()
            run()
            if turn >= 2:  # the first two choose kernels and touch memory
                times[name].append((time.perf_counter() - start) * 1e3)
    return {name: median(values) for name, values in times.items()}


def measure(size: str, shape: tuple[int, int], rivals: list[str], rounds: int) -> dict[str, Any]:
    """Return the row of every entrant for one network at one input size."""
    rgb = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    image = preprocess(torch.from_numpy(rgb)[None], shape)
    entrants = dict(ours(size, rgb))
    for rival in rivals:
        entrants |= dict(RIVALS[rival](size, image))
    times = time_in_turns(entrants, rounds)
    exact = EagerEngine(network_of(size), CPU, torch.float32).run([rgb], shape, False)[0]
    first = next(iter(times))
    rows = {}
    for name, run in entrants.items():
        difference = np.abs(run() - exact) / np.maximum(exact, 1e-3 * exact.max())
        rows[name] = {
            'ms': round(times[name], 1),
            'times_ours': round(times[name] / times[first], 2),
            'max_relative_difference': float(f'{difference.max():.2g}'),
            'mean_relative_difference': float(f'{difference.mean():.2g}'),
        }
        print(f'{size:6}{shape[0]}x{shape[1]}  {name:24}', *rows[name].values())
    return rows


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix('torch.')


def main() -> None:
    """Print the table and write the results file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=15, help='timed runs of every entrant')
    parser.add_argument('--rivals', nargs='*', choices=RIVALS, default=None)
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    rivals = arguments.rivals
    if rivals is None:
        rivals = [name for name in RIVALS if name != 'torch.compile' and _installed(name)]
    results: dict[str, Any] = {
        **machine_facts(*PACKAGES),
        'threads': torch.get_num_threads(),
        'protocol': 'median over rounds in which every entrant runs once; ours from host picture '
        'to host depth, rivals the forward pass alone; differences against float32 modules',
        'cases': {},
    }
    for size, shape in CASES:
        rows = measure(size, shape, rivals, arguments.rounds)
        results['cases'][f'{size} {shape[0]}x{shape[1]}'] = rows
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=2) + '\n')


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


if __name__ == '__main__':
    main()

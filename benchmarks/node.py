#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node from camera to subscriber: `depth-anything bench` in the settings that the README shows.

Each runs by itself, with a Fast DDS profile whose shared memory holds whole images; see
docs/performance.md for what is measured and how.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'benchmarks/results/node.json'
PROFILE = ROOT / 'config/fastdds_large_images.xml'

SMALL = ('--model', 'small', '--param', 'weights:=random')
RUNS: dict[str, tuple[str, ...]] = {
    'nano': (),
    'nano, 4 cameras': ('--no-search', '--rates', '10', '--cameras', '4'),
    'nano, 1920x1080': ('--no-search', '--rates', '10,30', '--size', '1920x1080'),
    'small at 252': (*SMALL, '--input-size', '252', '--rates', '3,10'),
    'small at 518, device cpu': (
        *(*SMALL, '--param', 'device:=cpu'),
        *('--no-search', '--rates', '3', '--seconds', '4'),
    ),
    'no network, 640x480': ('--engine-delay', '0', '--no-search', '--rates', '30'),
    'no network, 1920x1080': (
        *('--engine-delay', '0', '--no-search', '--rates', '30'),
        *('--size', '1920x1080'),
    ),
}
OVERLOAD = (*SMALL, '--input-size', '252', '--rates', '', '--no-search')


def run(options: tuple[str, ...]) -> dict[str, object]:
    """Run the benchmark once and return its results."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / 'results.json'
        command = 'from depth_anything_ros.cli.main import main; main()'
        subprocess.run(
            [sys.executable, '-c', command, 'bench', *options, '--output', str(output)],
            env={**os.environ, 'FASTRTPS_DEFAULT_PROFILES_FILE': str(PROFILE)},
            check=True,
        )
        return dict(json.loads(output.read_text()))


def main() -> None:
    """Run all settings and write the results file after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--only', nargs='*', choices=[*RUNS, 'overload'], help='these settings')
    parser.add_argument('--overload', type=float, default=600, help='seconds of overload')
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    runs = {**RUNS, 'overload': (*OVERLOAD, '--overload', f'{arguments.overload:g}')}
    results = json.loads(arguments.output.read_text()) if arguments.output.is_file() else {}
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    for name in arguments.only or runs:
        print(f'{name}: {" ".join(runs[name])}', flush=True)
        results[name] = run(runs[name])
        arguments.output.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()

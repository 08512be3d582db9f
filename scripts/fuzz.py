#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Feed every reader of foreign data a great many cases: the long form of test/fuzz.

Each batch runs in a process of its own, whose memory is limited, so that a crash, a hang or a
flood of memory ends the batch and is a finding. What is done is kept beside the output, and
``--resume`` goes on from there, after an interruption and after findings, whose targets begin
anew. Ends with 1 where anything was found.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import signal
import sys
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'test' / 'fuzz'))
os.environ.setdefault('OMP_NUM_THREADS', '1')

from fuzz_targets import targets  # noqa: E402
from fuzzing import Target, run  # noqa: E402

from depth_anything_ros.evaluation.machine import machine_facts  # noqa: E402

RESULTS = ROOT / 'benchmarks' / 'results' / 'fuzz.json'
BATCH = 2000
MEMORY = 2**31
"""Bytes of address space that a batch may take beyond what it starts with."""
BATCH_TIME = 900
"""Seconds after which a batch counts as a hang that Python could not interrupt."""


def main() -> int:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--cases', type=int, default=100_000, help='at least so many in all')
    parser.add_argument('--seed', type=int, default=1, help='of the first batch')
    parser.add_argument('--only', default='', help='targets whose name holds this')
    parser.add_argument(
        '--resume', action='store_true', help='go on with what is not done or found wrong'
    )
    parser.add_argument('--output', type=Path, default=RESULTS)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    chosen = [target for target in targets() if arguments.only in target.name]
    kept = arguments.output.with_suffix('.partial.json')
    done: dict[str, Any] = {}
    if arguments.resume and kept.is_file():
        known = json.loads(kept.read_text())
        done = {name: facts for name, facts in known.items() if not facts['findings']}
    weights = sum(target.weight for target in chosen)
    for target in chosen:
        wanted = -(-arguments.cases * target.weight // weights)
        facts = done.setdefault(
            target.name,
            {'cases': 0, 'accepted': 0, 'peak_rss_mb': 0, 'seconds': 0.0, 'findings': []},
        )
        number = arguments.seed + facts['cases'] // BATCH
        while facts['cases'] < wanted and not facts['findings']:
            _add(facts, _batch(target, min(BATCH, wanted - facts['cases']), number))
            number += 1
            kept.write_text(json.dumps(done))
        print(
            f'{target.name}: {facts["cases"]} cases, {facts["accepted"]} accepted, '
            f'{len(facts["findings"])} findings, {facts["peak_rss_mb"]} MB, '
            f'{facts["seconds"]:.0f} s',
            flush=True,
        )
    _write(arguments, done)
    if any(facts['findings'] for facts in done.values()):
        return 1
    kept.unlink(missing_ok=True)
    return 0


def _end(*_: object) -> None:
    """End, and have the batch that runs end, too."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def _add(facts: dict[str, Any], found: dict[str, Any]) -> None:
    for name in ('cases', 'accepted', 'seconds'):
        facts[name] += found[name]
    facts['peak_rss_mb'] = max(facts['peak_rss_mb'], found['peak_rss_mb'])
    facts['findings'] += found['findings']


def _write(arguments: argparse.Namespace, done: dict[str, Any]) -> None:
    for facts in done.values():
        facts['seconds'] = round(facts['seconds'], 1)
        for finding in facts['findings']:
            print(finding, file=sys.stderr)
    total = {name: sum(facts[name] for facts in done.values()) for name in ('cases', 'accepted')}
    results = {
        **machine_facts('hypothesis', 'opencv-python-headless', 'numpy', 'safetensors', 'rclpy'),
        'seed': arguments.seed,
        **total,
        'findings': sum(len(facts['findings']) for facts in done.values()),
        'peak_rss_mb': max(facts['peak_rss_mb'] for facts in done.values()),
        'targets': done,
    }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=1) + '\n')


def _batch(target: Target, cases: int, number: int) -> dict[str, Any]:
    """Run cases in a process of its own; a crash and a hang are findings, too."""
    context = multiprocessing.get_context('fork')
    ours, theirs = context.Pipe(duplex=False)
    start = time.monotonic()
    process = context.Process(target=_child, args=(theirs, target, cases, number), daemon=True)
    process.start()
    theirs.close()
    found: dict[str, Any] = {'cases': 0, 'accepted': 0, 'peak_rss_mb': 0, 'findings': []}
    try:
        if ours.poll(BATCH_TIME):
            found = ours.recv()
        else:
            found['findings'] = [f'{target.name}, seed {number}: hangs']
    except EOFError:
        process.join()
        found['findings'] = [f'{target.name}, seed {number}: ended with {process.exitcode}']
    if process.is_alive():
        process.kill()
    process.join()
    return {**found, 'seconds': time.monotonic() - start}


def _child(pipe: Connection, target: Target, cases: int, number: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Decoders say on stderr what is wrong with every picture.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    size = _address_space()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    findings = []
    counts = {'cases': cases, 'accepted': 0}
    try:
        counts = vars(run(target, cases, number))
    except BaseException as error:  # whatever it is, it is what was looked for
        text = ''.join(traceback.format_exception(error))
        findings.append(f'{target.name}, seed {number}:\n{text[-6000:]}')
    pipe.send({**counts, 'peak_rss_mb': _peak_mb(), 'findings': findings})


def _address_space() -> int:
    """Return the bytes of address space that this process has."""
    return int(Path('/proc/self/statm').read_text().split()[0]) * os.sysconf('SC_PAGE_SIZE')


def _peak_mb() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == '__main__':
    sys.exit(main())

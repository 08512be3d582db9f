#!/usr/bin/env python3
# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What happens to depth_node in the field, done to it on purpose, with a figure for each.

The node runs unmodified in a process of its own, in a ROS domain of its own over loopback. Of
each frame it is known whether it was sent, received, published and heard; docs/reliability.md tells
what the columns mean.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fault_camera_cases as camera
import fault_disk_cases as disk
import fault_engine_cases as engine
import fault_graph_cases as graph
import fault_signal_cases as signals
from fault_account import Account
from fault_bench import Bench, BenchError, open_bench
from fault_child import HERE
from fault_ear import plain

from depth_anything_ros.ros.bench_runs import facts_of_run

RESULTS = HERE / 'results/faults.json'

FAULTS: dict[str, Callable[[Bench, bool], Account | dict[str, Any]]] = {
    'camera killed': camera.camera_killed,
    'format changed': camera.format_changed,
    'stamps wrong': camera.stamps_wrong,
    'stamps wrong, max_age': camera.stamps_wrong_with_max_age,
    'too fast': camera.too_fast,
    'too fast, as shipped': camera.too_fast_as_shipped,
    'clock jumps': graph.clock_jumps,
    'subscribers': graph.subscribers,
    'disk full': disk.disk_full,
    'weights deleted': engine.weights_deleted,
    'weights truncated': engine.weights_truncated,
    'weights overwritten': engine.weights_overwritten,
    'weights swapped': engine.weights_swapped,
    'bad weights set live': engine.weights_set_live,
    'engine raises': engine.engine_raises,
    'engine out of memory': engine.engine_out_of_memory,
    'device lost': engine.device_lost,
    'signal while starting': signals.while_starting,
    'signal while loading': signals.while_loading,
    'signal while warming up': signals.while_warming_up,
    'signal while computing': signals.while_computing,
    'signal in a long frame': signals.while_computing_long,
    'two nodes of one name': graph.one_name,
}


def run(bench: Bench, name: str, quick: bool) -> dict[str, object]:
    """Run one fault; a bench that waits in vain is a row, too."""
    what = ' '.join((FAULTS[name].__doc__ or '').split())
    try:
        result = FAULTS[name](bench, quick)
        row = {'what': what, **(result.row() if isinstance(result, Account) else result)}
    except BenchError as error:
        row = {'what': what, 'verdict': str(error)}
    return dict(json.loads(_without_folders(json.dumps(row), bench.folder, HERE)))


def _without_folders(text: str, *folders: Path) -> str:
    """Leave out where this machine has its files, also where the ear has left out the digits."""
    for folder in map(str, folders):
        text = text.replace(f'{folder}/', '').replace(f'{plain(folder)}/', '')
    return text


def main() -> int:
    """Run the faults, write the results after each, and return 1 unless all held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--only', nargs='+', choices=FAULTS, metavar='NAME', help=', '.join(FAULTS))
    parser.add_argument('--quick', action='store_true', help='fewer times, to see that it runs')
    parser.add_argument('--param', action='append', default=[], help="of the nodes, 'name:=value'")
    parser.add_argument('--note', help='what else ran on the machine, for the results')
    parser.add_argument('--output', type=Path, default=RESULTS)
    parser.add_argument('--logs', type=Path, help='folder for what the nodes say')
    arguments = parser.parse_args()
    results = json.loads(arguments.output.read_text()) if arguments.output.is_file() else {}
    failed = False
    with (
        tempfile.TemporaryDirectory() as folder,
        open_bench(arguments.logs or Path(folder), parameters=arguments.param) as bench,
    ):
        results['run'] = {**facts_of_run(), 'note': arguments.note}
        rows = results.setdefault('faults', {})
        for name in arguments.only or FAULTS:
            print(f'{name}:', end=' ', flush=True)
            rows[name] = run(bench, name, arguments.quick)
            rows[name]['source_state'] = results['run']['source_state']
            print(rows[name]['verdict'], flush=True)
            failed |= rows[name]['verdict'] != 'held'
            arguments.output.write_text(json.dumps(results, indent=2) + '\n')
    return int(failed)


if __name__ == '__main__':
    sys.exit(main())

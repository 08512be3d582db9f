# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SIGINT and SIGTERM at every moment of the node's life: how it ends, and how long that takes."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from fault_bench import RELIABLE, Bench
from fault_child import Child
from fault_node import PHASES

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LATEST = 10.0
"""Seconds after which a node that has not ended hangs."""
PROMISED = 2.5
"""Seconds in which it ends: 1.8 by its watchdog, and what the end of a process takes."""
TRACES = ('Traceback', 'terminate called', 'Segmentation', 'core dumped', 'Fatal Python error')
LONG_INPUT = 1498
"""input_size at which nano takes longer than a node may take to end."""


def while_starting(bench: Bench, quick: bool) -> dict[str, Any]:
    """Send a signal at moments spread over the start of the node, until it is active."""
    log = bench.folder / 'signal.log'
    start = time.monotonic()
    bench.ear.forget()
    child = Child.node(log, 'depth_node', RELIABLE)
    try:
        bench.until(lambda: bench.state == 'active', 'the node is active')
    finally:
        took = time.monotonic() - start
        child.stop()
    moments = 3 if quick else 15

    def at(number: int) -> Callable[[Child], object]:
        return lambda child: bench.spin(took * (number + 0.5) / moments)

    return _row(bench, [at(number) for number in range(moments)], 'depth_node', early=True)


def while_loading(bench: Bench, quick: bool) -> dict[str, Any]:
    """Send a signal as the node has begun to load its network."""
    return _row(bench, [_in_phase(bench, PHASES[0])] * (1 if quick else 5), 'fault_node.py')


def while_warming_up(bench: Bench, quick: bool) -> dict[str, Any]:
    """Send a signal as the node has begun to warm its engine up."""
    return _row(bench, [_in_phase(bench, PHASES[1])] * (1 if quick else 5), 'fault_node.py')


def while_computing(bench: Bench, quick: bool) -> dict[str, Any]:
    """Send a signal while the network computes frame after frame."""
    return _row(bench, [_streaming(bench)] * (1 if quick else 5), 'depth_node')


def while_computing_long(bench: Bench, quick: bool) -> dict[str, Any]:
    """Send a signal in a frame that takes longer than the node may take to end."""
    size = ('device:=cpu', 'input_size:=252')
    return _row(bench, [_streaming(bench, LONG_INPUT)] * (1 if quick else 3), 'depth_node', *size)


def _in_phase(bench: Bench, phase: str) -> Callable[[Child], object]:
    path = bench.folder / phase

    def wait(child: Child) -> None:
        path.unlink(missing_ok=True)
        bench.until(lambda: path.exists() or child.code is not None, f'the {phase} begins')

    return wait


def _streaming(bench: Bench, size: int | None = None) -> Callable[[Child], object]:
    """Return what streams until depth comes, in between of which the signal falls."""

    def stream(child: Child) -> None:
        bench.until(lambda: bench.state == 'active', 'the node is active')
        bench.meet()
        if size is not None:
            bench.set_parameter('input_size', size)
        bench.stream(10)

    return stream


def _row(
    bench: Bench,
    waits: list[Callable[[Child], object]],
    module: str,
    *parameters: str,
    early: bool = False,
) -> dict[str, Any]:
    """Start a node for each of the moments and each signal, and end it there.

    With ``early`` the first moment may be before Python has come to the node's first line.
    """
    times: list[float] = []
    codes: Counter[str] = Counter()
    wrong: list[str] = []
    arguments = [str(bench.folder)] if module.endswith('.py') else []
    for number in SIGNALS:
        for moment, wait in enumerate(waits):
            log = Path(bench.folder / f'signal_{time.time_ns()}.log')
            bench.ear.forget()
            child = Child.node(log, module, (*RELIABLE, *parameters), *arguments)
            try:
                wait(child)
                child.send(number)
                took = child.wait(LATEST)
            finally:
                child.kill()
            if took is None:
                wrong.append(f'hung after {number.name}')
                continue
            times.append(took)
            if early and not moment and child.code == -number:
                codes['ended by the signal before Python ran the node'] += 1
                continue
            codes[str(child.code)] += 1
            trace = next((text for text in TRACES if text in child.output), None)
            if trace is not None:
                wrong.append(f'{trace} in the log after {number.name}')
    if any(code.lstrip('-').isdigit() and code != '0' for code in codes):
        wrong.append(f'exit codes {dict(codes)}')
    if times and max(times) > PROMISED:
        wrong.append(f'the end took {max(times):.1f} s')
    return {
        'times': len(times),
        'exit_codes': dict(codes),
        'exit_s': {'median': round(median(times), 3), 'max': round(max(times), 3)}
        if times
        else None,
        'verdict': '; '.join(wrong) or 'held',
    }

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`depth-anything doctor`: what is missing or wrong on this machine, and what to do about it.

It runs where the rest does not: without ROS, without torch, with a broken OpenCV. So nothing but
the command line's own packages is imported before a check wants it.
"""

from __future__ import annotations

import importlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from depth_anything_ros.check import Check, CheckResult, Verdict, run_check
from depth_anything_ros.cli.loading import JsonOption

STYLES = {
    Verdict.OK: 'green',
    Verdict.WARN: 'yellow',
    Verdict.FAIL: 'bold red',
    Verdict.ABSENT: 'dim',
}
# Title of the check, module and function. By name: a module that cannot be imported is a finding.
CHECKS = (
    ('Python', 'evaluation.package_checks', 'check_python'),
    ('NumPy', 'evaluation.package_checks', 'check_numpy'),
    ('OpenCV', 'evaluation.package_checks', 'check_opencv'),
    ('torch', 'evaluation.package_checks', 'check_torch'),
    ('runtimes', 'evaluation.package_checks', 'check_runtimes'),
    ('weights', 'evaluation.machine_checks', 'check_weights'),
    ('disk', 'evaluation.machine_checks', 'check_disk'),
    ('clock', 'evaluation.machine_checks', 'check_clock'),
    ('socket buffers', 'evaluation.machine_checks', 'check_socket_buffers'),
    ('rclpy', 'ros.environment_checks', 'check_rclpy'),
    ('discovery', 'ros.environment_checks', 'check_discovery'),
    ('cv_bridge', 'ros.environment_checks', 'check_cv_bridge'),
)


def doctor(
    topic: Annotated[
        str, typer.Option(help='Image topic to look at, such as /camera/image_raw.')
    ] = '',
    reliable: Annotated[
        bool, typer.Option('--reliable', help='Ask the topic for reliable, not for best effort.')
    ] = False,
    wait: Annotated[
        float, typer.Option(help='Seconds to wait for the topic and its messages.', min=0.1)
    ] = 5.0,
    as_json: JsonOption = False,
) -> None:
    """Check this machine and a camera's topic; say what to do.

    Exit codes: 0 no check fails, 1 one does, 2 wrong usage, 130 interrupted.
    """
    checks: list[tuple[str, Check]] = [
        (title, partial(_called, module, function)) for title, module, function in CHECKS
    ]
    if topic:
        checks.append(('topic', partial(_topic, topic, reliable, wait)))
    raise typer.Exit(diagnose(checks, as_json))


def diagnose(checks: Iterable[tuple[str, Check]], as_json: bool) -> int:
    """Run checks, print what they find, and return the exit code: 1 when one of them fails."""
    results = [result for title, check in checks for result in run_check(title, check)]
    counts = Counter(result.verdict for result in results)
    if as_json:
        rows = [{**vars(result), 'verdict': result.verdict.value} for result in results]
        typer.echo(json.dumps({'ok': not counts[Verdict.FAIL], 'checks': rows}, indent=2))
    else:
        console = Console()
        _show(console, results)
        console.print(', '.join(f'{counts[verdict]} {verdict.value}' for verdict in Verdict))
    return 1 if counts[Verdict.FAIL] else 0


def _called(module: str, function: str) -> Iterable[CheckResult]:
    check = getattr(importlib.import_module(f'depth_anything_ros.{module}'), function)
    yield from check()


def _topic(topic: str, reliable: bool, wait: float) -> Iterator[CheckResult]:
    try:
        from depth_anything_ros.ros.topic_check import check_topic
    except ModuleNotFoundError as error:
        yield CheckResult(
            'topic',
            Verdict.FAIL,
            f'{topic} cannot be looked at: no {error.name}',
            "source a ROS 2 or pip install 'depth_anything_ros[ros]'",
        )
        return
    yield from check_topic(topic, reliable, wait)


def _show(console: Console, results: list[CheckResult]) -> None:
    """Print a line each, unwrapped so that commands can be copied whole."""
    widest = max((len(result.name) for result in results), default=0)
    for result in results:
        line = Text(f'{result.verdict.value:8}', STYLES[result.verdict])
        line.append(f'{result.name:{widest}}  {result.found}', 'default')
        console.print(line, soft_wrap=True)
        if result.advice:
            console.print(Text(f'{"":8}-> {result.advice}', 'cyan'), soft_wrap=True)

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a check of an installation found, and how checks are run without ever raising."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How a check ended; ABSENT is something optional that is not there."""

    OK = 'OK'
    WARN = 'WARN'
    FAIL = 'FAIL'
    ABSENT = 'absent'


@dataclass(frozen=True)
class CheckResult:
    """One line of what was found, and one of what to do where that is not OK."""

    name: str
    verdict: Verdict
    found: str
    advice: str = ''


Check = Callable[[], Iterable[CheckResult]]


def run_check(name: str, check: Check) -> list[CheckResult]:
    """Return what a check found; one that raises becomes a FAIL with the reason."""
    results: list[CheckResult] = []
    try:
        results.extend(check())
    except Exception as error:
        results.append(
            CheckResult(
                name,
                Verdict.FAIL,
                f'the check itself failed: {first_line(error)}',
                'mend what the reason names; if that is in order, report it as a bug',
            )
        )
    return results


def first_line(error: BaseException) -> str:
    """Return the type of an error and the first line of its text."""
    lines = str(error).strip().splitlines()
    return f'{type(error).__name__}: {lines[0]}' if lines else type(error).__name__

# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How a target is fuzzed: what it is fed, what must hold, and how many cases are run.

A check returns True where the input was accepted and what came of it is right, False where it was
refused by the module's own error. Everything else that it raises is a finding.
"""

from __future__ import annotations

import atexit
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

HANG = 60
"""Seconds after which a case counts as a hang; the slowest take a tenth of one."""

NUMBERS = (0, 1, 2, 3, 4, 7, 255, 256, 2**15, 2**16 - 1, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
"""Whole numbers at which something usually ends."""

ODD_FLOATS = (
    0.0, -0.0, 1.0, -1.0, 5e-324, 1e-310, 1e-45, 1e-38, 1e-6, 0.5, 3.0e38, 3.5e38, 1e300, -1e300,
    float('inf'), float('-inf'), float('nan'), 65.535, 65.536, 1e9,
)  # fmt: skip


def scratch(name: str) -> Path:
    """Return a folder for files, which goes when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix=f'fuzz_{name}_'))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@dataclass(frozen=True)
class Target:
    """Something that reads what others send: the ``cases`` it is fed and the ``check`` of one.

    ``weight`` is its share of all cases; ``accepts`` says whether any of them is sound.
    """

    name: str
    cases: st.SearchStrategy[Any]
    check: Callable[[Any], bool]
    weight: int = 4
    accepts: bool = True


@dataclass
class Outcome:
    """How many cases were run, and how many of them were accepted."""

    cases: int = 0
    accepted: int = 0


class HangError(AssertionError):
    """A case that did not end."""


@contextmanager
def limited(seconds: int = HANG) -> Iterator[None]:
    """Raise HangError in the block after so many seconds; in the main thread only."""

    def late(*_: object) -> None:
        raise HangError(f'a case took more than {seconds} s')

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(target: Target, cases: int, number: int | None = None) -> Outcome:
    """Feed a target; ``number`` is the seed, None always gives the same cases.

    Raises what the least failing case raises.
    """
    outcome = Outcome()

    def feed(case: Any) -> None:
        outcome.cases += 1
        with limited():
            outcome.accepted += bool(target.check(case))

    test = settings(
        max_examples=cases,
        derandomize=number is None,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )(given(target.cases)(feed))
    (test if number is None else seed(number)(test))()
    return outcome


def odd_floats(*usual: float) -> st.SearchStrategy[float]:
    """Return numbers, among them the usual ones and those at which arithmetic ends."""
    return st.one_of(
        st.sampled_from(usual or (1.0,)), st.sampled_from(ODD_FLOATS), st.floats(width=64)
    )


def odd_numbers(*usual: int) -> st.SearchStrategy[int]:
    """Return numbers of 32 bits without a sign, the usual ones more often."""
    return st.one_of(
        st.sampled_from(usual or (1,)), st.sampled_from(NUMBERS), st.integers(0, 2**32 - 1)
    )


@st.composite
def damaged(draw: st.DrawFn, content: st.SearchStrategy[bytes], most: int = 4) -> bytes:
    """Return bytes with up to ``most`` changes: bits, bytes and words set, parts cut or put in."""
    data = bytearray(draw(content))
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        how = draw(st.sampled_from(['bit', 'byte', 'word', 'cut', 'remove', 'insert', 'repeat']))
        if how == 'bit' and data:
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif how == 'byte' and data:
            data[at] = draw(st.sampled_from((0, 1, 0x7F, 0x80, 0xFF)))
        elif how == 'word':
            order = draw(st.sampled_from(('little', 'big')))
            data[at : at + 4] = draw(odd_numbers()).to_bytes(4, order)
        elif how == 'cut':
            del data[at:]
        elif how == 'remove':
            del data[at : at + draw(st.integers(1, 16))]
        elif how == 'insert':
            data[at:at] = draw(st.binary(min_size=1, max_size=8))
        elif how == 'repeat':
            data[at:at] = data[at : at + draw(st.integers(1, 64))]
    return bytes(data)


def refused(action: Callable[[], Any], *errors: type[Exception]) -> tuple[Any, bool]:
    """Return what an action gives and False, or None and True where it raises a named error.

    The error must say what is wrong, and not at a length that would flood a log.
    """
    try:
        return action(), False
    except errors as error:
        assert 0 < len(str(error)) < 20_000, f'{len(str(error))} characters of error'
        return None, True

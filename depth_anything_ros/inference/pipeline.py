# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Engines that take the next pass before the last one is done, and what is under way in them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

import numpy as np

from depth_anything_ros.depth import Depth, DepthKind
from depth_anything_ros.inference.faults import OutOfMemoryError

if TYPE_CHECKING:
    from depth_anything_ros.inference.engine import Engine

# Nothing here imports torch: an exported model runs without it.

LOGGER = logging.getLogger(__name__)
Ticket = TypeVar('Ticket')
Values = Callable[[], list[np.ndarray]]
"""Waits for the depth of a pass and returns it, or raises what broke it."""


@runtime_checkable
class PipelinedEngine(Protocol[Ticket]):
    """An Engine whose ``run`` has two halves, which two threads may call.

    Passes are collected in the order in which they were submitted. ``run`` may be called while
    others are under way; it copes with what breaks the halves, such as too little memory.
    """

    def run(
        self, pictures: Sequence[np.ndarray], size: tuple[int, int], at_network_size: bool
    ) -> list[np.ndarray]:
        """Return the depth of pictures, see Engine."""

    def submit(
        self, pictures: Sequence[np.ndarray], size: tuple[int, int], at_network_size: bool
    ) -> Ticket:
        """Start a pass without waiting for the device; the arguments are those of ``run``."""

    def collect(self, ticket: Ticket) -> list[np.ndarray]:
        """Wait for a pass and return its depth, as ``run`` would."""


def start(
    engine: Engine, pictures: Sequence[np.ndarray], size: tuple[int, int], at_network_size: bool
) -> Values:
    """Start a pass and return what waits for its depth; a plain engine computes it at once.

    Where a half of a PipelinedEngine breaks, ``run`` tries the whole pass again. What breaks
    in the end is raised by what is returned.
    """

    def run() -> list[np.ndarray]:
        return engine.run(pictures, size, at_network_size)

    if not isinstance(engine, PipelinedEngine):
        return _done(run)
    # What failed holds memory by its traceback, which is gone after the except block: only then
    # is it run again.
    try:
        ticket = engine.submit(pictures, size, at_network_size)
    except Exception as error:
        _say(error)
    else:
        return partial(_collected, engine, ticket, run)
    return _done(run)


def _collected(engine: PipelinedEngine[Ticket], ticket: Ticket, run: Values) -> list[np.ndarray]:
    """Return the depth of a pass, or of another run of it where it broke."""
    try:
        return engine.collect(ticket)
    except Exception as error:
        _say(error)
    return run()


def _done(run: Values) -> Values:
    """Call ``run`` now, and return what gives its result or raises its error."""
    future: Future[list[np.ndarray]] = Future()
    try:
        future.set_result(run())
    except Exception as error:
        future.set_exception(error)
    return future.result


def _say(error: Exception) -> None:
    """Log why a pass is run again; of little memory the engine has told already."""
    if not isinstance(error, OutOfMemoryError):
        reason = str(error).partition('\n')[0]
        LOGGER.warning('a pass broke and is run again by itself: %s', reason)


@dataclass(frozen=True)
class Pass:
    """One pass under way: its network size (height, width), and which pictures are in it."""

    size: tuple[int, int]
    members: Sequence[int]
    values: Values


class Pending:
    """Depth that is under way."""

    def __init__(self, kind: DepthKind, passes: Sequence[Pass]) -> None:
        self._kind, self._passes = kind, passes

    def result(self) -> list[Depth]:
        """Wait for the depths and return them in the order of the pictures; call it once.

        Raises what broke the first pass that broke, after all have ended.
        """
        depths: dict[int, Depth] = {}
        broken: list[Exception] = []
        for one in self._passes:
            try:
                values = one.values()
            except Exception as error:  # the other passes have to be collected too
                broken.append(error)
                continue
            for index, depth in zip(one.members, values, strict=True):
                depths[index] = Depth(depth, self._kind, one.size)
        if broken:
            raise broken[0]
        return [depths[index] for index in range(len(depths))]
